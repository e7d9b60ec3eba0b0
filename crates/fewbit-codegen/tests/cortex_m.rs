//! Generated code on Cortex-M3, M4 and M7: built by Debian's `gcc-arm-none-eabi`, run in its `qemu-system-arm`.
//!
//! Packages: `gcc-arm-none-eabi`, `libnewlib-arm-none-eabi`, `qemu-system-arm`. Without them these tests are skipped.

mod common;

use common::compiled::{Program, Sample, compare, expected, report, repository, run, samples};
use common::networks::{file, references, resnet23};
use fewbit_codegen::estimate;
use fewbit_nnb::Version;
use fewbit_runtime::Model;
use std::fs;
use std::process::Command;

const COMPILER: &str = "arm-none-eabi-gcc";
const EMULATOR: &str = "qemu-system-arm";

/// A board of the emulator and the processor on it.
struct Board {
    machine: &'static str,
    processor: &'static str,
}

const BOARDS: [Board; 3] = [
    Board { machine: "mps2-an385", processor: "-mcpu=cortex-m3" },
    Board { machine: "mps2-an386", processor: "-mcpu=cortex-m4" },
    Board { machine: "mps2-an500", processor: "-mcpu=cortex-m7" },
];

/// Whether the tools are there.
fn tools() -> bool {
    let works = |name| Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success());
    let there = works(COMPILER) && works(EMULATOR);
    if !there {
        eprintln!("skipped: install gcc-arm-none-eabi, libnewlib-arm-none-eabi and qemu-system-arm");
    }
    there
}

/// A file beside the tests.
fn beside(name: &str) -> String {
    repository("crates/fewbit-codegen/tests/cortex_m").join(name).display().to_string()
}

impl Board {
    /// Flags for the compiler and the linker.
    fn flags(&self) -> Vec<String> {
        let flags = [self.processor, "-mthumb", "-mfloat-abi=soft", "-O2", "--specs=rdimon.specs", "-T"];
        flags.map(String::from).into_iter().chain([beside("memory.ld"), beside("startup.c")]).collect()
    }

    /// A command that runs `program` in the folder that it is run in.
    fn emulate(&self, flags: &[&str]) -> Command {
        // A program that hangs must not hang the tests.
        let mut command = Command::new("timeout");
        command.args(["300", EMULATOR]);
        command.args(["-M", self.machine, "-nographic", "-monitor", "none", "-serial", "none"]);
        command.args(["-semihosting-config", "enable=on,target=native", "-kernel", "program"]).args(flags);
        command
    }

    /// Checks that a file gives the bytes of the runtime.
    fn check(&self, file: &[u8], flags: &[&str], samples: &dyn Fn(&Model<'_>) -> Vec<Sample>) -> Result<(), String> {
        let model = Model::open(file).map_err(|error| error.to_string())?;
        let program = Program::new(&model)?;
        let own = self.flags();
        let all: Vec<&str> = own.iter().map(String::as_str).chain(flags.iter().copied()).collect();
        program.compile(COMPILER, &all)?;
        let samples = samples(&model);
        let (used, found) = program.run(&mut self.emulate(&[]), &samples)?;
        if used > model.arena_bytes() {
            return Err(format!("{used} bytes are used, but the arena has {}", model.arena_bytes()));
        }
        compare(&found, &expected(&model, &samples))
    }
}

#[test]
fn small_reference_networks_give_the_bytes_of_the_host() {
    if !tools() {
        return;
    }
    let mut failures = Vec::new();
    for (name, network) in references().into_iter().filter(|(name, _)| !name.starts_with("resnet")) {
        // Processors take turns, so that each meets each kind of network.
        let board = &BOARDS[name.len() % BOARDS.len()];
        if let Err(error) = board.check(&file(&network, Version::V3), &[], &|model| samples(model, 3, 2)) {
            failures.push((format!("{name} on {}", board.processor), error));
        }
    }
    report(&failures);
}

#[test]
fn resnet23_gives_the_bytes_of_the_host() {
    if !tools() {
        return;
    }
    let mut failures = Vec::new();
    for (board, version) in BOARDS.iter().zip([Version::V3, Version::V4, Version::V4]) {
        if let Err(error) = board.check(&resnet23(version), &[], &|model| samples(model, 1, 3)) {
            failures.push((board.processor.into(), error));
        }
    }
    report(&failures);
}

/// The sum of the sizes of the sections whose name begins with `prefix`, in the output of `size -A`.
fn section_bytes(sizes: &str, prefix: &str) -> usize {
    let of_line = |line: &str| {
        let mut words = line.split_whitespace();
        let name = words.next()?;
        name.starts_with(prefix).then(|| words.next()?.parse::<usize>().ok())?
    };
    sizes.lines().filter_map(of_line).sum()
}

#[test]
fn resnet23_is_small_and_needs_neither_heap_nor_floats() {
    if !tools() {
        return;
    }
    let file = resnet23(Version::V4);
    let model = Model::open(&file).expect("just written");
    let program = Program::new(&model).expect("every function has a form in C");
    let folder = program.path();
    for board in &BOARDS {
        let mut compile = Command::new(COMPILER);
        compile.current_dir(folder).args([board.processor, "-mthumb", "-O2", "-std=c99", "-fstack-usage"]);
        run(compile.args(["-c", "net.c", "-o", "net.o"])).expect("code that compiles");
        let stack = fs::read_to_string(folder.join("net.su")).expect("the stack of each function");
        let stack = stack.lines().filter_map(|line| line.split('\t').nth(1)?.parse::<usize>().ok()).max().unwrap_or(0);
        let sizes =
            run(Command::new("arm-none-eabi-size").current_dir(folder).args(["-A", "net.o"])).expect("an object");
        let [code, constants, memory] = [".text", ".rodata", ".bss"].map(|section| section_bytes(&sizes, section));
        let symbols =
            run(Command::new("arm-none-eabi-nm").current_dir(folder).args(["-u", "net.o"])).expect("an object");
        println!(
            "{}: text {code}, rodata {constants}, bss {memory}, stack {stack}; needs {}",
            board.processor,
            symbols.replace('\n', " ")
        );
        assert!(code <= 10 * 1024, "{code} bytes of code for {}", board.processor);
        assert_eq!(memory, model.arena_bytes(), "the arena is all memory that is written");
        for symbol in symbols.split_whitespace().filter(|symbol| *symbol != "U") {
            assert!(["memcpy", "memset"].contains(&symbol), "{symbol} is needed for {}", board.processor);
        }
    }
}

/// Instructions of one run of a program on a board.
fn instructions(board: &Board, program: &Program, flags: &[&str]) -> u64 {
    let own = board.flags();
    let mut compile = Command::new(COMPILER);
    compile.current_dir(program.path()).args(&own).args(flags).args(["-std=c99", "-I.", "-o", "program", "net.c"]);
    run(compile.arg(beside("count.c"))).expect("code that compiles");
    let mut count = board.emulate(&["-icount", "shift=0"]);
    let printed = run(count.current_dir(program.path())).expect("a program that ends");
    printed.trim().parse().unwrap_or_else(|error| panic!("{printed}: {error}"))
}

#[test]
fn dsp_instructions_pay() {
    if !tools() {
        return;
    }
    let file = resnet23(Version::V4);
    let program = Program::new(&Model::open(&file).expect("just written")).expect("every function has a form in C");
    for board in &BOARDS {
        let plain = instructions(board, &program, &["-DFEWBIT_DSP=0"]);
        let with_dsp = instructions(board, &program, &[]);
        println!("{}: {with_dsp} instructions a run, {plain} in plain C", board.processor);
        if board.processor == "-mcpu=cortex-m3" {
            assert_eq!(with_dsp, plain, "there are no such instructions");
        } else {
            assert!(with_dsp < plain, "{with_dsp} instructions with DSP and {plain} without");
        }
    }
}

/// A call of a kernel, in the generated function that runs the network.
fn is_step(line: &str) -> bool {
    line.starts_with("    ") && line.ends_with(");") && line.contains("(&step_")
}

/// What a comment above the kernels of some functions calls them: `Convolution, ReLU: ...`.
fn names_in(comment: &str) -> Option<usize> {
    let names = comment.trim().strip_prefix("/* ")?.split_once(": ")?.0;
    Some(names.split(", ").count())
}

/// For each comment in the generated code, how many functions it names and the instructions of their kernels on a board.
fn instructions_by_function(board: &Board, program: &Program) -> Vec<(usize, u64)> {
    let source = program.path().join("net.c");
    let text = fs::read_to_string(&source).expect("the generated code");
    let (before, run_function) = text.split_once("void net_run").expect("a function that runs the network");
    let mut marked = format!("extern void count_step(void);\n{before}void net_run");
    // The functions of each comment, and the kernels below it.
    let mut steps: Vec<(usize, usize)> = Vec::new();
    for line in run_function.lines() {
        marked += line;
        if let Some(names) = names_in(line) {
            steps.push((names, 0));
        } else if let (true, Some(last)) = (is_step(line), steps.last_mut()) {
            last.1 += 1;
            marked += " count_step();";
        }
        marked.push('\n');
    }
    fs::write(&source, marked).expect("a writable folder");
    let own = board.flags();
    let mut compile = Command::new(COMPILER);
    compile.current_dir(program.path()).args(&own).args(["-std=c99", "-I.", "-o", "program", "net.c"]);
    run(compile.arg(beside("count_steps.c"))).expect("code that compiles");
    let mut count = board.emulate(&["-icount", "shift=0"]);
    let printed = run(count.current_dir(program.path())).expect("a program that ends");
    let mut counts = printed.split_whitespace().map(|count| count.parse::<u64>().expect("a number"));
    steps.iter().map(|&(names, kernels)| (names, counts.by_ref().take(kernels).sum())).collect()
}

#[test]
fn functions_take_the_estimated_instructions() {
    if !tools() {
        return;
    }
    let board = &BOARDS[1];
    let file = resnet23(Version::V4);
    let model = Model::open(&file).expect("just written");
    let program = Program::new(&model).expect("every function has a form in C");
    let counted = instructions_by_function(board, &program);
    let all: u64 = counted.iter().map(|(_, count)| count).sum();
    let mut index = 0;
    let mut estimated = 0;
    for (names, count) in counted {
        let functions = index..index + names;
        index += names;
        let name = model.nnb().function(functions.start).spec.name;
        let guess = functions.filter_map(|index| estimate(&model, index)).map(|one| one.instructions()).sum::<u64>();
        println!("{name}: {count} instructions, estimated {guess}");
        estimated += guess;
        // Small functions are mostly overhead that is not worth estimating.
        if count * 100 > all {
            assert!((guess as f64 / count as f64 - 1.0).abs() < 0.15, "{name} takes {count}, not {guess}");
        }
    }
    assert_eq!(index, model.nnb().function_count());
    assert!((estimated as f64 / all as f64 - 1.0).abs() < 0.05, "{all} in all, estimated {estimated}");
}

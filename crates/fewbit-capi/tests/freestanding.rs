//! The library without a standard library: in a program of the host that links none of Rust's, and on Cortex-M processors.
//!
//! For the latter, Rust's targets `thumbv7m-none-eabi` and `thumbv7em-none-eabi` must be installed, and Debian's packages `gcc-arm-none-eabi`, `libnewlib-arm-none-eabi` and `qemu-system-arm`. What lacks is skipped.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use common::{FLAGS, check, compiler, crate_path, file, inputs, references, run};
use fewbit_core::{Network, NumberFormat};
use fewbit_nnb::Version;
use fewbit_runtime::Model;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A processor of the emulator, with what compiles for it.
struct Processor {
    target: &'static str,
    machine: &'static str,
    flags: &'static [&'static str],
}

const PROCESSORS: [Processor; 2] = [
    Processor {
        target: "thumbv7m-none-eabi",
        machine: "mps2-an385",
        flags: &["-mcpu=cortex-m3", "-mthumb", "-mfloat-abi=soft"],
    },
    Processor {
        target: "thumbv7em-none-eabi",
        machine: "mps2-an386",
        flags: &["-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=soft"],
    },
];

/// The host, as Rust's targets are called.
const HOST: &str = if cfg!(target_arch = "aarch64") { "aarch64-unknown-linux-gnu" } else { "x86_64-unknown-linux-gnu" };

/// What the library needs of C: memory functions, and a division that every C compiler brings along.
const OF_C: [&str; 5] = ["memcpy", "memmove", "memset", "bcmp", "__udivti3"];

/// Whether a command can be run.
fn works(name: &str) -> bool {
    Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success())
}

/// Whether Rust's core library for a target is installed.
fn has_target(target: &str) -> bool {
    let output = Command::new("rustc").args(["--print", "target-libdir", "--target", target]).output();
    output.is_ok_and(|output| Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir())
}

/// Whether programs for a processor can be built and run.
fn tools(processor: &Processor) -> bool {
    let there = works("arm-none-eabi-gcc") && works("qemu-system-arm") && has_target(processor.target);
    if !there {
        eprintln!(
            "skipped: install gcc-arm-none-eabi, libnewlib-arm-none-eabi, qemu-system-arm and Rust's {}",
            processor.target
        );
    }
    there
}

/// The library for a target, without a standard library: a panic ends the program, and nothing unwinds.
fn library(target: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("freestanding");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(crate_path("."));
    cargo.args(["rustc", "--quiet", "--lib", "--crate-type", "staticlib", "--release", "--no-default-features"]);
    cargo.args(["--target", target, "--target-dir"]).arg(&folder);
    for (key, value) in [("PANIC", "abort"), ("LTO", "fat"), ("CODEGEN_UNITS", "1"), ("OPT_LEVEL", "s"), ("DEBUG", "0")]
    {
        cargo.env(format!("CARGO_PROFILE_RELEASE_{key}"), value);
    }
    let output = cargo.output().unwrap();
    assert!(output.status.success(), "{target}: {}", String::from_utf8_lossy(&output.stderr));
    folder.join(target).join("release/libfewbit_capi.a")
}

fn compile(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

impl Processor {
    /// Compiles the program for sessions in a folder; flags may name more source files.
    fn compile(&self, folder: &Path, flags: &[&str]) {
        let beside = |name: &str| crate_path("../fewbit-codegen/tests/cortex_m").join(name);
        let mut gcc = Command::new("arm-none-eabi-gcc");
        gcc.args(self.flags).args(["-O2", "--specs=rdimon.specs", "-Wl,--gc-sections", "-T"]).arg(beside("memory.ld"));
        gcc.arg(beside("startup.c")).arg("-I").arg(crate_path("include")).args(flags);
        gcc.current_dir(crate_path("tests")).arg("session.c");
        compile(gcc.arg(library(self.target)).arg("-o").arg(folder.join("program")));
    }

    /// A command that runs the program.
    fn emulate(&self) -> Command {
        // A program that hangs must not hang the tests.
        let mut command = Command::new("timeout");
        command.args([
            "300",
            "qemu-system-arm",
            "-M",
            self.machine,
            "-nographic",
            "-monitor",
            "none",
            "-serial",
            "none",
        ]);
        command.args(["-semihosting-config", "enable=on,target=native", "-kernel", "program"]);
        command
    }
}

/// Networks of the reference that a processor runs in a moment.
fn small() -> Vec<(String, Network)> {
    references()
        .into_iter()
        .filter(|(name, _)| ["mixed/", "mlp_regression/"].iter().any(|it| name.starts_with(it)))
        .collect()
}

#[test]
fn a_program_of_the_host_needs_no_standard_library_of_rust() {
    let Some(compiler) = compiler().filter(|_| works("nm") && has_target(HOST)) else { return };
    let library = library(HOST);
    let symbols = |flag: &str| -> HashSet<String> {
        let output =
            Command::new("nm").args(["--quiet", "--format=just-symbols", flag]).arg(&library).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stdout).lines().map(String::from).collect()
    };
    let defined = symbols("--defined-only");
    assert!(defined.contains("fewbit_run"), "{} symbols", defined.len());
    let needed: Vec<String> = symbols("--undefined-only").difference(&defined).cloned().collect();
    for symbol in needed.iter().filter(|symbol| !symbol.is_empty() && !symbol.ends_with(".o:")) {
        assert!(OF_C.contains(&symbol.as_str()), "{symbol} is needed");
    }
    for symbol in &defined {
        assert!(!symbol.contains("__rust_alloc"), "{symbol} is there");
    }

    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(compiler);
    command.args(FLAGS).arg("-I").arg(crate_path("include")).arg(crate_path("tests/session.c"));
    compile(command.arg(library).arg("-o").arg(folder.path().join("program")));
    check(&references(), folder.path(), || Command::new(folder.path().join("program")));
}

#[test]
fn processors_give_the_bytes_of_the_host() {
    for processor in PROCESSORS.iter().filter(|it| tools(it)) {
        let folder = tempfile::tempdir().unwrap();
        processor.compile(folder.path(), &[]);
        check(&small(), folder.path(), || processor.emulate());
    }
}

#[test]
fn fixed_point_networks_run_without_floats() {
    let processor = &PROCESSORS[0];
    if !tools(processor) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    processor.compile(folder.path(), &["-DNO_FLOATS", "no_floats.c"]);
    let (fixed, with_softmax): (Vec<_>, Vec<_>) = ["lenet/all8", "lenet/all16"]
        .into_iter()
        .map(|wanted| {
            let (name, network) = references().into_iter().find(|(name, _)| name == wanted).unwrap();
            let mut fixed = network.clone();
            let softmax = fixed.nodes.pop().unwrap();
            assert_eq!(softmax.operation.spec().name, "Softmax");
            fixed.outputs = softmax.inputs;
            fixed.remove_unused();
            // The inputs of the reference are floats.
            for variable in fixed.variables.iter_mut().filter(|it| !it.format.is_fixed()) {
                variable.format = NumberFormat::Fixed16 { position: 10 };
            }
            ((name, fixed), network)
        })
        .unzip();
    check(&fixed, folder.path(), || processor.emulate());
    // The same program ends where floats are needed: otherwise the test above would show nothing.
    let file = file(&with_softmax[0], Version::V3);
    let input = inputs(&Model::open(&file).unwrap());
    let output = run(&mut processor.emulate(), folder.path(), &file, &input);
    assert!(!output.status.success(), "{output:?}");
}

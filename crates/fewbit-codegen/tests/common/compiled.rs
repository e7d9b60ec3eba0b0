//! Generated code, compiled by the system's compiler, and what it computes.

use super::random::Random;
use fewbit_codegen::{Generated, Options, generate};
use fewbit_core::NumberFormat;
use fewbit_runtime::{Model, Semantics, Session};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The compiler of the system, if there is one.
pub fn compiler() -> Option<&'static str> {
    let works = |name: &&&str| Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success());
    let found = ["cc", "gcc", "clang"].iter().find(works).copied();
    if found.is_none() {
        eprintln!("skipped: there is no C compiler");
    }
    found
}

/// What generated code must compile with, without a warning.
pub const FLAGS: &[&str] = &["-std=c99", "-Wall", "-Wextra", "-Wconversion", "-pedantic", "-Werror"];

/// The inputs of one run, as stored, one behind the other.
pub type Sample = Vec<u8>;

/// Random inputs of a model; those of fixed-point variables are all integers of their types, so that sums saturate.
pub fn samples(model: &Model<'_>, count: usize, seed: u64) -> Vec<Sample> {
    let mut random = Random::new(seed);
    let sample = |index: usize| {
        let mut sample = Vec::new();
        for variable in model.nnb().inputs().iter() {
            let variable = model.nnb().variable(variable);
            // Some samples are small, so that not everything saturates.
            let scale = [1.0, 0.1, 3.0][index % 3];
            for _ in 0..variable.shape.items() {
                let value = random.real() * scale;
                match variable.format {
                    NumberFormat::Float32 => sample.extend(value.to_le_bytes()),
                    NumberFormat::Fixed16 { .. } => sample.extend(((value * 32767.0) as i16).to_le_bytes()),
                    _ => sample.push((value * 127.0) as i8 as u8),
                }
            }
        }
        sample
    };
    (0..count).map(sample).collect()
}

/// What the runtime computes: the outputs of each sample as stored, one behind the other.
pub fn expected(model: &Model<'_>, samples: &[Sample]) -> Vec<u8> {
    let mut arena = vec![0; model.arena_bytes()];
    let mut outputs = Vec::new();
    let mut session = Session::new(model, &mut arena, Semantics::Integer).expect("an arena of the model's size");
    for sample in samples {
        let mut rest = &sample[..];
        for index in 0..model.nnb().inputs().len() {
            let mut input = session.input_mut(index).expect("an input in the arena");
            let (own, others) = rest.split_at(input.bytes().len());
            input.bytes().copy_from_slice(own);
            rest = others;
        }
        session.run();
        for index in 0..model.nnb().outputs().len() {
            outputs.extend(session.output(index).bytes());
        }
    }
    outputs
}

/// Generated code with a program around it, in a folder of its own.
pub struct Program {
    folder: tempfile::TempDir,
    pub generated: Generated,
    /// The macros that the program needs.
    sizes: [String; 2],
}

impl Program {
    /// The code of a model, with a program that reads samples and writes outputs.
    pub fn new(model: &Model<'_>) -> Result<Self, String> {
        let generated = generate(model, &Options { name: "net".into() }).map_err(|error| error.to_string())?;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("a writable folder");
        write("net.h", &generated.header);
        write("net.c", &generated.source);
        write("main.c", include_str!("program.c"));
        let sizes = |ends: fewbit_nnb::reader::Words<'_>| {
            let bytes = ends
                .iter()
                .map(|number| model.nnb().variable(number))
                .map(|variable| variable.format.bytes(variable.shape.items()).to_string());
            format!("{{{}}}", bytes.collect::<Vec<_>>().join(", "))
        };
        let sizes = [
            format!("-DINPUT_SIZES={}", sizes(model.nnb().inputs())),
            format!("-DOUTPUT_SIZES={}", sizes(model.nnb().outputs())),
        ];
        Ok(Self { folder, generated, sizes })
    }

    /// The folder of the code.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Compiles the code with the program to `program`; flags may name more source files.
    pub fn compile(&self, compiler: &str, flags: &[&str]) -> Result<(), String> {
        let mut command = Command::new(compiler);
        command.current_dir(self.path()).args(FLAGS).arg("-DNET_EXTERNAL_ARENA").args(&self.sizes);
        run(command.args(["-o", "program", "net.c", "main.c"]).args(flags)).map(|_| ())
    }

    /// Runs the program by a command: how many bytes of the arena it used, and its outputs.
    pub fn run(&self, command: &mut Command, samples: &[Sample]) -> Result<(usize, Vec<u8>), String> {
        fs::write(self.path().join("in.bin"), samples.concat()).expect("a writable folder");
        run(command.current_dir(self.path()))?;
        let output = fs::read(self.path().join("out.bin")).expect("the program's output");
        let (used, outputs) = output.split_at(4);
        Ok((u32::from_le_bytes(used.try_into().expect("four bytes")) as usize, outputs.to_vec()))
    }
}

/// Runs a command that must succeed; what it writes to its output.
pub fn run(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let errors: String = String::from_utf8_lossy(&output.stderr).chars().take(4000).collect();
    Err(format!("{command:?}: {}\n{errors}", output.status))
}

/// Checks that the code of a file, compiled with some flags, gives the runtime's bytes; what is wrong otherwise.
pub fn check(file: &[u8], compiler: &str, flags: &[&str], count: usize) -> Result<(), String> {
    let model = Model::open(file).map_err(|error| error.to_string())?;
    let program = Program::new(&model)?;
    program.compile(compiler, flags)?;
    let samples = samples(&model, count, 1);
    let (used, found) = program.run(&mut Command::new(program.path().join("program")), &samples)?;
    if used > model.arena_bytes() {
        return Err(format!("{used} bytes are used, but the arena has {}", model.arena_bytes()));
    }
    compare(&found, &expected(&model, &samples))
}

/// Checks that all bytes are those that are expected.
pub fn compare(found: &[u8], expected: &[u8]) -> Result<(), String> {
    let differences = found.iter().zip(expected).filter(|(found, expected)| found != expected).count();
    if found.len() == expected.len() && differences == 0 {
        return Ok(());
    }
    let first = found.iter().zip(expected).position(|(found, expected)| found != expected);
    Err(format!("{differences} of {} bytes differ, the first at {first:?}; {} were found", expected.len(), found.len()))
}

/// Fails with all that is wrong.
pub fn report(failures: &[(String, String)]) {
    let lines: Vec<_> = failures.iter().map(|(name, error)| format!("{name}: {error}")).collect();
    assert!(failures.is_empty(), "{} networks fail:\n{}", failures.len(), lines.join("\n"));
}

/// A folder of the repository.
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

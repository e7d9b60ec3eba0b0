//! Writes the fixed-point networks of the tests as ONNX files, with their inputs, into a folder: for
//! `testdata/onnx/make.py fixed FOLDER`, which runs them in ONNX Runtime.

#[path = "../tests/common/mod.rs"]
mod common;

use fewbit_formats::onnx;
use std::error::Error;
use std::path::Path;
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = env::args().nth(1).ok_or("usage: fixed_networks FOLDER")?;
    let folder = Path::new(&folder);
    fs::create_dir_all(folder)?;
    for common::fixed::Fixed { name, network, inputs } in common::fixed::networks() {
        fs::write(folder.join(format!("{name}.onnx")), onnx::write(&network)?)?;
        for (index, input) in inputs.iter().enumerate() {
            let bytes: Vec<u8> = input.iter().flat_map(|value| value.to_le_bytes()).collect();
            fs::write(folder.join(format!("{name}.input_{index}.bin")), bytes)?;
        }
    }
    Ok(())
}

//! Writes a network of NNabla's as an ONNX file: `write_onnx NETWORK.nnp [SETTINGS.yaml] FILE.onnx`.

use fewbit_formats::{FormatSetting, ImportOptions, Nnp, Settings, onnx};
use std::error::Error;
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let (network, settings, file) = match &arguments[..] {
        [network, file] => (network, None, file),
        [network, settings, file] => (network, Some(settings), file),
        _ => return Err("usage: write_onnx NETWORK.nnp [SETTINGS.yaml] FILE.onnx".into()),
    };
    let mut network = Nnp::open(network.as_ref())?.network(&ImportOptions::default())?;
    if let Some(settings) = settings {
        Settings::parse(&fs::read_to_string(settings)?)?.apply(&mut network, FormatSetting::Float32)?;
    }
    fs::write(file, onnx::write(&network)?)?;
    Ok(())
}

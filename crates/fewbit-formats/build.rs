//! Compiles the schemas in `proto/` without a `protoc` on the machine: NNabla's into the descriptors that `schema`
//! reads at run time, ONNX's into the structs of `onnx::message`.

use prost::Message;
use std::error::Error;
use std::path::Path;
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=proto");
    let folder = env::var("OUT_DIR")?;

    let mut descriptors = protox::compile(["nnabla.proto"], ["proto"])?;
    for file in &mut descriptors.file {
        // Comments and positions in the source are of no use at run time.
        file.source_code_info = None;
    }
    fs::write(Path::new(&folder).join("nnabla.descriptors"), descriptors.encode_to_vec())?;

    prost_build::Config::new().compile_fds(protox::compile(["onnx.proto"], ["proto"])?)?;
    Ok(())
}

//! Compiles `proto/nnabla.proto` into the descriptors that `schema` reads, without a `protoc` on the machine.

use prost::Message;
use std::path::Path;
use std::{env, fs};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=proto/nnabla.proto");
    let mut descriptors = protox::compile(["nnabla.proto"], ["proto"])?;
    for file in &mut descriptors.file {
        // Comments and positions in the source are of no use at run time.
        file.source_code_info = None;
    }
    let folder = env::var("OUT_DIR")?;
    fs::write(Path::new(&folder).join("nnabla.descriptors"), descriptors.encode_to_vec())?;
    Ok(())
}

//! ONNX's messages as structs, compiled from `proto/onnx.proto`.

// The schema is documented where it is written.
#![allow(missing_docs, clippy::all)]

include!(concat!(env!("OUT_DIR"), "/onnx.rs"));

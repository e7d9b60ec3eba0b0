//! TensorFlow Lite files: whatever the bytes, reading gives a valid network or an error.
#![no_main]

use fewbit_formats::tflite::{self, TfliteOptions};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(import) = tflite::read(bytes, &TfliteOptions::default()) else { return };
    import.network.validate().expect("readers end with a valid network");
});

//! Parameter files.
#![no_main]

use fewbit_formats::hdf5;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(parameters) = hdf5::read("fuzz.h5", bytes.to_vec()) else { return };
    for parameter in &parameters {
        assert_eq!(parameter.shape.iter().product::<usize>(), parameter.values.len());
    }
});

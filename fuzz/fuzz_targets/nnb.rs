//! `.nnb` files as networks: what decodes and can be written again decodes to the same.
#![no_main]

use fewbit_nnb::{EncodeOptions, Nnb, decode, dump, encode};
use libfuzzer_sys::fuzz_target;

/// Networks beyond this are not decoded: a file of a few bytes may announce a parameter of any size only if it has the
/// values, but shapes of buffers cost nothing.
const MOST_ITEMS: usize = 1 << 20;

fuzz_target!(|bytes: &[u8]| {
    let Ok(nnb) = Nnb::new(bytes) else { return };
    let items: usize = (0..nnb.variable_count()).map(|index| nnb.variable(index).shape.items()).sum();
    if items > MOST_ITEMS {
        return;
    }
    let _ = dump::dump(&nnb);
    let Ok(network) = decode(&nnb) else { return };
    if network.validate().is_err() {
        return;
    }
    let options = EncodeOptions { version: nnb.version(), ..EncodeOptions::default() };
    if let Ok(file) = encode(&network, &options) {
        let again = Nnb::new(&file.bytes).expect("just written");
        let again = decode(&again).expect("its values are there");
        assert!(again.variables == network.variables, "the variables changed on the way");
    }
});

//! Networks as text, with their parameters in the text.
#![no_main]

use fewbit_formats::{ImportOptions, Nnp};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(nnp) = Nnp::from_text(text) else { return };
    if let Ok(network) = nnp.network(&ImportOptions::default()) {
        network.validate().expect("readers end with a valid network");
        let fresh = Nnp::from_network(&network);
        fresh.network(&ImportOptions::default()).expect("just made of a valid network");
    }
});

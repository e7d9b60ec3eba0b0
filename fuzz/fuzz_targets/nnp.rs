//! Archives: whatever is read must be readable again after it is written, with the same network.
#![no_main]

use fewbit_formats::{ImportOptions, Nnp};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(nnp) = Nnp::from_archive(bytes) else { return };
    let Ok(network) = nnp.network(&ImportOptions::default()) else { return };
    network.validate().expect("readers end with a valid network");
    if let Ok(archive) = nnp.to_archive() {
        let again = Nnp::from_archive(&archive).expect("just written");
        let again = again.network(&ImportOptions::default()).expect("as it was");
        assert!(again == network, "the network changed on the way");
    }
});

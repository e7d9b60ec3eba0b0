//! Damaged TensorFlow Lite files: whatever the bytes, reading gives a network or a sentence.

mod common;

use common::damage::{apply, damage};
use common::{cases_in, folder};
use fewbit_formats::tflite::{self, TfliteOptions};
use proptest::prelude::*;
use std::fs;
use std::sync::LazyLock;

/// Files of single operators and a network, as material to be damaged.
static FILES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let cases = cases_in(&folder("tflite").join("operators.zip"));
    let mut files: Vec<_> =
        cases.into_values().map(|mut case| case.remove("model.tflite").expect("a network")).collect();
    files.push(fs::read(folder("tflite").join("kws_int8.tflite")).expect("a network"));
    files
});

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn damaged_files_give_a_network_or_a_sentence(
        file in any::<prop::sample::Index>(),
        damages in prop::collection::vec(damage(), 1..6),
        batch in prop_oneof![Just(None), (0usize..5).prop_map(Some)],
        channels_first in any::<bool>(),
    ) {
        let mut file = file.get(&FILES).clone();
        for damage in &damages {
            apply(damage, &mut file);
        }
        match tflite::read(&file, &TfliteOptions { batch, channels_first }) {
            Ok(import) => prop_assert!(import.network.validate().is_ok()),
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }
}

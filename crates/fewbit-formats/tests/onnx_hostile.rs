//! Damaged ONNX files: whatever the bytes, reading gives a network or a sentence.

mod common;

use common::cases;
use common::damage::{apply, damage};
use fewbit_formats::onnx::{self, OnnxOptions};
use proptest::prelude::*;
use std::sync::LazyLock;

/// Files of all kinds, as material to be damaged.
static FILES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let archives = ["models.zip", "forms.zip", "old.zip", "stored.zip", "node.zip"];
    let all = archives.into_iter().flat_map(cases);
    all.map(|(_, mut case)| case.remove("model.onnx").expect("a network")).collect()
});

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn damaged_files_give_a_network_or_a_sentence(
        file in any::<prop::sample::Index>(),
        damages in prop::collection::vec(damage(), 1..6),
        batch in prop_oneof![Just(None), (0usize..5).prop_map(Some)],
    ) {
        let mut file = file.get(&FILES).clone();
        for damage in &damages {
            apply(damage, &mut file);
        }
        match onnx::read(&file, &OnnxOptions { batch, ..OnnxOptions::default() }) {
            Ok(import) => {
                prop_assert!(import.network.validate().is_ok());
                // What was read can be written, or is refused.
                let _ = onnx::write(&import.network);
            }
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }
}

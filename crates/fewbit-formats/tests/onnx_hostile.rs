//! Damaged ONNX files: whatever the bytes, reading gives a network or a sentence.

mod common;

use common::cases;
use fewbit_formats::onnx::{self, OnnxOptions};
use proptest::prelude::*;
use std::sync::LazyLock;

/// Files of all kinds, as material to be damaged.
static FILES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let archives = ["models.zip", "forms.zip", "old.zip", "stored.zip", "node.zip"];
    let all = archives.into_iter().flat_map(cases);
    all.map(|(_, mut case)| case.remove("model.onnx").expect("a network")).collect()
});

/// What happens to a file.
#[derive(Clone, Debug)]
enum Damage {
    Set { place: usize, value: u8 },
    Cut { len: usize },
    Remove { place: usize, count: usize },
    Copy { from: usize, to: usize, count: usize },
}

fn damage() -> impl Strategy<Value = Damage> {
    let place = || any::<usize>();
    prop_oneof![
        4 => (place(), any::<u8>()).prop_map(|(place, value)| Damage::Set { place, value }),
        // Small numbers are counts, axes and types; those with the highest bit set go on in the next byte.
        4 => (place(), prop_oneof![0u8..12, 0xf0u8..]).prop_map(|(place, value)| Damage::Set { place, value }),
        1 => place().prop_map(|len| Damage::Cut { len }),
        1 => (place(), 1usize..20).prop_map(|(place, count)| Damage::Remove { place, count }),
        1 => (place(), place(), 1usize..40).prop_map(|(from, to, count)| Damage::Copy { from, to, count }),
    ]
}

fn apply(damage: &Damage, file: &mut Vec<u8>) {
    let len = file.len().max(1);
    match *damage {
        Damage::Set { place, value } => {
            if let Some(byte) = file.get_mut(place % len) {
                *byte = value;
            }
        }
        Damage::Cut { len: cut } => file.truncate(cut % len),
        Damage::Remove { place, count } => {
            let start = (place % len).min(file.len());
            file.drain(start..(start + count).min(file.len()));
        }
        Damage::Copy { from, to, count } => {
            let start = (from % len).min(file.len());
            let part = file[start..(start + count).min(file.len())].to_vec();
            let to = (to % len).min(file.len());
            file.splice(to..to, part);
        }
    }
}

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

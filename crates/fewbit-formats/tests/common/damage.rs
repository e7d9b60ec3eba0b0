//! Damage done to files.

use proptest::prelude::*;

/// What happens to a file.
#[derive(Clone, Debug)]
pub enum Damage {
    Set { place: usize, value: u8 },
    Cut { len: usize },
    Remove { place: usize, count: usize },
    Copy { from: usize, to: usize, count: usize },
}

/// All that can happen.
pub fn damage() -> impl Strategy<Value = Damage> {
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

/// Damages a file.
pub fn apply(damage: &Damage, file: &mut Vec<u8>) {
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

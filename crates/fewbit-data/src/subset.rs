//! Which samples of a dataset to use: deterministic choices, the same on every machine.

/// `count` of `len` indices in ascending order, spread evenly.
///
/// Datasets are often sorted by class, so their first samples are not a fair choice; these are.
pub(crate) fn spread(len: usize, count: usize) -> Vec<usize> {
    let count = count.min(len);
    // The middle of each of `count` equal stretches; 128 bits because the product may exceed 64.
    let middle = |i: usize| ((2 * i as u128 + 1) * len as u128 / (2 * count as u128)) as usize;
    (0..count).map(middle).collect()
}

/// All of `len` indices in an order drawn from `seed` (Fisher-Yates).
pub(crate) fn shuffled(len: usize, seed: u64) -> Vec<usize> {
    let mut indices: Vec<usize> = (0..len).collect();
    let mut state = seed;
    for last in (1..len).rev() {
        // Multiply-shift maps 64 random bits to 0..=last with a bias below len / 2^64.
        let drawn = (u128::from(split_mix(&mut state)) * (last as u128 + 1)) >> 64;
        indices.swap(last, drawn as usize);
    }
    indices
}

/// `count` indices in ascending order with every class as often as every other, as far as each has samples: of each
/// class its first ones.
pub(crate) fn balanced(labels: &[usize], classes: usize, count: usize) -> Vec<usize> {
    let count = count.min(labels.len());
    let mut available = vec![0_usize; classes];
    for &label in labels {
        available[label] += 1;
    }
    // Every round gives one sample to each class that has one left, the lower class numbers first.
    let mut quota = vec![0_usize; classes];
    let mut given = 0;
    while given < count {
        for (taken, &limit) in quota.iter_mut().zip(&available) {
            if *taken < limit && given < count {
                *taken += 1;
                given += 1;
            }
        }
    }
    let mut chosen = Vec::with_capacity(count);
    for (index, &label) in labels.iter().enumerate() {
        if quota[label] > 0 {
            quota[label] -= 1;
            chosen.push(index);
        }
    }
    chosen
}

/// SplitMix64 (Steele, Lea and Flood 2014): the next 64 bits.
pub(crate) fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut bits = *state;
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spread_takes_the_middle_of_equal_stretches() {
        assert_eq!(spread(10, 5), [1, 3, 5, 7, 9]);
        assert_eq!(spread(3, 3), [0, 1, 2]);
        assert_eq!(spread(3, 100), [0, 1, 2]);
        assert!(spread(0, 4).is_empty());
    }

    #[test]
    fn split_mix_gives_the_published_sequence() {
        // First outputs for seed 1234567, as printed with the reference C code.
        let mut state = 1_234_567;
        let drawn: Vec<u64> = (0..3).map(|_| split_mix(&mut state)).collect();
        assert_eq!(drawn, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn balanced_fills_up_from_the_classes_that_have_more() {
        let labels = [0, 0, 0, 0, 1, 2, 2, 2];
        assert_eq!(balanced(&labels, 3, 5), [0, 1, 4, 5, 6]);
        assert_eq!(balanced(&labels, 3, 99), [0, 1, 2, 3, 4, 5, 6, 7]);
    }

    proptest! {
        #[test]
        fn spread_is_strictly_ascending_and_within(len in 0_usize..10_000, count in 0_usize..500) {
            let indices = spread(len, count);
            prop_assert_eq!(indices.len(), count.min(len));
            prop_assert!(indices.windows(2).all(|pair| pair[0] < pair[1]));
            prop_assert!(indices.last().is_none_or(|&last| last < len));
        }

        #[test]
        fn shuffled_is_a_permutation(len in 0_usize..500, seed: u64) {
            let mut indices = shuffled(len, seed);
            prop_assert_eq!(&indices, &shuffled(len, seed));
            indices.sort_unstable();
            prop_assert!(indices.into_iter().eq(0..len));
        }

        #[test]
        fn balanced_classes_differ_by_one_unless_exhausted(labels in prop::collection::vec(0_usize..5, 0..200), count in 0_usize..200) {
            let indices = balanced(&labels, 5, count);
            prop_assert_eq!(indices.len(), count.min(labels.len()));
            let of = |class| indices.iter().filter(|&&index| labels[index] == class).count();
            let most = (0..5).map(of).max().unwrap_or(0);
            for class in 0..5 {
                let available = labels.iter().filter(|&&label| label == class).count();
                prop_assert!(of(class) + 1 >= most || of(class) == available);
            }
        }
    }
}

//! Where feature maps lie in the arena: those that are needed at the same time apart, others over one another.

use core::ops::Range;
use std::vec;
use std::vec::Vec;

/// Maps begin at multiples of this many items, so that vectors do not straddle cache lines: 64 bytes, or 256 in the arena of
/// floats.
pub(super) const ALIGNMENT: usize = 64;

/// A map, and when it is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lifetime {
    /// Its size in items.
    pub len: usize,
    /// The step that writes it first.
    pub first: usize,
    /// The step that reads it last.
    pub last: usize,
}

/// A place for each map, and the size of the arena.
///
/// Largest first, each map takes the lowest place that is free while it is needed (Pisarchyk and Lee, "Efficient memory
/// management for deep neural net inference", 2020, section 5.1).
pub(super) fn place(maps: &[Lifetime]) -> (Vec<Range<usize>>, usize) {
    let mut order: Vec<usize> = (0..maps.len()).collect();
    order.sort_by_key(|&index| core::cmp::Reverse(maps[index].len));
    let mut places = vec![0..0; maps.len()];
    let mut placed: Vec<usize> = Vec::new();
    for index in order {
        let map = maps[index];
        let mut taken: Vec<Range<usize>> = (placed.iter())
            .filter(|&&other| maps[other].first <= map.last && map.first <= maps[other].last)
            .map(|&other| places[other].clone())
            .collect();
        taken.sort_by_key(|place| place.start);
        let mut start = 0;
        for place in taken {
            if start + map.len <= place.start {
                break;
            }
            start = start.max(place.end.next_multiple_of(ALIGNMENT));
        }
        places[index] = start..start + map.len;
        placed.push(index);
    }
    let len = places.iter().map(|place| place.end).max().unwrap_or(0);
    (places, len)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn maps_that_are_needed_together_do_not_overlap(
            maps in prop::collection::vec((0usize..100, 0usize..10, 0usize..10), 0..20),
        ) {
            let maps: Vec<_> = (maps.into_iter())
                .map(|(len, a, b)| Lifetime { len, first: a.min(b), last: a.max(b) })
                .collect();
            let (places, len) = place(&maps);
            for (a, map) in maps.iter().enumerate() {
                prop_assert_eq!(places[a].len(), map.len);
                prop_assert!(places[a].end <= len);
                for (b, other) in maps.iter().enumerate().skip(a + 1) {
                    let together = map.first <= other.last && other.first <= map.last;
                    let apart = places[a].end <= places[b].start || places[b].end <= places[a].start;
                    prop_assert!(!together || apart || map.len == 0 || other.len == 0);
                }
            }
        }
    }

    #[test]
    fn a_chain_takes_the_two_largest_neighbours() {
        let maps: Vec<_> = [64, 32, 128, 16]
            .iter()
            .enumerate()
            .map(|(first, &len)| Lifetime { len, first, last: first + 1 })
            .collect();
        assert_eq!(place(&maps).1, 160);
    }
}

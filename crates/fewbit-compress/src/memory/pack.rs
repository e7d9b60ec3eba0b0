//! [`pack`]: offsets for blocks of memory that are in use at given times, so that the whole is as small as possible.
//!
//! This is dynamic storage allocation with known times, which is hard in general. Blocks are placed one by one, each at
//! the lowest offset that is free during its life: some order of placing gives the best packing. Orders by size are
//! tried first (Pisarchyk and Lee 2020: greedy by size), which reaches the lower bound on chains with skips; where it
//! does not, a bounded search over orders follows.

use std::cmp::Reverse;
use std::ops::RangeInclusive;

/// A block of memory and the steps during which it is in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// From the first step to the last.
    pub life: RangeInclusive<usize>,
    /// Bytes.
    pub size: usize,
}

/// Offsets of blocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packing {
    /// Where each block begins.
    pub offsets: Vec<usize>,
    /// Where the last one ends.
    pub bytes: usize,
}

/// How many placings the search tries before it takes the best so far.
const SEARCH_LIMIT: usize = 200_000;

/// The largest sum of blocks that are in use at one step.
pub fn lower_bound(blocks: &[Block]) -> usize {
    // The sum only grows where a life begins.
    let sum_at = |step: usize| blocks.iter().filter(|block| block.life.contains(&step)).map(|block| block.size).sum();
    blocks.iter().map(|block| sum_at(*block.life.start())).max().unwrap_or(0)
}

/// Packs blocks: optimally, unless the search over a large tangle of them is cut short.
pub fn pack(blocks: &[Block]) -> Packing {
    let bound = lower_bound(blocks);
    let length = |index: &usize| blocks[*index].life.end() - blocks[*index].life.start();
    let mut by_size: Vec<usize> = (0..blocks.len()).collect();
    by_size.sort_by_key(|index| (Reverse(blocks[*index].size), Reverse(length(index))));
    let mut by_time = by_size.clone();
    by_time.sort_by_key(|&index| *blocks[index].life.start());
    let mut by_area = by_size.clone();
    by_area.sort_by_key(|index| Reverse((length(index) + 1).saturating_mul(blocks[*index].size)));

    let first = in_order(blocks, &by_size);
    let best = [by_time, by_area]
        .iter()
        .map(|order| in_order(blocks, order))
        .fold(first, |best, packing| if packing.bytes < best.bytes { packing } else { best });
    if best.bytes == bound {
        return best;
    }
    let mut search = Search { blocks, bound, best, left: SEARCH_LIMIT, offsets: vec![None; blocks.len()] };
    search.place_next(&by_size, 0);
    search.best
}

fn in_order(blocks: &[Block], order: &[usize]) -> Packing {
    let mut offsets = vec![None; blocks.len()];
    let mut bytes = 0;
    for &index in order {
        let offset = lowest_free(blocks, &offsets, index);
        offsets[index] = Some(offset);
        bytes = bytes.max(offset + blocks[index].size);
    }
    Packing { offsets: offsets.into_iter().flatten().collect(), bytes }
}

/// The lowest offset at which a block is apart from all placed ones that are in use with it.
fn lowest_free(blocks: &[Block], offsets: &[Option<usize>], index: usize) -> usize {
    let block = &blocks[index];
    let mut taken: Vec<(usize, usize)> = (blocks.iter().zip(offsets))
        .filter(|(other, _)| other.life.start() <= block.life.end() && block.life.start() <= other.life.end())
        .filter_map(|(other, offset)| offset.map(|offset| (offset, offset + other.size)))
        .collect();
    taken.sort_unstable();
    let mut offset = 0;
    for (start, end) in taken {
        if start >= offset + block.size {
            break;
        }
        offset = offset.max(end);
    }
    offset
}

/// A depth-first search over the orders in which blocks can be placed.
struct Search<'b> {
    blocks: &'b [Block],
    bound: usize,
    best: Packing,
    left: usize,
    offsets: Vec<Option<usize>>,
}

impl Search<'_> {
    /// Tries each of the blocks that are left, in the order given, where `bytes` are in use so far.
    fn place_next(&mut self, order: &[usize], bytes: usize) {
        let unplaced: Vec<usize> = order.iter().copied().filter(|&index| self.offsets[index].is_none()).collect();
        if unplaced.is_empty() && bytes < self.best.bytes {
            self.best = Packing { offsets: self.offsets.iter().copied().flatten().collect(), bytes };
        }
        for &index in &unplaced {
            if self.left == 0 || self.best.bytes == self.bound {
                return;
            }
            self.left -= 1;
            let offset = lowest_free(self.blocks, &self.offsets, index);
            let end = offset + self.blocks[index].size;
            if end < self.best.bytes {
                self.offsets[index] = Some(offset);
                self.place_next(&unplaced, bytes.max(end));
                self.offsets[index] = None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn block(start: usize, end: usize, size: usize) -> Block {
        Block { life: start..=end, size }
    }

    #[test]
    fn a_chain_takes_its_two_largest_neighbours() {
        let blocks = [block(0, 1, 10), block(1, 2, 40), block(2, 3, 20), block(3, 4, 30)];
        assert_eq!(lower_bound(&blocks), 60);
        assert_eq!(pack(&blocks).bytes, 60);
    }

    /// Placing by size, by time or by area leaves a gap here that the search closes.
    #[test]
    fn the_search_goes_beyond_the_orders() {
        let blocks = [block(0, 0, 1), block(0, 1, 2), block(1, 2, 3), block(2, 3, 2), block(3, 4, 3), block(4, 4, 2)];
        assert_eq!(pack(&blocks).bytes, lower_bound(&blocks));
    }

    /// The best packing by trying every order.
    fn best_of_all_orders(blocks: &[Block]) -> usize {
        fn visit(blocks: &[Block], order: &mut Vec<usize>, best: &mut usize) {
            if order.len() == blocks.len() {
                *best = (*best).min(in_order(blocks, order).bytes);
            }
            for index in 0..blocks.len() {
                if !order.contains(&index) {
                    order.push(index);
                    visit(blocks, order, best);
                    order.pop();
                }
            }
        }
        let mut best = usize::MAX;
        visit(blocks, &mut Vec::new(), &mut best);
        best
    }

    prop_compose! {
        fn any_block()(start in 0usize..6, length in 0usize..4, size in 0usize..9) -> Block {
            block(start, start + length, size)
        }
    }

    proptest! {
        #[test]
        fn blocks_in_use_together_lie_apart(blocks in prop::collection::vec(any_block(), 0..12)) {
            let packing = pack(&blocks);
            prop_assert_eq!(packing.offsets.len(), blocks.len());
            prop_assert!(packing.bytes >= lower_bound(&blocks));
            for (i, a) in blocks.iter().enumerate() {
                prop_assert!(packing.offsets[i] + a.size <= packing.bytes);
                for (j, b) in blocks.iter().enumerate().skip(i + 1) {
                    let together = (0..12).any(|step| a.life.contains(&step) && b.life.contains(&step));
                    let apart = packing.offsets[i] + a.size <= packing.offsets[j]
                        || packing.offsets[j] + b.size <= packing.offsets[i];
                    prop_assert!(!together || apart, "blocks {} and {}", i, j);
                }
            }
        }

        #[test]
        fn small_packings_are_the_best(blocks in prop::collection::vec(any_block(), 1..7)) {
            prop_assert_eq!(pack(&blocks).bytes, best_of_all_orders(&blocks));
        }
    }
}

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
    /// Each time of use from its first step to its last, one after the other.
    pub lives: Vec<RangeInclusive<usize>>,
    /// Bytes.
    pub size: usize,
}

impl Block {
    /// Whether it is in use at a step.
    fn is_alive(&self, step: usize) -> bool {
        self.lives.iter().any(|life| life.contains(&step))
    }

    /// Whether both are in use at one step.
    fn meets(&self, other: &Self) -> bool {
        let (mut own, mut others) = (self.lives.iter().peekable(), other.lives.iter().peekable());
        while let (Some(a), Some(b)) = (own.peek(), others.peek()) {
            if a.start() <= b.end() && b.start() <= a.end() {
                return true;
            }
            if a.end() < b.end() {
                own.next()
            } else {
                others.next()
            };
        }
        false
    }

    /// Its first step.
    fn start(&self) -> usize {
        self.lives.first().map_or(0, |life| *life.start())
    }

    /// How many steps it is in use.
    fn length(&self) -> usize {
        self.lives.iter().map(|life| life.end() + 1 - life.start()).sum()
    }
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
    let sum_at = |step: usize| blocks.iter().filter(|block| block.is_alive(step)).map(|block| block.size).sum();
    blocks.iter().flat_map(|block| &block.lives).map(|life| sum_at(*life.start())).max().unwrap_or(0)
}

/// Packs blocks: optimally, unless the search over a large tangle of them is cut short.
pub fn pack(blocks: &[Block]) -> Packing {
    let bound = lower_bound(blocks);
    let meets = meetings(blocks);
    let length = |index: &usize| blocks[*index].length();
    let mut by_size: Vec<usize> = (0..blocks.len()).collect();
    by_size.sort_by_key(|index| (Reverse(blocks[*index].size), Reverse(length(index))));
    let mut by_time = by_size.clone();
    by_time.sort_by_key(|&index| blocks[index].start());
    let mut by_area = by_size.clone();
    by_area.sort_by_key(|index| Reverse(length(index).saturating_mul(blocks[*index].size)));

    let first = in_order(blocks, &meets, &by_size);
    let best = [by_time, by_area]
        .iter()
        .map(|order| in_order(blocks, &meets, order))
        .fold(first, |best, packing| if packing.bytes < best.bytes { packing } else { best });
    if best.bytes == bound {
        return best;
    }
    let mut search =
        Search { blocks, meets: &meets, bound, best, left: SEARCH_LIMIT, offsets: vec![None; blocks.len()] };
    search.place_next(&by_size, 0);
    search.best
}

/// For each block those that are in use at one time with it.
fn meetings(blocks: &[Block]) -> Vec<Vec<usize>> {
    let meeting = |block: &Block| (0..blocks.len()).filter(|&other| block.meets(&blocks[other])).collect();
    blocks.iter().map(meeting).collect()
}

fn in_order(blocks: &[Block], meets: &[Vec<usize>], order: &[usize]) -> Packing {
    let mut offsets = vec![None; blocks.len()];
    let mut bytes = 0;
    for &index in order {
        let offset = lowest_free(blocks, &meets[index], &offsets, index);
        offsets[index] = Some(offset);
        bytes = bytes.max(offset + blocks[index].size);
    }
    Packing { offsets: offsets.into_iter().flatten().collect(), bytes }
}

/// The lowest offset at which a block is apart from all placed ones that are in use with it.
fn lowest_free(blocks: &[Block], meets: &[usize], offsets: &[Option<usize>], index: usize) -> usize {
    let block = &blocks[index];
    let mut taken: Vec<(usize, usize)> = (meets.iter())
        .filter_map(|&other| offsets[other].map(|offset| (offset, offset + blocks[other].size)))
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
    meets: &'b [Vec<usize>],
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
            let offset = lowest_free(self.blocks, &self.meets[index], &self.offsets, index);
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
        Block { lives: vec![start..=end], size }
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
                *best = (*best).min(in_order(blocks, &meetings(blocks), order).bytes);
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
                    let together = (0..12).any(|step| a.is_alive(step) && b.is_alive(step));
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

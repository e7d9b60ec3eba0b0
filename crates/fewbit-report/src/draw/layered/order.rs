//! [`untangle`]: the items of each layer in an order with few crossings.

use super::Item;

/// How often the layers are gone through; more does not change drawings of networks.
const SWEEPS: usize = 12;

/// Reorders each layer by the mean place of its neighbours in the layer before it (the barycentre heuristic), from the
/// top down and from the bottom up in turns, and keeps the order with the fewest crossings.
pub fn untangle(items: &[Item], order: &mut Vec<Vec<usize>>) {
    let mut best = (crossings(items, order), order.clone());
    for sweep in 0..SWEEPS {
        if best.0 == 0 {
            break;
        }
        let downwards = sweep % 2 == 0;
        let mut places = places(items.len(), order);
        for step in 1..order.len() {
            let layer = if downwards { step } else { order.len() - 1 - step };
            let mean = |&index: &usize| {
                let neighbours = if downwards { &items[index].above } else { &items[index].below };
                let sum: usize = neighbours.iter().map(|&neighbour| places[neighbour]).sum();
                // What has no neighbours stays about where it is.
                if neighbours.is_empty() { places[index] as f64 } else { sum as f64 / neighbours.len() as f64 }
            };
            let mut keyed: Vec<(f64, usize)> = order[layer].iter().map(|index| (mean(index), *index)).collect();
            keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
            order[layer] = keyed.into_iter().map(|(_, index)| index).collect();
            for (place, &index) in order[layer].iter().enumerate() {
                places[index] = place;
            }
        }
        let count = crossings(items, order);
        if count < best.0 {
            best = (count, order.clone());
        }
    }
    *order = best.1;
}

/// The place of each item in its layer.
fn places(count: usize, order: &[Vec<usize>]) -> Vec<usize> {
    let mut places = vec![0; count];
    for layer in order {
        for (place, &index) in layer.iter().enumerate() {
            places[index] = place;
        }
    }
    places
}

/// How many pairs of edges between neighbouring layers cross.
fn crossings(items: &[Item], order: &[Vec<usize>]) -> usize {
    let places = places(items.len(), order);
    let mut count = 0;
    for layers in order.windows(2) {
        // Edges by their upper end: two cross where the lower ends are in the other order.
        let mut ends = Vec::new();
        for &index in &layers[0] {
            let mut below: Vec<usize> = items[index].below.iter().map(|&below| places[below]).collect();
            below.sort_unstable();
            ends.append(&mut below);
        }
        count += inversions(&ends, layers[1].len());
    }
    count
}

/// How many pairs of numbers below `limit` are in falling order, by a tree of counts (Fenwick 1994).
fn inversions(numbers: &[usize], limit: usize) -> usize {
    let mut tree = vec![0usize; limit + 1];
    let mut count = 0;
    for (seen, &number) in numbers.iter().enumerate() {
        let (mut at, mut not_above) = (number + 1, 0);
        while at > 0 {
            not_above += tree[at];
            at -= at & at.wrapping_neg();
        }
        count += seen - not_above;
        let mut at = number + 1;
        while at <= limit {
            tree[at] += 1;
            at += at & at.wrapping_neg();
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn inversions_are_counted(numbers in prop::collection::vec(0usize..20, 0..60)) {
            let pairs = (0..numbers.len()).flat_map(|b| (0..b).map(move |a| (a, b)));
            let expected = pairs.filter(|&(a, b)| numbers[a] > numbers[b]).count();
            prop_assert_eq!(inversions(&numbers, 20), expected);
        }
    }

    #[test]
    fn two_crossed_edges_are_untangled() {
        let item = |layer, above: &[usize], below: &[usize]| Item {
            layer,
            above: above.into(),
            below: below.into(),
            ..Item::default()
        };
        let items = [item(0, &[], &[3]), item(0, &[], &[2]), item(1, &[1], &[]), item(1, &[0], &[])];
        let mut order = vec![vec![0, 1], vec![2, 3]];
        assert_eq!(crossings(&items, &order), 1);
        untangle(&items, &mut order);
        assert_eq!(crossings(&items, &order), 0);
    }
}

//! [`middles`]: how far right each item lies, so that edges are as straight as they can be.

use super::{Item, NEIGHBOUR_GAP};

/// How often the layers are gone through.
const SWEEPS: usize = 40;

/// The horizontal middle of each item. Items of a layer keep their order and do not touch; the leftmost side of all is 0.
///
/// Layer by layer, each item is drawn towards the mean of its neighbours above, below, or both in turns. What the items of
/// a layer can best do together is a least-squares problem under their order, which isotonic regression solves exactly.
pub fn middles(items: &[Item], order: &[Vec<usize>]) -> Vec<f64> {
    let mut middles = vec![0.0; items.len()];
    for layer in order {
        let steps = steps(items, layer);
        let half = steps.last().copied().unwrap_or(0.0) / 2.0;
        for (&index, step) in layer.iter().zip(&steps) {
            middles[index] = step - half;
        }
    }
    let last = order.len().saturating_sub(1);
    for sweep in 0..SWEEPS {
        let (above, below) = match sweep {
            // At the end both count, so that boxes lie between what they join.
            sweep if sweep + 8 >= SWEEPS => (true, true),
            sweep => (sweep % 2 == 0, sweep % 2 == 1),
        };
        for step in 0..order.len() {
            let layer = if sweep % 2 == 0 { step } else { last - step };
            relax(items, &order[layer], above, below, &mut middles);
        }
    }
    let left = items.iter().zip(&middles).map(|(item, middle)| middle - item.width / 2.0).fold(f64::INFINITY, f64::min);
    middles.iter().map(|middle| middle - left).collect()
}

/// Moves the items of one layer towards their neighbours.
fn relax(items: &[Item], layer: &[usize], above: bool, below: bool, middles: &mut [f64]) {
    let wish = |&index: &usize| {
        let item = &items[index];
        let neighbours = item.above.iter().filter(|_| above).chain(item.below.iter().filter(|_| below));
        let (mut sum, mut weight) = (0.0, 0.0);
        for &neighbour in neighbours {
            // Long edges should be straight first of all: their bends cannot be told from corners.
            let pull = match (item.joint, items[neighbour].joint) {
                (true, true) => 8.0,
                (false, false) => 2.0,
                _ => 1.0,
            };
            sum += pull * middles[neighbour];
            weight += pull;
        }
        if weight > 0.0 { (sum / weight, weight) } else { (middles[index], 0.01) }
    };
    let steps = steps(items, layer);
    let wishes: Vec<(f64, f64)> = layer
        .iter()
        .zip(&steps)
        .map(|(index, step)| {
            let (middle, weight) = wish(index);
            (middle - step, weight)
        })
        .collect();
    for ((&index, step), place) in layer.iter().zip(&steps).zip(isotonic(&wishes)) {
        middles[index] = place + step;
    }
}

/// How far each item's middle is at least behind the first one's.
fn steps(items: &[Item], layer: &[usize]) -> Vec<f64> {
    let mut steps = vec![0.0; layer.len()];
    for place in 1..layer.len() {
        let (before, this) = (&items[layer[place - 1]], &items[layer[place]]);
        steps[place] = steps[place - 1] + before.width / 2.0 + NEIGHBOUR_GAP + this.width / 2.0;
    }
    steps
}

/// The rising sequence with the least weighted squared distance from values, by pooling neighbours in the wrong order
/// (Ayer and others 1955). Values come with their weights, above zero.
fn isotonic(values: &[(f64, f64)]) -> Vec<f64> {
    // Weighted sum, weight and count of pools.
    let mut pools: Vec<(f64, f64, usize)> = Vec::new();
    for &(value, weight) in values {
        let mut pool = (value * weight, weight, 1);
        while let Some(&before) = pools.last() {
            if before.0 / before.1 < pool.0 / pool.1 {
                break;
            }
            pool = (pool.0 + before.0, pool.1 + before.1, pool.2 + before.2);
            pools.pop();
        }
        pools.push(pool);
    }
    pools.into_iter().flat_map(|(sum, weight, count)| std::iter::repeat_n(sum / weight, count)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn neighbours_in_the_wrong_order_meet_in_the_middle() {
        assert_eq!(isotonic(&[(3.0, 1.0), (1.0, 1.0), (5.0, 1.0)]), [2.0, 2.0, 5.0]);
        assert_eq!(isotonic(&[(3.0, 3.0), (1.0, 1.0)]), [2.5, 2.5]);
        assert_eq!(isotonic(&[]), [0.0; 0]);
    }

    proptest! {
        /// No small move of a pool, together or in part, makes the distance smaller.
        #[test]
        fn the_result_rises_and_is_the_best(values in prop::collection::vec((-50.0..50.0f64, 0.1..5.0f64), 1..12)) {
            let result = isotonic(&values);
            prop_assert!(result.windows(2).all(|pair| pair[0] <= pair[1] + 1e-9));
            let distance = |places: &[f64]| -> f64 {
                places.iter().zip(&values).map(|(place, (value, weight))| weight * (place - value).powi(2)).sum()
            };
            for from in 0..result.len() {
                for to in from..result.len() {
                    for step in [-0.01, 0.01] {
                        let mut moved = result.clone();
                        moved[from..=to].iter_mut().for_each(|place| *place += step);
                        if moved.windows(2).all(|pair| pair[0] <= pair[1]) {
                            prop_assert!(distance(&moved) >= distance(&result) - 1e-9);
                        }
                    }
                }
            }
        }
    }
}

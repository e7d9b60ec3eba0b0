//! [`layers`]: which layer each box belongs to.

/// The layer of each of `count` boxes, so that every edge leads to a later layer.
///
/// Each box lies as high as it can, but one with more edges going out than coming in lies as low as it can: right above
/// what needs it first. `edges` lead from a box to one with a higher number.
pub fn layers(count: usize, edges: impl Iterator<Item = (usize, usize)>) -> Vec<usize> {
    let mut incoming = vec![Vec::new(); count];
    let mut outgoing = vec![Vec::new(); count];
    for (from, to) in edges {
        incoming[to].push(from);
        outgoing[from].push(to);
    }
    let mut layers = vec![0; count];
    for index in 0..count {
        layers[index] = incoming[index].iter().map(|&from| layers[from] + 1).max().unwrap_or(0);
    }
    for index in (0..count).rev() {
        let lowest = outgoing[index].iter().map(|&to| layers[to]).min();
        if let Some(lowest) = lowest.filter(|_| outgoing[index].len() > incoming[index].len()) {
            layers[index] = lowest - 1;
        }
    }
    layers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_lie_right_above_what_reads_them() {
        // A chain 0-2-3, and an input 1 that is read by its end alone.
        assert_eq!(layers(4, [(0, 2), (2, 3), (1, 3)].into_iter()), [0, 1, 1, 2]);
        assert_eq!(layers(2, std::iter::empty()), [0, 0]);
    }
}

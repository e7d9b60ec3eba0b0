//! [`PackedWeights`]: weights in the order in which the kernels read them.

use std::vec;
use std::vec::Vec;

/// The most vectors of output channels in a panel. Two are enough to keep the multipliers busy; three save one of a
/// single vector at the end, which is not.
const MOST_VECTORS: usize = 3;

/// Weights of a sum over a window, for the vectors of one instruction set.
///
/// Output channels are split into panels of a few vectors. A panel holds, for each place of the window in order, the
/// weights of all its channels; channels that fill up the last vector have zeros.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct PackedWeights<T> {
    lanes: usize,
    outputs: usize,
    window_len: usize,
    /// Vectors in each panel.
    panels: Vec<usize>,
    weights: Vec<T>,
    bias: Vec<T>,
}

/// The part of the weights that a tile needs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Panel<'a, T> {
    /// Vectors of output channels.
    pub vectors: usize,
    /// The first output channel.
    pub first_output: usize,
    /// How many output channels there are.
    pub outputs: usize,
    /// The weights: `vectors` vectors for each place of the window.
    pub weights: &'a [T],
    /// `vectors` vectors of biases.
    pub bias: &'a [T],
}

impl<T: Copy + Default> PackedWeights<T> {
    /// Packs the weights of `outputs` channels over a window of `window_len` places.
    pub fn new(
        lanes: usize,
        outputs: usize,
        window_len: usize,
        weight: impl Fn(usize, usize) -> T,
        bias: impl Fn(usize) -> T,
    ) -> Self {
        let vectors = outputs.div_ceil(lanes);
        let panels = split_vectors(vectors);
        let mut weights = Vec::with_capacity(vectors * lanes * window_len);
        let mut first = 0;
        for &vectors in &panels {
            let channels = first..first + vectors * lanes;
            for place in 0..window_len {
                weights.extend(
                    channels.clone().map(|output| if output < outputs { weight(output, place) } else { T::default() }),
                );
            }
            first = channels.end;
        }
        let mut packed_bias = vec![T::default(); vectors * lanes];
        for (output, value) in packed_bias.iter_mut().enumerate().take(outputs) {
            *value = bias(output);
        }
        Self { lanes, outputs, window_len, panels, weights, bias: packed_bias }
    }

    /// Numbers in a vector.
    pub fn lanes(&self) -> usize {
        self.lanes
    }

    /// Output channels.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Output channels, with those that fill up the last vector.
    pub fn packed_outputs(&self) -> usize {
        self.bias.len()
    }

    /// Places of the window.
    pub fn window_len(&self) -> usize {
        self.window_len
    }

    /// Weights in all panels, without the biases.
    pub fn len(&self) -> usize {
        self.weights.len()
    }

    /// Vectors in the largest panel.
    pub fn most_vectors(&self) -> usize {
        // The last panel takes an odd vector up.
        self.panels.last().copied().unwrap_or(0)
    }

    /// The panels in the order of their output channels.
    pub fn panels(&self) -> impl ExactSizeIterator<Item = Panel<'_, T>> {
        (0..self.panels.len()).map(|index| self.panel(index))
    }

    /// The panel at `index`, which must be below their number.
    #[inline]
    pub fn panel(&self, index: usize) -> Panel<'_, T> {
        let vectors = self.panels[index];
        // Only the last panel can be of another size.
        let first_output = index * self.panels[0] * self.lanes;
        let lanes = vectors * self.lanes;
        Panel {
            vectors,
            first_output,
            outputs: lanes.min(self.outputs - first_output),
            weights: &self.weights[first_output * self.window_len..][..lanes * self.window_len],
            bias: &self.bias[first_output..][..lanes],
        }
    }
}

/// Splits vectors into panels of two, the last of which takes an odd one up.
fn split_vectors(vectors: usize) -> Vec<usize> {
    match vectors {
        0 => vec![],
        1..=MOST_VECTORS => vec![vectors],
        _ => {
            let mut panels = vec![2; vectors / 2];
            if vectors % 2 == 1 {
                *panels.last_mut().expect("there are at least four vectors") += 1;
            }
            panels
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_weight_is_where_its_panel_says() {
        for outputs in [1, 4, 5, 8, 11, 12, 13, 20, 23] {
            let packed = PackedWeights::new(4, outputs, 3, |output, place| (output * 10 + place) as f32, |o| o as f32);
            let mut seen = 0;
            for panel in packed.panels() {
                assert_eq!(panel.first_output, seen, "{outputs} outputs");
                let lanes = panel.vectors * 4;
                assert!(panel.outputs > lanes - 4 && panel.outputs <= lanes, "{outputs} outputs");
                for output in 0..panel.outputs {
                    assert_eq!(panel.bias[output], (seen + output) as f32);
                    for place in 0..3 {
                        assert_eq!(panel.weights[place * lanes + output], ((seen + output) * 10 + place) as f32);
                    }
                }
                seen += panel.outputs;
            }
            assert_eq!(seen, outputs);
        }
    }
}

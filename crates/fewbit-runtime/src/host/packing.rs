//! [`PackedWeights`]: weights in the order in which the kernels read them.

use std::vec;
use std::vec::Vec;

/// How vectors of output channels are put into panels, and output channels into their lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arrangement {
    /// Panels of two vectors, or three at the end, with one channel after the other. Two are enough to keep the multipliers
    /// busy; three save one of a single vector at the end, which is not.
    Consecutive {
        /// Numbers in a vector.
        lanes: usize,
    },
    /// Panels of four, two and one vectors. Where there is more than one, four lanes of each follow in turn: instructions
    /// that narrow vectors and join them bring them into the order of the channels.
    Interleaved {
        /// Numbers in a vector.
        lanes: usize,
        /// The most vectors in a panel.
        most: usize,
    },
}

impl Arrangement {
    fn lanes(self) -> usize {
        match self {
            Self::Consecutive { lanes } | Self::Interleaved { lanes, .. } => lanes,
        }
    }

    /// Splits vectors into panels.
    fn panels(self, mut vectors: usize) -> Vec<usize> {
        match self {
            Self::Consecutive { .. } => match vectors {
                0 => vec![],
                1..=3 => vec![vectors],
                _ => {
                    let mut panels = vec![2; vectors / 2];
                    if vectors % 2 == 1 {
                        *panels.last_mut().expect("there are at least four vectors") += 1;
                    }
                    panels
                }
            },
            Self::Interleaved { most, .. } => {
                let mut panels = Vec::new();
                for size in [4, 2, 1].into_iter().filter(|&size| size <= most) {
                    panels.extend(core::iter::repeat_n(size, vectors / size));
                    vectors %= size;
                }
                panels
            }
        }
    }

    /// The channel of a panel of so many vectors that is in a lane, counted through all of them.
    fn channel(self, vectors: usize, lane: usize) -> usize {
        match self {
            Self::Consecutive { .. } => lane,
            Self::Interleaved { lanes, .. } => {
                let (vector, lane) = (lane / lanes, lane % lanes);
                lane / 4 * 4 * vectors + vector * 4 + lane % 4
            }
        }
    }

    /// The channels of all lanes of all panels, for so many output channels.
    fn channels(self, outputs: usize) -> Vec<usize> {
        let mut first = 0;
        let mut channels = Vec::new();
        for vectors in self.panels(outputs.div_ceil(self.lanes())) {
            let panel = vectors * self.lanes();
            channels.extend((0..panel).map(|lane| first + self.channel(vectors, lane)));
            first += panel;
        }
        channels
    }

    /// A value for each lane, of those for each output channel; the default for lanes without a channel.
    pub fn arrange<T: Copy + Default>(self, values: &[T]) -> Vec<T> {
        let value = |channel: usize| values.get(channel).copied().unwrap_or_default();
        self.channels(values.len()).into_iter().map(value).collect()
    }
}

/// Weights of a sum over a window, for the vectors of one instruction set.
///
/// Output channels are split into panels of a few vectors. A panel holds, for each place of the window in order, the
/// weights of all its channels; lanes without a channel have zeros.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct PackedWeights<T> {
    lanes: usize,
    outputs: usize,
    window_len: usize,
    /// Vectors in each panel, and the first lane.
    panels: Vec<(usize, usize)>,
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
        arrangement: Arrangement,
        outputs: usize,
        window_len: usize,
        weight: impl Fn(usize, usize) -> T,
        bias: impl Fn(usize) -> T,
    ) -> Self {
        let lanes = arrangement.lanes();
        let channels = arrangement.channels(outputs);
        let mut weights = Vec::with_capacity(channels.len() * window_len);
        let mut panels = Vec::new();
        let mut first = 0;
        for vectors in arrangement.panels(outputs.div_ceil(lanes)) {
            let panel = &channels[first..][..vectors * lanes];
            for place in 0..window_len {
                weights.extend(panel.iter().map(|&output| match output < outputs {
                    true => weight(output, place),
                    false => T::default(),
                }));
            }
            panels.push((vectors, first));
            first += panel.len();
        }
        let bias = arrangement.arrange(&(0..outputs).map(bias).collect::<Vec<_>>());
        Self { lanes, outputs, window_len, panels, weights, bias }
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
        self.panels.iter().map(|(vectors, _)| *vectors).max().unwrap_or(0)
    }

    /// The panels in the order of their output channels.
    pub fn panels(&self) -> impl ExactSizeIterator<Item = Panel<'_, T>> {
        (0..self.panels.len()).map(|index| self.panel(index))
    }

    /// The panel at `index`, which must be below their number.
    #[inline]
    pub fn panel(&self, index: usize) -> Panel<'_, T> {
        let (vectors, first_output) = self.panels[index];
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_weight_is_where_its_panel_says() {
        for outputs in [1, 4, 5, 8, 11, 12, 13, 20, 23] {
            let packed = PackedWeights::new(
                Arrangement::Consecutive { lanes: 4 },
                outputs,
                3,
                |output, place| (output * 10 + place) as f32,
                |o| o as f32,
            );
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

    #[test]
    fn interleaved_channels_come_out_in_order() {
        let arrangement = Arrangement::Interleaved { lanes: 8, most: 4 };
        let outputs = 8 * 4 + 8 * 2 + 3;
        let slots = arrangement.arrange(&(0..outputs).collect::<Vec<_>>());
        // Of two vectors, joined in blocks of four lanes.
        let join = |a: &[usize], b: &[usize]| a.chunks(4).zip(b.chunks(4)).flat_map(|(a, b)| [a, b].concat()).collect();
        let vectors: Vec<&[usize]> = slots.chunks(8).collect();
        let pairs: Vec<Vec<usize>> = vectors[..6].chunks(2).map(|pair| join(pair[0], pair[1])).collect();
        let quad: Vec<usize> = pairs[0].chunks(8).zip(pairs[1].chunks(8)).flat_map(|(a, b)| [a, b].concat()).collect();
        assert!(quad.iter().copied().eq(0..32));
        assert!(pairs[2].iter().copied().eq(32..48));
        assert_eq!(vectors[6], [48, 49, 50, 0, 0, 0, 0, 0]);
    }
}

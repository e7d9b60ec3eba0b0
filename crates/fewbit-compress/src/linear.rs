//! [`Linear`]: what the functions that multiply by weights have in common.
//!
//! Passes that change weights channel by channel need to know, for every weight, from which input channel it comes and
//! to which output channel it goes, whatever the layout of the weights is.

use crate::calibrate::channel_axis;
use fewbit_core::shape_rule::{ConvolutionGeometry, ConvolutionKind};
use fewbit_core::{Function, Network, Node, Operation, Shape, VariableId};

/// A convolution, deconvolution or affine function, seen as a sum over weights.
///
/// Its *units* are what weights connect: the channels of a convolution, the single values of an affine function.
#[derive(Clone, Debug, PartialEq)]
pub struct Linear {
    /// The place of the weights among the node's inputs.
    pub weight: usize,
    /// The place of the scale of each output unit, for binary weights.
    pub alpha: Option<usize>,
    /// The place of the bias, whether the node has one or not.
    pub bias: usize,
    /// How many units go in.
    pub inputs: usize,
    /// How many units come out.
    pub outputs: usize,
    /// Where the input units are in the input variable.
    pub input_units: Units,
    /// Where the output units are in the output variable.
    pub output_units: Units,
    /// Whether weights are signs.
    pub binary: bool,
    /// Whether it spreads each input over the outputs, as deconvolutions do, instead of gathering inputs for each output.
    pub spreads: bool,
    /// Whether each output is a sum over the same number of inputs: nothing stands beyond the border.
    pub unpadded: bool,
    layout: Layout,
}

/// Where units are in a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Units {
    /// They are the items of this axis.
    Axis(usize),
    /// They are all values from this axis on.
    From(usize),
}

/// How weights are arranged.
#[derive(Clone, Debug, PartialEq)]
enum Layout {
    /// `(in, out)`, each a product of extents.
    Matrix,
    /// `(outer, inner / group, taps)`; `(outer, taps, inner / group)` if channels are last. The outer axis are outputs,
    /// or inputs if transposed.
    Grouped { groups: usize, taps: usize, channel_last: bool, transposed: bool },
}

impl Units {
    /// For each unit of a variable of this shape, the item of `axis` that it belongs to; `None` if a unit belongs to
    /// several.
    pub fn items_of_axis(self, shape: Shape, axis: usize) -> Option<Vec<usize>> {
        match self {
            Self::Axis(units) => (units == axis).then(|| (0..shape[axis]).collect()),
            Self::From(first) => {
                let stride = shape.strides()[axis];
                (axis >= first)
                    .then(|| (0..shape.split_items(first).1).map(|unit| unit / stride % shape[axis]).collect())
            }
        }
    }
}

impl Linear {
    /// The view of a node; `None` if it is of another kind, or without an axis for its units.
    pub fn of(network: &Network, node: &Node) -> Option<Self> {
        let Operation::Known(function) = &node.operation else { return None };
        let (weight, alpha, bias) = match function {
            Function::Convolution(_)
            | Function::DepthwiseConvolution(_)
            | Function::Deconvolution(_)
            | Function::DepthwiseDeconvolution(_)
            | Function::Affine(_) => (1, None, 2),
            Function::BinaryConnectConvolution(_) | Function::BinaryConnectAffine(_) => (2, None, 3),
            Function::BinaryWeightConvolution(_) | Function::BinaryWeightAffine(_) => (2, Some(3), 4),
            _ => return None,
        };
        let x = network.variable(*node.inputs.first()?).shape;
        let weights = network.variable(*node.inputs.get(weight)?).shape;
        let base_axis = match function {
            Function::Affine(a) => Some(a.base_axis),
            Function::BinaryConnectAffine(a) | Function::BinaryWeightAffine(a) => Some(a.base_axis),
            _ => None,
        };
        let at = |inputs, outputs, units, unpadded, layout| Self {
            weight,
            alpha,
            bias,
            inputs,
            outputs,
            input_units: units,
            output_units: units,
            // The float weights before them are for training.
            binary: weight == 2,
            spreads: matches!(layout, Layout::Grouped { transposed: true, .. }),
            unpadded,
            layout,
        };
        if let Some(base_axis) = base_axis {
            // A base axis behind the last makes every value a vector of its own.
            let base =
                x.axis(base_axis).or_else(|| usize::try_from(base_axis).ok().filter(|&axis| axis == x.rank()))?;
            let (inputs, outputs) = weights.split_items(1);
            let units = Units::From(base);
            return Some(at(inputs, outputs, units, true, Layout::Matrix));
        }
        let geometry = ConvolutionGeometry::new(function, x, weights).ok()?;
        let channel_axis = if geometry.channel_last { x.rank() - 1 } else { geometry.base_axis };
        let units = Units::Axis(channel_axis);
        let transposed = geometry.kind == ConvolutionKind::Deconvolution;
        let layout = Layout::Grouped {
            groups: geometry.groups,
            taps: geometry.axes.iter().map(|axis| axis.kernel).product(),
            channel_last: geometry.channel_last,
            transposed,
        };
        let unpadded = geometry.axes.iter().all(|axis| {
            let inside = axis.pad == 0 && axis.pad_end == 0 && axis.output_padding == 0;
            // Neighbouring taps of a deconvolution overlap everywhere but at the border.
            inside && (!transposed || (axis.kernel == 1 && axis.stride == 1))
        });
        Some(at(geometry.input_channels, geometry.output_channels, units, unpadded, layout))
    }

    /// The bias of a node that this is the view of, if it has one.
    pub fn bias_of(&self, network: &Network, node: &Node) -> Option<VariableId> {
        let id = *node.inputs.get(self.bias)?;
        network.variable(id).values().filter(|values| values.len() == self.outputs).map(|_| id)
    }

    /// The input and the output unit that the weight at `index` connects.
    pub fn units_of_weight(&self, index: usize) -> (usize, usize) {
        match self.layout {
            Layout::Matrix => (index / self.outputs, index % self.outputs),
            Layout::Grouped { groups, taps, channel_last, transposed } => {
                let (outer_count, inner_count) =
                    if transposed { (self.inputs, self.outputs) } else { (self.outputs, self.inputs) };
                let inner_per_group = inner_count / groups;
                let outer = index / (inner_per_group * taps);
                let rest = index % (inner_per_group * taps);
                let inner = if channel_last { rest % inner_per_group } else { rest / taps };
                let group = outer / (outer_count / groups);
                let inner = group * inner_per_group + inner;
                if transposed { (outer, inner) } else { (inner, outer) }
            }
        }
    }

    /// Whether weights are stored with all those of an output in a row, so that outputs can have positions of their own:
    /// not those of deconvolutions.
    pub fn has_output_rows(&self) -> bool {
        !self.spreads
    }

    /// Where in the variable the weight is that is stored at `place` of an output's row of `columns` weights.
    pub fn index_of_row(&self, output: usize, place: usize, columns: usize) -> usize {
        match self.layout {
            Layout::Matrix => place * self.outputs + output,
            Layout::Grouped { .. } => output * columns + place,
        }
    }

    /// For each unit of the input or the output variable, the channel of the variable that it belongs to; `None` if the
    /// units do not follow channels.
    pub fn channels(&self, network: &Network, id: VariableId, units: Units) -> Option<Vec<usize>> {
        units.items_of_axis(network.variable(id).shape, channel_axis(network, id)?)
    }

    /// Multiplies each weight by what `factor` gives for its input and output unit.
    pub fn scale(&self, weights: &[f32], factor: impl Fn(usize, usize) -> f64) -> Vec<f32> {
        let scaled = weights.iter().enumerate().map(|(index, &weight)| {
            let (input, output) = self.units_of_weight(index);
            (f64::from(weight) * factor(input, output)) as f32
        });
        scaled.collect()
    }

    /// For each output unit the sum over its weights, each times what `value` gives for its input unit.
    pub fn sum(&self, weights: &[f32], value: impl Fn(usize) -> f64) -> Vec<f64> {
        let mut sums = vec![0.0; self.outputs];
        for (index, &weight) in weights.iter().enumerate() {
            let (input, output) = self.units_of_weight(index);
            sums[output] += f64::from(weight) * value(input);
        }
        sums
    }
}

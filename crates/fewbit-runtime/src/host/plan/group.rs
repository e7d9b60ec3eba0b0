//! [`Group`]: functions of a file that are computed as one, each value of their output written once.
//!
//! A group begins with its head: a convolution, an affine function, a pooling function, or one that works value by
//! value. It takes in what follows as long as only the group reads it: batch normalisations, which are folded into the
//! weights, one addition, cheap activations, and a pooling function.

use super::activation::{activation, fused_activation};
use super::build::Wanted;
use super::graph::{Graph, is_float_buffer, is_parameter};
use crate::host::layout::{Axes, Frame, SPATIAL};
use crate::host::linear::{Linear, ScaleShift};
use crate::host::simd::{Activation, Combine};
use crate::host::steps::winograd;
use crate::host::storage::Storage;
use crate::model::Model;
use fewbit_core::function::arguments::FusedConvolution;
use fewbit_core::shape_rule::{ConvolutionGeometry, ConvolutionKind, FusedConvolutionInputs, PoolingGeometry};
use fewbit_core::{Function, Shape};
use std::boxed::Box;
use std::vec;
use std::vec::Vec;

/// Functions that are computed as one.
#[derive(Debug)]
pub(super) struct Group {
    /// Their places in the file, in order. The last one's is where the group is computed.
    pub functions: Vec<usize>,
    /// What the group begins with.
    pub head: Head,
    /// The variable that the head reads.
    pub input: usize,
    /// The axes in which it reads it.
    pub input_axes: Axes,
    /// The variable that is added to the head's result.
    pub residual: Option<usize>,
    /// What is applied then.
    pub activation: Activation,
    /// The pooling that follows, and what is applied after it.
    pub pooling: Option<(Pooling, Activation)>,
    /// The axes of the output, and of the residual.
    pub output_axes: Axes,
    /// The variable that the group writes.
    pub output: usize,
}

/// What a group begins with.
#[derive(Debug)]
pub(super) enum Head {
    /// A convolution.
    Convolution {
        /// Where its kernel goes.
        geometry: Box<ConvolutionGeometry>,
        /// Its weights, with all that is folded into them.
        linear: Linear,
    },
    /// An affine function.
    Affine {
        /// Its outputs.
        outputs: usize,
        /// Its weights, with all that is folded into them.
        linear: Linear,
    },
    /// A pooling function: the group's `pooling` says which.
    Pooling,
    /// Value by value.
    Elementwise {
        /// How the input is joined with a second variable.
        combine: Option<(Combine, usize)>,
        /// Factors and summands of the channels.
        scale_shift: Option<ScaleShift>,
    },
}

/// A pooling function in a group.
#[derive(Clone, Debug)]
pub(super) struct Pooling {
    /// The function.
    pub function: Function,
    /// Its windows; those of `GlobalAveragePooling` cover a whole image.
    pub geometry: Option<PoolingGeometry>,
    /// Values of the variable that is pooled.
    pub input_items: usize,
}

/// How far a group has come: what may still follow.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd)]
enum Stage {
    /// What is linear can still be folded.
    Linear,
    /// Something was added.
    Added,
    /// An activation was applied.
    Activated,
    /// A pooling function was applied.
    Pooled,
    /// Nothing may follow.
    Done,
}

/// What the search for groups knows.
pub(super) struct Grouping<'g, 'm, 'a> {
    pub model: &'m Model<'a>,
    pub graph: &'g Graph,
    /// The axes in which each variable is written, if it is a feature map.
    pub(super) axes: Vec<Option<Axes>>,
    /// For the output of a reshape that need not be computed, that function and the variable that it reshapes.
    reshaped: Vec<Option<(usize, usize)>>,
}

impl<'g, 'm, 'a> Grouping<'g, 'm, 'a> {
    /// Nothing is known yet.
    pub fn new(model: &'m Model<'a>, graph: &'g Graph) -> Self {
        let count = model.nnb().variable_count();
        Self { model, graph, axes: vec![None; count], reshaped: vec![None; count] }
    }
}

impl Grouping<'_, '_, '_> {
    /// Begins a group of floats with the function at `index` and takes in what follows; `None` if it can head none.
    pub fn group(&mut self, index: usize) -> Option<Group> {
        let (mut group, mut stage) = self.head(index)?;
        while stage < Stage::Done {
            let Some(next) = self.graph.only_reader(group.output) else { break };
            let Some(stage_after) = self.take_in(&mut group, stage, next) else { break };
            stage = stage_after;
            group.functions.push(next);
            group.output = self.model.nnb().function(next).outputs.get(0);
        }
        self.axes[group.output] = Some(group.output_axes);
        Some(group)
    }

    /// Whether the function at `index` only changes the shape of a feature map for an affine function, which can as well
    /// read the map.
    pub fn looks_through(&mut self, index: usize) -> bool {
        let record = self.model.nnb().function(index);
        if !matches!(self.model.function(index), Some(Function::Reshape(_))) {
            return false;
        }
        let (x, y) = (record.inputs.get(0), record.outputs.get(0));
        let shape = |variable| self.model.nnb().variable(variable).shape;
        let reads_as_rows = |reader| {
            let base = self.model.function(reader).as_ref().and_then(affine_base)?;
            let rows = shape(y).split_items(shape(y).axis(base)?).0;
            let same_rows = rows == shape(x).split_items(self.axes[x]?.base()).0;
            let format = |variable| self.model.nnb().variable(variable).format;
            (same_rows && format(x) == format(y) && self.model.nnb().function(reader).inputs.get(0) == y).then_some(())
        };
        let through = self.graph.only_reader(y).and_then(reads_as_rows).is_some();
        if through {
            self.reshaped[y] = Some((index, x));
        }
        through
    }

    /// The reshape that was looked through for the function at `index`: it must be computed if that function heads no group
    /// after all.
    pub fn looked_through(&self, index: usize) -> Option<usize> {
        let inputs = self.model.nnb().function(index).inputs;
        let reshaped = (!inputs.is_empty()).then(|| self.reshaped[inputs.get(0)])?;
        reshaped.map(|(reshape, _)| reshape)
    }

    fn head(&self, index: usize) -> Option<(Group, Stage)> {
        let function = self.model.function(index)?;
        let record = self.model.nnb().function(index);
        if record.inputs.is_empty() || record.outputs.len() != 1 {
            return None;
        }
        let (input, output) = (record.inputs.get(0), record.outputs.get(0));
        if !is_float_buffer(self.model, input) || !is_float_buffer(self.model, output) {
            return None;
        }
        let group = |head, input_axes, output_axes, activation| Group {
            functions: vec![index],
            head,
            input,
            input_axes,
            residual: None,
            activation,
            pooling: None,
            output_axes,
            output,
        };
        if let Some((head, axes)) = self.convolution(index, &function) {
            let mut group = group(head, axes, axes, Activation::Identity);
            let stage = match &function {
                Function::FusedConvolution(arguments) => self.take_fused(&mut group, index, arguments)?,
                _ => Stage::Linear,
            };
            return Some((group, stage));
        }
        if let Some((head, input_axes, output_axes)) = self.affine(index, &function) {
            let mut group = group(head, input_axes, output_axes, Activation::Identity);
            group.input = self.affine_input(input);
            return Some((group, Stage::Linear));
        }
        if let Some((pooling, axes)) = self.pooling(&function, input, output) {
            let mut group = group(Head::Pooling, axes, axes, Activation::Identity);
            group.pooling = Some((pooling, Activation::Identity));
            return Some((group, Stage::Pooled));
        }
        let axes = self.axes[input]?;
        let (head, activation) = self.elementwise(index, &function, axes)?;
        let stage = match (&head, activation) {
            (Head::Elementwise { scale_shift: None, .. }, Activation::Identity) => Stage::Linear,
            (_, Activation::Identity) => Stage::Added,
            _ => Stage::Activated,
        };
        Some((group(head, axes, axes, activation), stage))
    }

    /// Adds the function at `next`, which alone reads the group's output so far, to the group, if it can be.
    fn take_in(&self, group: &mut Group, stage: Stage, next: usize) -> Option<Stage> {
        let function = self.model.function(next)?;
        let record = self.model.nnb().function(next);
        if record.outputs.len() != 1 || !is_float_buffer(self.model, record.outputs.get(0)) {
            return None;
        }
        let output = record.outputs.get(0);
        if matches!(function, Function::Identity | Function::Dropout(_)) {
            return Some(stage);
        }
        if stage == Stage::Linear
            && let Function::BatchNormalization(arguments) = &function
            && record.inputs.get(0) == group.output
        {
            let fold = self.scale_shift(next, arguments, group.output, group.output_axes)?;
            match &mut group.head {
                Head::Convolution { linear, .. } | Head::Affine { linear, .. } => linear.fold(&fold),
                Head::Elementwise { scale_shift: place @ None, .. } => *place = Some(fold),
                Head::Elementwise { .. } | Head::Pooling => return None,
            }
            let folds_more = !matches!(group.head, Head::Elementwise { .. });
            return Some(if folds_more { Stage::Linear } else { Stage::Added });
        }
        if stage == Stage::Linear
            && let Function::FusedBatchNormalization(arguments) = &function
            && record.inputs.get(0) == group.output
        {
            let Head::Convolution { linear, .. } = &mut group.head else { return None };
            let shape = self.model.nnb().variable(group.output).shape;
            let channel = group.output_axes.channel(shape.rank());
            let over_channels = matches!(arguments.axes[..], [axis] if shape.axis(axis) == Some(channel));
            let residual = (record.inputs.len() > 5).then(|| record.inputs.get(5));
            if arguments.batch_stat || !over_channels || residual.is_some_and(|z| !is_float_buffer(self.model, z)) {
                return None;
            }
            linear.fold(&ScaleShift::of_inputs(self.model, next, 1..5, arguments.eps, shape[channel])?);
            group.residual = residual;
            group.activation = Activation::RELU;
            return Some(Stage::Activated);
        }
        if stage == Stage::Linear
            && matches!(function, Function::Add2(_))
            && matches!(group.head, Head::Convolution { .. } | Head::Affine { .. })
        {
            let other = record.inputs.iter().find(|&variable| variable != group.output)?;
            let shape = |variable| self.model.nnb().variable(variable).shape;
            let fits = is_float_buffer(self.model, other) && shape(other) == shape(output);
            if !fits || shape(group.output) != shape(output) {
                return None;
            }
            group.residual = Some(other);
            return Some(Stage::Added);
        }
        if let Some(activation) = activation(&function) {
            let place = match (&mut group.pooling, stage) {
                (Some((_, activation)), Stage::Pooled) => activation,
                (None, Stage::Linear | Stage::Added) => &mut group.activation,
                _ => return None,
            };
            *place = activation;
            return Some(if stage == Stage::Pooled { Stage::Done } else { Stage::Activated });
        }
        if stage < Stage::Pooled
            && matches!(group.head, Head::Convolution { .. })
            && let Some((pooling, axes)) = self.pooling(&function, group.output, output)
            && axes == group.output_axes
        {
            group.pooling = Some((pooling, Activation::Identity));
            return Some(Stage::Pooled);
        }
        None
    }

    fn convolution(&self, index: usize, function: &Function) -> Option<(Head, Axes)> {
        let (geometry, axes) = self.geometry(index, function)?;
        let linear = Linear::of(self.model, index, geometry.output_channels)?;
        Some((Head::Convolution { geometry: Box::new(geometry), linear }, axes))
    }

    /// Where the kernel of a convolution goes, and the axes of its input and output.
    pub(super) fn geometry(&self, index: usize, function: &Function) -> Option<(ConvolutionGeometry, Axes)> {
        let inputs = self.model.nnb().function(index).inputs;
        let shape = |place| self.model.nnb().variable(inputs.get(place)).shape;
        let x = shape(0);
        let geometry = ConvolutionGeometry::new(function, x, (inputs.len() > 1).then(|| shape(1))?).ok()?;
        let axes = Axes::new(geometry.base_axis, geometry.channel_last, x.rank())?;
        let empty = geometry.output_channels == 0 || geometry.input_channels == 0;
        (geometry.kind == ConvolutionKind::Convolution && !empty).then_some((geometry, axes))
    }

    /// What a fused convolution has beside the convolution; `None` if it is of a kind that the kernels do not have.
    fn take_fused(&self, group: &mut Group, index: usize, arguments: &FusedConvolution) -> Option<Stage> {
        let inputs = self.model.nnb().function(index).inputs;
        let shapes: Vec<Shape> = inputs.iter().map(|variable| self.model.nnb().variable(variable).shape).collect();
        let places = FusedConvolutionInputs::new(&&shapes[..]).ok()?;
        let Head::Convolution { geometry, linear } = &mut group.head else { return None };
        if let Some(bias) = places.bias {
            linear.add_bias(self.model, inputs.get(bias))?;
        }
        if let Some(first) = places.normalization {
            let (eps, channels) = (arguments.eps, geometry.output_channels);
            let fold = ScaleShift::of_inputs(self.model, index, first..first + 4, eps, channels)?;
            linear.fold((!arguments.batch_stat).then_some(&fold)?);
        }
        if let Some(residual) = places.residual {
            group.residual = Some(inputs.get(residual)).filter(|&variable| is_float_buffer(self.model, variable));
            group.residual?;
        }
        group.activation = fused_activation(arguments)?;
        Some(match (group.activation, group.residual) {
            (Activation::Identity, None) => Stage::Linear,
            (Activation::Identity, Some(_)) => Stage::Added,
            _ => Stage::Activated,
        })
    }

    fn affine(&self, index: usize, function: &Function) -> Option<(Head, Axes, Axes)> {
        let (outputs, input_axes, output_axes) = self.affine_axes(index, function)?;
        let linear = Linear::of(self.model, index, outputs)?;
        Some((Head::Affine { outputs, linear }, input_axes, output_axes))
    }

    /// How many outputs an affine function has, and the axes of its input and its output.
    pub(super) fn affine_axes(&self, index: usize, function: &Function) -> Option<(usize, Axes, Axes)> {
        let record = self.model.nnb().function(index);
        let shape = |variable| self.model.nnb().variable(variable).shape;
        let (input, y) = (record.inputs.get(0), shape(record.outputs.get(0)));
        let base = shape(input).axis(affine_base(function)?)?;
        let input_axes = match self.reshaped[input] {
            Some((_, source)) => self.axes[source]?,
            // A variable that has a place as a map with these axes is read there, any other as it is.
            None => match self.axes[input].filter(|axes| axes.base() == base) {
                Some(axes) => axes,
                None => Axes::new(base, true, shape(input).rank())?,
            },
        };
        let output_axes = (y.rank() == base + 1).then(|| Axes::new(base, false, y.rank()))??;
        (y[base] > 0).then_some((y[base], input_axes, output_axes))
    }

    /// The variable that an affine function reads: the one that is reshaped for it, if that need not be done.
    pub(super) fn affine_input(&self, input: usize) -> usize {
        self.reshaped[input].map_or(input, |(_, source)| source)
    }

    pub(super) fn pooling(&self, function: &Function, input: usize, output: usize) -> Option<(Pooling, Axes)> {
        let x = self.model.nnb().variable(input).shape;
        let done = |geometry, axes| {
            let pooling = Pooling { function: *function, geometry, input_items: x.items() };
            let empty = x.items() == 0 || self.model.nnb().variable(output).shape.items() == 0;
            (!empty).then_some((pooling, axes))
        };
        let channel_last = match function {
            Function::MaxPooling(arguments) | Function::SumPooling(arguments) => arguments.channel_last,
            Function::AveragePooling(arguments) => arguments.channel_last,
            Function::GlobalAveragePooling => return done(None, Axes::new(1, false, x.rank())?),
            _ => return None,
        };
        let geometry = PoolingGeometry::new(function, x).ok()?;
        // A window that lies in the padding as a whole has no values.
        if geometry.axes.iter().any(|axis| axis.pad >= axis.kernel) {
            return None;
        }
        let spatial = geometry.axes.len();
        // Where the input is a map already, more of its axes may be spatial.
        let fits = |axes: &Axes| axes.channel_last() == channel_last && axes.spatial(x.rank()).len() >= spatial;
        let axes = match self.axes[input] {
            Some(axes) => Some(axes).filter(fits),
            None if channel_last => Axes::new(geometry.first_axis, true, x.rank()),
            None => Axes::new(geometry.first_axis.checked_sub(1)?, false, x.rank()),
        };
        done(Some(geometry), axes?)
    }

    fn elementwise(&self, index: usize, function: &Function, axes: Axes) -> Option<(Head, Activation)> {
        let record = self.model.nnb().function(index);
        let shape = |variable| self.model.nnb().variable(variable).shape;
        let head = |combine, scale_shift| Head::Elementwise { combine, scale_shift };
        if let Some(activation) = activation(function) {
            return Some((head(None, None), activation));
        }
        if let Function::BatchNormalization(arguments) = function {
            let scale_shift = self.scale_shift(index, arguments, record.inputs.get(0), axes)?;
            return Some((head(None, Some(scale_shift)), Activation::Identity));
        }
        let combine = match function {
            Function::Add2(_) | Function::BcAdd2(_) => Combine::Add,
            Function::Sub2(_) => Combine::Sub,
            Function::Mul2(_) => Combine::Mul,
            Function::Maximum2 => Combine::Max,
            Function::Minimum2 => Combine::Min,
            _ => return None,
        };
        let (a, b) = (record.inputs.get(0), record.inputs.get(1));
        let fits = is_float_buffer(self.model, b) && shape(a) == shape(b);
        fits.then(|| (head(Some((combine, b)), None), Activation::Identity))
    }

    /// What a batch normalisation does to the channels of a variable.
    fn scale_shift(
        &self,
        index: usize,
        arguments: &fewbit_core::function::arguments::BatchNormalization,
        variable: usize,
        axes: Axes,
    ) -> Option<ScaleShift> {
        let shape = self.model.nnb().variable(variable).shape;
        let channel = axes.channel(shape.rank());
        let over_channels = matches!(arguments.axes[..], [axis] if shape.axis(axis) == Some(channel));
        let inputs = self.model.nnb().function(index).inputs;
        let in_file = inputs.iter().skip(1).all(|input| is_parameter(self.model, input));
        (over_channels && in_file).then(|| ScaleShift::of(self.model, index, arguments, shape[channel]))?
    }
}

/// The padding of a convolution.
pub(super) fn padding_frame(geometry: &ConvolutionGeometry) -> Frame {
    let mut frame = Frame::default();
    let missing = SPATIAL - geometry.axes.len();
    for (place, axis) in frame.0[missing..].iter_mut().zip(&geometry.axes) {
        *place = [axis.pad, axis.pad_end];
    }
    frame
}

/// The base axis of an affine function.
fn affine_base(function: &Function) -> Option<i32> {
    match function {
        Function::Affine(arguments) => Some(arguments.base_axis),
        Function::BinaryConnectAffine(arguments) | Function::BinaryWeightAffine(arguments) => Some(arguments.base_axis),
        _ => None,
    }
}

impl Group {
    /// The frame that the group wants around its input.
    fn input_frame(&self) -> Frame {
        let Head::Convolution { geometry, .. } = &self.head else { return Frame::default() };
        let mut frame = padding_frame(geometry);
        if winograd::suits(geometry) {
            // The last tile of an odd row or column reaches one further.
            let missing = SPATIAL - geometry.axes.len();
            for (place, axis) in frame.0[missing..].iter_mut().zip(&geometry.axes) {
                place[1] += usize::from(axis.kernel == 3 && axis.output % 2 == 1);
            }
        }
        frame
    }

    /// The variables that the group reads, and how it wants them.
    pub fn reads(&self) -> Vec<(usize, Wanted)> {
        let second = match self.head {
            Head::Elementwise { combine: Some((_, b)), .. } => Some(b),
            _ => None,
        };
        let wanted = |axes, frame| Wanted { axes, storage: Storage::Float, frame };
        let more = second.into_iter().chain(self.residual);
        core::iter::once((self.input, wanted(self.input_axes, self.input_frame())))
            .chain(more.map(|variable| (variable, wanted(self.output_axes, Frame::default()))))
            .collect()
    }

    /// Where in the file the group is computed.
    pub fn position(&self) -> usize {
        self.functions.last().copied().unwrap_or(0)
    }
}

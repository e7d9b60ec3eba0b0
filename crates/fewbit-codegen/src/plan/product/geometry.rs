//! Where the values of a product lie: the window over the input, groups, and the steps between neighbours.

use super::operands::Operands;
use crate::c_value::{CValue, Record};
use crate::feature::{Feature, Features};
use crate::limits::{Limit, Limits};
use crate::plan::{Call, Planner, Reason};
use fewbit_core::Function;
use fewbit_core::function::arguments::PadMode;
use fewbit_core::shape_rule::{ConvolutionGeometry, ConvolutionKind, SpatialAxis};

/// The geometry of a product.
#[derive(Clone, Debug)]
pub(super) struct Geometry {
    pub batch: usize,
    pub groups: usize,
    /// Input channels of a group.
    pub inputs: usize,
    /// Output channels of a group: the rows of a product.
    pub outputs: usize,
    /// The axes of the window, at least one.
    axes: Vec<SpatialAxis>,
    /// Whether the input is spread over the output.
    pub spread: bool,
    pub channels_last: bool,
    border: PadMode,
}

impl Geometry {
    /// The geometry of a function.
    pub fn new(planner: &Planner<'_, '_>, call: &Call, operands: &Operands) -> Result<Self, Reason> {
        let (x, weights) = (planner.shape(operands.x), planner.shape(operands.weights));
        let border = match &call.function {
            Function::FusedConvolution(arguments) => arguments.pad_mode,
            _ => PadMode::Constant,
        };
        let is_affine = matches!(
            call.function,
            Function::Affine(_) | Function::BinaryConnectAffine(_) | Function::BinaryWeightAffine(_)
        );
        let geometry = if is_affine {
            // A convolution of 1x1 over the items of the batch, whose channels are last.
            let (inputs, outputs) = weights.split_items(1);
            let columns = planner.shape(call.output).items() / outputs.max(1);
            Self {
                batch: 1,
                groups: 1,
                inputs,
                outputs,
                axes: vec![identity(columns)],
                spread: false,
                channels_last: true,
                border,
            }
        } else {
            let geometry = ConvolutionGeometry::new(&call.function, x, weights).map_err(|error| error.to_string())?;
            let groups = geometry.groups.max(1);
            Self {
                batch: geometry.batch,
                groups,
                inputs: geometry.input_channels / groups,
                outputs: geometry.output_channels / groups,
                axes: merged(&geometry.axes),
                spread: geometry.kind == ConvolutionKind::Deconvolution,
                channels_last: geometry.channel_last,
                border,
            }
        };
        let reach = |axis: &SpatialAxis| {
            let window = axis.kernel.saturating_mul(axis.dilation);
            axis.output.saturating_mul(axis.stride).saturating_add(window).saturating_add(axis.pad).max(axis.input)
        };
        let reach = geometry.axes.iter().map(reach).max().unwrap_or(0);
        if i32::try_from(reach.max(geometry.taps())).is_err() {
            return Err("has a window that is too large for the 32-bit numbers of generated code".into());
        }
        Ok(geometry)
    }

    /// Taps of the window.
    pub fn window_taps(&self) -> usize {
        self.axes.iter().map(|axis| axis.kernel).product()
    }

    /// Products of a sum.
    pub fn taps(&self) -> usize {
        self.inputs * self.window_taps()
    }

    /// Rows of all groups.
    pub fn channels(&self) -> usize {
        self.groups * self.outputs
    }

    /// The constants of the kernel that it determines.
    pub fn record(&self, limits: &mut Limits, features: &mut Features) -> Record {
        let places: usize = self.axes.iter().map(|axis| axis.input).product();
        let columns: usize = self.axes.iter().map(|axis| axis.output).product();
        let (input_channels, output_channels) = (self.groups * self.inputs, self.channels());
        features.use_all(&[if self.channels_last { Feature::ChannelsLast } else { Feature::ChannelsFirst }]);
        let steps = |first: usize, last: usize| if self.channels_last { last } else { first };
        Record::default()
            .with("window", self.window(limits, features))
            .with("batch", self.batch)
            .with("groups", self.groups)
            .with("rows", self.outputs)
            .with("columns", columns)
            .with("taps", self.taps())
            .with("x_item", input_channels * places)
            .with("x_group", self.inputs * steps(places, 1))
            .with("y_item", output_channels * columns)
            .with("y_group", self.outputs * steps(columns, 1))
            .with("y_row", steps(columns, 1))
            .with("y_column", steps(1, output_channels))
            .with_if(Feature::ChannelsFirst, "channel_step", places)
            .with_if(Feature::ChannelsLast, "channels", self.inputs)
            .with_if(Feature::ChannelsLast, "place_step", input_channels)
            .with_if(Feature::ChannelsLast, "channels_last", self.channels_last)
    }

    fn window(&self, limits: &mut Limits, features: &mut Features) -> Record {
        limits.include(Limit::Window, self.axes.len());
        let record = |axis: &SpatialAxis| {
            CValue::from(
                Record::default()
                    .with("input", axis.input)
                    .with("output", axis.output)
                    .with("kernel", axis.kernel)
                    .with("stride", axis.stride)
                    .with("dilation", axis.dilation)
                    .with("pad", axis.pad),
            )
        };
        let axes = CValue::Filled {
            limit: Limit::Window,
            filler: Box::new(record(&identity(1))),
            items: self.axes.iter().map(record).collect(),
        };
        if self.spread {
            features.use_all(&[Feature::Spread]);
        }
        let border = match self.border {
            PadMode::Constant => "BORDER_CONSTANT",
            PadMode::Reflect => "BORDER_REFLECT",
            PadMode::Repeat => "BORDER_REPEAT",
        };
        if self.border != PadMode::Constant {
            features.use_all(&[Feature::Border]);
        }
        Record::default()
            .with("axes", axes)
            .with("taps", self.window_taps())
            .with_if(Feature::Spread, "spread", self.spread)
            .with_if(Feature::Border, "border", border)
    }
}

/// An axis along which each output has just the input of the same place.
fn identity(extent: usize) -> SpatialAxis {
    SpatialAxis { input: extent, output: extent, kernel: 1, stride: 1, dilation: 1, ..SpatialAxis::default() }
}

/// Neighbouring axes along which nothing happens as one: all of a 1x1 convolution.
fn merged(axes: &[SpatialAxis]) -> Vec<SpatialAxis> {
    let is_identity =
        |axis: &SpatialAxis| axis.kernel == 1 && axis.stride == 1 && axis.pad == 0 && axis.input == axis.output;
    let mut merged: Vec<SpatialAxis> = Vec::new();
    for &axis in axes {
        match merged.last_mut() {
            Some(outer) if is_identity(outer) && is_identity(&axis) => *outer = identity(outer.input * axis.input),
            _ => merged.push(axis),
        }
    }
    if merged.is_empty() {
        merged.push(identity(1));
    }
    merged
}

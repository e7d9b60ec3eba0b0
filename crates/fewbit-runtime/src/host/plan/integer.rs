//! [`IntegerGroup`]: fixed-point functions of a file that are computed as one.
//!
//! As a group of floats it begins with its head and takes in what follows. Functions round one after the other, each to
//! the format of its output, and so does the group: each rounding that changes a value becomes one of its [`Chain`].

use super::activation::pads_with_zeros;
use super::build::Wanted;
use super::graph::integer_buffer;
use super::group::{Grouping, Pooling, padding_frame};
use super::windows::is_depthwise;
use crate::functions::arithmetic::{Exact, Join};
use crate::host::integer::{Chain, IntegerLinear, Maps, rounding_of_stored, roundings_of};
use crate::host::layout::{Axes, Frame};
use crate::host::simd::integer::{PoolingFinish, Rounding};
use crate::host::storage::Storage;
use crate::requantize::{Requantizer, position, shift_between};
use fewbit_core::Function;
use fewbit_core::shape_rule::{ConvolutionGeometry, FusedConvolutionInputs};
use std::boxed::Box;
use std::vec;
use std::vec::Vec;

/// A variable that a group reads, and how.
pub(super) type Read = (usize, Wanted);

/// Fixed-point functions that are computed as one.
#[derive(Debug)]
pub(super) struct IntegerGroup {
    /// Their places in the file, in order. The last one's is where the group is computed.
    pub functions: Vec<usize>,
    /// What the group begins with.
    pub head: IntegerHead,
    /// What follows.
    pub tail: Tail,
    /// The axes of the output, and of the residual.
    pub output_axes: Axes,
}

/// What a group begins with.
#[derive(Debug)]
pub(super) enum IntegerHead {
    /// A convolution.
    Convolution {
        /// The variable that it reads.
        input: Read,
        /// Where its kernel goes.
        geometry: Box<ConvolutionGeometry>,
        /// Its weights.
        linear: IntegerLinear,
    },
    /// An affine function.
    Affine {
        /// The variable that it reads.
        input: Read,
        /// Its outputs.
        outputs: usize,
        /// Its weights.
        linear: IntegerLinear,
    },
    /// A pooling function: that of the tail.
    Pooling {
        /// The variable that it reads.
        input: Read,
    },
    /// The sum or the product of variables, or one alone.
    Elementwise {
        /// The variables, each with its factor.
        operands: Vec<(Read, i32)>,
        /// Whether it is the product.
        is_product: bool,
        /// How it is rounded first.
        requantizer: Requantizer,
    },
}

/// What follows the head of a group.
#[derive(Clone, Debug)]
pub(super) struct Tail {
    /// The variable that is added.
    pub residual: Option<Read>,
    /// How values are rounded up to pooling.
    pub chain: Chain,
    /// The storage of values before pooling.
    pub rounded: Storage,
    /// The pooling that follows, and how it rounds.
    pub pooling: Option<(Pooling, Requantizer)>,
    /// The variable that the group writes.
    pub output: usize,
    /// Its storage.
    pub stored: Storage,
}

impl Grouping<'_, '_, '_> {
    /// Begins a group of integers with the function at `index` and takes in what follows; `None` if it can head none.
    pub fn integer_group(&mut self, index: usize) -> Option<IntegerGroup> {
        let mut group = self.integer_head(index).filter(IntegerGroup::is_computable)?;
        while let Some(next) = self.graph.only_reader(group.tail.output) {
            let Some(tail) = self.take_in_integer(&group, next) else { break };
            let before = core::mem::replace(&mut group.tail, tail);
            if !group.is_computable() {
                group.tail = before;
                break;
            }
            group.functions.push(next);
        }
        self.axes[group.tail.output] = Some(group.output_axes);
        Some(group)
    }

    fn integer_head(&self, index: usize) -> Option<IntegerGroup> {
        let function = self.model.function(index)?;
        let record = self.model.nnb().function(index);
        if record.inputs.is_empty() || record.outputs.len() != 1 {
            return None;
        }
        let (input, output) = (record.inputs.get(0), record.outputs.get(0));
        let (storage, stored) = (integer_buffer(self.model, input)?, integer_buffer(self.model, output)?);
        let group = |head, residual, chain, output_axes| {
            let tail = Tail { residual, chain, rounded: stored, pooling: None, output, stored };
            IntegerGroup { functions: vec![index], head, tail, output_axes }
        };
        if let Some((geometry, axes)) = self.geometry(index, &function) {
            let linear = IntegerLinear::of(self.model, index, geometry.output_channels)?;
            let residual = match &function {
                Function::FusedConvolution(arguments) => {
                    pads_with_zeros(arguments).then(|| self.fused_residual(index, axes))??
                }
                _ => None,
            };
            let chain = Chain::new(&linear.requantizer()?, residual.is_some());
            let (storage, frame) = (linear.input_storage(storage), padding_frame(&geometry));
            let input = (input, Wanted { axes, storage, frame });
            let head = IntegerHead::Convolution { input, geometry: Box::new(geometry), linear };
            return Some(group(head, residual, chain, axes));
        }
        if let Some((outputs, axes, output_axes)) = self.affine_axes(index, &function) {
            let linear = IntegerLinear::of(self.model, index, outputs)?;
            let chain = Chain::new(&linear.requantizer()?, false);
            let wanted = Wanted { axes, storage: linear.input_storage(storage), frame: Frame::default() };
            let input = (self.affine_input(input), wanted);
            return Some(group(IntegerHead::Affine { input, outputs, linear }, None, chain, output_axes));
        }
        let from = self.requantizer(input, output)?;
        if let Some((pooling, axes)) = self.pooling(&function, input, output) {
            let head = IntegerHead::Pooling { input: self.read(input, axes)? };
            let mut group = group(head, None, Chain::new(&from, false), axes);
            group.tail.pooling = Some((pooling, from));
            return Some(group);
        }
        let axes = self.axes[input]?;
        let head = match Join::of(&function) {
            Some(join) => self.joined(index, join, axes)?,
            None => IntegerHead::Elementwise {
                operands: vec![(self.read(input, axes)?, 1)],
                is_product: false,
                requantizer: self.limited(&function, input, output)?,
            },
        };
        let IntegerHead::Elementwise { requantizer, .. } = &head else { return None };
        let chain = Chain::new(requantizer, false);
        Some(group(head, None, chain, axes))
    }

    /// What follows the head of a group with the function at `next`, which alone reads its output so far; `None` if it
    /// cannot be computed with it.
    fn take_in_integer(&self, group: &IntegerGroup, next: usize) -> Option<Tail> {
        let function = self.model.function(next)?;
        let record = self.model.nnb().function(next);
        let output = (record.outputs.len() == 1).then(|| record.outputs.get(0))?;
        let stored = integer_buffer(self.model, output)?;
        let before = group.tail.output;
        let mut tail = Tail { output, stored, ..group.tail.clone() };
        if Join::of(&function) == Some(Join::Sum) && record.inputs.len() == 2 {
            let other = record.inputs.iter().find(|&variable| variable != before)?;
            let shape = |variable| self.model.nnb().variable(variable).shape;
            let fits = shape(other) == shape(output) && shape(before) == shape(output);
            if !fits || !group.can_add() {
                return None;
            }
            let format = self.model.nnb().variable(output).format;
            let exact = Exact::new(Join::Sum, &self.model.declared_inputs(next), format)?;
            let left = |variable| self.position(variable).map(|from| shift_between(from, exact.position));
            tail.chain.add(left(before)?, left(other)?, exact.requantizer);
            tail.residual = Some(self.read(other, group.output_axes)?);
            tail.rounded = stored;
        } else if let Some(requantizer) = self.limited(&function, before, output) {
            match &mut tail.pooling {
                None => {
                    tail.chain.round(requantizer);
                    tail.rounded = stored;
                }
                Some((_, pooled)) => {
                    let (low, high) = requantizer.range();
                    *pooled = (requantizer.shift() == 0).then(|| pooled.within(low, high))?;
                }
            }
        } else {
            let is_first = tail.pooling.is_none() && matches!(group.head, IntegerHead::Convolution { .. });
            let (pooling, axes) = is_first.then(|| self.pooling(&function, before, output))??;
            tail.pooling = (axes == group.output_axes).then_some((pooling, self.requantizer(before, output)?));
            tail.pooling.as_ref()?;
        }
        Some(tail)
    }

    /// How a fixed-point variable is read as a map of these axes; `None` for other variables.
    fn read(&self, variable: usize, axes: Axes) -> Option<Read> {
        let storage = integer_buffer(self.model, variable)?;
        Some((variable, Wanted { axes, storage, frame: Frame::default() }))
    }

    /// The residual of a fused convolution; `None` if it has one of another kind than the kernels add.
    fn fused_residual(&self, index: usize, axes: Axes) -> Option<Option<Read>> {
        let inputs = self.model.nnb().function(index).inputs;
        let shapes: Vec<_> = inputs.iter().map(|variable| self.model.nnb().variable(variable).shape).collect();
        let places = FusedConvolutionInputs::new(&&shapes[..]).ok()?;
        places.residual.map_or(Some(None), |place| self.read(inputs.get(place), axes).map(Some))
    }

    /// What a function of one variable does that only limits its values.
    fn limited(&self, function: &Function, input: usize, output: usize) -> Option<Requantizer> {
        let requantizer = self.requantizer(input, output)?;
        let limit = |value: i64| Requantizer::new(0, self.model.nnb().variable(output).format).map(|r| r.apply(value));
        Some(match function {
            Function::Identity | Function::Dropout(_) => requantizer,
            Function::ReLU(_) => requantizer.not_negative(),
            Function::ReLU6 => requantizer.not_negative().at_most(limit(6)?),
            Function::HardTanh => requantizer.within(limit(-1)?, limit(1)?),
            _ => return None,
        })
    }

    /// The rounding of values of one variable to those of another.
    fn requantizer(&self, from: usize, to: usize) -> Option<Requantizer> {
        Requantizer::new(self.position(from)?, self.model.nnb().variable(to).format)
    }

    fn position(&self, variable: usize) -> Option<i32> {
        position(self.model.nnb().variable(variable).format)
    }

    /// A function that joins variables.
    fn joined(&self, index: usize, join: Join, axes: Axes) -> Option<IntegerHead> {
        let record = self.model.nnb().function(index);
        let output = self.model.nnb().variable(record.outputs.get(0));
        let exact = Exact::new(join, &self.model.declared_inputs(index), output.format)?;
        let operands = (record.inputs.iter().enumerate())
            .map(|(place, variable)| {
                let shift = shift_between(self.position(variable)?, exact.position);
                let factor = match join {
                    Join::Product => 1,
                    Join::Sum => 1i32.checked_shl(shift)?,
                    Join::Difference if place == 0 => 1i32.checked_shl(shift)?,
                    Join::Difference => 1i32.checked_shl(shift)?.checked_neg()?,
                };
                let fits = self.model.nnb().variable(variable).shape == output.shape;
                Some((self.read(variable, axes).filter(|_| fits)?, factor))
            })
            .collect::<Option<Vec<_>>>()?;
        let (is_product, requantizer) = (join == Join::Product, exact.requantizer);
        exact.narrow.then_some(IntegerHead::Elementwise { operands, is_product, requantizer })
    }
}

impl IntegerGroup {
    /// The variables that the group reads, and how it wants them.
    pub fn reads(&self) -> Vec<Read> {
        let mut reads = match &self.head {
            IntegerHead::Convolution { input, .. }
            | IntegerHead::Affine { input, .. }
            | IntegerHead::Pooling { input } => vec![*input],
            IntegerHead::Elementwise { operands, .. } => operands.iter().map(|(read, _)| *read).collect(),
        };
        reads.extend(self.tail.residual);
        reads
    }

    /// Where in the file the group is computed.
    pub fn position(&self) -> usize {
        self.functions.last().copied().unwrap_or(0)
    }

    /// What the values of the head and of what follows up to pooling are in memory.
    pub fn maps(&self, input: Read) -> Maps {
        let residual = self.tail.residual.map_or(Storage::Byte, |(_, wanted)| wanted.storage);
        Maps { input: input.1.storage, residual, output: self.tail.rounded }
    }

    /// What becomes of pooled values that are stored so; `None` if 32 bits do not hold them.
    pub fn pooling_finish(&self, from: Storage) -> Option<PoolingFinish> {
        let (pooling, requantizer) = self.tail.pooling.as_ref()?;
        Some(match pooling.function {
            Function::MaxPooling(_) => PoolingFinish::Max(rounding_of_stored(requantizer, from, self.tail.stored)?),
            Function::SumPooling(_) => PoolingFinish::Round(*requantizer),
            _ => PoolingFinish::Divide(*requantizer),
        })
    }

    /// How the values that a function computes value by value are rounded.
    pub fn roundings(&self) -> Option<Vec<Rounding>> {
        let IntegerHead::Elementwise { operands, is_product, requantizer } = &self.head else { return None };
        let magnitudes =
            operands.iter().map(|((_, wanted), factor)| wanted.storage.magnitude() * i64::from(factor.abs()));
        let largest =
            if *is_product { magnitudes.into_iter().try_fold(1i64, i64::checked_mul)? } else { magnitudes.sum() };
        roundings_of(requantizer, largest, &self.tail.chain, self.tail.stored)
    }

    /// Whether a residual can be added.
    fn can_add(&self) -> bool {
        let is_sum = match &self.head {
            IntegerHead::Convolution { geometry, .. } => !is_depthwise(geometry),
            IntegerHead::Affine { .. } => true,
            IntegerHead::Pooling { .. } | IntegerHead::Elementwise { .. } => false,
        };
        is_sum && self.tail.residual.is_none() && self.tail.pooling.is_none()
    }

    /// Whether the kernels, which have 32 bits, compute it exactly.
    fn is_computable(&self) -> bool {
        let sums_fit = |linear: &IntegerLinear, outputs, input| {
            linear.finish(0..outputs, &self.tail.chain, self.maps(input)).is_some()
        };
        let pools = |from| self.tail.pooling.is_none() || self.windows_fit(from) && self.pooling_finish(from).is_some();
        match &self.head {
            IntegerHead::Convolution { input, geometry, linear } => {
                let depthwise_residual = is_depthwise(geometry) && self.tail.residual.is_some();
                !depthwise_residual && sums_fit(linear, geometry.output_channels, *input) && pools(self.tail.rounded)
            }
            IntegerHead::Affine { input, outputs, linear } => sums_fit(linear, *outputs, *input),
            IntegerHead::Pooling { input } => pools(input.1.storage),
            IntegerHead::Elementwise { .. } => self.roundings().is_some(),
        }
    }

    /// Whether 32 bits hold the sum of all values of a window.
    fn windows_fit(&self, from: Storage) -> bool {
        let Some((pooling, _)) = &self.tail.pooling else { return true };
        let places = match &pooling.geometry {
            Some(geometry) => geometry.axes.iter().try_fold(1usize, |all, axis| all.checked_mul(axis.kernel)),
            None => Some(pooling.input_items),
        };
        let most = i64::from(i32::MAX) / (2 * from.magnitude());
        places.is_some_and(|places| i64::try_from(places).is_ok_and(|places| places <= most))
    }
}

//! [`IntegerLinear`] and [`Chain`]: fixed-point functions, rearranged into what the integer kernels compute.
//!
//! What is to be computed is defined by the portable kernels: sums brought to one position, rounded, and so on from
//! function to function. Here all of it is put into 32 bits, with all constants added up beforehand (see
//! [`Finish`]). Whether 32 bits hold everything is seen from the weights themselves; where they do not, `None` says that
//! the portable runtime, which has 64, must compute the function.

use super::simd::integer::{Finish, Rounding};
use super::storage::Storage;
use crate::functions;
use crate::functions::product::taken_apart::Alignment;
use crate::model::Model;
use crate::requantize::Requantizer;
use core::ops::Range;
use fewbit_nnb::Values;
use std::vec;
use std::vec::Vec;

/// The weights of a convolution or an affine function in integers.
#[derive(Clone, Debug)]
pub(super) struct IntegerLinear {
    row_len: usize,
    weights: Vec<i32>,
    /// What each channel's sum is multiplied by.
    alpha: Option<Vec<i32>>,
    /// What is added to it.
    bias: Vec<i32>,
    alignments: Vec<Alignment>,
}

impl IntegerLinear {
    /// The weights of a function of the file, in the file's order; `None` if it is not computed in integers, or if its
    /// weights are not in the file.
    pub fn of(model: &Model<'_>, index: usize, outputs: usize) -> Option<Self> {
        let output = model.nnb().function(index).outputs.get(0);
        let function = model.function(index)?;
        let inputs = model.declared_inputs(index);
        let product = functions::integer_product(&function, &inputs, model.nnb().variable(output).format)?;
        let weights = integers(&product.weights())?;
        let per_channel = |values: Values<'_>| integers(&values).filter(|values| values.len() == outputs);
        let alpha = match product.alpha() {
            Some(alpha) => Some(per_channel(alpha)?),
            None => None,
        };
        let bias = product.bias().map_or_else(|| Some(vec![0; outputs]), per_channel)?;
        let row_len = weights.len().checked_div(outputs)?;
        let alignments = (0..outputs).map(|channel| product.alignment(channel)).collect::<Option<Vec<_>>>()?;
        Some(Self { row_len, weights, alpha, bias, alignments })
    }

    /// What the sums of a channel are rounded to at first.
    pub fn requantizer(&self) -> Option<Requantizer> {
        Some(self.alignments.first()?.requantizer)
    }

    /// A weight of an output, by its place in the row.
    pub fn weight(&self, output: usize, place: usize) -> i32 {
        self.weights[output * self.row_len + place]
    }

    /// What the input must be stored as, so that there is an instruction for its products with the weights.
    pub fn input_storage(&self, input: Storage) -> Storage {
        let are_bytes = self.weights.iter().all(|&weight| i8::try_from(weight).is_ok());
        if are_bytes { input } else { Storage::Word }
    }

    /// What the sums of some channels begin with, and what follows them.
    pub fn finish(&self, channels: Range<usize>, chain: &Chain, maps: Maps) -> Option<(Vec<i32>, Finish)> {
        let count = channels.len();
        let is_last = chain.follows.is_empty();
        let output_offset = if is_last { maps.output.offset() } else { 0 };
        let (mut start, mut factors, mut offsets) = (vec![0; count], vec![0; count], vec![0; count]);
        let (mut right, mut residual_left) = (vec![0; count], vec![0; count]);
        for (place, channel) in channels.enumerate() {
            let row = &self.weights[channel * self.row_len..][..self.row_len];
            let sum = row.iter().map(|&weight| i64::from(weight)).sum::<i64>();
            let magnitude = row.iter().map(|&weight| i64::from(weight.unsigned_abs())).sum::<i64>();
            let alpha = self.alpha.as_ref().map_or(1, |alpha| alpha[channel]);
            let residual = chain.residual_in_sum.then_some(maps.residual);
            let aligned = Aligned::new(&self.alignments[channel], alpha, self.bias[channel], residual, output_offset)?;
            let largest = maps.input.magnitude().checked_mul(magnitude)?.checked_mul(aligned.factor.abs())?;
            fits(largest.checked_add(aligned.largest)?)?;
            // Sums wrap, so that only the end must be in range.
            start[place] = -(sum * i64::from(maps.input.offset())) as i32;
            factors[place] = aligned.factor as i32;
            offsets[place] = aligned.offset as i32;
            right[place] = aligned.right;
            residual_left[place] = aligned.residual_left;
        }
        let scaled = if factors.iter().all(|&factor| factor == 1) {
            start.iter_mut().zip(&offsets).for_each(|(start, offset)| *start = start.wrapping_add(*offset));
            None
        } else {
            Some([factors, offsets])
        };
        let finish = Finish {
            input: maps.input,
            residual: maps.residual,
            output: maps.output,
            scaled,
            residual_left: chain.residual_in_sum.then_some(residual_left),
            right,
            range: chain.range.map(|end| end + output_offset),
            roundings: chain.roundings(maps)?,
        };
        Some((start, finish))
    }
}

/// The stored integers of a variable; `None` if they are not in the file.
fn integers(values: &Values<'_>) -> Option<Vec<i32>> {
    let bytes = values.format().bytes(values.len());
    (values.bytes().len() >= bytes).then(|| {
        let mut integers = vec![0; values.len()];
        values.read_integers(0, &mut integers);
        integers
    })
}

/// What the values of a step are in memory.
#[derive(Clone, Copy, Debug)]
pub(super) struct Maps {
    pub input: Storage,
    pub residual: Storage,
    pub output: Storage,
}

/// What a channel's sum is multiplied by, what is added, and how far all is shifted right.
struct Aligned {
    factor: i64,
    offset: i64,
    right: i32,
    residual_left: i32,
    /// The largest magnitude of all that is added.
    largest: i64,
}

impl Aligned {
    fn new(
        alignment: &Alignment,
        alpha: i32,
        bias: i32,
        residual: Option<Storage>,
        output_offset: i32,
    ) -> Option<Self> {
        let Alignment { sum, bias: bias_left, residual: residual_left, requantizer } = *alignment;
        let [left, bias_left, residual_left] = [sum, bias_left, residual_left].map(|left| left_of(left, &requantizer));
        let right = requantizer.shift().max(0);
        let half = half(right)?;
        let bias = shifted(bias, bias_left)?.checked_add(half)?;
        // Both sides lose what is shifted left and right again: the sum is an integer, so that its fraction is that of the
        // bias alone.
        let common = left.min(right).min(residual.map_or(i32::MAX, |_| residual_left));
        let right = right - common;
        let bias = bias >> common;
        let residual_left = residual.map_or(0, |_| residual_left - common);
        let output_offset = shifted(output_offset, right)?;
        let stored_residual = residual.map_or(Some(0), |storage| shifted(storage.offset(), residual_left))?;
        let largest_residual = match residual {
            Some(storage) => storage.magnitude().checked_mul(shifted(1, residual_left)?)?,
            None => 0,
        };
        Some(Self {
            factor: i64::from(alpha).checked_mul(shifted(1, left - common)?)?,
            offset: bias + output_offset - stored_residual,
            right,
            residual_left,
            largest: bias.abs() + output_offset + largest_residual,
        })
    }
}

/// What follows a value that was rounded.
#[derive(Clone, Copy, Debug)]
struct Follow {
    /// How far the value is shifted left.
    left: u32,
    /// How far the residual is shifted left that is added.
    residual_left: Option<u32>,
    requantizer: Requantizer,
}

/// How a value is rounded from function to function.
#[derive(Clone, Debug)]
pub(super) struct Chain {
    /// The least and the greatest value after the first rounding.
    range: [i32; 2],
    /// Whether a residual is added before the first rounding.
    residual_in_sum: bool,
    follows: Vec<Follow>,
}

impl Chain {
    /// Begins with values that are rounded so.
    pub fn new(first: &Requantizer, residual_in_sum: bool) -> Self {
        let (low, high) = first.range();
        Self { range: [low, high], residual_in_sum, follows: Vec::new() }
    }

    /// Values are rounded once more.
    pub fn round(&mut self, requantizer: Requantizer) {
        let (low, high) = requantizer.range();
        if requantizer.shift() != 0 {
            self.follows.push(Follow { left: 0, residual_left: None, requantizer });
            return;
        }
        // Without a shift it is but the range that becomes smaller.
        match self.follows.last_mut() {
            Some(last) => last.requantizer = last.requantizer.within(low, high),
            None => self.range = self.range.map(|end| end.clamp(low, high)),
        }
    }

    /// A residual is added to values: both are shifted left, and the sum is rounded.
    pub fn add(&mut self, left: u32, residual_left: u32, requantizer: Requantizer) {
        self.follows.push(Follow { left, residual_left: Some(residual_left), requantizer });
    }

    /// All that follows the first rounding.
    fn roundings(&self, maps: Maps) -> Option<Vec<Rounding>> {
        let mut largest = self.range.map(|end| i64::from(end.unsigned_abs())).into_iter().max()?;
        let count = self.follows.len();
        (self.follows.iter().enumerate())
            .map(|(index, follow)| {
                let output_offset = if index + 1 == count { maps.output.offset() } else { 0 };
                let rounding = rounding(follow, largest, 0, maps.residual, output_offset)?;
                let (low, high) = follow.requantizer.range();
                largest = i64::from(low.unsigned_abs().max(high.unsigned_abs()));
                Some(rounding)
            })
            .collect()
    }
}

/// The rounding of values that lie in a map, in which they may have an offset, and what follows.
pub(super) fn rounding_of_stored(first: &Requantizer, input: Storage, output: Storage) -> Option<Rounding> {
    let follow = Follow { left: 0, residual_left: None, requantizer: *first };
    rounding(&follow, input.magnitude(), input.offset(), input, output.offset())
}

/// The rounding of integers of a magnitude, and of what follows.
pub(super) fn roundings_of(first: &Requantizer, largest: i64, chain: &Chain, output: Storage) -> Option<Vec<Rounding>> {
    let follow = Follow { left: 0, residual_left: None, requantizer: *first };
    let output_offset = if chain.follows.is_empty() { output.offset() } else { 0 };
    let mut first = rounding(&follow, largest, 0, output, output_offset)?;
    first.range = chain.range.map(|end| end + output_offset);
    let later = chain.roundings(Maps { input: output, residual: output, output })?;
    Some(core::iter::once(first).chain(later).collect())
}

/// One rounding of values of a magnitude, which are stored with an offset.
fn rounding(
    follow: &Follow,
    largest: i64,
    value_offset: i32,
    residual: Storage,
    output_offset: i32,
) -> Option<Rounding> {
    let requantizer = &follow.requantizer;
    let left = left_of(follow.left, requantizer);
    let residual_left = follow.residual_left.map(|left| left_of(left, requantizer));
    let right = requantizer.shift().max(0);
    let half = half(right)?;
    let common = left.min(right).min(residual_left.unwrap_or(i32::MAX));
    let (left, right) = (left - common, right - common);
    let residual_left = residual_left.map(|left| left - common);
    let fixed = (half >> common) + shifted(output_offset, right)?;
    let (mut offset, mut sum) = (fixed - shifted(value_offset, left)?, largest.checked_mul(shifted(1, left)?)?);
    if let Some(left) = residual_left {
        offset -= shifted(residual.offset(), left)?;
        sum = sum.checked_add(residual.magnitude().checked_mul(shifted(1, left)?)?)?;
    }
    let all = sum.checked_add(fixed)?;
    fits(all)?;
    let fits_words =
        i16::try_from(all).is_ok() && [left, residual_left.unwrap_or(0), right].into_iter().all(|by| by < 16);
    let (low, high) = requantizer.range();
    let range = [low + output_offset, high + output_offset];
    // Additions wrap, so that only the sum must be in range.
    Some(Rounding { left, residual_left, offset: offset as i32, right, range, fits_words })
}

/// How far something is shifted left in all, where the requantizer shifts left too.
fn left_of(left: u32, requantizer: &Requantizer) -> i32 {
    i32::try_from(left).unwrap_or(i32::MAX).saturating_sub(requantizer.shift().min(0))
}

/// What is added before a shift right, so that halves are rounded up; `None` for shifts that 32 bits do not have.
fn half(right: i32) -> Option<i64> {
    match right {
        0 => Some(0),
        1..=31 => Some(1 << (right - 1)),
        _ => None,
    }
}

/// `value << left` for shifts that 32 bits have.
fn shifted(value: i32, left: i32) -> Option<i64> {
    (0..=31).contains(&left).then(|| i64::from(value) << left)
}

/// Whether 32 bits hold all integers up to this magnitude.
fn fits(largest: i64) -> Option<()> {
    i32::try_from(largest).is_ok().then_some(())
}

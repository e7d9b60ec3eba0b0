//! The weights of a product, row by row, and bounds of the sums that they make.

use super::geometry::Geometry;
use super::operands::Operands;
use crate::arrays::Numbers;
use crate::plan::variables::Operand;
use crate::plan::{Call, Planner, Reason};
use fewbit_core::{Function, NumberFormat};
use fewbit_runtime::requantize::{magnitude, position};

/// Weights as the kernel reads them: each row is a run, channel after channel of the output.
#[derive(Clone, Debug)]
pub(super) struct Weights {
    pub operand: Operand,
    /// The positions of the rows, if they differ.
    positions: Option<Vec<i32>>,
    /// The steps of the rows, if they differ.
    pub steps: Option<Vec<f32>>,
    /// For each row, the sum of the magnitudes of its stored integers; none for floats.
    magnitudes: Vec<u64>,
}

/// The largest magnitude of each row's sum.
pub(super) type Bounds = Vec<u64>;

impl Weights {
    /// The weights of a function.
    pub fn new(
        planner: &mut Planner<'_, '_>,
        call: &Call,
        operands: &Operands,
        geometry: &Geometry,
    ) -> Result<Self, Reason> {
        let (rows, taps) = (geometry.channels(), geometry.taps());
        let Some(values) = planner.parameter(operands.weights) else {
            return Self::computed(planner, call, operands, geometry);
        };
        let format = values.format();
        let positions = values.channel_positions();
        let transposed = geometry.spread;
        // Positions belong to runs of the stored weights, which are rows unless those are put together anew.
        let rows_have_positions = positions.is_empty() || (!transposed && values.has_position_for_each(taps));
        let order = order(geometry);
        let row_items = |row: usize| (0..taps).map(move |tap| (row, tap));
        if format == NumberFormat::Float32 || !rows_have_positions {
            let all = (0..rows).flat_map(row_items);
            let floats = Numbers::floats(all.map(|(row, tap)| values.get(order(row, tap))));
            let operand = Operand { data: planner.array("weights", floats), format: NumberFormat::Float32 };
            return Ok(Self { operand, positions: None, steps: None, magnitudes: Vec::new() });
        }
        let integer = |(row, tap)| values.integer(order(row, tap));
        let magnitudes = (0..rows).map(|row| row_items(row).map(|at| u64::from(integer(at).unsigned_abs())).sum());
        let magnitudes = magnitudes.collect();
        let position_of = |row: usize| values.position_at(row * taps);
        let differ = !positions.is_empty();
        let positions = differ.then(|| (0..rows).map(|row| position_of(row).into()).collect());
        let steps = differ.then(|| (0..rows).map(|row| format.with_position(position_of(row)).step()).collect());
        let numbers = match transposed {
            true => packed((0..rows).flat_map(row_items).map(integer), format),
            false => values.bytes().to_vec(),
        };
        let data = stored(planner, numbers, format);
        Ok(Self { operand: Operand { data, format }, positions, steps, magnitudes })
    }

    /// Weights that the network computes.
    fn computed(
        planner: &mut Planner<'_, '_>,
        call: &Call,
        operands: &Operands,
        geometry: &Geometry,
    ) -> Result<Self, Reason> {
        let is_affine = matches!(
            call.function,
            Function::Affine(_) | Function::BinaryConnectAffine(_) | Function::BinaryWeightAffine(_)
        );
        if is_affine || geometry.spread {
            return Err(
                "has weights that the network computes, which generated code takes for convolutions only".into()
            );
        }
        let operand = planner.operand(operands.weights);
        let largest = magnitude(operand.format).map(|largest| largest.saturating_mul(geometry.taps() as u64));
        let magnitudes = largest.map_or(Vec::new(), |largest| vec![largest; geometry.channels()]);
        Ok(Self { operand, positions: None, steps: None, magnitudes })
    }

    /// Whether they are integers with one position a row.
    pub fn are_integers(&self) -> bool {
        self.operand.format != NumberFormat::Float32
    }

    /// The position of a row.
    pub fn position(&self, row: usize) -> i32 {
        match &self.positions {
            Some(positions) => positions.get(row).copied().unwrap_or(0),
            None => position(self.operand.format).unwrap_or(0),
        }
    }

    /// Whether all rows have the same position.
    pub fn have_one_position(&self) -> bool {
        self.positions.is_none()
    }

    /// The largest magnitudes of the sums, for an input of this format.
    pub fn bounds(&self, x: NumberFormat) -> Bounds {
        let largest = magnitude(x).unwrap_or(0);
        self.magnitudes.iter().map(|sum| sum.saturating_mul(largest)).collect()
    }

    /// What one of a sum stands for: for each row, or for all.
    pub fn scales(&self, x: &Operand) -> Vec<f32> {
        let rows = self.positions.as_ref().map_or(1, Vec::len);
        let x = position(x.format).unwrap_or(0);
        (0..rows).map(|row| libm::ldexpf(1.0, -(x + self.position(row)))).collect()
    }
}

/// The place in the file of the weight of a row and a tap. Those of deconvolutions are stored with the input channels
/// outermost.
fn order(geometry: &Geometry) -> impl Fn(usize, usize) -> usize {
    let (inputs, outputs, kernel, taps) = (geometry.inputs, geometry.outputs, geometry.window_taps(), geometry.taps());
    let (spread, channels_last) = (geometry.spread, geometry.channels_last);
    move |row, tap| {
        let (group, row_of_group) = (row / outputs.max(1), row % outputs.max(1));
        let first = group * outputs * taps;
        match (spread, channels_last) {
            (false, _) => row * taps + tap,
            (true, false) => first + (tap / kernel * outputs + row_of_group) * kernel + tap % kernel,
            (true, true) => first + ((tap % inputs) * kernel + tap / inputs) * outputs + row_of_group,
        }
    }
}

/// Integers as a format stores them.
fn packed(integers: impl Iterator<Item = i32>, format: NumberFormat) -> Vec<u8> {
    let bits = format.bits();
    let integers: Vec<i32> = integers.collect();
    let mut bytes = vec![0u8; format.bytes(integers.len())];
    for (index, integer) in integers.into_iter().enumerate() {
        let stored = match format {
            NumberFormat::Sign => u32::from(integer > 0),
            _ => integer as u32,
        };
        for bit in 0..bits {
            let place = index * bits + bit;
            bytes[place / 8] |= u8::from(stored >> bit & 1 == 1) << (place % 8);
        }
    }
    bytes
}

/// The array of weights as they are stored. Kernels read signs two bytes at a time, so that one more follows.
fn stored(planner: &mut Planner<'_, '_>, mut bytes: Vec<u8>, format: NumberFormat) -> String {
    if format == NumberFormat::Sign {
        bytes.push(0);
    }
    planner.array("weights", Numbers::stored(&bytes, format))
}

#[cfg(test)]
mod tests {
    use super::*;
    use fewbit_nnb::Values;

    #[test]
    fn packing_undoes_reading() {
        let shape = fewbit_core::Shape::new(&[5]).expect("a small shape");
        for format in [NumberFormat::Fixed4 { position: 0 }, NumberFormat::Fixed2 { position: 0 }, NumberFormat::Sign] {
            let bytes: Vec<u8> = vec![0b1011_0110, 0b0000_0001, 0b0000_1001][..format.bytes(5)].to_vec();
            let values = Values::new(&bytes, format, shape);
            let again = packed((0..5).map(|index| values.integer(index)), format);
            let read = Values::new(&again, format, shape);
            assert!((0..5).all(|index| values.integer(index) == read.integer(index)), "{format}");
        }
    }
}

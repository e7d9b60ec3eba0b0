//! From a group of integers to its steps: the weights packed, the windows laid over the maps.

use super::build::Builder;
use super::integer::{IntegerGroup, IntegerHead, Read};
use super::windows::{Runs, affine_place, convolution_place, is_depthwise, pooled, spatial, taps, window_grid};
use crate::host::arithmetic::{Arithmetic, Integers};
use crate::host::integer::IntegerLinear;
use crate::host::layout::SPATIAL;
use crate::host::packing::{Arrangement, PackedWeights};
use crate::host::simd::integer::Finish;
use crate::host::steps::convolution::{Convolution, Depthwise, WindowGrid};
use crate::host::steps::elementwise::IntegerElementwise;
use crate::host::steps::pooling::{Pooling, Windows};
use crate::host::steps::{MapId, MapStep, Step};
use crate::host::storage::Storage;
use fewbit_core::shape_rule::ConvolutionGeometry;
use std::boxed::Box;
use std::vec;
use std::vec::Vec;

/// Packed weights, and what becomes of their sums.
type Packed = (PackedWeights<i32>, Finish);

impl Builder<'_, '_, '_> {
    /// Adds the steps of a group; `None` if a map would be too large.
    pub(super) fn lower_integer(&mut self, group: &IntegerGroup) -> Option<()> {
        let residual = match group.tail.residual {
            Some(read) => Some(self.read(read)?),
            None => None,
        };
        match &group.head {
            IntegerHead::Convolution { input, geometry, linear } => {
                self.lower_integer_convolution(group, *input, geometry, linear, residual)
            }
            IntegerHead::Affine { input, outputs, linear } => {
                let packing = self.packing(group, linear, *input);
                let input = self.read(*input)?;
                let layout = self.layouts[input.0];
                let runs = Runs::of_image(&layout);
                let place = affine_place(&layout, packing.input.1.axes);
                let step = Convolution::<Integers> {
                    input,
                    output: self.output(group)?,
                    windows: WindowGrid { first: layout.at(0, [0; SPATIAL]), steps: [0; SPATIAL] },
                    window: runs.window::<Integers>(),
                    groups: vec![packing.pack(0, *outputs, &runs, place)?],
                    group_items: layout.pixel_len(),
                    residual,
                    pooling: None,
                };
                self.integer_step(step, &group.functions);
                Some(())
            }
            IntegerHead::Pooling { input } => {
                let input = self.read(*input)?;
                self.integer_pooling(group, input, &group.functions)
            }
            IntegerHead::Elementwise { operands, is_product, .. } => {
                let operands = (operands.iter())
                    .map(|(read, factor)| Some((self.read(*read)?, *factor)))
                    .collect::<Option<Vec<_>>>()?;
                let output = self.output(group)?;
                let roundings = group.roundings()?;
                let step = IntegerElementwise { operands, is_product: *is_product, roundings, output };
                self.integer_step(step, &group.functions);
                Some(())
            }
        }
    }

    fn lower_integer_convolution(
        &mut self,
        group: &IntegerGroup,
        read: Read,
        geometry: &ConvolutionGeometry,
        linear: &IntegerLinear,
        residual: Option<MapId>,
    ) -> Option<()> {
        let input = self.read(read)?;
        let axes = spatial(geometry);
        let from = self.layouts[input.0];
        let channels = geometry.output_channels;
        let convolved = from.resized(axes.map(|axis| axis.output), channels, group.tail.rounded);
        let windows = window_grid(&from, &axes);
        let pools_later = group.tail.pooling.is_some() && (is_depthwise(geometry) || convolved.extents[0] > 1);
        let output = if pools_later { self.add_map(convolved)? } else { self.output(group)? };
        if is_depthwise(geometry) {
            let taps = taps(&from, &axes);
            let (bias, finish) = linear.finish(0..channels, &group.tail.chain, group.maps(read))?;
            // A row of weights has one channel: its places are the taps. The kernel wants the high words to be zero.
            let weight = |channel, tap| linear.weight(channel, tap) & 0xffff;
            let weights = (0..taps.len()).flat_map(|tap| (0..channels).map(move |c| weight(c, tap))).collect();
            let step = Depthwise::<Integers> { input, output, windows, taps, weights, bias, finish };
            self.integer_step(step, &group.functions);
        } else {
            let packing = self.packing(group, linear, read);
            let runs = Runs::of_convolution(&from, &axes, geometry);
            let (outputs, place) = (channels / geometry.groups, convolution_place(geometry));
            let groups = (0..geometry.groups)
                .map(|index| packing.pack(index * outputs, outputs, &runs, place))
                .collect::<Option<Vec<_>>>()?;
            let pooling = match &group.tail.pooling {
                Some((pooling, _)) if !pools_later => {
                    let finish = group.pooling_finish(convolved.storage)?;
                    Some(pooled::<Integers>(pooling, || finish, &convolved))
                }
                _ => None,
            };
            let step = Convolution::<Integers> {
                input,
                output,
                windows,
                window: runs.window::<Integers>(),
                groups,
                group_items: geometry.input_channels / geometry.groups * from.storage.width(),
                residual,
                pooling,
            };
            self.integer_step(step, &group.functions);
        }
        if pools_later { self.integer_pooling(group, output, &[]) } else { Some(()) }
    }

    fn integer_pooling(&mut self, group: &IntegerGroup, input: MapId, functions: &[usize]) -> Option<()> {
        let (pooling, _) = group.tail.pooling.as_ref()?;
        let output = self.output(group)?;
        let layout = self.layouts[input.0];
        let row = |z, y| layout.at(0, [z, y, 0]);
        let finish = group.pooling_finish(layout.storage)?;
        let windows = Windows::new(&pooling.function, pooling.geometry.as_ref(), layout.extents, finish, row);
        self.integer_step(Pooling::<Integers> { input, output, windows }, functions);
        Some(())
    }

    fn packing<'g>(&self, group: &'g IntegerGroup, linear: &'g IntegerLinear, input: Read) -> Packing<'g> {
        let maps = group.maps(input);
        let bytes = maps.output == Storage::Byte && maps.residual == Storage::Byte;
        Packing { arrangement: self.machine.integer_arrangement(bytes), linear, group, input }
    }

    fn read(&mut self, (variable, wanted): Read) -> Option<MapId> {
        self.map(variable, wanted.axes, wanted.storage)
    }

    fn output(&mut self, group: &IntegerGroup) -> Option<MapId> {
        self.new_map(group.tail.output, group.output_axes, group.tail.stored)
    }

    fn integer_step(&mut self, step: impl MapStep<u8> + 'static, functions: &[usize]) {
        self.step(Step::Integers(Box::new(step)), functions);
    }
}

/// Packs the weights of a group.
struct Packing<'g> {
    arrangement: Arrangement,
    linear: &'g IntegerLinear,
    group: &'g IntegerGroup,
    input: Read,
}

impl Packing<'_> {
    /// The weights of `outputs` channels from `first` on, where `place` says where in its row that of a place of the window
    /// is.
    fn pack(&self, first: usize, outputs: usize, runs: &Runs, place: impl Fn(usize) -> usize) -> Option<Packed> {
        let storage = self.input.1.storage;
        let places = runs.places::<Integers>();
        let weight = |output: usize, packed: usize| {
            let (run, part) = (packed / places, packed % places);
            let in_place = Integers::PLACE / storage.width();
            let bytes = (0..in_place).map(|byte| part * in_place + byte).map(|value| match value < runs.values {
                true => self.linear.weight(first + output, place(run * runs.values + value)),
                false => 0,
            });
            joined(storage, bytes)
        };
        let maps = self.group.maps(self.input);
        let (start, finish) = self.linear.finish(first..first + outputs, &self.group.tail.chain, maps)?;
        let window_len = runs.count() * places;
        let weights = PackedWeights::new(self.arrangement, outputs, window_len, weight, |output| start[output]);
        let finish = finish.arranged(|values| self.arrangement.arrange(values));
        Some((weights, finish))
    }
}

/// Four bytes or two words as one integer, the first in the lowest bits.
fn joined(storage: Storage, values: impl DoubleEndedIterator<Item = i32>) -> i32 {
    values.rev().fold(0, |joined, value| match storage {
        Storage::Word => joined << 16 | value & 0xffff,
        Storage::Byte | Storage::Float => joined << 8 | value & 0xff,
    })
}

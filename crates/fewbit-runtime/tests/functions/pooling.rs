//! Pooling and unpooling against plain loops, in integers bit for bit and in floats.

use crate::numbers::{integers, stored_fraction};
use crate::random::Random;
use crate::single::{Given, file, network, run, shape, variable};
use fewbit_core::function::arguments::{AveragePooling, Pooling, Unpooling};
use fewbit_core::{Function, IntList, NumberFormat};
use fewbit_runtime::Semantics;
use proptest::prelude::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Max,
    Sum,
    Average,
    AverageOfInput,
    Global,
    Unpooling,
}

#[derive(Clone, Copy, Debug)]
struct Axis {
    input: usize,
    kernel: usize,
    stride: usize,
    pad: usize,
}

#[derive(Clone, Debug)]
struct Spec {
    kind: Kind,
    channels: usize,
    axes: Vec<Axis>,
    ignore_border: bool,
    channel_last: bool,
}

/// What lies in a window: the indices of the items, and how many places the window has in the padded input.
struct Window {
    items: Vec<usize>,
    padded: usize,
}

impl Spec {
    fn function(&self) -> Function {
        let ints = |field: fn(&Axis) -> usize| -> IntList {
            let values = self.axes.iter().map(|axis| i32::try_from(field(axis)).expect("small"));
            IntList::try_from_iter(values).expect("few")
        };
        let (kernel, stride, pad) = (ints(|axis| axis.kernel), ints(|axis| axis.stride), ints(|axis| axis.pad));
        let (ignore_border, channel_last) = (self.ignore_border, self.channel_last);
        let pooling = Pooling { kernel, stride, ignore_border, pad, channel_last };
        match self.kind {
            Kind::Max => Function::MaxPooling(pooling),
            Kind::Sum => Function::SumPooling(pooling),
            Kind::Average | Kind::AverageOfInput => Function::AveragePooling(AveragePooling {
                kernel,
                stride,
                ignore_border,
                pad,
                channel_last,
                including_pad: self.kind == Kind::Average,
            }),
            Kind::Global => Function::GlobalAveragePooling,
            Kind::Unpooling => Function::Unpooling(Unpooling { kernel, channel_last }),
        }
    }

    fn output_extents(&self) -> Vec<usize> {
        let extent = |axis: &Axis| match self.kind {
            Kind::Global => 1,
            Kind::Unpooling => axis.input * axis.kernel,
            // As many windows as begin on the input or the padding before it, or as many as end on the padded input.
            _ if !self.ignore_border => (0..).take_while(|place| place * axis.stride < axis.input + axis.pad).count(),
            _ => {
                let end = axis.input + 2 * axis.pad;
                (0..).take_while(|place| place * axis.stride + axis.kernel <= end).count()
            }
        };
        self.axes.iter().map(extent).collect()
    }

    /// The extents of a variable: a batch of 2, channels and spatial axes.
    fn dims(&self, extents: &[usize]) -> Vec<usize> {
        let mut dims = vec![2];
        dims.extend((!self.channel_last).then_some(self.channels));
        dims.extend(extents);
        dims.extend(self.channel_last.then_some(self.channels));
        dims
    }

    /// The window of the output at these coordinates in [`Spec::dims`].
    fn window(&self, output: &[usize]) -> Window {
        let spatial = if self.channel_last { 1 } else { 2 };
        let mut padded = 1;
        // Coordinates of inputs, axis after axis.
        let mut items = vec![output.to_vec()];
        for (axis, entry) in self.axes.iter().enumerate() {
            let place = output[spatial + axis];
            let (start, end) = match self.kind {
                Kind::Global => (0, entry.input as i64),
                Kind::Unpooling => ((place / entry.kernel) as i64, (place / entry.kernel) as i64 + 1),
                _ => {
                    let start = (place * entry.stride) as i64 - entry.pad as i64;
                    (start, (start + entry.kernel as i64).min((entry.input + entry.pad) as i64))
                }
            };
            padded *= (end - start) as usize;
            let inside = start.max(0) as usize..end.clamp(0, entry.input as i64) as usize;
            let at = |item: &Vec<usize>, index: usize| {
                let mut item = item.clone();
                item[spatial + axis] = index;
                item
            };
            items = items.iter().flat_map(|item| inside.clone().map(move |index| at(item, index))).collect();
        }
        let dims = self.dims(&self.axes.iter().map(|axis| axis.input).collect::<Vec<_>>());
        let index = |item: &Vec<usize>| item.iter().zip(&dims).fold(0, |index, (at, extent)| index * extent + at);
        Window { items: items.iter().map(index).collect(), padded }
    }

    /// All windows in the order of the output.
    fn windows(&self) -> Vec<Window> {
        let dims = self.dims(&self.output_extents());
        let coordinates = |mut index: usize| {
            let mut coordinates = vec![0; dims.len()];
            for (coordinate, extent) in coordinates.iter_mut().zip(&dims).rev() {
                *coordinate = index % extent;
                index /= extent;
            }
            coordinates
        };
        (0..dims.iter().product()).map(|index| self.window(&coordinates(index))).collect()
    }

    /// Runs the function on these values.
    fn run(&self, x: &[f32], format: NumberFormat, output: NumberFormat, semantics: Semantics) -> Vec<f32> {
        let input_extents: Vec<usize> = self.axes.iter().map(|axis| axis.input).collect();
        let x_variable = variable(shape(&self.dims(&input_extents)), format, None);
        let y_shape = match self.kind {
            // Four axes whatever the input has.
            Kind::Global => shape(&[2, self.channels, 1, 1]),
            _ => shape(&self.dims(&self.output_extents())),
        };
        let network = network(self.function(), vec![x_variable], vec![variable(y_shape, output, None)]);
        network.validate().unwrap_or_else(|error| panic!("{error}"));
        let variables = run(&file(&network), semantics, &[Given::Values(x)]).expect("a valid network");
        variables.into_iter().next_back().expect("the output")
    }
}

fn specs() -> impl Strategy<Value = Spec> {
    let kinds = [
        Kind::Max,
        Kind::Sum,
        Kind::Average,
        Kind::AverageOfInput,
        Kind::Max,
        Kind::Average,
        Kind::Global,
        Kind::Unpooling,
    ];
    // The last extent crosses the end of a run now and then.
    let last = prop_oneof![4 => 1usize..8, 1 => 60usize..80];
    let axis = |input| {
        (input, 1usize..5, 1usize..4, 0usize..5).prop_map(|(input, kernel, stride, pad)| Axis {
            input,
            kernel,
            stride,
            pad,
        })
    };
    let axes = (prop::collection::vec(axis((1usize..7).boxed()), 0..3), axis(last.boxed()));
    let axes = axes.prop_map(|(outer, last)| outer.into_iter().chain([last]).collect::<Vec<_>>());
    (prop::sample::select(kinds.to_vec()), 1usize..4, axes, any::<bool>(), any::<bool>()).prop_map(
        |(kind, channels, mut axes, ignore_border, channel_last)| {
            for axis in &mut axes {
                axis.kernel = axis.kernel.min(axis.input + 2 * axis.pad);
            }
            Spec { kind, channels, axes, ignore_border, channel_last: channel_last && kind != Kind::Global }
        },
    )
}

fn format() -> impl Strategy<Value = NumberFormat> {
    (any::<bool>(), -3i8..16).prop_map(|(wide, position)| match wide {
        true => NumberFormat::Fixed16 { position },
        false => NumberFormat::Fixed8 { position },
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn integers_are_exact(spec in specs(), format in format(), output in format(), seed: u64) {
        let items = 2 * spec.channels * spec.axes.iter().map(|axis| axis.input).product::<usize>();
        let x = integers(&mut Random::new(seed), format, items);
        let stored = |window: &Window| {
            let values = window.items.iter().map(|&index| x[index]);
            let (total, count) = match spec.kind {
                Kind::Max => (values.max().unwrap_or(0), 1),
                Kind::Sum | Kind::Unpooling => (values.sum(), 1),
                Kind::Average => (values.sum(), window.padded as i128),
                Kind::AverageOfInput | Kind::Global => (values.sum(), window.items.len().max(1) as i128),
            };
            let position = i32::from(format.position().expect("fixed-point"));
            let (numerator, denominator) =
                if position > 0 { (total, count << position) } else { (total << -position, count) };
            stored_fraction(numerator, denominator, output) as f32 * output.step()
        };
        let expected: Vec<f32> = spec.windows().iter().map(stored).collect();
        let x: Vec<f32> = x.iter().map(|&value| value as f32 * format.step()).collect();
        prop_assert_eq!(spec.run(&x, format, output, Semantics::Integer), expected);
    }

    #[test]
    fn floats_agree_with_double_precision(spec in specs(), seed: u64) {
        let items = 2 * spec.channels * spec.axes.iter().map(|axis| axis.input).product::<usize>();
        let mut random = Random::new(seed);
        let x: Vec<f32> = (0..items).map(|_| random.real(1.0)).collect();
        let found = spec.run(&x, NumberFormat::Float32, NumberFormat::Float32, Semantics::Reference);
        let windows = spec.windows();
        prop_assert_eq!(found.len(), windows.len());
        for (found, window) in found.into_iter().zip(windows) {
            let values = window.items.iter().map(|&index| f64::from(x[index]));
            let count = window.items.len();
            let expected = match spec.kind {
                Kind::Max => values.reduce(f64::max).unwrap_or(0.0),
                Kind::Sum | Kind::Unpooling => values.sum(),
                Kind::Average => values.sum::<f64>() / window.padded as f64,
                Kind::AverageOfInput | Kind::Global => values.sum::<f64>() / count.max(1) as f64,
            };
            prop_assert!((f64::from(found) - expected).abs() <= 1e-6 * (count as f64 + 1.0), "{found}, not {expected}");
        }
    }
}

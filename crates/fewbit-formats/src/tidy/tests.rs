//! Random networks compute the same before and after.

use super::tidy;
use fewbit_core::function::arguments as nnabla;
use fewbit_core::function::arguments::PadMode;
use fewbit_core::{Function, IntList, Network, Node, Operation, Shape, Variable, VariableId};
use fewbit_nnb::{EncodeOptions, Version, encode};
use fewbit_runtime::{Model, Semantics, Session};
use proptest::prelude::*;

/// A step of a random network; numbers are taken modulo what there is to choose from.
#[derive(Clone, Debug)]
enum Step {
    Transpose(Vec<usize>),
    Relu,
    Sigmoid,
    AddParameter(Vec<bool>),
    AddEarlier(usize),
    MulEarlier(usize),
    Softmax(usize),
    Concatenate(usize),
    Mean { axis: usize, keep_dims: bool },
    Pad(usize),
    Slice(usize),
    Normalize(usize),
    Reshape(usize),
    Affine(usize),
    Convolution,
}

fn step() -> impl Strategy<Value = Step> {
    let place = || any::<usize>();
    prop_oneof![
        4 => prop::collection::vec(place(), 4).prop_map(Step::Transpose),
        1 => Just(Step::Relu),
        1 => Just(Step::Sigmoid),
        1 => prop::collection::vec(any::<bool>(), 4).prop_map(Step::AddParameter),
        1 => place().prop_map(Step::AddEarlier),
        1 => place().prop_map(Step::MulEarlier),
        1 => place().prop_map(Step::Softmax),
        1 => place().prop_map(Step::Concatenate),
        1 => (place(), any::<bool>()).prop_map(|(axis, keep_dims)| Step::Mean { axis, keep_dims }),
        1 => place().prop_map(Step::Pad),
        1 => place().prop_map(Step::Slice),
        1 => place().prop_map(Step::Normalize),
        2 => place().prop_map(Step::Reshape),
        1 => place().prop_map(Step::Affine),
        1 => Just(Step::Convolution),
    ]
}

fn ints(values: impl IntoIterator<Item = usize>) -> IntList {
    let values = values.into_iter().map(|value| i32::try_from(value).expect("a small number"));
    IntList::try_from_iter(values).expect("few numbers")
}

struct Random {
    network: Network,
    /// The variables that were written so far, with the input.
    values: Vec<VariableId>,
}

impl Random {
    fn new(dims: &[usize]) -> Self {
        let mut network = Network::default();
        let x = network.add(Variable::buffer("x", Shape::new(dims).expect("a small shape")));
        network.inputs.push(x);
        Self { network, values: vec![x] }
    }

    fn last(&self) -> VariableId {
        *self.values.last().expect("there is the input")
    }

    fn shape(&self, id: VariableId) -> Shape {
        self.network.variable(id).shape
    }

    /// Adds a function, unless its result would be large or not a shape.
    fn apply(&mut self, function: Function, inputs: &[VariableId]) {
        let shapes: Vec<Shape> = inputs.iter().map(|&id| self.shape(id)).collect();
        let Some(shape) = function.output_shape(&&shapes[..]).ok().filter(|shape| (1..5000).contains(&shape.items()))
        else {
            return;
        };
        let number = self.network.nodes.len();
        let output = self.network.add(Variable::buffer(format!("v{number}"), shape));
        self.network.nodes.push(Node {
            name: format!("f{number}"),
            operation: Operation::Known(function),
            inputs: inputs.to_vec(),
            outputs: vec![output],
            implementation: 0,
        });
        self.values.push(output);
    }

    fn parameter(&mut self, dims: &[usize]) -> VariableId {
        let shape = Shape::new(dims).expect("a small shape");
        let number = self.network.variables.len();
        let value = |item: usize| ((item * 7919 + number * 104_729) % 1000) as f32 / 500.0 - 1.0;
        let values: Vec<f32> = (0..shape.items()).map(value).collect();
        self.network.add(Variable::parameter(format!("p{number}"), shape, values))
    }

    fn step(&mut self, step: &Step) {
        let x = self.last();
        let shape = self.shape(x);
        let rank = shape.rank();
        let axis = |place: usize| place % rank.max(1);
        let argument = |place: usize| nnabla::Axis { axis: i32::try_from(axis(place)).expect("few axes") };
        let in_place = nnabla::InPlace { inplace: false };
        match step {
            Step::Transpose(keys) => {
                let mut order: Vec<usize> = (0..rank).collect();
                order.sort_by_key(|&axis| keys.get(axis));
                self.apply(Function::Transpose(nnabla::Axes { axes: ints(order) }), &[x]);
            }
            Step::Relu => self.apply(Function::ReLU(in_place), &[x]),
            Step::Sigmoid => self.apply(Function::Sigmoid, &[x]),
            Step::AddParameter(single) => {
                let dims: Vec<usize> = shape
                    .iter()
                    .zip(single.iter().cycle())
                    .map(|(&dim, &single)| if single { 1 } else { dim })
                    .collect();
                let parameter = self.parameter(&dims);
                self.apply(Function::Add2(in_place), &[x, parameter]);
            }
            Step::AddEarlier(place) => {
                let other = self.values[place % self.values.len()];
                self.apply(Function::Add2(in_place), &[x, other]);
            }
            Step::MulEarlier(place) => {
                let other = self.values[place % self.values.len()];
                self.apply(Function::Mul2(in_place), &[other, x]);
            }
            Step::Softmax(place) if rank > 0 => self.apply(Function::Softmax(argument(*place)), &[x]),
            Step::Concatenate(place) if rank > 0 => self.apply(Function::Concatenate(argument(*place)), &[x, x]),
            Step::Mean { axis: place, keep_dims } if rank > 0 => {
                let arguments = nnabla::Reduction { axes: ints([axis(*place)]), keep_dims: *keep_dims };
                self.apply(Function::Mean(arguments), &[x]);
            }
            Step::Pad(place) if rank > 0 => {
                let widths = (0..2 * rank).map(|entry| usize::from(entry / 2 == axis(*place)) * (entry % 2 + 1));
                let arguments = nnabla::Pad { pad_width: ints(widths), mode: PadMode::Constant, constant_value: 0.0 };
                self.apply(Function::Pad(arguments), &[x]);
            }
            Step::Slice(place) if rank > 0 => {
                let start = ints((0..rank).map(|other| usize::from(other == axis(*place))));
                let (stop, step) = (ints(shape.iter().copied()), ints(std::iter::repeat_n(1, rank)));
                self.apply(Function::Slice(nnabla::Slice { start, stop, step }), &[x]);
            }
            Step::Normalize(place) if rank > 0 => {
                let mut dims = vec![1; rank];
                dims[axis(*place)] = shape[axis(*place)];
                let [beta, gamma, mean, variance] = [(); 4].map(|()| self.parameter(&dims));
                // The square of a deviation is above zero.
                let positive = vec![0.5; shape[axis(*place)]];
                *self.network.variable_mut(variance) =
                    Variable::parameter(format!("variance{}", variance.0), Shape::new(&dims).expect("small"), positive);
                let arguments = nnabla::BatchNormalization {
                    axes: ints([axis(*place)]),
                    decay_rate: 0.9,
                    eps: 1e-5,
                    batch_stat: false,
                    no_scale: false,
                    no_bias: false,
                };
                self.apply(Function::BatchNormalization(arguments), &[x, beta, gamma, mean, variance]);
            }
            Step::Reshape(place) => {
                // Axes up to one stay, those behind it become one, or two of which one is single.
                let (outer, inner) = shape.split_at(place % (rank + 1));
                let rest: usize = inner.iter().product();
                let tail = if place % 2 == 0 { vec![rest] } else { vec![1, rest] };
                let dims = ints(outer.iter().copied().chain(tail));
                if dims.len() <= 6 {
                    self.apply(Function::Reshape(nnabla::Reshape { shape: dims, inplace: true }), &[x]);
                }
            }
            Step::Affine(place) => {
                let base = place % (rank + 1);
                let rows: usize = shape[base..].iter().product();
                let weights = self.parameter(&[rows, 3]);
                let arguments = nnabla::Affine { base_axis: i32::try_from(base).expect("few axes") };
                self.apply(Function::Affine(arguments), &[x, weights]);
            }
            Step::Convolution if rank >= 3 => {
                let spatial = rank - 2;
                let dims: Vec<usize> = [2, shape[1]].into_iter().chain(std::iter::repeat_n(2, spatial)).collect();
                let weights = self.parameter(&dims);
                let each = |value| ints(std::iter::repeat_n(value, spatial));
                let arguments = nnabla::Convolution {
                    base_axis: 1,
                    pad: each(1),
                    stride: each(1),
                    dilation: each(1),
                    group: 1,
                    channel_last: false,
                };
                self.apply(Function::Convolution(arguments), &[x, weights]);
            }
            _ => {}
        }
    }
}

fn run(network: &Network) -> Vec<Vec<f32>> {
    let options = EncodeOptions { version: Version::V4, ..EncodeOptions::default() };
    let file = encode(network, &options).expect("a network that can be encoded").bytes;
    let model = Model::open(&file).expect("a file that can be run");
    let mut arena = vec![0; model.arena_bytes()];
    let mut session = Session::new(&model, &mut arena, Semantics::Integer).expect("an arena that is large enough");
    let items = network.variable(network.inputs[0]).shape.items();
    let input: Vec<f32> = (0..items).map(|item| ((item * 613) % 97) as f32 / 40.0 - 1.2).collect();
    session.set_input(0, &input);
    session.run();
    let values =
        |index: usize| (0..session.output(index).len()).map(|place| session.output(index).get(place)).collect();
    (0..network.outputs.len()).map(values).collect()
}

/// How many values are brought into another order.
fn moved(network: &Network) -> usize {
    let is_transpose = |node: &&Node| node.operation.spec().name == "Transpose";
    network.nodes.iter().filter(is_transpose).map(|node| network.variable(node.inputs[0]).shape.items()).sum()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn what_is_tidied_computes_the_same(
        dims in prop_oneof![Just(vec![1, 3, 4, 5]), Just(vec![2, 1, 3, 2]), Just(vec![2, 3, 4]), Just(vec![1, 2, 1, 3])],
        steps in prop::collection::vec(step(), 1..14),
        other_output in any::<usize>(),
    ) {
        let mut random = Random::new(&dims);
        steps.iter().for_each(|step| random.step(step));
        prop_assume!(!random.network.nodes.is_empty());
        let written = &random.values[1..];
        let mut outputs = vec![random.last(), written[other_output % written.len()]];
        outputs.dedup();
        let mut network = random.network;
        network.outputs = outputs;
        network.remove_unused();
        prop_assert_eq!(network.validate(), Ok(()));

        let mut tidied = network.clone();
        tidy(&mut tidied);
        prop_assert_eq!(tidied.validate(), Ok(()));
        let name = |network: &Network| -> Vec<(String, Shape)> {
            network.outputs.iter().map(|id| (network.variable(*id).name.clone(), network.variable(*id).shape)).collect()
        };
        prop_assert_eq!(name(&tidied), name(&network));
        prop_assert!(moved(&tidied) <= moved(&network));
        for (before, after) in run(&network).iter().zip(run(&tidied)) {
            let largest = before.iter().fold(1.0f32, |most, value| most.max(value.abs()));
            for (before, after) in before.iter().zip(after) {
                prop_assert!((before - after).abs() <= 1e-5 * largest, "{} instead of {}", after, before);
            }
        }
    }
}

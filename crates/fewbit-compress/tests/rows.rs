//! Depth-first plans of known networks: how small the arena becomes, and that what was planned runs.

use fewbit_compress::memory;
use fewbit_compress::memory::rows::{RowOptions, RowPlan, plan};
use fewbit_core::function::arguments::{Affine, AveragePooling, Convolution, InPlace};
use fewbit_core::{Function, IntList, Network, Node, NumberFormat, Operation, Shape, Variable, VariableId};
use fewbit_nnb::{EncodeOptions, Version, encode};
use fewbit_runtime::{Model, Semantics, Session};

/// A network in 8 bits under construction, with weights that look random.
struct Builder {
    network: Network,
    noise: u32,
}

impl Builder {
    fn new(dims: &[usize]) -> (Self, VariableId) {
        let mut builder = Self { network: Network::default(), noise: 1 };
        let x = builder.variable(dims, None);
        builder.network.inputs = vec![x];
        (builder, x)
    }

    fn variable(&mut self, dims: &[usize], values: Option<Vec<f32>>) -> VariableId {
        let shape = Shape::new(dims).expect("a small shape");
        let name = format!("v{}", self.network.variables.len());
        let variable = match values {
            Some(values) => Variable::parameter(name, shape, values),
            None => Variable::buffer(name, shape),
        };
        self.network.add(Variable { format: NumberFormat::Fixed8 { position: 5 }, ..variable })
    }

    fn parameter(&mut self, dims: &[usize]) -> VariableId {
        let values = (0..dims.iter().product()).map(|_| {
            self.noise = self.noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (self.noise >> 24) as f32 / 256.0 - 0.5
        });
        let values = values.collect();
        self.variable(dims, Some(values))
    }

    fn apply(&mut self, function: Function, inputs: &[VariableId]) -> VariableId {
        let shapes: Vec<Shape> = inputs.iter().map(|&id| self.network.variable(id).shape).collect();
        let shape = function.output_shape(&&shapes[..]).expect("inputs that fit");
        let output = self.variable(&shape, None);
        self.network.nodes.push(Node {
            name: format!("f{}", self.network.nodes.len()),
            operation: Operation::Known(function),
            inputs: inputs.to_vec(),
            outputs: vec![output],
            implementation: 0,
        });
        output
    }

    fn convolution(&mut self, x: VariableId, channels: usize, kernel: usize, stride: usize) -> VariableId {
        let inputs = self.network.variable(x).shape[1];
        let weights = self.parameter(&[channels, inputs, kernel, kernel]);
        let bias = self.parameter(&[channels]);
        let (pad, stride, dilation) = (ints(kernel / 2), ints(stride), ints(1));
        let arguments = Convolution { base_axis: 1, pad, stride, dilation, group: 1, channel_last: false };
        self.apply(Function::Convolution(arguments), &[x, weights, bias])
    }

    fn relu(&mut self, x: VariableId) -> VariableId {
        self.apply(Function::ReLU(InPlace { inplace: false }), &[x])
    }

    fn unit(&mut self, x: VariableId, channels: usize, stride: usize) -> VariableId {
        let a = self.convolution(x, channels, 3, stride);
        let a = self.relu(a);
        let a = self.convolution(a, channels, 3, 1);
        let skip = if stride == 1 { x } else { self.convolution(x, channels, 1, stride) };
        let sum = self.apply(Function::Add2(InPlace { inplace: false }), &[a, skip]);
        self.relu(sum)
    }
}

fn ints(value: usize) -> IntList {
    IntList::from_slice(&[value as i32; 2]).expect("two fit")
}

/// The shape of MLPerf Tiny's network for image classification: three residual units of 16, 32 and 64 maps.
fn resnet8() -> Network {
    let (mut builder, x) = Builder::new(&[1, 3, 32, 32]);
    let x = builder.convolution(x, 16, 3, 1);
    let mut x = builder.relu(x);
    for (channels, stride) in [(16, 1), (32, 2), (64, 2)] {
        x = builder.unit(x, channels, stride);
    }
    let (kernel, stride, pad) = (ints(8), ints(8), ints(0));
    let (ignore_border, channel_last, including_pad) = (true, false, true);
    let pooling = AveragePooling { kernel, stride, ignore_border, pad, channel_last, including_pad };
    let x = builder.apply(Function::AveragePooling(pooling), &[x]);
    let (weights, bias) = (builder.parameter(&[64, 10]), builder.parameter(&[10]));
    let y = builder.apply(Function::Affine(Affine { base_axis: 1 }), &[x, weights, bias]);
    builder.network.outputs = vec![y];
    builder.network.validate().expect("a valid network");
    builder.network
}

fn outputs(network: &Network, plan: Option<&RowPlan>) -> Vec<u8> {
    let arena = plan.map(|plan| plan.arena.clone());
    let options = EncodeOptions { version: Version::V4, arena, ..EncodeOptions::default() };
    let file = encode(network, &options).expect("a network that version 4 holds").bytes;
    let model = Model::open(&file).expect("a file that can be run");
    let mut arena = vec![0x5a; model.arena_bytes()];
    let mut session = Session::new(&model, &mut arena, Semantics::Integer).expect("enough");
    let image: Vec<f32> = (0..3 * 32 * 32).map(|place| ((place * 37) % 64) as f32 / 16.0 - 2.0).collect();
    match model.pushed_input() {
        None => {
            session.set_input(0, &image);
            session.run();
        }
        Some(_) => {
            let row = |y: usize| (0..3).flat_map(move |channel| (0..32).map(move |x| channel * 1024 + y * 32 + x));
            let rows: Vec<f32> = (0..32).flat_map(row).map(|place| image[place]).collect();
            assert!(rows.chunks(50).fold(false, |_, piece| session.push(piece)));
        }
    }
    session.output(0).bytes().to_vec()
}

#[test]
fn the_image_network_of_mlperf_tiny_needs_a_quarter() {
    let network = resnet8();
    let expected = outputs(&network, None);
    let whole = memory::plan(&network).bytes;
    for (pushed, most) in [(false, 14_200), (true, 11_400)] {
        let plan = plan(&network, &RowOptions { limit: 0, pushed });
        println!("{whole} as a whole, {} by rows, pushed {pushed}, {} of weights", plan.bytes, plan.weights_read);
        assert!(plan.bytes <= most, "{}", plan.bytes);
        assert_eq!(plan.bytes, plan.lower_bound);
        assert_eq!(outputs(&plan.network, Some(&plan)), expected);
    }
}

/// With more memory fewer functions are joined, and fewer weights read again.
#[test]
fn no_more_is_joined_than_a_limit_asks_for() {
    let network = resnet8();
    let expected = outputs(&network, None);
    let mut last = usize::MAX;
    for limit in [0, 16_000, 24_000, 32_000, 40_000, 100_000] {
        let plan = plan(&network, &RowOptions { limit, pushed: false });
        println!("{limit}: {} bytes, {} of weights read, {}", plan.bytes, plan.weights_read, plan.arena.groups.len());
        assert!(limit == 0 || plan.bytes <= limit, "{} for {limit}", plan.bytes);
        assert!(plan.weights_read <= last);
        last = plan.weights_read;
        assert_eq!(outputs(&plan.network, Some(&plan)), expected);
    }
    assert_eq!(last, plan(&network, &RowOptions { limit: 1 << 20, pushed: false }).weights);
}

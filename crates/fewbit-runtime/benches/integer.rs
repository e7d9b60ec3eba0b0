//! Fixed-point convolutions, prepared for this machine, with each instruction set: 3 x 3 taps, 32 to 32 channels of 32 x 32
//! pixels, for several types of input and weights. Whole networks beside other runtimes: `scripts/peers/int8.py`.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use fewbit_core::function::arguments::Convolution;
use fewbit_core::{Function, IntList, Network, Node, NumberFormat, Operation, Shape, Variable, VariableId};
use fewbit_nnb::{EncodeOptions, encode};
use fewbit_runtime::host::{InstructionSet, Prepared};
use fewbit_runtime::{Model, Semantics};
use std::hint::black_box;

const CHANNELS: usize = 32;
const EXTENT: usize = 32;

/// A convolution whose input and output have one format and whose weights another.
fn network(buffers: NumberFormat, weights: NumberFormat) -> Network {
    let shape = |extents: &[usize]| Shape::new(extents).expect("a small shape");
    let map = shape(&[1, CHANNELS, EXTENT, EXTENT]);
    let kernel = shape(&[CHANNELS, CHANNELS, 3, 3]);
    let values: Vec<f32> = (0..kernel.items()).map(|index| (index as f32 * 0.7).sin()).collect();
    let mut variables =
        vec![Variable::buffer("x", map), Variable::parameter("w", kernel, values), Variable::buffer("y", map)];
    for (variable, format) in variables.iter_mut().zip([buffers, weights, buffers]) {
        variable.format = format;
    }
    let ints = |value| IntList::from_slice(&[value; 2]).expect("two");
    let function = Function::Convolution(Convolution {
        base_axis: 1,
        pad: ints(1),
        stride: ints(1),
        dilation: ints(1),
        group: 1,
        channel_last: false,
    });
    let node = Node {
        name: "convolution".into(),
        operation: Operation::Known(function),
        inputs: vec![VariableId(0), VariableId(1)],
        outputs: vec![VariableId(2)],
        implementation: 0,
    };
    Network {
        variables,
        nodes: vec![node],
        inputs: vec![VariableId(0)],
        outputs: vec![VariableId(2)],
        ..Network::default()
    }
}

fn convolutions(criterion: &mut Criterion) {
    let fixed8 = NumberFormat::Fixed8 { position: 4 };
    let fixed16 = NumberFormat::Fixed16 { position: 8 };
    let weights8 = NumberFormat::Fixed8 { position: 7 };
    for (name, buffers, weights) in [
        ("8 x 8 bits", fixed8, weights8),
        ("8 bits x signs", fixed8, NumberFormat::Sign),
        ("16 x 8 bits", fixed16, weights8),
    ] {
        let file = encode(&network(buffers, weights), &EncodeOptions::default()).expect("a plain network").bytes;
        let model = Model::open(&file).expect("just written");
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Elements((CHANNELS * CHANNELS * 9 * EXTENT * EXTENT) as u64));
        for set in InstructionSet::ALL {
            let Some(prepared) = Prepared::with_instruction_set(&model, Semantics::Integer, set) else { continue };
            let mut runner = prepared.runner();
            group.bench_function(format!("{set:?}"), |bencher| {
                bencher.iter(|| black_box(&mut runner).run());
            });
        }
        group.finish();
    }
}

criterion_group!(benches, convolutions);
criterion_main!(benches);

//! Version 4 of the format: formats of less than a byte, positions of channels, buffers at given offsets. What is
//! written is what is read, and older versions refuse what they cannot hold.

use fewbit_core::function::arguments::{Affine, Convolution, InPlace};
use fewbit_core::{Function, IntList, Network, Node, NumberFormat, Operation, Shape, Variable, VariableId};
use fewbit_nnb::{ArenaPlan, Data, EncodeError, EncodeOptions, Nnb, NnbError, Version, decode, encode};
use proptest::prelude::*;

fn shape(dims: &[usize]) -> Shape {
    Shape::new(dims).expect("a small shape")
}

fn ints(values: &[i32]) -> IntList {
    IntList::from_slice(values).expect("a short list")
}

fn node(name: &str, function: Function, inputs: &[VariableId], output: VariableId) -> Node {
    Node {
        name: name.into(),
        operation: Operation::Known(function),
        inputs: inputs.into(),
        outputs: vec![output],
        implementation: 0,
    }
}

/// A convolution with 4-bit weights, a position a channel; a ReLU; an affine function with 2-bit weights.
fn network() -> Network {
    let mut network = Network::default();
    let fixed8 = |position| NumberFormat::Fixed8 { position };
    let x = network.add(Variable { format: fixed8(-3), ..Variable::buffer("v0", shape(&[1, 2, 3, 3])) });
    let weights: Vec<f32> = (0..6).map(|i| (i as f32 - 3.0) * if i < 2 { 0.25 } else { 4.0 }).collect();
    let w = network.add(Variable {
        format: NumberFormat::Fixed4 { position: 0 },
        channel_positions: Some([2i8, -2, -2].into()),
        ..Variable::parameter("v1", shape(&[3, 2, 1, 1]), weights)
    });
    let y = network.add(Variable { format: fixed8(20), ..Variable::buffer("v2", shape(&[1, 3, 3, 3])) });
    let z = network.add(Variable { format: fixed8(20), ..Variable::buffer("v3", shape(&[1, 3, 3, 3])) });
    let v = network.add(Variable {
        format: NumberFormat::Fixed2 { position: 1 },
        channel_positions: Some([1i8, 0].into()),
        ..Variable::parameter("v4", shape(&[27, 2]), (0..54).map(|i| i as f32 % 2.0 - 1.0).collect::<Vec<_>>())
    });
    let out = network.add(Variable { format: fixed8(0), ..Variable::buffer("v5", shape(&[1, 2])) });
    let convolution = Convolution {
        base_axis: 1,
        pad: ints(&[0, 0]),
        stride: ints(&[1, 1]),
        dilation: ints(&[1, 1]),
        group: 1,
        channel_last: false,
    };
    network.nodes = vec![
        node("f0", Function::Convolution(convolution), &[x, w], y),
        node("f1", Function::ReLU(InPlace { inplace: true }), &[y], z),
        node("f2", Function::Affine(Affine { base_axis: 1 }), &[z, v], out),
    ];
    network.inputs = vec![x];
    network.outputs = vec![out];
    network.name = "network".into();
    network
}

fn version_4(arena: Option<ArenaPlan>) -> EncodeOptions {
    EncodeOptions { version: Version::V4, arena, ..EncodeOptions::default() }
}

#[test]
fn a_file_says_all_that_the_network_does() {
    let network = network();
    network.validate().expect("a valid network");
    let file = encode(&network, &version_4(None)).expect("version 4 has a place for everything").bytes;
    let nnb = Nnb::new(&file).expect("just written");
    assert_eq!(decode(&nnb).expect("its values are there"), network);

    let weight = nnb.variable(1);
    let Data::File(bytes) = weight.data else { panic!("a parameter") };
    // Channel 0: -0.75 and -0.5 in steps of a quarter; the others in steps of 4.
    assert_eq!(bytes, [0xed, 0x0f, 0x21]);
    assert_eq!(weight.channel_positions, [2, 0xfe, 0xfe]);
}

#[test]
fn buffers_lie_where_the_plan_says() {
    let network = network();
    let offsets = vec![Some(27), None, Some(0), Some(0), None, Some(40)];
    let file = encode(&network, &version_4(Some(ArenaPlan { offsets: offsets.clone(), ..ArenaPlan::default() })))
        .expect("a plan that fits")
        .bytes;
    let nnb = Nnb::new(&file).expect("just written");
    for (index, offset) in offsets.into_iter().enumerate() {
        match nnb.variable(index).data {
            Data::Buffer(buffer) => {
                assert_eq!(nnb.buffer_offset(buffer), offset);
                assert_eq!(nnb.buffer_bytes(buffer), network.variables[index].bytes());
            }
            Data::File(_) => assert_eq!(offset, None),
        }
    }
    let short = encode(&network, &version_4(Some(ArenaPlan { offsets: vec![Some(0)], ..ArenaPlan::default() })));
    assert!(matches!(short, Err(EncodeError::Arena(_))));
    let lacking = encode(&network, &version_4(Some(ArenaPlan { offsets: vec![None; 6], ..ArenaPlan::default() })));
    assert!(matches!(lacking, Err(EncodeError::Arena(_))));
}

#[test]
fn what_is_equal_is_written_once() {
    // Two variables lie in the same place, and have the same shape.
    let offsets = vec![Some(27), None, Some(0), Some(0), None, Some(40)];
    let file = encode(&network(), &version_4(Some(ArenaPlan { offsets, ..ArenaPlan::default() })))
        .expect("a plan that fits")
        .bytes;
    let nnb = Nnb::new(&file).expect("just written");
    assert_eq!(nnb.buffers().len(), 3);
    assert_eq!(nnb.variable(2).data, nnb.variable(3).data);
    let mut plain = network();
    for variable in &mut plain.variables {
        (variable.format, variable.channel_positions) = (NumberFormat::Float32, None);
    }
    let blocks = |version| {
        let options = EncodeOptions { version, ..EncodeOptions::default() };
        let file = encode(&plain, &options).expect("floats fit every version").bytes;
        u32::from_le_bytes(file[48..52].try_into().expect("four bytes"))
    };
    // Shapes and lists of a single variable are shared, though version 4 has lists of its own.
    assert!(blocks(Version::V4) < blocks(Version::V3));
}

#[test]
fn older_versions_refuse_what_they_cannot_hold() {
    let version_3 = EncodeOptions { version: Version::V3, ..EncodeOptions::default() };
    assert!(matches!(encode(&network(), &version_3), Err(EncodeError::Format { .. })));
    let mut network = network();
    for variable in &mut network.variables {
        variable.format = NumberFormat::Fixed8 { position: 3 };
    }
    assert!(matches!(encode(&network, &version_3), Err(EncodeError::ChannelPositions { .. })));
    for variable in &mut network.variables {
        variable.channel_positions = None;
    }
    encode(&network, &version_3).expect("plain bytes");
    let arena = EncodeOptions { arena: Some(ArenaPlan::default()), ..version_3 };
    assert!(matches!(encode(&network, &arena), Err(EncodeError::Arena(_))));
}

#[test]
fn damage_is_found() {
    let good = encode(&network(), &version_4(None)).expect("a valid network").bytes;
    for end in 0..good.len() {
        assert!(Nnb::new(&good[..end]).is_err(), "cut at {end}");
    }
    // One offset fewer than buffers.
    let mut bytes = good.clone();
    bytes[56] -= 1;
    assert!(matches!(Nnb::new(&bytes), Err(NnbError::Offsets { .. })));
}

proptest! {
    /// Any change of a byte gives an error or a file that can be read to its end.
    #[test]
    fn changed_files_never_panic(place in 0usize..1000, byte: u8) {
        let mut bytes = encode(&network(), &version_4(None)).expect("a valid network").bytes;
        let place = place % bytes.len();
        bytes[place] = byte;
        if let Ok(nnb) = Nnb::new(&bytes) {
            let _ = decode(&nnb);
        }
    }
}

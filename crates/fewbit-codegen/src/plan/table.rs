//! Tables of functions of one 8-bit value, made by the runtime itself.

use fewbit_core::network::{Network, Node, Operation, Variable, VariableKind};
use fewbit_core::{Function, NumberFormat, Shape, VariableId};
use fewbit_nnb::{EncodeOptions, Version, encode};
use fewbit_runtime::{Model, Semantics, Session};

/// How many values a byte has.
const VALUES: usize = 256;

/// What the runtime stores in the format `to` for each of the 256 bytes of an 8-bit input; `None` if the function does not
/// map each value by itself.
pub(super) fn table(function: Function, from: NumberFormat, to: NumberFormat) -> Option<Vec<u8>> {
    let shape = Shape::new(&[VALUES]).ok()?;
    let variable = |name: &str, format| Variable { format, ..Variable::buffer(name, shape) };
    let network = Network {
        name: String::from("table"),
        variables: vec![variable("x", from), variable("y", to)],
        nodes: vec![Node {
            name: String::from("function"),
            operation: Operation::Known(function),
            inputs: vec![VariableId(0)],
            outputs: vec![VariableId(1)],
            implementation: 0,
        }],
        inputs: vec![VariableId(0)],
        outputs: vec![VariableId(1)],
    };
    debug_assert!(network.variables.iter().all(|variable| variable.kind == VariableKind::Buffer));
    let options = EncodeOptions { version: Version::V4, ..EncodeOptions::default() };
    let file = encode(&network, &options).ok()?.bytes;
    let model = Model::open(&file).ok()?;
    let mut arena = vec![0; model.arena_bytes()];
    let mut session = Session::new(&model, &mut arena, Semantics::Integer).ok()?;
    for (byte, stored) in (0..=u8::MAX).zip(session.input_mut(0)?.bytes()) {
        *stored = byte;
    }
    session.run();
    Some(session.output(0).bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use fewbit_core::function::arguments::LeakyReLU;

    #[test]
    fn a_table_is_indexed_by_the_byte() {
        let function = Function::LeakyReLU(LeakyReLU { alpha: 0.25, inplace: false });
        let format = NumberFormat::Fixed8 { position: 4 };
        let table = table(function, format, NumberFormat::Fixed8 { position: 5 }).expect("a function of one value");
        assert_eq!([table[0], table[1], table[127], table[0xff], table[0x80]], [0, 2, 127, 0, 0xc0]);
    }
}

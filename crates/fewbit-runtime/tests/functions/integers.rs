//! Which functions compute without floats: their formats decide.

use crate::single::{file, network, shape, variable};
use fewbit_core::function::arguments::{Affine, BatchMatmul, InPlace, LeakyReLU};
use fewbit_core::{Function, NumberFormat, Variable};
use fewbit_runtime::Model;

const REAL: NumberFormat = NumberFormat::Float32;
const BYTE: NumberFormat = NumberFormat::Fixed8 { position: 5 };
const WORD: NumberFormat = NumberFormat::Fixed16 { position: 9 };

fn is_integer(function: Function, inputs: Vec<Variable>, output: Variable) -> bool {
    let file = file(&network(function, inputs, vec![output]));
    Model::open(&file).expect("a model that can be run").is_integer(0)
}

fn buffer(format: NumberFormat, dims: &[usize]) -> Variable {
    variable(shape(dims), format, None)
}

fn weights(format: NumberFormat, dims: &[usize]) -> Variable {
    variable(shape(dims), format, Some(vec![1.0; dims.iter().product()]))
}

#[test]
fn products_are_integers_from_end_to_end_or_not_at_all() {
    let affine = |x, weight, bias, y| {
        let inputs = vec![buffer(x, &[1, 4]), weights(weight, &[4, 3]), weights(bias, &[3])];
        is_integer(Function::Affine(Affine { base_axis: 1 }), inputs, buffer(y, &[1, 3]))
    };
    assert!(affine(BYTE, BYTE, BYTE, BYTE) && affine(BYTE, NumberFormat::Sign, WORD, WORD));
    for formats in
        [[REAL, BYTE, BYTE, BYTE], [BYTE, REAL, BYTE, BYTE], [BYTE, BYTE, REAL, BYTE], [BYTE, BYTE, BYTE, REAL]]
    {
        let [x, weight, bias, y] = formats;
        assert!(!affine(x, weight, bias, y), "{formats:?}");
    }
    let matmul = BatchMatmul { transpose_a: true, transpose_b: false };
    let product = |b| {
        let inputs = vec![buffer(BYTE, &[2, 4, 3]), buffer(b, &[2, 4, 5])];
        is_integer(Function::BatchMatmul(matmul), inputs, buffer(WORD, &[2, 3, 5]))
    };
    assert!(product(WORD) && !product(REAL));
}

#[test]
fn functions_of_values_are_integers_if_they_only_add_clip_or_move() {
    let one = |function, x, y| is_integer(function, vec![buffer(x, &[1, 4])], buffer(y, &[1, 4]));
    let relu = Function::ReLU(InPlace { inplace: false });
    assert!(one(relu, BYTE, BYTE) && one(relu, BYTE, WORD) && one(Function::Identity, WORD, BYTE));
    assert!(!one(relu, REAL, BYTE) && !one(relu, BYTE, REAL));
    let leaky = Function::LeakyReLU(LeakyReLU { alpha: 0.1, inplace: false });
    for function in [Function::Tanh, Function::Sigmoid, Function::Exp, leaky] {
        assert!(!one(function, BYTE, BYTE), "{}", function.name());
    }
    let two = |function, b| {
        let inputs = vec![buffer(BYTE, &[1, 4]), buffer(b, &[1, 4])];
        is_integer(function, inputs, buffer(WORD, &[1, 4]))
    };
    let add = Function::Add2(InPlace { inplace: false });
    assert!(two(add, WORD) && !two(add, REAL) && !two(Function::Div2(InPlace { inplace: false }), WORD));
    let pool =
        |x| is_integer(Function::GlobalAveragePooling, vec![buffer(x, &[1, 2, 3, 3])], buffer(BYTE, &[1, 2, 1, 1]));
    assert!(pool(WORD) && !pool(REAL));
}

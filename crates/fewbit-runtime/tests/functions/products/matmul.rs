//! Products of matrices of two variables, whose batch axes broadcast.

use crate::numbers::{integers, rounded};
use crate::random::Random;
use crate::single::{Given, file, network, run, shape, variable};
use fewbit_core::function::arguments::BatchMatmul;
use fewbit_core::{Function, NumberFormat, Shape};
use fewbit_runtime::Semantics;
use proptest::prelude::*;

#[derive(Clone, Debug)]
struct Spec {
    /// Axes of the batch: their extent, and which operands lack it (extent 1).
    batch: Vec<(usize, bool, bool)>,
    rows: usize,
    inner: usize,
    columns: usize,
    transpose: [bool; 2],
}

impl Spec {
    fn dims(&self, operand: usize) -> Vec<usize> {
        let extent = |&(extent, left, right): &(usize, bool, bool)| if [left, right][operand] { 1 } else { extent };
        let mut dims: Vec<usize> = self.batch.iter().map(extent).collect();
        let (rows, columns) = if operand == 0 { (self.rows, self.inner) } else { (self.inner, self.columns) };
        dims.extend(if self.transpose[operand] { [columns, rows] } else { [rows, columns] });
        dims
    }

    fn output(&self) -> Shape {
        let extent = |&(extent, left, right): &(usize, bool, bool)| if left && right { 1 } else { extent };
        let dims: Vec<usize> = self.batch.iter().map(extent).chain([self.rows, self.columns]).collect();
        shape(&dims)
    }

    /// The place in an operand of the value in a row and a column of a matrix of the output's batch.
    fn place(&self, operand: usize, item: usize, row: usize, column: usize) -> usize {
        let dims = self.dims(operand);
        let mut rest = item;
        let mut coordinates = vec![0; self.batch.len()];
        for (axis, &(extent, left, right)) in self.batch.iter().enumerate().rev() {
            let extent = if left && right { 1 } else { extent };
            coordinates[axis] = if dims[axis] == 1 { 0 } else { rest % extent };
            rest /= extent;
        }
        coordinates.extend(if self.transpose[operand] { [column, row] } else { [row, column] });
        coordinates.iter().zip(&dims).fold(0, |place, (at, extent)| place * extent + at)
    }

    /// The products of each output.
    fn products<T: Copy + std::ops::Mul<Output = T>>(&self, a: &[T], b: &[T]) -> Vec<Vec<T>> {
        let matrices = self.output().items() / (self.rows * self.columns);
        let mut outputs = Vec::new();
        for item in 0..matrices {
            for row in 0..self.rows {
                for column in 0..self.columns {
                    let product = |k: usize| a[self.place(0, item, row, k)] * b[self.place(1, item, k, column)];
                    outputs.push((0..self.inner).map(product).collect());
                }
            }
        }
        outputs
    }

    fn run(&self, [a, b]: [&[f32]; 2], formats: [NumberFormat; 3], semantics: Semantics) -> Vec<f32> {
        let [transpose_a, transpose_b] = self.transpose;
        let function = Function::BatchMatmul(BatchMatmul { transpose_a, transpose_b });
        let operand = |index: usize| variable(shape(&self.dims(index)), formats[index], None);
        let output = variable(self.output(), formats[2], None);
        let network = network(function, vec![operand(0), operand(1)], vec![output]);
        network.validate().unwrap_or_else(|error| panic!("{error}"));
        let given = [Given::Values(a), Given::Values(b)];
        run(&file(&network), semantics, &given).expect("a valid network").pop().expect("the output")
    }
}

fn specs() -> impl Strategy<Value = Spec> {
    let axis = (1usize..4, any::<bool>(), any::<bool>());
    let extent = || prop_oneof![3 => 1usize..6, 1 => 15usize..35];
    (prop::collection::vec(axis, 0..3), extent(), extent(), extent(), any::<[bool; 2]>())
        .prop_map(|(batch, rows, inner, columns, transpose)| Spec { batch, rows, inner, columns, transpose })
}

fn format() -> impl Strategy<Value = NumberFormat> {
    (any::<bool>(), -3i8..16).prop_map(|(wide, position)| match wide {
        true => NumberFormat::Fixed16 { position },
        false => NumberFormat::Fixed8 { position },
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn integers_are_exact(spec in specs(), formats in [format(), format(), format()], seed: u64) {
        let mut random = Random::new(seed);
        let [a, b] = [0, 1].map(|index| integers(&mut random, formats[index], shape(&spec.dims(index)).items()));
        let [a_position, b_position] = [0, 1].map(|index| i32::from(formats[index].position().expect("fixed-point")));
        let stored = |products: &Vec<i128>| {
            let sum = products.iter().sum();
            rounded(&[(sum, a_position + b_position)], formats[2], |sum, _| sum) as f32 * formats[2].step()
        };
        let expected: Vec<f32> = spec.products(&a, &b).iter().map(stored).collect();
        let real = |values: &[i128], format: NumberFormat| -> Vec<f32> {
            values.iter().map(|&value| value as f32 * format.step()).collect()
        };
        let (a, b) = (real(&a, formats[0]), real(&b, formats[1]));
        prop_assert_eq!(spec.run([&a, &b], formats, Semantics::Integer), expected);
    }

    #[test]
    fn floats_agree_with_double_precision(spec in specs(), seed: u64) {
        let mut random = Random::new(seed);
        let mut reals = |index| -> Vec<f32> { (0..shape(&spec.dims(index)).items()).map(|_| random.real(1.0)).collect() };
        let (a, b) = (reals(0), reals(1));
        let double = |values: &[f32]| -> Vec<f64> { values.iter().map(|&value| value.into()).collect() };
        let found = spec.run([&a, &b], [NumberFormat::Float32; 3], Semantics::Reference);
        for (found, products) in found.into_iter().zip(spec.products(&double(&a), &double(&b))) {
            let expected: f64 = products.iter().sum();
            prop_assert!((f64::from(found) - expected).abs() <= 1e-5, "{found}, not {expected}");
        }
    }
}

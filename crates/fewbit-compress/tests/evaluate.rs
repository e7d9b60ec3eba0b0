//! Evaluation of small networks, through the runtime.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use common::{Builder, csv, file};
use fewbit_compress::{Evaluation, NoProgress, Progress, Score, evaluate};
use fewbit_core::{Function, Network, NumberFormat};
use fewbit_data::Inputs;
use fewbit_runtime::Semantics;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Passes its input on, negative values as zero.
fn relu(dims: &[usize]) -> Network {
    let (mut builder, x) = Builder::new(dims);
    let y = builder.apply(Function::ReLU(fewbit_core::function::arguments::InPlace { inplace: false }), &[x]);
    builder.finish(&[y])
}

fn run(network: &Network, inputs: &Inputs) -> Result<Evaluation, String> {
    evaluate(&file(network), inputs, Semantics::Integer, &NoProgress).map_err(|error| error.to_string())
}

const THREE: &str = "x__0,x__1,x__2,y\n1,2,3,2\n3,-2,1,1\n0,5,4,1\n";

#[test]
fn classes_are_counted_whatever_the_batch() {
    for batch in [1, 2, 3, 5] {
        let evaluation = run(&relu(&[batch, 3]), &csv(THREE, &[3])).unwrap();
        let Score::Classes(score) = evaluation.score else { panic!("classes expected") };
        assert_eq!(evaluation.images, 3);
        assert_eq!(score.predictions, [Some(2), Some(0), Some(1)], "batch {batch}");
        assert_eq!((score.wrong(), score.labels), (vec![1], vec![2, 1, 1]));
        assert!((score.top1 - 2.0 / 3.0).abs() < 1e-12 && score.top5 == 1.0);
        let exp = f64::exp;
        let parts = [
            (exp(1.0) + exp(2.0) + exp(3.0)).ln() - 3.0,
            (exp(3.0) + exp(0.0) + exp(1.0)).ln() - 0.0,
            (exp(0.0) + exp(5.0) + exp(4.0)).ln() - 5.0,
        ];
        assert!((score.loss - parts.iter().sum::<f64>() / 3.0).abs() < 1e-9, "batch {batch}: {}", score.loss);
    }
}

#[test]
fn fixed_point_inputs_are_quantised() {
    let mut network = relu(&[1, 3]);
    network.variables[0].format = NumberFormat::Fixed8 { position: 0 };
    // Rounded, the first two are equal and the first wins.
    let evaluation = run(&network, &csv("x__0,x__1,x__2,y\n0.6,1.4,0,0\n0.4,1.6,0,1\n", &[3])).unwrap();
    assert_eq!(evaluation.score.top1(), Some(1.0));
}

#[test]
fn values_are_compared_by_squares() {
    let inputs = csv("x__0,x__1,y__0,y__1\n1,-1,0.5,0.5\n2,2,2,-1\n0,0,0,0\n", &[2]);
    let evaluation = run(&relu(&[2, 2]), &inputs).unwrap();
    assert!((evaluation.score.mse().unwrap() - (0.25 + 0.25 + 9.0) / 6.0).abs() < 1e-12);
    assert_eq!(evaluation.score.top1(), None);
}

#[test]
fn progress_counts_every_sample() {
    struct Count(AtomicUsize, AtomicUsize);
    impl Progress for Count {
        fn begin(&self, _name: &str, steps: usize) {
            self.0.fetch_add(steps, Ordering::Relaxed);
        }

        fn advance(&self, steps: usize) {
            self.1.fetch_add(steps, Ordering::Relaxed);
        }
    }
    let count = Count(AtomicUsize::new(0), AtomicUsize::new(0));
    evaluate(&file(&relu(&[2, 3])), &csv(THREE, &[3]), Semantics::Integer, &count).unwrap();
    assert_eq!((count.0.into_inner(), count.1.into_inner()), (3, 3));
}

#[test]
fn what_does_not_fit_is_said_in_a_sentence() {
    let cases = [
        (relu(&[1, 4]), csv(THREE, &[3]), "4 values, which is no multiple of the 3"),
        (relu(&[1, 2]), csv("x__0,x__1,y\n1,2,4\n", &[2]), "2 values a sample, but the dataset has 5 classes"),
        (relu(&[1, 2]), csv("x__0,x__1,y\n1,2,0.5\n", &[2]), "2 values a sample, but the dataset has 1 target values"),
        (relu(&[1, 2]), csv("x__0,x__1\n1,2\n", &[2]), "neither classes nor target values"),
    ];
    for (network, inputs, expected) in cases {
        let message = run(&network, &inputs).unwrap_err();
        assert!(message.contains(expected), "{message}");
    }

    let (mut builder, x) = Builder::new(&[1, 2]);
    let y = builder.apply(Function::Abs, &[x]);
    let mut network = builder.finish(&[y]);
    network.outputs.clear();
    assert!(run(&network, &csv("x__0,x__1,y\n1,2,0\n", &[2])).unwrap_err().contains("no outputs"));
    network.inputs.clear();
    assert!(run(&network, &csv("x__0,x__1,y\n1,2,0\n", &[2])).unwrap_err().contains("0 inputs"));
    assert!(evaluate(b"not a file", &csv(THREE, &[3]), Semantics::Integer, &NoProgress).is_err());
}

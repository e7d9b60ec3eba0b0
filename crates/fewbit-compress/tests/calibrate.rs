//! Calibration of small networks, through the runtime.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use common::{Builder, Numbers, csv};
use fewbit_compress::NoProgress;
use fewbit_compress::calibrate::calibrate;
use fewbit_core::function::arguments::InPlace;
use fewbit_core::{Function, Network};

fn relu(dims: &[usize]) -> Network {
    let (mut builder, x) = Builder::new(dims);
    let y = builder.apply(Function::ReLU(InPlace { inplace: false }), &[x]);
    builder.finish(&[y])
}

#[test]
fn every_buffer_is_seen_channel_by_channel() {
    let inputs = csv("x__0,x__1,x__2\n1,-2,3\n-1,4,0\n", &[3]);
    let calibration = calibrate(&relu(&[1, 3]), &inputs, &NoProgress).unwrap();
    assert_eq!(calibration.samples, 2);
    let [x, y] = [0, 1].map(|index| calibration.statistics[index].as_ref().unwrap());
    let ranges: Vec<_> = x.channels.iter().map(|channel| (channel.min, channel.max)).collect();
    assert_eq!(ranges, [(-1.0, 1.0), (-2.0, 4.0), (0.0, 3.0)]);
    let means: Vec<f64> = y.channels.iter().map(|channel| channel.mean()).collect();
    assert_eq!(means, [0.5, 2.0, 1.5]);
    // Two of them are written by the ReLU.
    assert_eq!((x.histogram.total(), x.histogram.zeros(), y.histogram.zeros()), (6, 1, 3));
}

#[test]
fn the_result_does_not_depend_on_the_number_of_threads() {
    let mut numbers = Numbers::new(1);
    let rows: String = (0..100).map(|_| format!("{},{}\n", numbers.next(), numbers.next() * 1000.0)).collect();
    let inputs = csv(&format!("x__0,x__1\n{rows}"), &[2]);
    let network = relu(&[3, 2]);
    let [one, three] = [1, 3].map(|threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| calibrate(&network, &inputs, &NoProgress)).unwrap()
    });
    assert_eq!(one, three);
}

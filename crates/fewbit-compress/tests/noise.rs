//! Noise gains, against what networks do with a disturbed input.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use common::{Builder, Numbers, convolution, ints, output};
use fewbit_compress::calibrate::Calibration;
use fewbit_compress::noise::gains;
use fewbit_core::Function;
use fewbit_core::function::arguments::{Affine, AveragePooling, InPlaceScalar};

/// In a linear network gains are the squared responses to a unit in each input value, but for what cancels or adds up
/// between channels.
#[test]
fn gains_of_linear_functions_are_their_responses() {
    let two = ints(&[2, 2]);
    let pooling = AveragePooling {
        kernel: two,
        stride: two,
        ignore_border: true,
        pad: ints(&[0, 0]),
        channel_last: false,
        including_pad: true,
    };
    let mut numbers = Numbers::new(3);
    let (mut builder, x) = Builder::new(&[1, 2, 8, 8]);
    let weights = builder.random("conv/W", &[3, 2, 2, 2], &mut numbers);
    let h = builder.apply(convolution(0, 2, 1), &[x, weights]);
    let h = builder.apply(Function::MulScalar(InPlaceScalar { val: 3.0, inplace: false }), &[h]);
    let h = builder.apply(Function::AveragePooling(pooling), &[h]);
    let matrix = builder.random("fc/W", &[12, 40], &mut numbers);
    let y = builder.apply(Function::Affine(Affine { base_axis: 1 }), &[h, matrix]);
    let network = builder.finish(&[y]);

    let calibration = Calibration { statistics: vec![None; network.variables.len()], samples: 0 };
    let gains = gains(&network, &calibration);
    let response = |index: usize| -> f64 {
        let mut input = vec![0.0; 128];
        input[index] = 1.0;
        output(&network, &input).iter().map(|&value| f64::from(value).powi(2)).sum()
    };
    for (channel, gain) in gains.of(x).iter().enumerate() {
        let mean = (0..64).map(|index| response(64 * channel + index)).sum::<f64>() / 64.0;
        assert!((gain / mean - 1.0).abs() < 0.25, "channel {channel}: {gain} but {mean}");
    }
    assert!(gains.of(y).iter().all(|gain| *gain == 1.0));
    assert!(gains.of(weights).is_empty());
}

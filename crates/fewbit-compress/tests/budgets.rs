//! Budgets of flash, RAM and loss on small networks.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use common::{Builder, Numbers, convolution, dataset, ints};
use fewbit_compress::assign::Width;
use fewbit_compress::rounding::Rounding;
use fewbit_compress::{Budget, CompressError, CompressOptions, Compressed, NoProgress, compress};
use fewbit_core::function::arguments::{Affine, InPlace, Pooling};
use fewbit_core::{Function, Network, NumberFormat};
use fewbit_data::Inputs;
use fewbit_nnb::Version;

/// A few convolutions of different sizes with an affine function behind them; `seed` draws weights and channels.
fn network(seed: u64) -> Network {
    let mut numbers = Numbers::new(seed);
    let channels = |numbers: &mut Numbers| 3 + (numbers.next().abs() * 6.0) as usize;
    let (mut builder, x) = Builder::new(&[1, 2, 8, 8]);
    let relu = Function::ReLU(InPlace { inplace: false });
    let (mut h, mut inputs) = (x, 2);
    for layer in 0..3 {
        let outputs = channels(&mut numbers);
        let weights = builder.random(&format!("c{layer}/W"), &[outputs, inputs, 3, 3], &mut numbers);
        let bias = builder.random(&format!("c{layer}/b"), &[outputs], &mut numbers);
        h = builder.apply(convolution(1, 1, 1), &[h, weights, bias]);
        h = builder.apply(relu, &[h]);
        inputs = outputs;
    }
    let two = ints(&[2, 2]);
    let pooling = Pooling { kernel: two, stride: two, ignore_border: true, pad: ints(&[0, 0]), channel_last: false };
    h = builder.apply(Function::MaxPooling(pooling), &[h]);
    let weights = builder.random("fc/W", &[inputs * 16, 4], &mut numbers);
    let bias = builder.random("fc/b", &[4], &mut numbers);
    let y = builder.apply(Function::Affine(Affine { base_axis: 1 }), &[h, weights, bias]);
    builder.finish(&[y])
}

fn options(budget: Budget) -> CompressOptions {
    CompressOptions { parameters: Width::Fixed2, version: Version::V4, budget, ..CompressOptions::default() }
}

fn run(network: &Network, inputs: &Inputs, budget: Budget) -> Result<Compressed, CompressError> {
    compress(network, inputs, inputs, &options(budget), &NoProgress)
}

fn mse(compressed: &Compressed) -> f64 {
    compressed.compressed.evaluation.score.mse().unwrap()
}

#[test]
fn flash_is_kept_and_more_of_it_loses_less() {
    for seed in [1, 2, 3] {
        let network = network(seed);
        let inputs = dataset(&network, 40, Numbers::next);
        // What buffers lose would cover what the narrowest of wide weights do.
        let run = |network: &Network, inputs: &Inputs, budget: Budget| {
            let options = CompressOptions { buffers: Width::Fixed16, ..options(budget) };
            compress(network, inputs, inputs, &options, &NoProgress)
        };
        let Err(CompressError::FlashTooSmall { limit: 10, least }) =
            run(&network, &inputs, Budget { flash: Some(10), ..Budget::default() })
        else {
            panic!("ten bytes are too few");
        };
        let all = run(&network, &inputs, Budget { flash: Some(1 << 20), ..Budget::default() }).unwrap();
        let most = all.compressed.model_bytes;
        let mut before = f64::INFINITY;
        for flash in [least, least + (most - least) / 4, least + (most - least) / 2, most] {
            let compressed = run(&network, &inputs, Budget { flash: Some(flash), ..Budget::default() }).unwrap();
            assert!(compressed.compressed.model_bytes <= flash, "{} for {flash}", compressed.compressed.model_bytes);
            assert!(mse(&compressed) < before, "{seed}: {} instead of {before}", mse(&compressed));
            before = mse(&compressed);
        }
        let error = run(&network, &inputs, Budget { flash: Some(least - 1), ..Budget::default() }).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "the model cannot be made as small as {} bytes: {least} bytes are the least that the allowed types reach",
                least - 1
            )
        );
    }
}

#[test]
fn memory_that_is_left_makes_buffers_wide() {
    let network = network(5);
    let inputs = dataset(&network, 30, Numbers::next);
    let ram = |ram: usize| run(&network, &inputs, Budget { ram: Some(ram), ..Budget::default() });
    let Err(CompressError::RamTooSmall { least, .. }) = ram(10) else { panic!("ten bytes are too few") };
    let narrow = ram(least).unwrap();
    assert_eq!(narrow.compressed.arena_bytes, least);
    let between = ram(least * 3 / 2).unwrap();
    let wide = ram(2 * least).unwrap();
    assert!(between.compressed.arena_bytes <= least * 3 / 2);
    let buffers = |compressed: &Compressed| {
        let formats = compressed.network.variables.iter().filter(|variable| variable.is_buffer());
        formats.filter(|variable| matches!(variable.format, NumberFormat::Fixed16 { .. })).count()
    };
    assert!(buffers(&narrow) < buffers(&between) && buffers(&between) < buffers(&wide));
    assert!(wide.network.variables.iter().filter(|v| v.is_buffer()).all(|v| v.format.bits() == 16));
}

#[test]
fn narrow_weights_lose_less_with_adaptive_rounding() {
    for (seed, parameters) in [(7, Width::Fixed4), (8, Width::Fixed4), (9, Width::Fixed2)] {
        let network = network(seed);
        let inputs = dataset(&network, 60, Numbers::next);
        let mse = |rounding| {
            let options =
                CompressOptions { parameters, rounding, buffers: Width::Fixed16, ..options(Budget::default()) };
            mse(&compress(&network, &inputs, &inputs, &options, &NoProgress).unwrap())
        };
        let (nearest, adaptive) = (mse(Rounding::Nearest), mse(Rounding::Adaptive));
        assert!(adaptive < 0.7 * nearest, "{seed}: {nearest} became {adaptive}");
    }
}

#[test]
fn losses_need_classes() {
    let network = network(4);
    let inputs = dataset(&network, 10, Numbers::next);
    let error = run(&network, &inputs, Budget { max_loss: Some(1.0), ..Budget::default() }).unwrap_err();
    assert!(matches!(error, CompressError::Unlabelled(_)), "{error}");
}

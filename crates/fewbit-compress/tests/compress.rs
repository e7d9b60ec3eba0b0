//! The whole way from a float network to a fixed-point file.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use common::{Builder, Numbers, dataset};
use fewbit_compress::assign::Width;
use fewbit_compress::compress::Use;
use fewbit_compress::memory;
use fewbit_compress::{CompressOptions, Compressed, NoProgress, compress};
use fewbit_core::function::arguments::Affine;
use fewbit_core::{Function, Network, NumberFormat};
use fewbit_data::{Dataset, Fit, Inputs, OpenOptions, Preprocess};
use fewbit_formats::{FormatSetting, ImportOptions, Nnp};
use fewbit_nnb::{EncodeOptions, Nnb, Version, encode};
use std::path::{Path, PathBuf};

fn bundled(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

fn network(path: &str) -> Network {
    Nnp::open(&bundled(path)).unwrap().network(&ImportOptions::default()).unwrap()
}

fn cifar(part: &str, count: usize) -> Inputs {
    let dataset = Dataset::open(&bundled(&format!("testdata/cifar10/{part}.fbds")), &OpenOptions::default()).unwrap();
    Inputs::new(dataset.spread(count), &[3, 32, 32], Preprocess::Standardize, Fit::Exact).unwrap()
}

fn resnet(options: &CompressOptions) -> Compressed {
    let network = network("models/resnet23_trained.nnp");
    compress(&network, &cifar("train", 64), &cifar("test", 1000), options, &NoProgress).unwrap()
}

#[test]
fn a_trained_resnet_loses_next_to_nothing_in_8_bits() {
    let parameters = resnet(&CompressOptions { buffers: Width::Float32, ..CompressOptions::default() });
    assert!(parameters.loss_points().unwrap().abs() <= 0.3, "{:?}", parameters.loss_points());
    assert!(parameters.compressed.model_bytes <= 128 * 1024);
    assert!(parameters.network.variables.iter().all(|v| v.is_buffer() || v.format != NumberFormat::Float32));

    let all = resnet(&CompressOptions::default());
    assert!(all.loss_points().unwrap().abs() <= 1.0, "{:?}", all.loss_points());
    assert!(all.compressed.model_bytes <= 128 * 1024, "{}", all.compressed.model_bytes);
    // Two feature maps: the shortcut, into which the last convolution of a block accumulates, and what that reads.
    assert!(all.compressed.arena_bytes <= 128 * 1024, "{}", all.compressed.arena_bytes);
    assert_eq!(memory::plan(&all.network).lower_bound, all.compressed.arena_bytes);
    assert!(all.network.variables.iter().all(|variable| variable.format.is_fixed()));
    assert!(all.variables.iter().all(|variable| variable.sqnr_db.unwrap() >= 20.0));
    assert!(all.network.nodes.iter().all(|node| node.operation.spec().name != "BatchNormalization"));
    assert_eq!(Nnb::new(&all.file).unwrap().version(), Version::V4);
    let ends: Vec<Use> = all.variables.iter().map(|v| v.used_as).filter(|used| *used != Use::Parameter).collect();
    assert_eq!(ends.iter().filter(|used| **used == Use::Input).count(), 1);
    assert_eq!(ends.iter().filter(|used| **used == Use::Output).count(), 1);
}

/// A small regression network with weights that need what 8 bits do not have.
fn regression(scale: f32) -> (Network, Inputs) {
    let mut numbers = Numbers::new(4);
    let (mut builder, x) = Builder::new(&[1, 6]);
    let values: Vec<f32> = numbers.take(18).iter().map(|value| value * scale).collect();
    let weights = builder.parameter("fc/W", &[6, 3], &values);
    let bias = builder.random("fc/b", &[3], &mut numbers);
    let y = builder.apply(Function::Affine(Affine { base_axis: 1 }), &[x, weights, bias]);
    let network = builder.finish(&[y]);
    let inputs = dataset(&network, 50, Numbers::next);
    (network, inputs)
}

#[test]
fn settings_applied_to_the_network_give_the_same_file() {
    let (network, inputs) = regression(1.0);
    let compressed = compress(&network, &inputs, &inputs, &CompressOptions::default(), &NoProgress).unwrap();
    assert!(compressed.float.evaluation.score.mse().unwrap() < 1e-10);
    let mse = compressed.compressed.evaluation.score.mse().unwrap();
    assert!(mse > 0.0 && mse < 1e-3, "{mse}");
    assert_eq!(compressed.loss_points(), None);

    let mut float = compressed.network.clone();
    for variable in &mut float.variables {
        variable.format = NumberFormat::Float32;
    }
    compressed.settings.apply(&mut float, FormatSetting::Float32).unwrap();
    let arena = Some(memory::plan(&float).arena);
    let options = EncodeOptions { version: Version::V4, arena, ..EncodeOptions::default() };
    assert_eq!(encode(&float, &options).unwrap().bytes, compressed.file);
}

#[test]
fn values_that_8_bits_cannot_hold_get_wider_formats() {
    let format = |scale: f32, version: Version| {
        let (network, inputs) = regression(scale);
        let options = CompressOptions { version, ..CompressOptions::default() };
        let compressed = compress(&network, &inputs, &inputs, &options, &NoProgress).unwrap();
        let id = compressed.network.find("fc/W").unwrap();
        compressed.network.variable(id).format
    };
    let kinds = [1.0, 1e3, 1e-3, 1e9].map(|scale| format(scale, Version::V3).type_name());
    assert_eq!(kinds, ["FIXED8", "FIXED16", "FIXED16", "FLOAT32"]);
    // Version 4 has the positions for them.
    assert!(matches!(format(1e-3, Version::V4), NumberFormat::Fixed8 { position: 16.. }));
}

#[test]
fn wider_formats_are_kept_to() {
    let (network, inputs) = regression(1.0);
    for (width, name) in [(Width::Float32, "FLOAT32"), (Width::Fixed16, "FIXED16")] {
        let options = CompressOptions { parameters: width, buffers: width, ..CompressOptions::default() };
        let compressed = compress(&network, &inputs, &inputs, &options, &NoProgress).unwrap();
        assert!(compressed.variables.iter().all(|variable| variable.format.type_name() == name), "{name}");
    }
    let strict = CompressOptions { least_sqnr_db: 60.0, ..CompressOptions::default() };
    let compressed = compress(&network, &inputs, &inputs, &strict, &NoProgress).unwrap();
    assert!(compressed.variables.iter().all(|variable| variable.format.type_name() == "FIXED16"));
}

#[test]
fn biases_make_up_for_rounded_weights() {
    // Inputs far from zero make the error of every weight a shift of its output.
    let mut numbers = Numbers::new(9);
    let (mut builder, x) = Builder::new(&[1, 40]);
    let weights = builder.random("fc/W", &[40, 4], &mut numbers);
    let bias = builder.random("fc/b", &[4], &mut numbers);
    let y = builder.apply(Function::Affine(Affine { base_axis: 1 }), &[x, weights, bias]);
    let network = builder.finish(&[y]);
    let inputs = dataset(&network, 60, |numbers| 2.0 + numbers.next());
    let mse = |correct_biases| {
        let options = CompressOptions { buffers: Width::Float32, correct_biases, ..CompressOptions::default() };
        let compressed = compress(&network, &inputs, &inputs, &options, &NoProgress).unwrap();
        compressed.compressed.evaluation.score.mse().unwrap()
    };
    let (without, with) = (mse(false), mse(true));
    assert!(with < 0.3 * without, "{without} became {with}");
}

#[test]
fn outputs_take_16_bits_where_that_costs_no_memory() {
    let (network, inputs) = regression(1.0);
    let options = CompressOptions { version: Version::V3, ..CompressOptions::default() };
    let compressed = compress(&network, &inputs, &inputs, &options, &NoProgress).unwrap();
    // 6 bytes in, 3 values out: with 16 bits the outputs' buffer is as large as that of the inputs.
    let format = |id: fewbit_core::VariableId| compressed.network.variable(id).format.type_name();
    assert_eq!([format(compressed.network.inputs[0]), format(compressed.network.outputs[0])], ["FIXED8", "FIXED16"]);
}

/// Every reference network keeps what it computes, whatever functions it is made of. Two of the untrained ones have values
/// beyond what 16 bits hold, and keep some buffers in floats.
#[test]
fn reference_networks_stay_close_to_themselves() {
    for name in ["lenet", "mixed", "mlp_regression", "binary_mlp", "resnet23_float", "resnet23_bin_w", "resnet23_bin_c"]
    {
        let network = network(&format!("testdata/reference/networks/{name}/net.nnp"));
        let inputs = dataset(&network, 6, Numbers::next);
        let compressed = compress(&network, &inputs, &inputs, &CompressOptions::default(), &NoProgress).unwrap();
        let mut targets = vec![0.0; inputs.target_len().unwrap()];
        let mut power = 0.0;
        for sample in 0..inputs.len() {
            inputs.fill_target(sample, &mut targets).unwrap();
            power += targets.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>();
        }
        let mse = compressed.compressed.evaluation.score.mse().unwrap();
        let db = 10.0 * (power / (inputs.len() * targets.len()) as f64 / mse).log10();
        assert!(db >= 20.0, "{name}: {db} dB");
        assert!(compressed.compressed.model_bytes < compressed.float.model_bytes / 2, "{name}");
        assert!(compressed.compressed.arena_bytes <= compressed.float.arena_bytes, "{name}");
        let parameters = compressed.network.variables.iter().filter(|variable| !variable.is_buffer());
        assert!(parameters.clone().all(|variable| variable.format != NumberFormat::Float32), "{name}");
    }
}

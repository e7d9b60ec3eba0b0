//! Where fixed point costs accuracy: on networks with one known culprit, and on the trained ResNet23 against what
//! `evaluate` measures.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use common::{Builder, Numbers, convolution, csv, dataset, file};
use fewbit_compress::calibrate::{Calibration, calibrate};
use fewbit_compress::diagnose::{Advice, Explanation, Subject, VariableErrors, explain, variable_errors};
use fewbit_compress::evaluate::evaluate;
use fewbit_compress::{CompressOptions, Compressed, NoProgress, compress};
use fewbit_core::function::arguments::{Affine, InPlace};
use fewbit_core::{Function, Network, NumberFormat};
use fewbit_data::{Dataset, Fit, Inputs, OpenOptions, Preprocess, Split};
use fewbit_formats::{ImportOptions, Nnp};
use fewbit_runtime::Semantics;
use std::path::Path;

const RELU: Function = Function::ReLU(InPlace { inplace: false });

fn set(network: &mut Network, name: &str, format: NumberFormat) {
    let id = network.find(name).unwrap_or_else(|| panic!("{name}"));
    network.variable_mut(id).format = format;
}

fn byte(position: i8) -> NumberFormat {
    NumberFormat::Fixed8 { position }
}

fn word(position: i8) -> NumberFormat {
    NumberFormat::Fixed16 { position }
}

fn diagnose(float: &Network, fixed: &Network, inputs: &Inputs) -> (VariableErrors, Explanation) {
    let calibration = calibrate(float, inputs, &NoProgress).unwrap();
    diagnose_with(float, fixed, &calibration, inputs)
}

fn diagnose_with(
    float: &Network,
    fixed: &Network,
    calibration: &Calibration,
    inputs: &Inputs,
) -> (VariableErrors, Explanation) {
    let options = CompressOptions::default();
    let subject = Subject { float, fixed, calibration, options: &options };
    let errors = variable_errors(&subject, inputs, &NoProgress).unwrap();
    let explanation = explain(&subject, &errors, inputs, &NoProgress).unwrap();
    (errors, explanation)
}

/// Two affine functions with a ReLU between them, all in 16 bits.
fn two_layers() -> (Network, Network, Inputs) {
    let mut numbers = Numbers::new(5);
    let (mut builder, x) = Builder::new(&[1, 8]);
    let affine = Function::Affine(Affine { base_axis: 1 });
    let (w0, b0) = (builder.random("a/W", &[8, 6], &mut numbers), builder.random("a/b", &[6], &mut numbers));
    let h = builder.apply(affine, &[x, w0, b0]);
    let h = builder.apply(RELU, &[h]);
    let (w1, b1) = (builder.random("b/W", &[6, 4], &mut numbers), builder.random("b/b", &[4], &mut numbers));
    let y = builder.apply(affine, &[h, w1, b1]);
    let float = builder.finish(&[y]);
    let inputs = dataset(&float, 40, Numbers::next);
    let mut fixed = float.clone();
    for name in ["x", "a/W", "a/b", "b/W", "b/b"] {
        set(&mut fixed, name, word(14));
    }
    for name in ["h0", "h1", "h2"] {
        set(&mut fixed, name, word(11));
    }
    (float, fixed, inputs)
}

#[test]
fn the_culprit_comes_first_with_what_to_do() {
    let (float, fixed, inputs) = two_layers();
    for (name, format, layer) in [("a/W", byte(4), "Affine0"), ("b/W", byte(4), "Affine2"), ("x", byte(3), "x")] {
        let mut fixed = fixed.clone();
        set(&mut fixed, name, format);
        let (_, explanation) = diagnose(&float, &fixed, &inputs);
        assert_eq!(explanation.layers.len(), 3, "the ReLU only moves values");
        let worst = &explanation.layers[explanation.worst_first()[0]];
        assert_eq!(worst.layer.name, layer);
        assert!(worst.share > 0.99, "{name}: {}", worst.share);
        // One source of noise makes all of it, and without it hardly any is left.
        let whole = explanation.whole.sqnr_db();
        assert!((worst.alone.sqnr_db() - whole).abs() < 1.0, "{name}: {} {whole}", worst.alone.sqnr_db());
        assert!(worst.without.sqnr_db() > whole + 20.0, "{name}: {} {whole}", worst.without.sqnr_db());
        let advice = worst.advice.as_ref().unwrap();
        let wider = word(format.position().unwrap() + 8);
        match advice {
            Advice::WidenParameter { name: found, format, model_bytes } => {
                assert_eq!((found.as_str(), *format), (name, wider));
                let grown = |format| {
                    let mut network = fixed.clone();
                    set(&mut network, name, format);
                    file(&network).len()
                };
                assert_eq!(*model_bytes, grown(wider) - grown(byte(4)));
            }
            Advice::WidenBuffers { names, format, .. } => assert_eq!((names, *format), (&vec![name.to_owned()], wider)),
            Advice::CalibrateMore { .. } => panic!("{advice}"),
        }
        assert!(advice.to_string().contains(&format!("'{name}' FIXED16_")), "{advice}");
        assert!(explanation.layers.iter().filter(|cost| cost.advice.is_some()).count() == 1);
    }
}

#[test]
fn buffers_are_advised_together_with_those_of_their_format() {
    let (float, mut fixed, inputs) = two_layers();
    set(&mut fixed, "h0", byte(4));
    set(&mut fixed, "h1", byte(4));
    let (_, explanation) = diagnose(&float, &fixed, &inputs);
    let worst = &explanation.layers[explanation.worst_first()[0]];
    let Some(Advice::WidenBuffers { names, format, arena_bytes }) = &worst.advice else { panic!("{:?}", worst.advice) };
    assert_eq!((names, *format), (&vec!["h0".to_owned(), "h1".to_owned()], word(12)));
    let wide = {
        let mut wide = fixed.clone();
        set(&mut wide, "h0", word(12));
        set(&mut wide, "h1", word(12));
        wide
    };
    let arena = |network| fewbit_runtime::Model::open(&file(network)).unwrap().arena_bytes();
    assert_eq!(*arena_bytes, arena(&wide) - arena(&fixed));
}

#[test]
fn values_that_calibration_did_not_see_ask_for_more_of_it() {
    let (float, mut fixed, inputs) = two_layers();
    let calm = dataset(&float, 40, |numbers| 0.1 * numbers.next());
    // What calm inputs need: an eighth of the range that the others do.
    set(&mut fixed, "x", byte(10));
    let calibration = calibrate(&float, &calm, &NoProgress).unwrap();
    let (errors, explanation) = diagnose_with(&float, &fixed, &calibration, &inputs);
    let worst = &explanation.layers[explanation.worst_first()[0]];
    let Some(Advice::CalibrateMore { name, saturated, samples: 40 }) = &worst.advice else {
        panic!("{:?}", worst.advice)
    };
    assert_eq!((name.as_str(), *saturated), ("x", errors.of(fixed.find("x").unwrap()).saturated_share()));
    assert!(*saturated > 0.5);
}

#[test]
fn errors_are_those_of_the_values() {
    // Steps of 1/2 from -64 to 63.5.
    let (mut builder, x) = Builder::new(&[1, 2]);
    let h = builder.apply(RELU, &[x]);
    let float = builder.finish(&[h]);
    let mut fixed = float.clone();
    set(&mut fixed, "x", byte(1));
    set(&mut fixed, "h0", byte(1));
    let rows = ["70,-90", "1.25,3", "0.2,-5", "63.6,7"];
    let text = format!("x__0,x__1,y__0,y__1\n{}", rows.map(|row| format!("{row},0,0")).join("\n"));
    let (errors, explanation) = diagnose(&float, &fixed, &csv(&text, &[2]));
    let error = errors.of(fixed.find("x").unwrap());
    // Of what the ReLU hides nothing counts: neither -90 nor -5.
    assert_eq!((error.values, error.saturated), (8, 1));
    let noise = [70.0 - 63.5, 1.5 - 1.25, 0.2, 63.6 - 63.5].map(|lost: f64| lost * lost).iter().sum::<f64>();
    assert!((error.noise - noise).abs() < 1e-3 * noise, "{} {noise}", error.noise);
    let signal = [70.0f64, 1.25, 3.0, 0.2, 63.6, 7.0].map(|value| value * value).iter().sum::<f64>();
    assert!((error.signal - signal).abs() < 1e-6 * signal, "{}", error.signal);
    assert!((explanation.whole.noise - noise).abs() < 1e-3 * noise);
}

#[test]
fn channels_that_tell_nothing_are_counted() {
    let (mut builder, x) = Builder::new(&[1, 1, 4, 4]);
    // The first channel is dead behind the ReLU, the second constant, the third too small for the format, the last alive.
    let weights = builder.parameter("w", &[4, 1, 1, 1], &[0.5, 0.0, 0.001, 1.0]);
    let bias = builder.parameter("b", &[4], &[-2.0, 0.25, 0.0, 0.5]);
    let h = builder.apply(convolution(0, 1, 1), &[x, weights, bias]);
    let h = builder.apply(RELU, &[h]);
    let float = builder.finish(&[h]);
    let inputs = dataset(&float, 5, Numbers::next);
    let mut fixed = float.clone();
    set(&mut fixed, "h0", byte(6));
    set(&mut fixed, "h1", byte(6));
    let (errors, _) = diagnose(&float, &fixed, &inputs);
    for name in ["h0", "h1"] {
        let error = errors.of(fixed.find(name).unwrap());
        assert_eq!((error.channels, error.constant_channels, error.lost_channels), (4, 2, 1), "{name}");
    }
}

fn project(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

fn resnet(options: &CompressOptions) -> (Compressed, Inputs) {
    let nnp = Nnp::open(&project("models/resnet23_trained.nnp")).unwrap();
    let network = nnp.network(&ImportOptions::default()).unwrap();
    let cifar = |split, count| {
        let options = OpenOptions { split, ..OpenOptions::default() };
        let dataset = Dataset::open(&project("testdata/cifar10"), &options).unwrap().spread(count);
        Inputs::new(dataset, &[3, 32, 32], Preprocess::Standardize, Fit::Exact).unwrap()
    };
    let test = cifar(Split::Test, 12);
    (compress(&network, &cifar(Split::Train, 16), &test, options, &NoProgress).unwrap(), test)
}

/// Positions that saturate lose some classes, as many as `evaluate` says.
#[test]
fn a_trained_resnet_loses_what_evaluate_measures() {
    let options = CompressOptions::default();
    let (mut compressed, inputs) = resnet(&options);
    let id = compressed.network.find("conv3/conv1/conv/W").unwrap();
    compressed.network.variable_mut(id).format = NumberFormat::Fixed2 { position: 2 };
    let subject = Subject::of(&compressed, &options);
    let errors = variable_errors(&subject, &inputs, &NoProgress).unwrap();
    let explanation = explain(&subject, &errors, &inputs, &NoProgress).unwrap();
    let found = |network: &Network| {
        let encode_options =
            fewbit_nnb::EncodeOptions { version: fewbit_nnb::Version::V4, ..fewbit_nnb::EncodeOptions::default() };
        let file = fewbit_nnb::encode(network, &encode_options).unwrap().bytes;
        let evaluation = evaluate(&file, &inputs, Semantics::Integer, &NoProgress).unwrap();
        (evaluation.score.top1().unwrap() * inputs.len() as f64).round() as i64
    };
    assert_eq!(explanation.whole.lost, Some(found(&compressed.reference) - found(&compressed.network)));
    let worst = &explanation.layers[explanation.worst_first()[0]];
    assert!(worst.layer.parameters.contains(&id), "{}", worst.layer.name);
    assert!(matches!(worst.advice, Some(Advice::WidenParameter { format: NumberFormat::Fixed4 { .. }, .. })));
    let shares: f64 = explanation.layers.iter().map(|cost| cost.share).sum();
    assert!((shares - 1.0).abs() < 1e-9);
    // The error at the output of the last layer is that of the network.
    let output = errors.of(compressed.network.outputs[0]).sqnr_db().unwrap();
    assert!((output - explanation.whole.sqnr_db()).abs() < 0.01, "{output} {}", explanation.whole.sqnr_db());
}

//! Sample reports of the trained ResNet23 and the bundled images. The course of training is made up, and its report says
//! so; all else is measured.

use crate::measured::{Measured, classes, measured};
use crate::network::{arena_of_file, multiply_accumulates, values_in_bins};
use fewbit_compress::Measurement;
use fewbit_core::{Node, VariableId, VariableKind};
use fewbit_data::{Sample, Task};
use fewbit_report::{
    About, Bins, CompressionReport, Confusion, CycleEstimates, EvaluationReport, Fact, LayerCost, Mistake, Picture,
    ProfileReport, Quality, Run, TrainingReport, VariableReport, Version,
};

fn about(title: &str, command: &str, note: &str) -> About {
    let facts = vec![
        Fact::new("network", "models/resnet23_trained.nnp"),
        Fact::new("data", "testdata/cifar10/test.fbds, the first 120 images"),
        Fact::new("command", command),
        Fact::new("note", note),
    ];
    About { title: title.into(), facts }
}

fn version(name: &str, measurement: &Measurement) -> Version {
    Version {
        name: name.into(),
        model_bytes: measurement.model_bytes as u64,
        arena_bytes: measurement.arena_bytes as u64,
        state_bytes: measurement.state_bytes as u64,
        quality: measurement.evaluation.score.top1().map(Quality::Top1),
    }
}

/// What compression to 8 bits does.
pub fn compression() -> CompressionReport {
    let measured = measured();
    let compressed = measured.compressed();
    let (mistakes, wrong) = mistakes(measured);
    CompressionReport {
        about: about(
            "Compression of resnet23_trained",
            "fewbit compress models/resnet23_trained.nnp --data testdata/cifar10 -o small",
            "Calibrated on 24 images.",
        ),
        versions: vec![version("float", &compressed.float), version("8 bits", &compressed.compressed)],
        memory: Some(arena_of_file(&compressed.network, &compressed.file)),
        variables: variables(measured),
        layers: measured.layers.clone(),
        alternatives: measured.tried.iter().map(|(name, tried)| version(name, &tried.compressed)).collect(),
        chosen: Some(0),
        confusion: Some(confusion(measured)),
        mistakes,
        wrong: Some(wrong),
    }
}

/// What is known of the variables, buffers in the order of execution.
fn variables(measured: &Measured) -> Vec<VariableReport> {
    let compressed = measured.compressed();
    let variables = compressed.network.variables.iter().zip(&compressed.variables).enumerate();
    let report =
        |(index, (variable, known)): (usize, (&fewbit_core::Variable, &fewbit_compress::compress::VariableReport))| {
            let mut report = VariableReport::new(variable);
            report.sqnr_db = known.sqnr_db;
            report.histogram = match &variable.kind {
                VariableKind::Parameter(values) => Bins::of(values.iter().map(|value| (f64::from(*value), 1))),
                VariableKind::Buffer => measured
                    .calibration
                    .of(VariableId(index))
                    .and_then(|statistics| values_in_bins(&statistics.histogram)),
            };
            report
        };
    variables.map(report).collect()
}

fn confusion(measured: &Measured) -> Confusion {
    let Task::Classes(names) = measured.images.dataset().task() else { panic!("CIFAR-10 has classes") };
    let counts = classes(&measured.compressed().compressed.evaluation.score).confusion();
    let row = |counts: Vec<usize>| counts.into_iter().map(|count| count as u64).collect();
    Confusion { classes: names.to_vec(), counts: counts.into_iter().map(row).collect() }
}

/// The images whose class the compressed network does not find, and how many there are.
fn mistakes(measured: &Measured) -> (Vec<Mistake>, u64) {
    let compressed = measured.compressed();
    let (float, small) =
        (classes(&compressed.float.evaluation.score), classes(&compressed.compressed.evaluation.score));
    let dataset = measured.images.dataset();
    let Task::Classes(names) = dataset.task() else { panic!("CIFAR-10 has classes") };
    let name = |class: usize| names[class].clone();
    let mistake = |sample: &usize| {
        let Ok(Sample::Pixels { shape, data }) = dataset.sample(*sample) else { panic!("CIFAR-10 has pixels") };
        Mistake {
            sample: *sample,
            picture: Picture::from_planes(shape[0], shape[1], shape[2], &data),
            class: name(small.labels[*sample]),
            prediction: small.predictions[*sample].map(name),
            float_prediction: float.predictions[*sample].map(name),
        }
    };
    let wrong = small.wrong();
    (wrong.iter().take(24).map(mistake).collect(), wrong.len() as u64)
}

/// How well the compressed network does.
pub fn evaluation() -> EvaluationReport {
    let measured = measured();
    let evaluation = &measured.compressed().compressed.evaluation;
    let score = classes(&evaluation.score);
    let (mistakes, wrong) = mistakes(measured);
    EvaluationReport {
        about: about(
            "Evaluation of resnet23_trained",
            "fewbit evaluate small/model.nnb --data testdata/cifar10",
            "In 8 bits.",
        ),
        samples: evaluation.images as u64,
        quality: Some(Quality::Top1(score.top1)),
        top5: Some(score.top5),
        loss: Some(score.loss),
        seconds: Some(evaluation.seconds),
        confusion: Some(confusion(measured)),
        mistakes,
        wrong: Some(wrong),
    }
}

/// What the layers of the float network cost.
pub fn profile() -> ProfileReport {
    let measured = measured();
    let network = &measured.float;
    let layer = |((node, seconds), work): ((&Node, &f64), u64)| LayerCost {
        name: node.name.clone(),
        function: node.operation.spec().name.into(),
        seconds: *seconds,
        multiply_accumulates: work,
        bytes_moved: Some(node.inputs.iter().chain(&node.outputs).map(|id| network.variable(*id).bytes() as u64).sum()),
        cycles: vec![work * 2 + 900],
    };
    ProfileReport {
        about: about(
            "Profile of resnet23_trained",
            "fewbit profile models/resnet23_trained.nnp",
            "With portable kernels, on one core. Cycles are two for each multiply-accumulate.",
        ),
        layers: network.nodes.iter().zip(&measured.seconds).zip(multiply_accumulates(network)).map(layer).collect(),
        estimates: CycleEstimates { processors: vec!["Cortex-M4".into()] },
    }
}

/// Three runs as in the tutorial's figures, made up.
pub fn training() -> TrainingReport {
    const EPOCHS: usize = 40;
    const STEPS: usize = 50;
    let run = |number: u64, name: &str, floor: f64, slowness: f64| {
        let at = |step: usize| (step + 1) as f64 / STEPS as f64;
        let course = |epoch: f64| floor + (2.3 - floor) * (-epoch / slowness).exp();
        let shaken = |step: usize, size: f64| 1.0 + size * (noise(number * 100_000 + step as u64) - 0.5);
        let loss = |step: usize| (at(step), course(at(step)) * shaken(step, 0.5));
        let error = |step: usize| (at(step), course(at(step)) * 0.34 * shaken(step + 7, 0.5));
        let later =
            |epoch: usize, gap: f64| course(epoch as f64) * shaken(epoch * 31, 0.08) + gap * epoch as f64 / 40.0;
        let rate = |step: usize| (at(step), 0.05 * (1.0 + (at(step) / EPOCHS as f64 * std::f64::consts::PI).cos()));
        let time = |epoch: usize| 142.0 + 9.0 * number as f64 + 6.0 * noise(number * 999 + epoch as u64);
        let (steps, epochs) = (0..EPOCHS * STEPS, 1..=EPOCHS);
        Run {
            name: name.into(),
            training_loss: steps.clone().map(loss).collect(),
            validation_loss: epochs.clone().map(|epoch| (epoch as f64, later(epoch, 0.25))).collect(),
            training_error: steps.clone().map(error).collect(),
            validation_error: epochs.clone().map(|epoch| (epoch as f64, later(epoch, 0.22) * 0.32)).collect(),
            learning_rate: steps.map(rate).collect(),
            epoch_seconds: epochs.map(time).collect(),
            images_per_second: Some(50_000.0 / (145.0 + 9.0 * number as f64)),
        }
    };
    TrainingReport {
        about: about(
            "Training of ResNet23",
            "fewbit train --network resnet23 --data cifar-10",
            "A sample: all of it is made up.",
        ),
        runs: vec![
            run(1, "float", 0.28, 6.0),
            run(2, "binary weight", 0.43, 8.0),
            run(3, "binary connect", 0.58, 10.0),
        ],
    }
}

/// Repeatable numbers between 0 and 1 that look random.
fn noise(index: u64) -> f64 {
    let mut bits = index.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((bits ^ (bits >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}

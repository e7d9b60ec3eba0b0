//! Sample reports of the trained ResNet23.
//!
//! Sizes, places in memory, histograms, noise of the weights, multiply-accumulates and pictures are those of the network
//! and of the bundled images. What would take a run or a training (accuracies, predictions, times, curves) is made up,
//! and the reports say so.

use crate::network::{self, arena, file_bytes, fixed, multiply_accumulates, resnet23, sqnr_db};
use fewbit_core::{Network, NumberFormat, VariableKind};
use fewbit_data::{Dataset, OpenOptions, Sample, Task};
use fewbit_report::{
    About, CompressionReport, Confusion, CycleEstimates, EvaluationReport, Fact, LayerCost, LayerError, Mistake,
    Picture, ProfileReport, Quality, Run, TrainingReport, Version,
};

fn about(title: &str, command: &str) -> About {
    let facts = vec![
        Fact::new("network", "models/resnet23_trained.nnp"),
        Fact::new("data", "testdata/cifar10/test.fbds, 1,000 images"),
        Fact::new("command", command),
        Fact::new("note", "A sample: accuracies, predictions, times and training curves are made up."),
    ];
    About { title: title.into(), facts }
}

fn version(name: &str, network: &Network, top1: f64) -> Version {
    Version {
        name: name.into(),
        model_bytes: file_bytes(network),
        arena_bytes: arena(network).arena_bytes,
        state_bytes: 1_184,
        quality: Some(Quality::Top1(top1)),
    }
}

/// What compression to 8 bits does.
pub fn compression() -> CompressionReport {
    let float = resnet23();
    let small = fixed(&float, NumberFormat::Fixed8 { position: 4 });
    let parameters_only = fixed(&float, NumberFormat::Float32);
    let wide = fixed(&float, NumberFormat::Fixed16 { position: 8 });
    let versions = vec![
        version("float", &float, 0.8564),
        version("parameters in FIXED8", &parameters_only, 0.8555),
        version("parameters in FIXED8, buffers in FIXED8", &small, 0.8535),
    ];
    let (confusion, mistakes) = predictions();
    CompressionReport {
        about: about(
            "Compression of resnet23_trained",
            "fewbit compress models/resnet23_trained.nnp --data test.fbds -o small",
        ),
        alternatives: alternatives(&small, &wide),
        chosen: Some(3),
        memory: Some(arena(&small)),
        variables: network::variables(&small),
        layers: layers(&small),
        wrong: Some(mistakes.0),
        mistakes: mistakes.1,
        confusion: Some(confusion),
        versions,
    }
}

/// Other choices of formats; their sizes follow from those of two real ones.
fn alternatives(small: &Network, wide: &Network) -> Vec<Version> {
    let small = version("", small, 0.0);
    let wide = version("", wide, 0.0);
    let choices = [
        ("16-bit buffers", 1.0, &wide, 0.8564),
        ("4-bit weights, 16-bit buffers", 0.55, &wide, 0.8142),
        ("8-bit, first position", 1.0, &small, 0.8421),
        ("8-bit, least error", 1.0, &small, 0.8535),
        ("mixed 4/8-bit weights", 0.74, &small, 0.8512),
        ("mixed 2/4/8-bit weights", 0.61, &small, 0.8433),
        ("4-bit weights, rounded", 0.55, &small, 0.8290),
        ("4-bit weights", 0.55, &small, 0.7551),
        ("2/4-bit weights", 0.47, &small, 0.7702),
        ("2-bit weights", 0.33, &small, 0.5120),
    ];
    let alternative = |(name, share, base, top1): (&str, f64, &Version, f64)| Version {
        name: name.into(),
        model_bytes: (base.model_bytes as f64 * share) as u64,
        quality: Some(Quality::Top1(top1)),
        ..base.clone()
    };
    choices.map(alternative).into()
}

/// The noise of each layer's weights, and what it comes to with that of the layers before.
pub fn layers(network: &Network) -> Vec<LayerError> {
    let mut noise = 0.0;
    let weighted = network.nodes.iter().filter(|node| node.inputs.len() > 1);
    let layer = weighted.filter_map(|node| {
        let weights = network.variable(node.inputs[1]);
        let VariableKind::Parameter(values) = &weights.kind else { return None };
        let alone = sqnr_db(weights.format, values);
        noise += 10f64.powf(-alone / 10.0) / 3.0;
        let advice = (alone < 30.0).then(|| "give its channels positions of their own".into());
        Some(LayerError {
            name: node.name.clone(),
            function: node.operation.spec().name.into(),
            sqnr_db: Some(-10.0 * noise.log10()),
            alone_sqnr_db: Some(alone),
            alone_loss: None,
            advice,
        })
    });
    layer.collect()
}

/// Repeatable numbers between 0 and 1 that look random.
fn noise(index: u64) -> f64 {
    let mut bits = index.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((bits ^ (bits >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}

/// Predictions for the bundled images that are mostly right, and wrong as a network would be.
fn predictions() -> (Confusion, (u64, Vec<Mistake>)) {
    // For each class the two that it is most easily taken for.
    const NEAR: [[usize; 2]; 10] = [[8, 2], [9, 8], [4, 6], [5, 6], [2, 7], [3, 7], [2, 3], [4, 5], [0, 9], [1, 8]];
    let dataset = Dataset::open(&network::repository("testdata/cifar10/test.fbds"), &OpenOptions::default())
        .expect("the bundled images");
    let Task::Classes(classes) = dataset.task() else { panic!("CIFAR-10 has classes") };
    let classes: Vec<String> = classes.to_vec();
    let mut counts = vec![vec![0; classes.len()]; classes.len()];
    let (mut wrong, mut mistakes) = (0, Vec::new());
    for sample in 0..dataset.len() {
        let class = dataset.label(sample).expect("a label");
        let chance = noise(sample as u64);
        let hard = 0.86 - 0.12 * noise(class as u64 + 77);
        let prediction = match chance {
            chance if chance < hard => class,
            chance if chance < hard + (1.0 - hard) * 0.5 => NEAR[class][0],
            chance if chance < hard + (1.0 - hard) * 0.75 => NEAR[class][1],
            chance => (chance * 1e6) as usize % classes.len(),
        };
        counts[class][prediction] += 1;
        if prediction != class {
            wrong += 1;
            let Ok(Sample::Pixels { shape, data }) = dataset.sample(sample) else { panic!("CIFAR-10 has pixels") };
            mistakes.push(Mistake {
                sample,
                picture: Picture::from_planes(shape[0], shape[1], shape[2], &data),
                class: classes[class].clone(),
                prediction: Some(classes[prediction].clone()),
                float_prediction: Some(classes[if chance > 0.9 { prediction } else { class }].clone()),
            });
        }
    }
    mistakes.truncate(24);
    (Confusion { classes, counts }, (wrong, mistakes))
}

/// How well a network does.
pub fn evaluation() -> EvaluationReport {
    let (confusion, (wrong, mistakes)) = predictions();
    let samples: u64 = confusion.counts.iter().flatten().sum();
    EvaluationReport {
        about: about("Evaluation of resnet23_trained", "fewbit evaluate models/resnet23_trained.nnp --data test.fbds"),
        samples,
        quality: Some(Quality::Top1((samples - wrong) as f64 / samples as f64)),
        top5: Some(0.9921),
        loss: Some(0.4471),
        seconds: Some(0.61),
        confusion: Some(confusion),
        mistakes,
        wrong: Some(wrong),
    }
}

/// Three runs as in the tutorial's figures.
pub fn training() -> TrainingReport {
    const EPOCHS: usize = 40;
    const STEPS: usize = 50;
    let run = |number: u64, name: &str, floor: f64, slowness: f64| {
        let at = |step: usize| (step + 1) as f64 / STEPS as f64;
        let course = |epoch: f64| floor + (2.3 - floor) * (-epoch / slowness).exp();
        let shaken = |step: usize, size: f64| 1.0 + size * (noise(number * 100_000 + step as u64) - 0.5);
        let loss = |step: usize| (at(step), course(at(step)) * shaken(step, 0.5));
        let error = |step: usize| (at(step), course(at(step)) * 0.34 * shaken(step + 7, 0.6));
        let later =
            |epoch: usize, gap: f64| course(epoch as f64) * shaken(epoch * 31, 0.08) + gap * epoch as f64 / 40.0;
        let epochs = 1..=EPOCHS;
        Run {
            name: name.into(),
            training_loss: (0..EPOCHS * STEPS).map(loss).collect(),
            validation_loss: epochs.clone().map(|epoch| (epoch as f64, later(epoch, 0.25))).collect(),
            training_error: (0..EPOCHS * STEPS).map(error).collect(),
            validation_error: epochs.clone().map(|epoch| (epoch as f64, later(epoch, 0.22) * 0.32)).collect(),
            learning_rate: (0..EPOCHS * STEPS)
                .map(|step| (at(step), 0.05 * (1.0 + (at(step) / EPOCHS as f64 * std::f64::consts::PI).cos())))
                .collect(),
            epoch_seconds: epochs
                .map(|epoch| 142.0 + 9.0 * number as f64 + 6.0 * noise(number * 999 + epoch as u64))
                .collect(),
            images_per_second: Some(50_000.0 / (145.0 + 9.0 * number as f64)),
        }
    };
    TrainingReport {
        about: about("Training of ResNet23", "fewbit train --network resnet23 --data train.fbds"),
        runs: vec![
            run(1, "float", 0.28, 6.0),
            run(2, "binary weight", 0.43, 8.0),
            run(3, "binary connect", 0.58, 10.0),
        ],
    }
}

/// What the layers cost: the work is real.
pub fn profile() -> ProfileReport {
    let network = resnet23();
    let layer = |(index, (node, work)): (usize, (&fewbit_core::Node, u64))| LayerCost {
        name: node.name.clone(),
        function: node.operation.spec().name.into(),
        seconds: work as f64 / (4.2e10 + 2e10 * noise(index as u64)) + 1.5e-6,
        multiply_accumulates: work,
        bytes_moved: Some(node.inputs.iter().chain(&node.outputs).map(|id| network.variable(*id).bytes() as u64).sum()),
        cycles: vec![work * 2 + 900, work + 700],
    };
    let work = multiply_accumulates(&network);
    ProfileReport {
        about: about("Profile of resnet23_trained", "fewbit profile models/resnet23_trained.nnp"),
        layers: network.nodes.iter().zip(work).enumerate().map(layer).collect(),
        estimates: CycleEstimates { processors: vec!["Cortex-M4".into(), "Cortex-M7".into()] },
    }
}

//! Fixed-point networks of many kinds: those of the reference with their settings, and those of the ONNX test data with
//! formats chosen here.

use super::{cases, numbered, read, run_observed};
use fewbit_core::{Network, NumberFormat, Operation, Variable, VariableId, VariableKind};
use fewbit_formats::{FormatSetting, ImportOptions, Nnp, Settings};
use std::fs;
use std::path::Path;

/// A network with a name and inputs.
pub struct Fixed {
    pub name: String,
    pub network: Network,
    pub inputs: Vec<Vec<f32>>,
}

/// All networks. Every fixed-point buffer that a function writes is an output.
pub fn networks() -> Vec<Fixed> {
    let mut networks = of_reference();
    networks.extend(of_models());
    for fixed in &mut networks {
        show_everything(&mut fixed.network);
    }
    networks
}

fn show_everything(network: &mut Network) {
    let written = network.nodes.iter().flat_map(|node| &node.outputs).copied();
    network.outputs = written.filter(|id| network.variable(*id).format.is_fixed()).collect();
}

fn of_reference() -> Vec<Fixed> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/reference/networks");
    let mut networks = Vec::new();
    for name in ["lenet", "mixed", "mlp_regression", "binary_mlp", "resnet23_bin_c", "resnet23_bin_w", "resnet23_float"]
    {
        let nnp = Nnp::open(&folder.join(name).join("net.nnp")).expect("a file of NNabla's");
        let inputs = (0..).map_while(|index| fs::read(folder.join(name).join(format!("in{index}.bin"))).ok());
        let inputs: Vec<Vec<f32>> = inputs.map(|bytes| super::floats(&bytes)).collect();
        let mut variants: Vec<_> =
            fs::read_dir(folder.join(name)).expect("the variants").flatten().map(|it| it.path()).collect();
        variants.sort();
        for variant in variants {
            let Ok(settings) = fs::read_to_string(variant.join("settings.yaml")) else { continue };
            let mut network = nnp.network(&ImportOptions::default()).expect("a network of NNabla's");
            let settings = Settings::parse(&settings).expect("settings of NNabla's");
            settings.apply(&mut network, FormatSetting::Float32).expect("formats that NNabla takes");
            let variant = variant.file_name().and_then(|name| name.to_str()).expect("a plain name").to_owned();
            // Sums of floats depend on the order in which they are made.
            let is_fixed = |variable: &Variable| variable.format != NumberFormat::Float32;
            let parameters = network.variables.iter().filter(|variable| !variable.is_buffer());
            if parameters.clone().all(is_fixed) && network.variables.iter().any(|it| it.is_buffer() && is_fixed(it)) {
                for input in network.inputs.clone() {
                    let format = &mut network.variable_mut(input).format;
                    if *format == NumberFormat::Float32 {
                        *format = NumberFormat::Fixed16 { position: 12 };
                    }
                }
                let inputs = inputs[..network.inputs.len()].to_vec();
                networks.push(Fixed { name: format!("{name}_{variant}"), network, inputs });
            }
        }
    }
    networks
}

fn of_models() -> Vec<Fixed> {
    let models = ["resnet", "mobilenet_v2", "mobilenet_v3", "keywords", "waves", "machines", "unet"];
    let mut networks = Vec::new();
    let mut all = cases("models.zip");
    for (seed, name) in (0u64..).zip(models) {
        let case = all.remove(&format!("{name}/script")).expect("a network in the archive");
        let (float, inputs) = (read(&case).network, numbered(&case, "input"));
        for (kind, choice) in [("8", Choice::Bytes), ("16", Choice::Words), ("any", Choice::Any)] {
            let network = with_formats(&float, &inputs, choice, seed);
            networks.push(Fixed { name: format!("{name}_{kind}"), network, inputs: inputs.clone() });
        }
    }
    networks
}

/// Which formats a network gets.
#[derive(Clone, Copy, PartialEq)]
enum Choice {
    /// 8 bits for everything, 16 for what is one value a channel.
    Bytes,
    /// 16 bits for everything, weights included.
    Words,
    /// Of everything something, and channels with positions of their own.
    Any,
}

/// The network with formats in which all its values have room, but for some of the largest.
fn with_formats(float: &Network, inputs: &[Vec<f32>], choice: Choice, seed: u64) -> Network {
    let mut largest: Vec<f32> = vec![0.0; float.variables.len()];
    run_observed(float, inputs, |variable, values| {
        largest[variable] = values.iter().fold(largest[variable], |most, value| most.max(value.abs()));
    });
    let mut network = float.clone();
    let mut random = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut next = |below: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % below
    };
    let convolution_weights: Vec<VariableId> = float
        .nodes
        .iter()
        .filter(|node| matches!(node.operation.spec().name, "Convolution" | "FusedConvolution"))
        .map(|node| node.inputs[1])
        .collect();
    for (place, variable) in network.variables.iter_mut().enumerate() {
        let values = match &variable.kind {
            VariableKind::Parameter(values) => Some(values.clone()),
            VariableKind::Buffer => None,
        };
        let most =
            values.as_ref().map_or(largest[place], |values| values.iter().fold(0.0, |most, it| most.max(it.abs())));
        let position = |bits: i32, most: f32| (bits - 1 - most.max(1e-3).log2().ceil() as i32).clamp(-20, 40) as i8;
        let is_vector = values.is_some() && variable.shape.iter().filter(|&&dim| dim > 1).count() <= 1;
        let bits = match choice {
            Choice::Bytes if is_vector => 16,
            Choice::Bytes => 8,
            Choice::Words => 16,
            Choice::Any => match next(8) {
                1 if values.is_some() && !is_vector => 4,
                2..=4 => 16,
                _ => 8,
            },
        };
        // One step less room than the largest value needs, now and then: something must saturate.
        let off = i8::try_from(next(3)).expect("small") / 2;
        variable.format = match bits {
            4 => NumberFormat::Fixed4 { position: position(4, most) },
            8 => NumberFormat::Fixed8 { position: position(8, most) + off },
            16 => NumberFormat::Fixed16 { position: position(16, most) + off },
            _ => NumberFormat::Float32,
        };
        if let (Choice::Any, Some(values), true) = (choice, values, convolution_weights.contains(&VariableId(place))) {
            let (channels, items) = variable.shape.split_items(1);
            let bits = i32::try_from(variable.format.bits()).expect("few bits");
            let channel = |channel: usize| {
                let values = &values[channel * items..(channel + 1) * items];
                position(bits, values.iter().fold(0.0, |most, it| most.max(it.abs())))
            };
            variable.channel_positions = Some((0..channels).map(channel).collect::<Vec<i8>>().into());
        }
    }
    // Smooth functions at the end of a network are the caller's to round.
    for node in &float.nodes {
        if let Operation::Known(_) = node.operation
            && ["Softmax", "LogSoftmax", "Sigmoid", "Erf", "InstanceNormalization"]
                .contains(&node.operation.spec().name)
        {
            for id in &node.outputs {
                network.variable_mut(*id).format = NumberFormat::Float32;
            }
        }
    }
    network
}

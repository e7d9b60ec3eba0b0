//! The trained ResNet23 compressed and run on the bundled images: all that the sample reports tell, but training.

use crate::network::{repository, resnet23};
use fewbit_compress::assign::Width;
use fewbit_compress::calibrate::{Calibration, calibrate};
use fewbit_compress::evaluate::{ClassScore, Score};
use fewbit_compress::{CompressOptions, Compressed, NoProgress, compress};
use fewbit_core::{Network, Node, NumberFormat};
use fewbit_data::{Dataset, Fit, Inputs, OpenOptions, Preprocess};
use fewbit_nnb::{EncodeOptions, Version, encode};
use fewbit_report::LayerError;
use fewbit_runtime::{Model, Observer, Semantics, Session, Values};
use std::sync::OnceLock;
use std::time::Instant;

/// What was measured.
pub struct Measured {
    /// The network as it was.
    pub float: Network,
    /// What was tried, by name; the first one is what the reports are about.
    pub tried: Vec<(&'static str, Compressed)>,
    /// What the buffers of the first one hold, computed in floats.
    pub calibration: Calibration,
    /// How exact each of its layers is.
    pub layers: Vec<LayerError>,
    /// The images that it was evaluated on.
    pub images: Inputs,
    /// Seconds of each function of the float network.
    pub seconds: Vec<f64>,
}

/// Images to calibrate with, and to evaluate on: few, so that the samples are made in seconds.
const IMAGES: [usize; 2] = [24, 120];

/// Compresses and measures, once.
pub fn measured() -> &'static Measured {
    static MEASURED: OnceLock<Measured> = OnceLock::new();
    MEASURED.get_or_init(measure)
}

impl Measured {
    /// The first one tried.
    pub fn compressed(&self) -> &Compressed {
        &self.tried[0].1
    }
}

/// The classes that a network found.
pub fn classes(score: &Score) -> &ClassScore {
    match score {
        Score::Classes(score) => score,
        Score::Values(_) => panic!("CIFAR-10 has classes"),
    }
}

fn inputs(name: &str, count: usize) -> Inputs {
    let path = repository("testdata/cifar10").join(name);
    let dataset = Dataset::open(&path, &OpenOptions::default()).expect("the bundled images").first(count);
    Inputs::new(dataset, &[3, 32, 32], Preprocess::Standardize, Fit::Exact).expect("images of 32x32")
}

fn measure() -> Measured {
    let float = resnet23();
    let (calibration, images) = (inputs("train.fbds", IMAGES[0]), inputs("test.fbds", IMAGES[1]));
    let eight = CompressOptions::default();
    let choices = [
        ("8 bits", eight.clone()),
        ("8 bits, 16-bit buffers", CompressOptions { buffers: Width::Fixed16, ..eight.clone() }),
        ("8 bits, no equalisation", CompressOptions { equalize: false, ..eight.clone() }),
        ("8 bits at most", CompressOptions { least_sqnr_db: 0.0, ..eight.clone() }),
        ("16 bits", CompressOptions { parameters: Width::Fixed16, buffers: Width::Fixed16, ..eight }),
    ];
    let tried = choices.map(|(name, options)| {
        let result = compress(&float, &calibration, &images, &options, &NoProgress);
        (name, result.unwrap_or_else(|error| panic!("{name}: {error}")))
    });
    let fixed = &tried[0].1.network;
    let layers = layers(fixed, &images);
    let calibration = calibrate(&as_float(fixed), &calibration, &NoProgress).expect("the network can be run");
    let seconds = seconds(&float, &images);
    Measured { float, tried: tried.into(), calibration, layers, images, seconds }
}

/// The same network without number formats.
fn as_float(network: &Network) -> Network {
    let mut network = network.clone();
    for variable in &mut network.variables {
        variable.format = NumberFormat::Float32;
        variable.channel_positions = None;
    }
    network
}

/// Keeps what each variable held.
#[derive(Default)]
struct Record(Vec<Vec<f32>>);

impl Observer for Record {
    fn written(&mut self, variable: usize, values: Values<'_>) {
        self.0.resize(self.0.len().max(variable + 1), Vec::new());
        let kept = &mut self.0[variable];
        kept.resize(values.len(), 0.0);
        values.read(0, kept);
    }
}

/// What the variables of a network hold for one image.
fn values(network: &Network, image: &[f32]) -> Vec<Vec<f32>> {
    let mut record = Record::default();
    run(network, image, &mut record);
    record.0
}

fn run(network: &Network, image: &[f32], observer: &mut impl Observer) {
    let options = EncodeOptions { version: Version::V4, ..EncodeOptions::default() };
    let file = encode(network, &options).expect("the network can be encoded").bytes;
    let model = Model::open(&file).expect("the network can be run");
    let mut arena = vec![0; model.arena_bytes()];
    let mut session = Session::new(&model, &mut arena, Semantics::Integer).expect("the arena is large enough");
    session.set_input(0, image);
    session.run_observed(observer);
}

fn image(images: &Inputs, index: usize) -> Vec<f32> {
    let mut image = vec![0.0; images.sample_len()];
    images.fill(index, &mut image).expect("an image");
    image
}

/// How exact the layers with parameters are, each alone in fixed point and all together.
fn layers(fixed: &Network, images: &Inputs) -> Vec<LayerError> {
    let float = as_float(fixed);
    let image = image(images, 0);
    let (exact, rounded) = (values(&float, &image), values(fixed, &image));
    let has_parameters = |node: &&Node| node.inputs.iter().any(|id| !fixed.variable(*id).is_buffer());
    let layer = |node: &Node| {
        let output = node.outputs[0];
        let mut alone = float.clone();
        for id in
            node.inputs.iter().chain(&node.outputs).filter(|id| **id == output || !fixed.variable(**id).is_buffer())
        {
            let variable = fixed.variable(*id);
            alone.variable_mut(*id).format = variable.format;
            alone.variable_mut(*id).channel_positions = variable.channel_positions.clone();
        }
        let alone = values(&alone, &image);
        LayerError {
            name: node.name.clone(),
            function: node.operation.spec().name.into(),
            sqnr_db: Some(sqnr_db(&exact[output.0], &rounded[output.0])),
            alone_sqnr_db: Some(sqnr_db(&exact[output.0], &alone[output.0])),
            without_sqnr_db: None,
            noise_share: None,
            alone_loss: None,
            advice: None,
        }
    };
    fixed.nodes.iter().filter(has_parameters).map(layer).collect()
}

fn sqnr_db(exact: &[f32], rounded: &[f32]) -> f64 {
    let square = |value: f64| value * value;
    let power: f64 = exact.iter().map(|value| square(f64::from(*value))).sum();
    let noise: f64 = exact.iter().zip(rounded).map(|(a, b)| square(f64::from(*a) - f64::from(*b))).sum();
    10.0 * (power / noise).log10()
}

/// Tells the time when each variable is written.
struct Clock(Vec<Instant>);

impl Observer for Clock {
    fn written(&mut self, _variable: usize, _values: Values<'_>) {
        self.0.push(Instant::now());
    }
}

/// How long each function takes, from the write of one variable to the next. The functions have an output each.
fn seconds(network: &Network, images: &Inputs) -> Vec<f64> {
    let image = image(images, 0);
    let runs: Vec<Vec<f64>> = (0..5)
        .map(|_| {
            let mut clock = Clock(Vec::new());
            run(network, &image, &mut clock);
            clock.0.windows(2).map(|pair| (pair[1] - pair[0]).as_secs_f64()).collect()
        })
        .collect();
    (0..network.nodes.len()).map(|place| runs.iter().map(|run| run[place]).fold(f64::INFINITY, f64::min)).collect()
}

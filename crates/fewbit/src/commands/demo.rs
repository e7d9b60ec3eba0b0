//! `fewbit demo`: the experiment of NNabla's compression tutorial, on a network and images that the program brings along.

use crate::console::Console;
use crate::measurement::{self, COLUMNS};
use crate::progress::Bar;
use crate::size;
use crate::table::{self, Align};
use anyhow::Result;
use clap::Args;
use fewbit_compress::assign::Width;
use fewbit_compress::{CompressOptions, Compressed, Measurement, Progress, compress};
use fewbit_core::Network;
use fewbit_data::{Dataset, Fit, Inputs, Preprocess};
use fewbit_formats::{ImportOptions, Nnp};
use serde_json::{Value, json};

const NETWORK: &[u8] = include_bytes!("../../../../models/resnet23_trained.nnp");
const TRAINING_IMAGES: &[u8] = include_bytes!("../../../../testdata/cifar10/train.fbds");
const TEST_IMAGES: &[u8] = include_bytes!("../../../../testdata/cifar10/test.fbds");

/// How many of the training images calibration sees.
const CALIBRATION: usize = 256;

/// Arguments of `fewbit demo`.
#[derive(Args)]
pub struct Arguments {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// What NNabla's tutorial reports for one of its networks.
struct Tutorial {
    model: &'static str,
    footprint: &'static str,
    top1: &'static str,
}

/// The networks of the experiment: what is stored in fixed point, and what the tutorial has to say of it.
const STAGES: [(&str, Tutorial); 3] = [
    ("float", Tutorial { model: "449.5 KB", footprint: "1.2 MB", top1: "81 %" }),
    ("FIXED8 parameters", Tutorial { model: "126.0 KB", footprint: "", top1: "" }),
    ("FIXED8/16 parameters and buffers", Tutorial { model: "126.0 KB", footprint: "495.2 KB", top1: "79 %" }),
];

const NEXT: &str = "\
The tutorial's numbers are those of a network of the same shape, which it trains itself.

What to try next:
  fewbit compress models/resnet23_trained.nnp --data testdata/cifar10 -o small
      writes small/model.nnb for a device, and what it was made of: network.nnp and settings.yaml to edit
  fewbit dump small/model.nnb
      shows every function, variable, type and buffer
  fewbit compress YOUR.nnp --data YOUR_IMAGES -o small
      does the same for your network; `fewbit compress --help` has the rest";

impl Arguments {
    pub fn run(&self) -> Result<()> {
        let console = Console::new(self.json);
        let bundle = Bundle::open()?;
        console.print(&format!(
            "ResNet23, trained on CIFAR-10: calibrated on {} images, measured on {}\n",
            size::grouped(bundle.training.len()),
            size::grouped(bundle.test.len())
        ))?;
        let measurements = bundle.experiment(&Bar::default())?;
        console.print(&text(&measurements))?;
        console.print(&format!("\n{NEXT}"))?;
        console.object(&object(&measurements))?;
        Ok(())
    }
}

/// What the program brings along.
struct Bundle {
    network: Network,
    training: Inputs,
    test: Inputs,
}

impl Bundle {
    fn open() -> Result<Self> {
        let inputs = |name, bytes, count: usize| -> Result<Inputs> {
            let dataset = Dataset::from_packed_bytes(name, bytes)?.balanced(count);
            Ok(Inputs::new(dataset, &[3, 32, 32], Preprocess::Standardize, Fit::Exact)?)
        };
        Ok(Self {
            network: Nnp::from_archive(NETWORK)?.network(&ImportOptions::default())?,
            training: inputs("the bundled training images", TRAINING_IMAGES, CALIBRATION)?,
            test: inputs("the bundled test images", TEST_IMAGES, usize::MAX)?,
        })
    }

    /// Measures the networks of [`STAGES`], in their order.
    fn experiment(&self, progress: &dyn Progress) -> Result<[Measurement; 3]> {
        let with_buffers = |buffers: Width| -> Result<Compressed> {
            let options = CompressOptions { buffers, ..CompressOptions::default() };
            Ok(compress(&self.network, &self.training, &self.test, &options, progress)?)
        };
        let parameters = with_buffers(Width::Float32)?;
        let all = with_buffers(Width::Fixed8)?;
        Ok([parameters.float, parameters.compressed, all.compressed])
    }
}

fn text(measurements: &[Measurement; 3]) -> String {
    let titles = [("", Align::Left)].into_iter().chain(COLUMNS.map(|title| (title, Align::Right)));
    let mut table = table::new(&titles.collect::<Vec<_>>());
    for ((name, tutorial), measurement) in STAGES.iter().zip(measurements) {
        table.add_row([(*name).to_owned()].into_iter().chain(measurement::cells(measurement)));
        table.add_row(["  NNabla's tutorial", tutorial.model, "", tutorial.footprint, tutorial.top1]);
    }
    table::render(&mut table)
}

fn object(measurements: &[Measurement; 3]) -> Value {
    let [float, parameters, all] = measurements.each_ref().map(measurement::object);
    json!({ "float": float, "parameters": parameters, "parameters_and_buffers": all })
}

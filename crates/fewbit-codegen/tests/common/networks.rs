//! The networks of the reference in all their variants.

use super::compiled::repository;
use fewbit_compress::memory::{InPlace, plan_with};
use fewbit_compress::{CompressOptions, NoProgress, compress};
use fewbit_core::Network;
use fewbit_data::{Dataset, Fit, Inputs, OpenOptions, Preprocess};
use fewbit_formats::{FormatSetting, ImportOptions, Nnp, Settings};
use fewbit_nnb::{EncodeOptions, Version, encode};
use std::fs;
use std::path::Path;

/// The network of a file.
pub fn import(path: &Path) -> Network {
    let nnp = Nnp::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    nnp.network(&ImportOptions::default()).expect("a network of NNabla's")
}

/// A network as a file.
pub fn file(network: &Network, version: Version) -> Vec<u8> {
    let options = EncodeOptions { version, ..EncodeOptions::default() };
    encode(network, &options).unwrap_or_else(|error| panic!("{}: {error}", network.name)).bytes
}

/// A network as a file whose arena is planned, with functions in place or not.
pub fn planned(network: &Network, in_place: InPlace) -> Vec<u8> {
    let arena = Some(plan_with(network, in_place).arena);
    let options = EncodeOptions { version: Version::V4, arena, ..EncodeOptions::default() };
    encode(network, &options).unwrap_or_else(|error| panic!("{}: {error}", network.name)).bytes
}

/// Every network of the reference with its name, as floats and with each of its settings.
pub fn references() -> Vec<(String, Network)> {
    let mut networks = Vec::new();
    let folder = repository("testdata/reference/networks");
    for entry in fs::read_dir(folder).expect("the reference").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let network = import(&entry.path().join("net.nnp"));
        for variant in fs::read_dir(entry.path()).expect("a folder").flatten() {
            let Ok(text) = fs::read_to_string(variant.path().join("settings.yaml")) else { continue };
            let mut typed = network.clone();
            let settings = Settings::parse(&text).expect("settings of NNabla's");
            settings.apply(&mut typed, FormatSetting::Float32).expect("formats that NNabla takes");
            networks.push((format!("{name}/{}", variant.file_name().to_string_lossy()), typed));
        }
        networks.push((format!("{name}/float"), network));
    }
    networks.sort_by(|a, b| a.0.cmp(&b.0));
    networks
}

/// The trained ResNet23, compressed to fixed-point formats that a few images ask for.
pub fn resnet23(version: Version) -> Vec<u8> {
    let network = import(&repository("models/resnet23_trained.nnp"));
    let images = repository("testdata/cifar10/test.fbds");
    let dataset = || Dataset::open(&images, &OpenOptions::default()).expect("the images").spread(16);
    let inputs = || Inputs::new(dataset(), &[3, 32, 32], Preprocess::Standardize, Fit::Exact).expect("its input");
    let options = CompressOptions { version, ..CompressOptions::default() };
    compress(&network, &inputs(), &inputs(), &options, &NoProgress).expect("a network that can be compressed").file
}

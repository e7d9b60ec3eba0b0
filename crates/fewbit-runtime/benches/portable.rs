//! How long the portable kernels take for an image: calibration runs through the float ones, and hosts without vector
//! kernels through all of them.

use criterion::{Criterion, criterion_group, criterion_main};
use fewbit_formats::{FormatSetting, ImportOptions, Nnp, Settings};
use fewbit_nnb::{EncodeOptions, encode};
use fewbit_runtime::{Model, Semantics, Session};
use std::fs;
use std::path::Path;

/// The bytes of a network of the reference, in the formats of one of its variants.
fn file(network: &str, variant: Option<&str>) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/reference/networks").join(network);
    let nnp = Nnp::open(&folder.join("net.nnp")).expect("a file of NNabla's");
    let mut network = nnp.network(&ImportOptions::default()).expect("a network of NNabla's");
    if let Some(variant) = variant {
        let settings = fs::read_to_string(folder.join(variant).join("settings.yaml")).expect("settings of NNabla's");
        let settings = Settings::parse(&settings).expect("settings of NNabla's");
        settings.apply(&mut network, FormatSetting::Float32).expect("formats that NNabla takes");
    }
    encode(&network, &EncodeOptions::default()).expect("a network that can be written").bytes
}

fn an_image(criterion: &mut Criterion) {
    let cases = [
        ("resnet23_float", None),
        ("resnet23_float", Some("all8")),
        ("resnet23_float", Some("all16")),
        ("resnet23_bin_c", Some("sign")),
    ];
    for (network, variant) in cases {
        let bytes = file(network, variant);
        let model = Model::open(&bytes).expect("a valid file");
        let mut arena = vec![0; model.arena_bytes()];
        let mut session = Session::new(&model, &mut arena, Semantics::Integer).expect("an arena of the model's size");
        let image: Vec<f32> = (0..3 * 32 * 32).map(|index| (index % 255) as f32 / 255.0).collect();
        criterion.bench_function(&format!("{network}/{}", variant.unwrap_or("float")), |bencher| {
            bencher.iter(|| {
                session.set_input(0, &image);
                session.run();
            });
        });
    }
}

criterion_group!(benches, an_image);
criterion_main!(benches);

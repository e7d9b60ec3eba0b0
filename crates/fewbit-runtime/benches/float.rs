//! The trained ResNet23 in floats, prepared for this machine: one image, and an image of a batch, with each instruction
//! set. Beside another runtime: `scripts/peers/float.py`.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use fewbit_formats::{ImportOptions, Nnp};
use fewbit_nnb::{EncodeOptions, encode};
use fewbit_runtime::host::{InstructionSet, Prepared};
use fewbit_runtime::{Model, Semantics};
use std::hint::black_box;
use std::path::Path;

fn resnet23(criterion: &mut Criterion) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/resnet23_trained.nnp");
    let nnp = Nnp::open(&path).expect("the bundled network");
    for batch in [1usize, 16] {
        let options = ImportOptions { batch: Some(batch), ..ImportOptions::default() };
        let network = nnp.network(&options).expect("the bundled network");
        let file = encode(&network, &EncodeOptions::default()).expect("a network of floats").bytes;
        let model = Model::open(&file).expect("just written");
        let image: Vec<f32> = (0..batch * 3 * 32 * 32).map(|index| (index as f32 * 0.7).sin()).collect();
        let mut output = vec![0.0; batch * 10];
        let mut group = criterion.benchmark_group(format!("resnet23/batch {batch}"));
        group.throughput(Throughput::Elements(batch as u64));
        for set in InstructionSet::ALL {
            let Some(prepared) = Prepared::with_instruction_set(&model, Semantics::Integer, set) else { continue };
            let mut runner = prepared.runner();
            group.bench_function(format!("{set:?}"), |bencher| {
                bencher.iter(|| {
                    runner.set_input(0, black_box(&image));
                    runner.run();
                    runner.read_output(0, &mut output);
                    black_box(&mut output);
                });
            });
        }
        group.finish();
    }
}

criterion_group!(benches, resnet23);
criterion_main!(benches);

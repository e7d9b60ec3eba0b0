//! Random networks of floats, prepared for a host with each instruction set, against the portable runtime.

use crate::both::on_every_set;
use crate::builder::Builder;
use crate::networks::network;
use fewbit_nnb::{EncodeOptions, encode};
use fewbit_runtime::Model;
use proptest::prelude::*;

/// Runs the network both ways and compares all outputs.
fn check(mut builder: Builder) -> Result<(), TestCaseError> {
    let file = encode(&builder.network, &EncodeOptions::default()).expect("a plain network").bytes;
    let model = Model::open(&file).expect("just written");
    let inputs: Vec<Vec<f32>> =
        builder.network.inputs.clone().iter().map(|&id| builder.values(builder.shape(id).items())).collect();
    on_every_set(&model, &builder.network, &inputs, |set, index, found, expected| {
        let largest = expected.iter().fold(1e-3f32, |largest, value| largest.max(value.abs()));
        for (place, (found, expected)) in found.iter().zip(expected).enumerate() {
            let close = (found - expected).abs() <= 1e-5 * largest;
            prop_assert!(close, "{set:?}, output {index}, place {place}: {found} is not {expected}");
        }
        Ok(())
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn networks_of_floats_agree(network in network()) {
        let Some(builder) = network else { return Ok(()) };
        check(builder)?;
    }
}

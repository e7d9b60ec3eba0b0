//! Random fixed-point networks, prepared for a host with each instruction set, against the portable runtime: bit for bit.

use crate::both::on_every_set;
use crate::builder::Builder;
use crate::networks::network;
use fewbit_core::{NumberFormat, VariableKind};
use fewbit_nnb::{EncodeOptions, Version, encode};
use fewbit_runtime::Model;
use proptest::prelude::*;

/// How the variables of a network are stored.
#[derive(Clone, Debug)]
struct Formats {
    /// For each variable in turn, again and again.
    list: Vec<[u8; 4]>,
    /// Whether only types of up to 8 bits occur.
    narrow: bool,
    /// Parameters and inputs are up to this power of two: much of it saturates.
    scale: u8,
}

fn formats() -> impl Strategy<Value = Formats> {
    (prop::collection::vec(any::<[u8; 4]>(), 1..12), any::<bool>(), 0u8..6).prop_map(|(list, narrow, scale)| Formats {
        list,
        narrow,
        scale,
    })
}

impl Formats {
    fn scale(&self) -> f32 {
        f32::from(1u16 << self.scale)
    }

    /// Gives every variable a fixed-point format, and parameters larger values.
    fn apply(&self, builder: &mut Builder) {
        for (variable, &[kind, position, extended, channel]) in
            builder.network.variables.iter_mut().zip(self.list.iter().cycle())
        {
            let position = (position % 16) as i8;
            let is_wide = kind % 4 == 0 && !self.narrow;
            let fixed8 = NumberFormat::Fixed8 { position: position % 8 };
            variable.format = if is_wide { NumberFormat::Fixed16 { position } } else { fixed8 };
            let VariableKind::Parameter(values) = &mut variable.kind else { continue };
            *values = values.iter().map(|value| value * self.scale()).collect();
            match extended % 8 {
                0 => variable.format = NumberFormat::Sign,
                1 => variable.format = NumberFormat::Fixed4 { position: position % 8 - 2 },
                2 => variable.format = NumberFormat::Fixed2 { position: position % 8 - 2 },
                _ => {}
            }
            // Positions of channels are those of weights, whose first axis is that of the output channels.
            if channel % 4 == 0 && variable.shape.rank() > 2 && variable.format != NumberFormat::Sign {
                let positions = (0..variable.shape[0]).map(|index| (index * usize::from(channel) % 11) as i8 - 1);
                variable.channel_positions = Some(positions.collect());
            }
        }
    }
}

/// Runs the network both ways and compares all outputs.
fn check(mut builder: Builder, formats: &Formats) -> Result<(), TestCaseError> {
    formats.apply(&mut builder);
    let options = EncodeOptions { version: Version::V4, ..EncodeOptions::default() };
    // Some formats are refused for some variables.
    let Ok(file) = encode(&builder.network, &options) else { return Ok(()) };
    // And positions that lie too far apart.
    let Ok(model) = Model::open(&file.bytes) else { return Ok(()) };
    let inputs: Vec<Vec<f32>> = (builder.network.inputs.clone().iter())
        .map(|&id| {
            let scale = formats.scale();
            builder.values(builder.shape(id).items()).iter().map(|value| value * scale).collect()
        })
        .collect();
    on_every_set(&model, &builder.network, &inputs, |set, index, found, expected| {
        let format = builder.network.variable(builder.network.outputs[index]).format;
        prop_assert_eq!(found, expected, "{:?}, output {} in {:?}", set, index, format);
        Ok(())
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, ..ProptestConfig::default() })]

    #[test]
    fn fixed_point_networks_are_equal(network in network(), formats in formats()) {
        let Some(builder) = network else { return Ok(()) };
        check(builder, &formats)?;
    }
}

//! [`store_in_order`]: layers stored one after the other, each for the inputs that the stored ones before it give.

use super::Context;
use crate::assign::{Assigned, assign_biases};
use crate::error::CompressError;
use crate::layer::Layer;
use crate::rounding::Way;

/// Stores the weights of `layers` in a network that has formats for everything else, and corrects the biases.
///
/// # Errors
/// When the network cannot be run or a sample cannot be read.
pub fn store_in_order(
    context: &Context<'_>,
    base: &Assigned,
    layers: &[Layer],
    ways: &[Way],
) -> Result<Assigned, CompressError> {
    let mut assigned = base.clone();
    if ways.iter().any(|way| context.rounding.is_adaptive(way.format)) {
        context.progress.begin("rounding weights", layers.len());
    }
    for (layer, &way) in layers.iter().zip(ways) {
        let moments = match context.rounding.is_adaptive(way.format) {
            true => context.moments(&assigned.network, layer)?,
            false => None,
        };
        let stored = context.store(layer, way, moments.as_ref());
        layer.put(&mut assigned.network, &stored, true);
        assigned.sqnr_db[layer.weights.0] = Some(layer.decibels(context.network, &stored));
        assign_biases(&mut assigned, context.calibration, context.options);
        context.progress.advance(1);
    }
    Ok(assigned)
}

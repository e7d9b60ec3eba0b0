//! How the weights of layers are stored, within the budget.

use super::{Budget, CompressOptions};
use crate::assign::{Assigned, Width};
use crate::error::CompressError;
use crate::layer::Layer;
use crate::rounding::{Rounding, Way};
use crate::widths::{Candidates, Chosen, Context, store_in_order};
use fewbit_core::{Network, NumberFormat};
use fewbit_nnb::Version;

/// How often a choice is made again when the file turns out larger, or the loss, than the choice foresaw.
const ATTEMPTS: usize = 4;

/// Whether layers are stored by themselves, and not by [`assign()`](crate::assign::assign) like all other parameters.
pub(super) fn are_apart(options: &CompressOptions) -> bool {
    let adaptive = options.rounding == Rounding::Adaptive;
    options.parameters != Width::Float32 && (options.parameters.bits() < 8 || adaptive || chooses(options))
}

/// Whether a budget decides on the widths.
fn chooses(options: &CompressOptions) -> bool {
    options.budget.flash.is_some() || options.budget.max_loss.is_some()
}

/// Stores the weights of a network whose other variables have their formats. `file_bytes` gives the size of its file.
pub(super) fn store(
    context: &Context<'_>,
    base: &Assigned,
    options: &CompressOptions,
    file_bytes: &dyn Fn(&Network) -> Result<usize, CompressError>,
) -> Result<Assigned, CompressError> {
    let layers: Vec<Layer> = Layer::all(&base.network).into_iter().filter(|layer| is_fixed(base, layer)).collect();
    if !chooses(options) {
        let ways: Vec<Way> = layers.iter().map(|layer| way_of(base, layer, options)).collect();
        return store_in_order(context, base, &layers, &ways);
    }
    let candidates = Candidates::measure(context, &layers, |layer| ways(layer, options))?;
    let Budget { flash, max_loss, .. } = options.budget;
    let (least, most) = candidates.sizes();
    let smallest = candidates.within(least).map(|chosen| chosen.ways).unwrap_or_default();
    let others = file_bytes(&candidates.stored(base, &smallest).network)?.saturating_sub(least);
    let mut room = match (flash, max_loss) {
        (_, Some(points)) => match candidates.losing(base, points)? {
            Ok(chosen) => bytes(context, &layers, &chosen),
            Err(found) => return Err(CompressError::LosesMore { limit: points, found }),
        },
        (Some(flash), None) => flash.saturating_sub(others),
        (None, None) => most,
    };
    for attempt in 1.. {
        // What the smallest choice really takes is known when it is stored: biases may need more than they did.
        room = room.max(least);
        let Some(chosen) = candidates.within(room) else { break };
        let assigned = store_in_order(context, base, &layers, &chosen.ways)?;
        let size = file_bytes(&assigned.network)?;
        let lost = match max_loss {
            Some(_) => candidates.compare(&assigned.network)?.points.unwrap_or(0.0),
            None => 0.0,
        };
        let loses_more = max_loss.filter(|&points| lost > points);
        if let Some(limit) = flash.filter(|&flash| size > flash) {
            if max_loss.is_some() || room == least || attempt == ATTEMPTS {
                return Err(CompressError::FlashTooSmall { limit, least: size });
            }
            room = room.saturating_sub(size - limit);
        } else if let Some(limit) = loses_more {
            if attempt == ATTEMPTS || room >= most {
                return Err(CompressError::LosesMore { limit, found: lost });
            }
            room += (most - room).div_ceil(8);
        } else {
            return Ok(assigned);
        }
    }
    Ok(base.clone())
}

fn bytes(context: &Context<'_>, layers: &[Layer], chosen: &Chosen) -> usize {
    layers.iter().zip(&chosen.ways).map(|(layer, way)| way.bytes(layer, context.network)).sum()
}

fn is_fixed(base: &Assigned, layer: &Layer) -> bool {
    base.network.variable(layer.weights).format.is_fixed()
}

/// The way of a layer without a budget: in the format that was assigned, or in a narrower one that was asked for.
fn way_of(base: &Assigned, layer: &Layer, options: &CompressOptions) -> Way {
    let format = match options.parameters {
        Width::Fixed4 => NumberFormat::Fixed4 { position: 0 },
        Width::Fixed2 => NumberFormat::Fixed2 { position: 0 },
        _ => base.network.variable(layer.weights).format,
    };
    // With 8 bits positions of channels gain less than their bytes are worth.
    Way { format, by_channel: layer.by_channel && options.version == Version::V4 && format.is_packed() }
}

/// The ways that a budget chooses among.
fn ways(layer: &Layer, options: &CompressOptions) -> Vec<Way> {
    let by_channel = layer.by_channel && options.version == Version::V4;
    let formats = [
        NumberFormat::Fixed2 { position: 0 },
        NumberFormat::Fixed4 { position: 0 },
        NumberFormat::Fixed8 { position: 0 },
        NumberFormat::Fixed16 { position: 0 },
    ];
    let narrowest = options.parameters.bits();
    let formats = formats
        .into_iter()
        .filter(|format| format.bits() >= narrowest && (options.version == Version::V4 || !format.is_packed()));
    formats
        .flat_map(|format| {
            // Positions of channels cost as much as the width of a small layer, and 16 bits have no need of them.
            let whole = (!by_channel || !format.is_packed()).then_some(Way { format, by_channel: false });
            let apart = (by_channel && format.bits() < 16).then_some(Way { format, by_channel: true });
            [whole, apart].into_iter().flatten()
        })
        .collect()
}

//! [`Advice`]: what to do about a layer that makes much of the noise.

use super::errors::rounded_range;
use super::{LayerCost, Subject, VariableErrors};
use crate::compress::arena_bytes;
use crate::groups::{groups, is_rectified};
use fewbit_core::{NumberFormat, VariableId};
use std::fmt;

/// What to do, in the order in which it is worth trying.
#[derive(Clone, Debug, PartialEq)]
pub enum Advice {
    /// Values lie beyond a range that was chosen for others.
    CalibrateMore {
        /// The buffer.
        name: String,
        /// The part of its values that saturates, 0 to 1.
        saturated: f64,
        /// How many samples it was calibrated on.
        samples: usize,
    },
    /// A parameter needs more bits.
    WidenParameter {
        /// The parameter.
        name: String,
        /// The format for it.
        format: NumberFormat,
        /// Bytes by which the model grows.
        model_bytes: usize,
    },
    /// A buffer needs more bits, and with it those that share its format.
    WidenBuffers {
        /// The buffers.
        names: Vec<String>,
        /// The format for them.
        format: NumberFormat,
        /// Bytes by which the arena grows.
        arena_bytes: usize,
    },
}

/// A layer with less of the noise than this is none to begin with.
const LEAST_SHARE: f64 = 0.01;

/// With a smaller part of its values beyond the range, it is not the range that is wrong.
const LEAST_SATURATED: f64 = 1e-4;

/// How many times as many values must saturate as in calibration, for more of it to help.
const BEYOND_CALIBRATION: f64 = 3.0;

/// What to do about a layer; `None` if it does little harm, or has the most bits that there are.
pub(super) fn advice(subject: &Subject<'_>, errors: &VariableErrors, cost: &LayerCost) -> Option<Advice> {
    if cost.share < LEAST_SHARE {
        return None;
    }
    let parameter = || widen_parameter(subject, errors, cost);
    let buffer = || calibrate_more(subject, errors, cost).or_else(|| widen_buffers(subject, cost));
    // Noise of parameters and of rounding the outputs add up.
    if 2.0 * cost.parameters.noise > cost.alone.noise {
        parameter().or_else(buffer)
    } else {
        buffer().or_else(parameter)
    }
}

/// The next wider type, of the same range.
fn wider(format: NumberFormat) -> Option<NumberFormat> {
    let position = format.position()?;
    let at = |more: i8| position.saturating_add(more);
    match format {
        NumberFormat::Fixed2 { .. } => Some(NumberFormat::Fixed4 { position: at(2) }),
        NumberFormat::Fixed4 { .. } => Some(NumberFormat::Fixed8 { position: at(4) }),
        NumberFormat::Fixed8 { .. } => Some(NumberFormat::Fixed16 { position: at(8) }),
        _ => None,
    }
}

/// The parameter that is stored least exactly.
fn widen_parameter(subject: &Subject<'_>, errors: &VariableErrors, cost: &LayerCost) -> Option<Advice> {
    let network = subject.fixed;
    let sqnr = |id: &VariableId| errors.of(*id).sqnr_db().unwrap_or(f64::INFINITY);
    let widest = cost.layer.parameters.iter().filter(|id| wider(network.variable(**id).format).is_some());
    let id = *widest.min_by(|a, b| sqnr(a).total_cmp(&sqnr(b)))?;
    let variable = network.variable(id);
    let format = wider(variable.format)?;
    let model_bytes = format.bytes(variable.shape.items()).saturating_sub(variable.bytes());
    Some(Advice::WidenParameter { name: variable.name.clone(), format, model_bytes })
}

/// An output of which more values saturate than calibration foresaw.
fn calibrate_more(subject: &Subject<'_>, errors: &VariableErrors, cost: &LayerCost) -> Option<Advice> {
    let network = subject.fixed;
    cost.layer.outputs.iter().find_map(|&id| {
        let name = &network.variable(id).name;
        let (low, high) = rounded_range(network.variable(id).format)?;
        let histogram = &subject.calibration.of(subject.float.find(name)?)?.histogram;
        let low = if is_rectified(network, id) { f64::NEG_INFINITY } else { low };
        let foreseen = histogram.mean_of(|value| if value < low || value >= high { 1.0 } else { 0.0 });
        let saturated = errors.of(id).saturated_share();
        let unforeseen = saturated >= LEAST_SATURATED && saturated > BEYOND_CALIBRATION * foreseen;
        unforeseen.then(|| Advice::CalibrateMore {
            name: name.clone(),
            saturated,
            samples: subject.calibration.samples,
        })
    })
}

/// Eight more bits for an output, and for all buffers that have to have its format.
fn widen_buffers(subject: &Subject<'_>, cost: &LayerCost) -> Option<Advice> {
    let network = subject.fixed;
    let id = *cost.layer.outputs.iter().find(|id| wider(network.variable(**id).format).is_some())?;
    let format = wider(network.variable(id).format)?;
    let group = groups(network).into_iter().find(|group| group.contains(&id))?;
    let mut widened = network.clone();
    for id in &group {
        widened.variable_mut(*id).format = format;
    }
    let arena = |network| arena_bytes(network, subject.options).ok();
    Some(Advice::WidenBuffers {
        names: group.iter().map(|id| network.variable(*id).name.clone()).collect(),
        format,
        arena_bytes: arena(&widened)?.saturating_sub(arena(network)?),
    })
}

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CalibrateMore { name, saturated, samples } => {
                let percent = 100.0 * saturated;
                write!(
                    f,
                    "{percent:.2} % of the values of '{name}' lie beyond what {samples} samples showed: calibrate on more"
                )
            }
            Self::WidenParameter { name, format, model_bytes } => {
                write!(f, "give '{name}' {format}: the model grows by {model_bytes} bytes")
            }
            Self::WidenBuffers { names, format, arena_bytes } => {
                let grows = match arena_bytes {
                    0 => "the arena stays as it is".into(),
                    bytes => format!("the arena grows by {bytes} bytes"),
                };
                write!(f, "give {} {format}: {grows}", list(names))
            }
        }
    }
}

/// Names as a sentence lists them.
fn list(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("'{name}'")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}

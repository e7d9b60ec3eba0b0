//! [`assign()`]: a number format for every variable of a network.
//!
//! A variable gets the narrowest format, up to the wanted one, that keeps the ratio of signal to quantisation noise:
//! where 8 bits cost more, 16, and where those do too, float.
//!
//! | module | what it does |
//! |---|---|
//! | `parameters` | formats of weights, biases and the rest, by their values |
//! | `buffers` | formats of what is computed, by calibration |
//! | `exact` | positions near enough to each other for sums of 64 bits |

mod buffers;
mod exact;
mod parameters;

pub use buffers::{assign_group, widen_outputs};
pub use exact::coarsen_biases;
pub use parameters::assign_biases;

use crate::calibrate::{Calibration, Histogram};
use crate::correct::correct_biases;
use crate::position::{Choice, PositionMethod, Values, allowed_positions, decibels};
use fewbit_core::{Network, NumberFormat};
use fewbit_nnb::Version;
use std::borrow::Cow;

/// How narrow values may be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Width {
    /// As floats.
    Float32,
    /// In 16 bits.
    Fixed16,
    /// In 8 bits.
    #[default]
    Fixed8,
    /// Weights of layers in 4 bits, all else in 8.
    Fixed4,
    /// Weights of layers in 2 bits, all else in 8.
    Fixed2,
}

impl Width {
    /// The fixed-point formats that are no narrower, narrowest first.
    fn formats(self) -> &'static [NumberFormat] {
        match self {
            Self::Fixed8 | Self::Fixed4 | Self::Fixed2 => {
                &[NumberFormat::Fixed8 { position: 0 }, NumberFormat::Fixed16 { position: 0 }]
            }
            Self::Fixed16 => &[NumberFormat::Fixed16 { position: 0 }],
            Self::Float32 => &[],
        }
    }

    /// Bits of a value.
    pub fn bits(self) -> usize {
        match self {
            Self::Float32 => 32,
            Self::Fixed16 => 16,
            Self::Fixed8 => 8,
            Self::Fixed4 => 4,
            Self::Fixed2 => 2,
        }
    }
}

/// What [`assign()`] may do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AssignOptions {
    /// The narrowest format of parameters.
    pub parameters: Width,
    /// The narrowest format of buffers, the network's inputs and outputs among them.
    pub buffers: Width,
    /// The least ratio of signal to quantisation noise in decibels: a variable that would have less gets a wider format.
    pub least_sqnr_db: f64,
    /// Whether biases make up for what rounding the weights shifts.
    pub correct_biases: bool,
    /// What positions are chosen by.
    pub positions: PositionMethod,
    /// The version of `.nnb` whose positions are to be kept to.
    pub version: Version,
}

/// A network with formats.
#[derive(Clone, Debug, PartialEq)]
pub struct Assigned {
    /// The network.
    pub network: Network,
    /// For each fixed-point variable the ratio of its signal to its quantisation noise in decibels; `None` for floats.
    pub sqnr_db: Vec<Option<f64>>,
}

/// Gives every variable of a float network a format.
pub fn assign(network: &Network, calibration: &Calibration, options: &AssignOptions) -> Assigned {
    let mut assigned = Assigned { network: network.clone(), sqnr_db: vec![None; network.variables.len()] };
    parameters::assign_factors(&mut assigned, options);
    if options.correct_biases {
        correct_biases(&mut assigned.network, calibration);
    }
    parameters::assign_biases(&mut assigned, calibration, options);
    buffers::assign(&mut assigned, calibration, options);
    assigned
}

/// Values that are to be stored.
struct Signal<E, H> {
    /// The sum or the mean of their squares.
    power: f64,
    values: Values<E, H>,
}

impl<'h, E: Fn(NumberFormat) -> f64, H: Fn() -> Cow<'h, Histogram>> Signal<E, H> {
    /// The best format of a width, and its ratio of signal to noise in decibels.
    fn at(&self, format: NumberFormat, options: &AssignOptions) -> (Choice, f64) {
        let choice = options.positions.choose(format, allowed_positions(format, options.version), &self.values);
        (choice, decibels(self.power, choice.error))
    }

    /// The narrowest format, not narrower than `width`, that keeps the ratio; `None` if only floats do.
    fn narrowest(&self, width: Width, options: &AssignOptions) -> Option<(NumberFormat, f64)> {
        let choices = width.formats().iter().map(|&format| self.at(format, options));
        choices.map(|(choice, sqnr)| (choice.format, sqnr)).find(|(_, sqnr)| *sqnr >= options.least_sqnr_db)
    }
}

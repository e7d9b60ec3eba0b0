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

pub use buffers::widen_outputs;
pub use exact::coarsen_biases;

use crate::calibrate::Calibration;
use crate::correct::correct_biases;
use crate::position::{Choice, allowed_positions, best_position, decibels};
use fewbit_core::{Network, NumberFormat};
use fewbit_nnb::Version;

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
}

impl Width {
    /// The fixed-point formats that are no narrower, narrowest first.
    fn formats(self) -> &'static [NumberFormat] {
        match self {
            Self::Fixed8 => &[NumberFormat::Fixed8 { position: 0 }, NumberFormat::Fixed16 { position: 0 }],
            Self::Fixed16 => &[NumberFormat::Fixed16 { position: 0 }],
            Self::Float32 => &[],
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
struct Signal<E> {
    /// Their largest magnitude.
    largest: f64,
    /// The sum or the mean of their squares.
    power: f64,
    /// The same of the errors that a format would make.
    error: E,
}

impl<E: Fn(NumberFormat) -> f64> Signal<E> {
    /// The best format of a width, and its ratio of signal to noise in decibels.
    fn at(&self, format: NumberFormat, version: Version) -> (Choice, f64) {
        let choice = best_position(format, self.largest, allowed_positions(format, version), &self.error);
        (choice, decibels(self.power, choice.error))
    }

    /// The narrowest format, not narrower than `width`, that keeps the ratio; `None` if only floats do.
    fn narrowest(&self, width: Width, options: &AssignOptions) -> Option<(NumberFormat, f64)> {
        let choices = width.formats().iter().map(|&format| self.at(format, options.version));
        choices.map(|(choice, sqnr)| (choice.format, sqnr)).find(|(_, sqnr)| *sqnr >= options.least_sqnr_db)
    }
}

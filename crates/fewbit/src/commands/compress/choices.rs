//! What `fewbit compress` is asked to choose: types, rounding, and what the result must keep to.

use crate::model::VersionOption;
use crate::size::{self, ByteSize};
use anyhow::{Result, bail};
use clap::{Args, ValueEnum};
use fewbit_compress::assign::Width;
use fewbit_compress::position::PositionMethod;
use fewbit_compress::rounding::Rounding;
use fewbit_compress::{Budget, CompressOptions, Compressed};
use fewbit_nnb::Version;

/// Arguments about what the result is to be.
#[derive(Args)]
pub struct ChoiceArguments {
    /// The narrowest type of parameters; FIXED4 and FIXED2 are for weights, in nnb_4 [default: FIXED8; with --flash or
    /// --max-loss FIXED2]
    #[arg(long, value_enum, value_name = "TYPE", ignore_case = true)]
    parameters: Option<ParameterWidth>,
    /// The narrowest type of buffers
    #[arg(long, value_enum, value_name = "TYPE", default_value = "FIXED8", ignore_case = true)]
    buffers: BufferWidth,
    /// The least ratio of signal to rounding noise, in decibels; a variable that would have less gets a wider type, unless
    /// --flash, --ram or --max-loss decide
    #[arg(long, value_name = "DB", value_parser = finite, default_value_t = CompressOptions::default().least_sqnr_db)]
    sqnr: f64,
    /// How weights are rounded: to the nearest value, or so that each layer's outputs change least [default: adaptive
    /// for less than 8 bits]
    #[arg(long, value_enum, value_name = "METHOD", ignore_case = true)]
    rounding: Option<RoundingName>,
    /// What the positions of binary points are chosen by (docs/compression.md tells what each does)
    #[arg(long, value_enum, value_name = "METHOD", default_value = "squared", ignore_case = true)]
    positions: PositionsName,
    #[command(flatten)]
    version: VersionOption,
    /// The arena may have at most so many bytes, as in 64k: buffers get 16 bits where that fits and helps most
    #[arg(long, value_name = "BYTES")]
    ram: Option<ByteSize>,
    /// The model may have at most so many bytes, as in 128k: weights get the widths that lose least
    #[arg(long, value_name = "BYTES")]
    flash: Option<ByteSize>,
    /// At most so many points of top-1 may be lost: weights get the widths of the smallest model that loses no more on the
    /// calibration samples
    #[arg(long, value_name = "POINTS", value_parser = finite)]
    max_loss: Option<f64>,
}

/// A name of [`Width`] for parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "UPPER")]
enum ParameterWidth {
    Float32,
    Fixed16,
    Fixed8,
    Fixed4,
    Fixed2,
}

/// A name of [`Width`] for buffers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "UPPER")]
enum BufferWidth {
    Float32,
    Fixed16,
    Fixed8,
}

/// A name of [`Rounding`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum RoundingName {
    Nearest,
    Adaptive,
}

/// A name of [`PositionMethod`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum PositionsName {
    Max,
    Percentile,
    Squared,
    Fitted,
    Divergence,
    Output,
}

impl From<PositionsName> for PositionMethod {
    fn from(name: PositionsName) -> Self {
        match name {
            PositionsName::Max => Self::Max,
            PositionsName::Percentile => Self::Percentile,
            PositionsName::Squared => Self::Squared,
            PositionsName::Fitted => Self::Fitted,
            PositionsName::Divergence => Self::Divergence,
            PositionsName::Output => Self::Output,
        }
    }
}

impl From<ParameterWidth> for Width {
    fn from(name: ParameterWidth) -> Self {
        match name {
            ParameterWidth::Float32 => Self::Float32,
            ParameterWidth::Fixed16 => Self::Fixed16,
            ParameterWidth::Fixed8 => Self::Fixed8,
            ParameterWidth::Fixed4 => Self::Fixed4,
            ParameterWidth::Fixed2 => Self::Fixed2,
        }
    }
}

impl From<BufferWidth> for Width {
    fn from(name: BufferWidth) -> Self {
        match name {
            BufferWidth::Float32 => Self::Float32,
            BufferWidth::Fixed16 => Self::Fixed16,
            BufferWidth::Fixed8 => Self::Fixed8,
        }
    }
}

impl From<RoundingName> for Rounding {
    fn from(name: RoundingName) -> Self {
        match name {
            RoundingName::Nearest => Self::Nearest,
            RoundingName::Adaptive => Self::Adaptive,
        }
    }
}

/// A number that can be compared with.
fn finite(text: &str) -> std::result::Result<f64, &'static str> {
    text.parse().ok().filter(|number: &f64| number.is_finite()).ok_or("it must be a number")
}

impl ChoiceArguments {
    /// The options of compression.
    pub fn options(&self) -> Result<CompressOptions> {
        let defaults = CompressOptions::default();
        let chooses = self.flash.is_some() || self.max_loss.is_some();
        let narrowest = || if chooses { Width::Fixed2 } else { defaults.parameters };
        let parameters = self.parameters.map_or_else(narrowest, Width::from);
        let is_packed = parameters.bits() < 8;
        let version = self.version.or(if is_packed { Version::V4 } else { defaults.version });
        if let (Some(name), true) = (self.parameters, is_packed && version != Version::V4) {
            let name = name.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned());
            bail!("{name} is for version nnb_4 of .nnb; leave -d away, or give wider --parameters");
        }
        let bytes = |size: Option<ByteSize>| size.map(|ByteSize(bytes)| bytes);
        Ok(CompressOptions {
            parameters,
            buffers: self.buffers.into(),
            least_sqnr_db: self.sqnr,
            positions: self.positions.into(),
            rounding: self.rounding.map_or(defaults.rounding, Rounding::from),
            budget: Budget { flash: bytes(self.flash), ram: bytes(self.ram), max_loss: self.max_loss },
            version,
            ..defaults
        })
    }

    /// Bytes that the arena may have.
    pub fn ram(&self) -> Option<usize> {
        self.ram.map(|ByteSize(bytes)| bytes)
    }

    /// Compares the result, as it was measured on the test part, with what was asked for.
    pub fn check(&self, compressed: &Compressed) -> Result<()> {
        let found = &compressed.compressed;
        for (what, found, limit, option) in [
            ("arena needs", found.arena_bytes, self.ram, "--ram"),
            ("model has", found.model_bytes, self.flash, "--flash"),
        ] {
            if let Some(ByteSize(limit)) = limit.filter(|limit| found > limit.0) {
                let (found, limit) = (size::bytes(found), size::bytes(limit));
                bail!("the {what} {found}, more than the {limit} of {option}; nothing is written");
            }
        }
        match (self.max_loss, compressed.loss_points()) {
            (Some(limit), Some(loss)) if loss > limit => bail!(
                "{loss:.2} points of top-1 are lost on the test part, more than the {limit} of --max-loss; nothing is written; give a larger --flash in its place, wider --buffers, or more --calibrate samples"
            ),
            (Some(_), None) => bail!("--max-loss is in points of top-1, but the dataset has no classes"),
            _ => Ok(()),
        }
    }
}

//! The settings file: in which number format each variable is stored, and which implementation each function uses.
//!
//! It has the form of NNabla's `nnb_template`, so that files go both ways:
//!
//! ```yaml
//! functions:
//!   conv1:
//!     implement: 0
//! variables:
//!   x: FIXED8_5
//!   conv1/W: FIXED8
//! ```
//!
//! A format is `FLOAT32`, `SIGN`, `FIXED16_<position>` or `FIXED8_<position>`. A parameter may leave the position out:
//! it is then chosen so that the largest value fits.
//!
//! For version 4 of `.nnb` there are also `FIXED4` and `FIXED2` for parameters, positions of any size, and a section with
//! a position for each output channel of a weight:
//!
//! ```yaml
//! channel_positions:
//!   conv1/W: [5, 4, 6, 5]
//! ```

mod yaml;

use crate::error::{FormatError, Result};
use fewbit_core::{Network, NumberFormat, Variable, VariableId};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

/// The content of a settings file.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Settings {
    /// Implementation numbers by function name, in the order of the file that is written.
    pub functions: Vec<(String, u16)>,
    /// Formats by variable name, in the order of the file that is written.
    pub variables: Vec<(String, FormatSetting)>,
    /// Positions of the output channels by the name of the weight, in the order of the file that is written.
    pub channel_positions: Vec<(String, Vec<i8>)>,
}

/// A number format as a person writes it: the position may be left to be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum FormatSetting {
    /// `FLOAT32`.
    #[default]
    Float32,
    /// `SIGN`.
    Sign,
    /// `FIXED16` or `FIXED16_<position>`.
    Fixed16(Option<i8>),
    /// `FIXED8` or `FIXED8_<position>`.
    Fixed8(Option<i8>),
    /// `FIXED4` or `FIXED4_<position>`, for parameters only: a fewbit extension.
    Fixed4(Option<i8>),
    /// `FIXED2` or `FIXED2_<position>`, for parameters only: a fewbit extension.
    Fixed2(Option<i8>),
}

/// What applying settings to a network brought to light.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Applied {
    /// Variables that the settings mention.
    pub listed: BTreeSet<VariableId>,
    /// Names in the settings that the network does not have.
    pub unknown: Vec<String>,
}

#[derive(Deserialize)]
struct RawSettings {
    #[serde(default)]
    functions: Option<BTreeMap<String, RawFunction>>,
    #[serde(default)]
    variables: Option<BTreeMap<String, String>>,
    #[serde(default)]
    channel_positions: Option<BTreeMap<String, Vec<i8>>>,
}

#[derive(Deserialize)]
struct RawFunction {
    #[serde(default)]
    implement: u16,
}

impl Settings {
    /// Reads the text of a settings file.
    ///
    /// # Errors
    /// When it is not YAML of this form, or a format is misspelt.
    pub fn parse(text: &str) -> Result<Self> {
        // A file without entries is a file without settings.
        let raw: Option<RawSettings> =
            serde_saphyr::from_str(text).map_err(|error| FormatError::Settings(one_line(&error.to_string())))?;
        let Some(raw) = raw else { return Ok(Self::default()) };
        let functions = raw.functions.unwrap_or_default();
        let variables = raw.variables.unwrap_or_default().into_iter().map(|(name, format)| {
            let format =
                format.parse().map_err(|reason| FormatError::Settings(format!("variable '{name}': {reason}")))?;
            Ok((name, format))
        });
        Ok(Self {
            functions: functions.into_iter().map(|(name, function)| (name, function.implement)).collect(),
            variables: variables.collect::<Result<_>>()?,
            channel_positions: raw.channel_positions.unwrap_or_default().into_iter().collect(),
        })
    }

    /// Settings that list every function and variable of a network, with one format for all variables.
    pub fn template(network: &Network, format: FormatSetting) -> Self {
        Self {
            functions: network.nodes.iter().map(|node| (node.name.clone(), 0)).collect(),
            variables: network.variables.iter().map(|variable| (variable.name.clone(), format)).collect(),
            channel_positions: Vec::new(),
        }
    }

    /// Settings that say what a network already is.
    pub fn of_network(network: &Network) -> Self {
        let format = |variable: &Variable| FormatSetting::from(variable.format);
        Self {
            functions: network.nodes.iter().map(|node| (node.name.clone(), node.implementation)).collect(),
            variables: network.variables.iter().map(|variable| (variable.name.clone(), format(variable))).collect(),
            channel_positions: network
                .variables
                .iter()
                .filter_map(|variable| Some((variable.name.clone(), variable.channel_positions.as_ref()?.to_vec())))
                .collect(),
        }
    }

    /// The text of the file.
    pub fn to_yaml(&self) -> String {
        yaml::write(self)
    }

    /// Puts the formats and implementations into a network; variables that the settings do not mention get `default`.
    ///
    /// # Errors
    /// When a format is impossible for a variable: a buffer without a position, values smaller than a byte for a buffer,
    /// signs for values that are not signs, channel positions that do not belong to channels. Whether a version of `.nnb`
    /// can hold a position is for its writer to say.
    pub fn apply(&self, network: &mut Network, default: FormatSetting) -> Result<Applied> {
        let mut variables: BTreeMap<&str, FormatSetting> =
            self.variables.iter().map(|(name, format)| (name.as_str(), *format)).collect();
        let mut functions: BTreeMap<&str, u16> =
            self.functions.iter().map(|(name, implementation)| (name.as_str(), *implementation)).collect();
        let mut channels: BTreeMap<&str, &[i8]> =
            self.channel_positions.iter().map(|(name, positions)| (name.as_str(), positions.as_slice())).collect();
        let mut applied = Applied::default();
        for (index, variable) in network.variables.iter_mut().enumerate() {
            let listed = variables.remove(variable.name.as_str());
            if listed.is_some() {
                applied.listed.insert(VariableId(index));
            }
            variable.format = listed
                .unwrap_or(default)
                .resolve(variable)
                .map_err(|reason| FormatError::Settings(format!("variable '{}': {reason}", variable.name)))?;
            variable.channel_positions = channels.remove(variable.name.as_str()).map(Into::into);
        }
        let mut used = BTreeSet::new();
        for node in &mut network.nodes {
            if let Some(&implementation) = functions.get(node.name.as_str()) {
                node.implementation = implementation;
                used.insert(node.name.as_str());
            }
        }
        functions.retain(|name, _| !used.contains(name));
        applied.unknown =
            variables.keys().chain(functions.keys()).chain(channels.keys()).map(|&name| name.to_owned()).collect();
        network.validate()?;
        Ok(applied)
    }
}

/// The message without the lines of a report that only make sense one above the other.
fn one_line(message: &str) -> String {
    message.lines().next().unwrap_or_default().trim().to_owned()
}

impl FormatSetting {
    /// The number format for a variable, with the position chosen where it is left out.
    fn resolve(self, variable: &Variable) -> std::result::Result<NumberFormat, String> {
        // The position is put in below, once it is known.
        let (format, position) = match (self, variable.values()) {
            (Self::Float32, _) => return Ok(NumberFormat::Float32),
            (Self::Sign, Some(values)) => return sign_format(values),
            (Self::Sign, None) => return Err("SIGN is for parameters only; a buffer needs a fixed-point type".into()),
            (Self::Fixed16(position), _) => (NumberFormat::Fixed16 { position: 0 }, position),
            (Self::Fixed8(position), _) => (NumberFormat::Fixed8 { position: 0 }, position),
            (Self::Fixed4(position), _) => (NumberFormat::Fixed4 { position: 0 }, position),
            (Self::Fixed2(position), _) => (NumberFormat::Fixed2 { position: 0 }, position),
        };
        let name = format.type_name();
        if format.is_packed() && variable.is_buffer() {
            return Err(format!("{name} is for parameters only; a buffer needs FIXED8 or FIXED16"));
        }
        let position = match (position, variable.values()) {
            (Some(position), _) => position,
            (None, Some(values)) => automatic_position(format, values)?,
            (None, None) => return Err(format!("{name} of a buffer needs a position, as in {name}_4")),
        };
        Ok(format.with_position(position))
    }
}

/// `SIGN` for values that are all signs; a zero, which untrained networks have, counts as -1, as NNabla writes it.
fn sign_format(values: &[f32]) -> std::result::Result<NumberFormat, String> {
    match values.iter().find(|value| ![-1.0, 0.0, 1.0].contains(*value)) {
        None => Ok(NumberFormat::Sign),
        Some(value) => Err(format!("SIGN holds +1 and -1, but a value is {value}; choose another type")),
    }
}

/// NNabla's rule for a parameter without a position: as many integer bits as the largest value needs, the sign
/// included, and the rest for the fraction.
fn automatic_position(format: NumberFormat, values: &[f32]) -> std::result::Result<i8, String> {
    // The first of the largest, as numpy finds it: its sign matters.
    let largest =
        values.iter().copied().fold(0.0f32, |largest, value| if value.abs() > largest.abs() { value } else { largest });
    let magnitude = f64::from(largest.abs());
    let integer_bits = if magnitude < 1.0 {
        1
    } else {
        let exponent = magnitude.log2();
        // A positive power of two is one step beyond what the bits below it hold.
        let reached = exponent.fract() == 0.0 && largest > 0.0;
        exponent.ceil() as i32 + 1 + i32::from(reached)
    };
    // Formats have at most 32 bits.
    let position = format.bits() as i32 - integer_bits;
    i8::try_from(position).ok().filter(|position| *position >= 0).ok_or_else(|| {
        let name = format.type_name();
        format!("its largest value {largest} does not fit {name}; choose FIXED16 or FLOAT32, or give a position")
    })
}

impl From<NumberFormat> for FormatSetting {
    fn from(format: NumberFormat) -> Self {
        match format {
            NumberFormat::Float32 => Self::Float32,
            NumberFormat::Sign => Self::Sign,
            NumberFormat::Fixed16 { position } => Self::Fixed16(Some(position)),
            NumberFormat::Fixed8 { position } => Self::Fixed8(Some(position)),
            NumberFormat::Fixed4 { position } => Self::Fixed4(Some(position)),
            NumberFormat::Fixed2 { position } => Self::Fixed2(Some(position)),
        }
    }
}

impl FromStr for FormatSetting {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let error = || {
            format!(
                "'{text}' is no number format; write FLOAT32, SIGN, or FIXED16, FIXED8, FIXED4 or FIXED2 with _<position>"
            )
        };
        let (name, position) = match text.split_once('_') {
            Some((name, position)) => (name, Some(position.parse::<i8>().map_err(|_| error())?)),
            None => (text, None),
        };
        match (name, position) {
            ("FLOAT32", None) => Ok(Self::Float32),
            ("SIGN", None) => Ok(Self::Sign),
            ("FIXED16", position) => Ok(Self::Fixed16(position)),
            ("FIXED8", position) => Ok(Self::Fixed8(position)),
            ("FIXED4", position) => Ok(Self::Fixed4(position)),
            ("FIXED2", position) => Ok(Self::Fixed2(position)),
            _ => Err(error()),
        }
    }
}

impl fmt::Display for FormatSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, position) = match self {
            Self::Float32 => ("FLOAT32", None),
            Self::Sign => ("SIGN", None),
            Self::Fixed16(position) => ("FIXED16", *position),
            Self::Fixed8(position) => ("FIXED8", *position),
            Self::Fixed4(position) => ("FIXED4", *position),
            Self::Fixed2(position) => ("FIXED2", *position),
        };
        match position {
            Some(position) => write!(f, "{name}_{position}"),
            None => f.write_str(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fewbit_core::Shape;

    fn network(values: &[f32]) -> Network {
        let mut network = Network::default();
        network.add(Variable::buffer("x", Shape::new(&[4]).expect("a shape")));
        network.add(Variable::parameter("w", Shape::new(&[values.len()]).expect("a shape"), values));
        network
    }

    fn applied(text: &str, values: &[f32]) -> Result<Vec<NumberFormat>> {
        let mut network = network(values);
        Settings::parse(text)?.apply(&mut network, FormatSetting::Float32)?;
        Ok(network.variables.iter().map(|variable| variable.format).collect())
    }

    #[test]
    fn positions_follow_the_largest_value() {
        let cases: [(&[f32], i8); 8] = [
            (&[0.3, -0.99], 7),
            (&[0.0], 7),
            (&[1.0, 0.5], 6),
            (&[-1.0, 0.5], 7),
            (&[-1.0, 1.0], 7),
            (&[1.5], 6),
            (&[4.0], 4),
            (&[-100.0], 0),
        ];
        for (values, position) in cases {
            let formats = applied("variables: {w: FIXED8}", values).expect("fits");
            assert_eq!(formats[1], NumberFormat::Fixed8 { position }, "{values:?}");
        }
    }

    #[test]
    fn impossible_settings_are_refused_by_name() {
        let cases = [
            ("variables: {x: FIXED8}", "needs a position"),
            ("variables: {x: SIGN}", "parameters only"),
            ("variables: {x: FIXED4_1}", "parameters only"),
            ("variables: {w: FIXED8}", "does not fit"),
            ("variables: {w: SIGN}", "a value is 300"),
            ("variables: {w: FIXED3_2}", "no number format"),
            ("variables: {w: FIXED8_200}", "no number format"),
            ("variables: {w: FLOAT32_2}", "no number format"),
            ("variables: [w]", "settings"),
            ("variables: {w: {a: b}}", "settings"),
        ];
        for (text, expected) in cases {
            let message = applied(text, &[300.0]).expect_err(text).to_string();
            assert!(message.contains(expected), "{text}: {message}");
            assert_eq!(message.lines().count(), 1, "{message}");
        }
    }

    #[test]
    fn names_that_the_network_lacks_are_reported() {
        let mut network = network(&[0.5]);
        let settings = Settings::parse("functions: {f: {implement: 1}}\nvariables: {w: FIXED8, nowhere: FLOAT32}");
        let applied = settings.and_then(|settings| settings.apply(&mut network, FormatSetting::Float32));
        let applied = applied.expect("the rest is fine");
        assert_eq!(applied.unknown, ["nowhere", "f"]);
        assert_eq!(applied.listed, BTreeSet::from([VariableId(1)]));
    }

    #[test]
    fn an_empty_file_has_no_settings() {
        for text in ["", "# nothing\n", "functions:\nvariables:\n"] {
            assert_eq!(Settings::parse(text).ok(), Some(Settings::default()), "{text:?}");
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let names =
            ["@net/conv", "a b", "yes", "1e3", "x: y", "it's", "tab\there", "", "ünïcode", "- dash", "#hash", "null"];
        let mut variables: Vec<_> =
            names.iter().map(|&name| (name.to_owned(), FormatSetting::Fixed8(Some(3)))).collect();
        variables.sort_by(|(a, _), (b, _)| a.cmp(b));
        let channel_positions = vec![("a b".into(), vec![3, -4, 17])];
        let settings = Settings { functions: vec![("f[0]".into(), 2)], variables, channel_positions };
        assert_eq!(Settings::parse(&settings.to_yaml()).ok(), Some(settings));
    }
}

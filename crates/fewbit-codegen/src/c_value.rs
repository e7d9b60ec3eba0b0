//! [`CValue`]: what stands behind the `=` of a constant in C.

use crate::feature::{Feature, Features};
use crate::limits::{Limit, Limits};
use std::fmt::Write;

/// A value in C.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum CValue {
    /// As it is written.
    Text(String),
    /// A struct.
    Record(Record),
    /// An array.
    List(Vec<CValue>),
    /// An array of structs of a type, of its own.
    Compound(&'static str, Vec<CValue>),
    /// An array of as many entries as the largest one of the network has: what is missing stands in front.
    Filled {
        /// Which arrays are equally long.
        limit: Limit,
        /// What fills the array up.
        filler: Box<CValue>,
        /// What there is.
        items: Vec<CValue>,
    },
}

/// The fields of a struct by name; some are there only if the network uses a feature.
#[derive(Clone, Debug, PartialEq, Default)]
pub(crate) struct Record(Vec<(Option<Feature>, &'static str, CValue)>);

impl Record {
    /// With a field.
    pub fn with(mut self, name: &'static str, value: impl Into<CValue>) -> Self {
        self.0.push((None, name, value.into()));
        self
    }

    /// With a field that exists only if some function of the network uses the feature.
    pub fn with_if(mut self, feature: Feature, name: &'static str, value: impl Into<CValue>) -> Self {
        self.0.push((Some(feature), name, value.into()));
        self
    }
}

impl CValue {
    /// An array of structs that a pointer in a struct refers to.
    pub fn compound(item: &'static str, items: Vec<CValue>) -> Self {
        Self::Compound(item, items)
    }

    /// A number with the suffix of unsigned ones.
    pub fn unsigned(number: impl std::fmt::Display) -> Self {
        Self::Text(format!("{number}u"))
    }

    /// Writes the value; lines after the first are indented by `indent` more than the constant itself.
    pub fn write(&self, features: &Features, limits: &Limits, indent: usize, out: &mut String) {
        match self {
            Self::Text(text) => out.push_str(text),
            Self::Record(Record(fields)) => {
                out.push_str("{\n");
                let inner = indent + 4;
                for (_, name, value) in
                    fields.iter().filter(|(feature, ..)| feature.is_none_or(|feature| features.has(feature)))
                {
                    // Writing to a string cannot fail.
                    _ = write!(out, "{:inner$}.{name} = ", "");
                    value.write(features, limits, inner, out);
                    out.push_str(",\n");
                }
                _ = write!(out, "{:indent$}}}", "");
            }
            Self::List(items) => write_list(items, features, limits, indent, out),
            Self::Compound(item, items) => {
                _ = write!(out, "(const {item}[]){{");
                write_items(items, features, limits, indent, out);
                out.push('}');
            }
            Self::Filled { limit, filler, items } => {
                let missing = limits.get(*limit).saturating_sub(items.len());
                let mut all = vec![(**filler).clone(); missing];
                all.extend(items.iter().cloned());
                write_list(&all, features, limits, indent, out);
            }
        }
    }
}

fn write_list(items: &[CValue], features: &Features, limits: &Limits, indent: usize, out: &mut String) {
    out.push('{');
    write_items(items, features, limits, indent, out);
    out.push('}');
}

fn write_items(items: &[CValue], features: &Features, limits: &Limits, indent: usize, out: &mut String) {
    for (index, item) in items.iter().enumerate() {
        out.push_str(if index == 0 { "" } else { ", " });
        item.write(features, limits, indent, out);
    }
}

/// The literals of infinity and of what is not a number, which come from `math.h`.
pub(crate) const NOT_FINITE: [&str; 2] = ["INFINITY", "NAN"];

/// A float that C reads as the same bits.
pub(crate) fn float_literal(value: f32) -> String {
    let bits = value.to_bits();
    if value.is_nan() {
        return NOT_FINITE[1].into();
    }
    if value.is_infinite() {
        return format!("{}{}", if value < 0.0 { "-" } else { "" }, NOT_FINITE[0]);
    }
    let sign = if bits >> 31 == 1 { "-" } else { "" };
    let (exponent, mantissa) = ((bits >> 23 & 0xff) as i32, bits & 0x007f_ffff);
    match exponent {
        0 if mantissa == 0 => format!("{sign}0.0f"),
        0 => format!("{sign}0x0.{:06x}p-126f", mantissa << 1),
        _ if mantissa == 0 => format!("{sign}0x1p{}f", exponent - 127),
        _ => format!("{sign}0x1.{:06x}p{}f", mantissa << 1, exponent - 127),
    }
}

impl From<f32> for CValue {
    fn from(value: f32) -> Self {
        Self::Text(float_literal(value))
    }
}

impl From<Record> for CValue {
    fn from(record: Record) -> Self {
        Self::Record(record)
    }
}

impl From<Vec<CValue>> for CValue {
    fn from(items: Vec<CValue>) -> Self {
        Self::List(items)
    }
}

impl From<&str> for CValue {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for CValue {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for CValue {
    fn from(value: bool) -> Self {
        Self::unsigned(u8::from(value))
    }
}

macro_rules! from_integers {
    ($($type:ty),*) => {$(
        impl From<$type> for CValue {
            fn from(value: $type) -> Self {
                Self::Text(value.to_string())
            }
        }
    )*};
}

from_integers!(i16, i32, i64, isize, usize);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_keep_their_bits() {
        let cases =
            [(1.0, "0x1p0f"), (-0.0, "-0.0f"), (0.1, "0x1.99999ap-4f"), (f32::from_bits(1), "0x0.000002p-126f")];
        for (value, expected) in cases {
            assert_eq!(float_literal(value), expected);
        }
    }

    #[test]
    fn fields_of_unused_features_are_left_out() {
        let record = Record::default().with("a", 1).with_if(Feature::Reals, "b", 0.5);
        let write = |features: &Features| {
            let mut text = String::new();
            CValue::from(record.clone()).write(features, &Limits::default(), 0, &mut text);
            text
        };
        let mut features = Features::default();
        assert_eq!(write(&features), "{\n    .a = 1,\n}");
        features.use_all(&[Feature::Reals]);
        assert_eq!(write(&features), "{\n    .a = 1,\n    .b = 0x1p-1f,\n}");
    }
}

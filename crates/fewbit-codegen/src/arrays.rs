//! [`Arrays`]: the constant arrays of generated code: weights, tables. Equal ones are one.

use crate::c_value::float_literal;
use fewbit_core::NumberFormat;
use std::collections::HashMap;
use std::fmt::Write;

/// The longest line of numbers.
const LINE: usize = 118;

/// What an array holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Numbers {
    /// Bytes, whatever they stand for.
    Bytes(Vec<u8>),
    /// Signed bytes.
    Integers8(Vec<i8>),
    /// 16-bit integers.
    Integers16(Vec<i16>),
    /// 32-bit integers.
    Integers32(Vec<i32>),
    /// The bits of floats.
    Floats(Vec<u32>),
}

impl Numbers {
    /// Floats.
    pub fn floats(values: impl IntoIterator<Item = f32>) -> Self {
        Self::Floats(values.into_iter().map(f32::to_bits).collect())
    }

    /// Values as a file stores them.
    pub fn stored(bytes: &[u8], format: NumberFormat) -> Self {
        match format {
            NumberFormat::Float32 => {
                Self::Floats(bytes.as_chunks().0.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect())
            }
            NumberFormat::Fixed16 { .. } => {
                Self::Integers16(bytes.as_chunks().0.iter().map(|bytes| i16::from_le_bytes(*bytes)).collect())
            }
            NumberFormat::Fixed8 { .. } => Self::Integers8(bytes.iter().map(|&byte| byte as i8).collect()),
            NumberFormat::Fixed4 { .. } | NumberFormat::Fixed2 { .. } | NumberFormat::Sign => {
                Self::Bytes(bytes.to_vec())
            }
        }
    }

    /// The type of an item in C, how many there are, and bytes of all of them.
    fn describe(&self) -> (&'static str, usize, usize) {
        match self {
            Self::Bytes(items) => ("uint8_t", items.len(), items.len()),
            Self::Integers8(items) => ("int8_t", items.len(), items.len()),
            Self::Integers16(items) => ("int16_t", items.len(), items.len() * 2),
            Self::Integers32(items) => ("int32_t", items.len(), items.len() * 4),
            Self::Floats(items) => ("float", items.len(), items.len() * 4),
        }
    }

    fn literals(&self) -> Vec<String> {
        match self {
            Self::Bytes(items) => items.iter().map(u8::to_string).collect(),
            Self::Integers8(items) => items.iter().map(i8::to_string).collect(),
            Self::Integers16(items) => items.iter().map(i16::to_string).collect(),
            Self::Integers32(items) => items.iter().map(i32::to_string).collect(),
            Self::Floats(items) => items.iter().map(|&bits| float_literal(f32::from_bits(bits))).collect(),
        }
    }
}

/// The arrays by their contents, in the order in which they were added.
#[derive(Clone, Debug, Default)]
pub(crate) struct Arrays {
    names: HashMap<Numbers, String>,
    text: String,
    bytes: usize,
}

impl Arrays {
    /// The name of the array that holds these numbers: a new one called after `purpose`, if there is none yet.
    pub fn name(&mut self, purpose: &str, numbers: Numbers) -> String {
        if let Some(name) = self.names.get(&numbers) {
            return name.clone();
        }
        let name = format!("{purpose}_{}", self.names.len());
        let (item, count, bytes) = numbers.describe();
        self.bytes += bytes;
        // Writing to a string cannot fail. C has no empty arrays.
        _ = writeln!(self.text, "static const {item} {name}[{}] = {{", count.max(1));
        let mut line = String::from("   ");
        let literals = if count == 0 { vec![String::from("0")] } else { numbers.literals() };
        for literal in literals {
            if line.len() + literal.len() + 2 > LINE {
                _ = writeln!(self.text, "{line}");
                line = String::from("   ");
            }
            _ = write!(line, " {literal},");
        }
        _ = writeln!(self.text, "{line}\n}};\n");
        self.names.insert(numbers, name.clone());
        name
    }

    /// All definitions.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Bytes of all arrays.
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_arrays_are_one() {
        let mut arrays = Arrays::default();
        let first = arrays.name("weights", Numbers::Integers8(vec![-128, 3]));
        assert_eq!(arrays.name("table", Numbers::Integers8(vec![-128, 3])), first);
        assert_ne!(arrays.name("table", Numbers::Bytes(vec![1])), first);
        assert_eq!(arrays.bytes(), 3);
        assert!(arrays.text().starts_with("static const int8_t weights_0[2] = {\n    -128, 3,\n};\n"));
    }
}

//! Writes the two files.

pub(crate) mod header;
pub(crate) mod source;

use fewbit_core::NumberFormat;

/// The type in C of the values of a variable in the arena.
fn c_type(format: NumberFormat) -> &'static str {
    match format {
        NumberFormat::Float32 => "float",
        NumberFormat::Fixed16 { .. } => "int16_t",
        NumberFormat::Fixed8 { .. } => "int8_t",
        NumberFormat::Fixed4 { .. } | NumberFormat::Fixed2 { .. } | NumberFormat::Sign => "uint8_t",
    }
}

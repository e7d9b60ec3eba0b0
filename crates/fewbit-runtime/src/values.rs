//! [`Values`] and [`ValuesMut`]: the bytes of a variable, seen as the numbers that they stand for.
//!
//! Kernels read and write whole runs of values, so that the number format is looked at once a run and not once a value.

use fewbit_core::{NumberFormat, Quantizer, Rounding, Shape};

/// The values of a variable, to be read.
#[derive(Clone, Copy, Debug)]
pub struct Values<'a> {
    bytes: &'a [u8],
    format: NumberFormat,
    shape: Shape,
}

impl<'a> Values<'a> {
    /// The values of a variable of this shape and format. `bytes` should hold them all: what is missing reads as zero.
    pub fn new(bytes: &'a [u8], format: NumberFormat, shape: Shape) -> Self {
        Self { bytes, format, shape }
    }

    /// The bytes as they are stored.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// How the values are stored.
    pub fn format(&self) -> NumberFormat {
        self.format
    }

    /// The extents.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        self.shape.items()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One value.
    pub fn get(&self, index: usize) -> f32 {
        let mut value = [0.0];
        self.read(index, &mut value);
        value[0]
    }

    /// Reads consecutive values from `start` on.
    pub fn read(&self, start: usize, out: &mut [f32]) {
        let step = self.format.step();
        match self.format {
            NumberFormat::Float32 => {
                fill(out, self.bytes.as_chunks::<4>().0, start, |bytes| f32::from_le_bytes(*bytes));
            }
            NumberFormat::Fixed16 { .. } => {
                fill(out, self.bytes.as_chunks::<2>().0, start, |bytes| f32::from(i16::from_le_bytes(*bytes)) * step);
            }
            NumberFormat::Fixed8 { .. } => fill(out, self.bytes, start, |&byte| f32::from(byte as i8) * step),
            NumberFormat::Sign => {
                for (value, index) in out.iter_mut().zip(start..) {
                    *value = if self.sign_bit(index) { 1.0 } else { -1.0 };
                }
            }
        }
    }

    /// Reads the stored integers of consecutive values from `start` on: +1 and -1 for signs, zero for floats.
    pub fn read_integers(&self, start: usize, out: &mut [i32]) {
        match self.format {
            NumberFormat::Float32 => out.fill(0),
            NumberFormat::Fixed16 { .. } => {
                fill(out, self.bytes.as_chunks::<2>().0, start, |bytes| i32::from(i16::from_le_bytes(*bytes)));
            }
            NumberFormat::Fixed8 { .. } => fill(out, self.bytes, start, |&byte| i32::from(byte as i8)),
            NumberFormat::Sign => {
                for (value, index) in out.iter_mut().zip(start..) {
                    *value = if self.sign_bit(index) { 1 } else { -1 };
                }
            }
        }
    }

    /// One stored integer, as [`Values::read_integers`] gives it.
    pub fn integer(&self, index: usize) -> i32 {
        let mut value = [0];
        self.read_integers(index, &mut value);
        value[0]
    }

    /// Signs are packed eight to a byte, the first in the lowest bit.
    fn sign_bit(&self, index: usize) -> bool {
        self.bytes.get(index / 8).is_some_and(|byte| byte >> (index % 8) & 1 == 1)
    }
}

/// Fills `out` with the items from `start` on; with the default where there are none.
fn fill<T, V: Default + Copy>(out: &mut [V], items: &[T], start: usize, value: impl Fn(&T) -> V) {
    let items = items.get(start..).unwrap_or(&[]);
    let there = out.len().min(items.len());
    let (known, missing) = out.split_at_mut(there);
    for (out, item) in known.iter_mut().zip(items) {
        *out = value(item);
    }
    missing.fill(V::default());
}

/// The values of a variable, to be written.
#[derive(Debug)]
pub struct ValuesMut<'a> {
    bytes: &'a mut [u8],
    format: NumberFormat,
    shape: Shape,
    quantizer: Option<Quantizer>,
}

impl<'a> ValuesMut<'a> {
    /// The values of a variable of this shape and format, whose bytes these are. Real numbers are stored in fixed-point
    /// formats with `rounding`.
    pub fn new(bytes: &'a mut [u8], format: NumberFormat, shape: Shape, rounding: Rounding) -> Self {
        Self { bytes, format, shape, quantizer: Quantizer::new(format, rounding) }
    }

    /// The bytes as they are stored.
    pub fn bytes(&mut self) -> &mut [u8] {
        self.bytes
    }

    /// How the values are stored.
    pub fn format(&self) -> NumberFormat {
        self.format
    }

    /// The extents.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        self.shape.items()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Stores one real number.
    pub fn set(&mut self, index: usize, value: f32) {
        self.write(index, &[value]);
    }

    /// Stores consecutive real numbers from `start` on; those beyond the end are left out.
    pub fn write(&mut self, start: usize, values: &[f32]) {
        match (self.format, self.quantizer) {
            (NumberFormat::Fixed16 { .. }, Some(quantizer)) => {
                // The quantiser saturates at the ends of the type, so that the cast keeps every value.
                store(self.bytes.as_chunks_mut::<2>().0, start, values, |&value| {
                    (quantizer.quantize(value) as i16).to_le_bytes()
                });
            }
            (NumberFormat::Fixed8 { .. }, Some(quantizer)) => {
                store(self.bytes, start, values, |&value| quantizer.quantize(value) as i8 as u8);
            }
            // Buffers of signs are refused when a model is opened.
            _ => store(self.bytes.as_chunks_mut::<4>().0, start, values, |value| value.to_le_bytes()),
        }
    }

    /// Stores consecutive integers from `start` on, which are saturated to the range of the fixed-point format.
    pub fn write_integers(&mut self, start: usize, values: &[i32]) {
        match self.format {
            NumberFormat::Fixed16 { .. } => store(self.bytes.as_chunks_mut::<2>().0, start, values, |&value| {
                (value.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16).to_le_bytes()
            }),
            NumberFormat::Fixed8 { .. } => store(self.bytes, start, values, |&value| {
                value.clamp(i32::from(i8::MIN), i32::from(i8::MAX)) as i8 as u8
            }),
            NumberFormat::Float32 | NumberFormat::Sign => {}
        }
    }
}

fn store<T, V>(items: &mut [T], start: usize, values: &[V], stored: impl Fn(&V) -> T) {
    for (item, value) in items.iter_mut().skip(start).zip(values) {
        *item = stored(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;

    fn shape(items: usize) -> Shape {
        Shape::new(&[items]).expect("few items")
    }

    #[test]
    fn formats_read_as_what_they_stand_for() {
        let fixed8 = Values::new(&[4, 0xfc, 0x80], NumberFormat::Fixed8 { position: 2 }, shape(3));
        let mut out = [0.0; 3];
        fixed8.read(0, &mut out);
        assert_eq!(out, [1.0, -1.0, -32.0]);
        let fixed16 = Values::new(&[0, 1, 0xff, 0xff], NumberFormat::Fixed16 { position: 8 }, shape(2));
        assert_eq!([fixed16.get(0), fixed16.get(1)], [1.0, -1.0 / 256.0]);
        assert_eq!([fixed16.integer(0), fixed16.integer(1)], [256, -1]);
        let signs = Values::new(&[0b101], NumberFormat::Sign, shape(3));
        let mut out = [0; 2];
        signs.read_integers(1, &mut out);
        assert_eq!(out, [-1, 1]);
    }

    #[test]
    fn what_is_missing_is_zero() {
        let cut = Values::new(&[0, 0, 0x80, 0x3f, 1, 2], NumberFormat::Float32, shape(2));
        let mut out = [7.0; 3];
        cut.read(0, &mut out);
        assert_eq!(out, [1.0, 0.0, 0.0]);
        cut.read(usize::MAX, &mut out);
        assert_eq!(out, [0.0; 3]);
    }

    #[test]
    fn stores_round_and_saturate() {
        let mut bytes = vec![0u8; 3];
        let format = NumberFormat::Fixed8 { position: 0 };
        let values = [1.5, -1.5, 1000.0];
        ValuesMut::new(&mut bytes, format, shape(3), Rounding::HalfUp).write(0, &values);
        assert_eq!(bytes, [2, 0xff, 127]);
        ValuesMut::new(&mut bytes, format, shape(3), Rounding::TowardZero).write(0, &values);
        assert_eq!(bytes, [1, 0xff, 127]);
        ValuesMut::new(&mut bytes, format, shape(3), Rounding::HalfUp).write_integers(1, &[-300, 5, 9]);
        assert_eq!(bytes, [1, 0x80, 5]);
    }
}

//! [`ValuesMut`]: the bytes of a variable in the arena, to be written as the numbers that they stand for.
//!
//! Kernels write whole runs of values, so that the number format is looked at once a run and not once a value. Its
//! counterpart for reading is [`fewbit_nnb::Values`].
//!
//! A function that works in place writes its output over one of its inputs. Such an input has no bytes of its own: it is
//! read through the output, run by run, before the run is written.

use crate::functions::RUN;
use fewbit_core::{NumberFormat, Quantizer, Rounding, Shape};
use fewbit_nnb::Values;

/// The values of a variable, to be written.
#[derive(Debug)]
pub struct ValuesMut<'a> {
    bytes: &'a mut [u8],
    format: NumberFormat,
    shape: Shape,
    rounding: Rounding,
}

impl<'a> ValuesMut<'a> {
    /// The values of a variable of this shape and format, whose bytes these are. Real numbers are stored in fixed-point
    /// formats with `rounding`.
    pub fn new(bytes: &'a mut [u8], format: NumberFormat, shape: Shape, rounding: Rounding) -> Self {
        Self { bytes, format, shape, rounding }
    }

    /// The bytes as they are stored.
    pub fn bytes(&mut self) -> &mut [u8] {
        self.bytes
    }

    /// The values as they are now.
    pub fn values(&self) -> Values<'_> {
        Values::new(self.bytes, self.format, self.shape)
    }

    /// Whether an input of the function that writes these values lies where they do.
    pub fn is_over(&self, input: &Values<'_>) -> bool {
        // No other input lacks its bytes.
        input.bytes().is_empty() && !input.is_empty()
    }

    /// An input of the function that writes these values, to be read: if it lies where they do, it has their bytes, which
    /// are its own wherever nothing was written yet.
    pub fn beside<'s>(&'s self, input: &Values<'s>) -> Values<'s> {
        if self.is_over(input) { input.with_bytes(self.bytes) } else { *input }
    }

    /// How the values are stored.
    pub fn format(&self) -> NumberFormat {
        self.format
    }

    /// The extents.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// How real numbers are stored in fixed-point formats.
    pub fn rounding(&self) -> Rounding {
        self.rounding
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
        self.write_strided(start, 1, values);
    }

    /// Stores real numbers `stride` items apart, the first at `start`; those beyond the end are left out.
    pub fn write_strided(&mut self, start: usize, stride: usize, values: &[f32]) {
        // Not before it is needed: kernels that store integers shall need no float instruction.
        let Some(quantizer) = Quantizer::new(self.format, self.rounding) else {
            // Buffers of less than a byte a value are refused when a model is opened: this is a float.
            return store(self.bytes.as_chunks_mut::<4>().0, start, stride, values, |value| value.to_le_bytes());
        };
        let mut integers = [0; RUN];
        for (run, values) in values.chunks(RUN).enumerate() {
            let integers = &mut integers[..values.len()];
            quantizer.quantize_all(values, integers);
            self.write_integers_strided(start + run * RUN * stride, stride, integers);
        }
    }

    /// Stores consecutive integers from `start` on, which are saturated to the range of the fixed-point format.
    pub fn write_integers(&mut self, start: usize, values: &[i32]) {
        self.write_integers_strided(start, 1, values);
    }

    /// Stores integers `stride` items apart, the first at `start`, saturated to the range of the fixed-point format.
    pub fn write_integers_strided(&mut self, start: usize, stride: usize, values: &[i32]) {
        match self.format {
            NumberFormat::Fixed16 { .. } => {
                store(self.bytes.as_chunks_mut::<2>().0, start, stride, values, |&value| {
                    (value.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16).to_le_bytes()
                });
            }
            NumberFormat::Fixed8 { .. } => store(self.bytes, start, stride, values, |&value| {
                value.clamp(i32::from(i8::MIN), i32::from(i8::MAX)) as i8 as u8
            }),
            // Floats have no integers, and buffers of less than a byte a value are refused when a model is opened.
            _ => {}
        }
    }
}

/// Stores values `stride` items apart, from `start` on.
fn store<T, V>(items: &mut [T], start: usize, stride: usize, values: &[V], stored: impl Fn(&V) -> T) {
    let items = items.get_mut(start..).unwrap_or_default();
    if stride == 1 {
        // Apart from the loop below, so that it can be vectorised.
        for (item, value) in items.iter_mut().zip(values) {
            *item = stored(value);
        }
    } else {
        for (item, value) in items.iter_mut().step_by(stride.max(1)).zip(values) {
            *item = stored(value);
        }
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

    #[test]
    fn an_input_without_bytes_lies_where_the_output_does() {
        let mut bytes = [4, 8];
        let [from, to] = [2, 1].map(|position| NumberFormat::Fixed8 { position });
        let input = Values::new(&[], from, shape(2));
        let mut output = ValuesMut::new(&mut bytes, to, shape(2), Rounding::HalfUp);
        assert_eq!([0, 1].map(|place| output.beside(&input).get(place)), [1.0, 2.0]);
        output.set(0, 3.0);
        assert_eq!([0, 1].map(|place| output.beside(&input).get(place)), [1.5, 2.0]);
        let apart = Values::new(&[12, 16], from, shape(2));
        assert_eq!(output.beside(&apart).get(0), 3.0);
    }

    #[test]
    fn strides_skip_items_over_more_than_a_run() {
        let mut bytes = vec![0xff; 2 * 3 * 100];
        let format = NumberFormat::Fixed16 { position: 1 };
        let values: vec::Vec<f32> = (0u8..100).map(f32::from).collect();
        ValuesMut::new(&mut bytes, format, shape(300), Rounding::HalfUp).write_strided(1, 3, &values);
        for (place, item) in bytes.as_chunks::<2>().0.iter().enumerate() {
            let expected = if place % 3 == 1 { i16::try_from(place / 3 * 2).expect("small") } else { -1 };
            assert_eq!(i16::from_le_bytes(*item), expected, "at {place}");
        }
    }
}

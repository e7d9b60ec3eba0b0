//! [`Values`]: the bytes of a variable, seen as the numbers that they stand for.
//!
//! Whole runs of values are read at a time, so that the number format is looked at once a run and not once a value.

use fewbit_core::{NumberFormat, Shape};

/// The values of a variable, to be read. What is missing reads as zero.
#[derive(Clone, Copy, Debug)]
pub struct Values<'a> {
    bytes: &'a [u8],
    format: NumberFormat,
    shape: Shape,
    channel_positions: &'a [u8],
}

impl<'a> Values<'a> {
    /// The values of a variable of this shape and format, whose bytes these are.
    pub fn new(bytes: &'a [u8], format: NumberFormat, shape: Shape) -> Self {
        Self { bytes, format, shape, channel_positions: &[] }
    }

    /// The same with positions of the channels (signed bytes), which are equal runs of the values; with none of them all
    /// values have the position of the format.
    pub fn with_channel_positions(self, channel_positions: &'a [u8]) -> Self {
        Self { channel_positions, ..self }
    }

    /// The same variable with other bytes.
    pub fn with_bytes<'b>(&self, bytes: &'b [u8]) -> Values<'b>
    where
        'a: 'b,
    {
        Values { bytes, ..*self }
    }

    /// The bytes as they are stored.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// How the values are stored; the position is not used where there are [`Values::channel_positions`].
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

    /// The positions of the channels as signed bytes; empty where all values have the position of the format.
    pub fn channel_positions(&self) -> &'a [u8] {
        self.channel_positions
    }

    /// How many consecutive values belong to a channel; all where channels have no positions of their own.
    fn channel_items(&self) -> usize {
        // Readers check that the number of positions divides the items.
        self.len().checked_div(self.channel_positions.len()).unwrap_or(self.len()).max(1)
    }

    /// The position of the values of an output channel: the number of fractional bits; 0 for floats and signs.
    pub fn position(&self, channel: usize) -> i8 {
        match self.channel_positions.get(channel) {
            Some(&position) => position as i8,
            None => self.format.position().unwrap_or(0),
        }
    }

    /// The position of the value at `place`.
    pub fn position_at(&self, place: usize) -> i8 {
        self.position(place / self.channel_items())
    }

    /// Whether runs of `items` values, the first of which begins at 0, have one position each.
    pub fn has_position_for_each(&self, items: usize) -> bool {
        self.channel_positions.is_empty() || items > 0 && self.channel_items().is_multiple_of(items)
    }

    fn scale_at<E: Element>(&self, place: usize) -> E::Scale {
        E::scale(self.format.with_position(self.position_at(place)))
    }

    /// One value.
    pub fn get(&self, index: usize) -> f32 {
        let mut value = [0.0];
        self.read(index, &mut value);
        value[0]
    }

    /// Reads consecutive values from `start` on.
    pub fn read(&self, start: usize, out: &mut [f32]) {
        self.read_run(start, out);
    }

    /// Reads the stored integers of consecutive values from `start` on: +1 and -1 for signs, zero for floats.
    pub fn read_integers(&self, start: usize, out: &mut [i32]) {
        self.read_run(start, out);
    }

    /// One stored integer, as [`Values::read_integers`] gives it.
    pub fn integer(&self, index: usize) -> i32 {
        let mut value = [0];
        self.read_integers(index, &mut value);
        value[0]
    }

    /// Reads values that lie `stride` apart, the first at `start`, as the numbers that a kernel computes with; strides may
    /// be zero or negative.
    pub fn read_strided<E: Element>(&self, start: usize, stride: isize, out: &mut [E]) {
        match stride {
            1 => self.read_run(start, out),
            0 => {
                let mut value = [E::default()];
                self.read_run(start, &mut value);
                out.fill(value[0]);
            }
            _ => self.pick(out, strided(start, stride)),
        }
    }

    /// Reads the value at each of the places.
    pub fn gather(&self, places: &[usize], out: &mut [f32]) {
        self.pick(out, places.iter().copied());
    }

    fn read_run<E: Element>(&self, mut start: usize, mut out: &mut [E]) {
        if !E::SCALED || self.channel_positions.is_empty() {
            return self.read_at(start, out, E::scale(self.format));
        }
        while !out.is_empty() {
            let rest_of_channel = self.channel_items() - start % self.channel_items();
            let (run, rest) = out.split_at_mut(rest_of_channel.min(out.len()));
            self.read_at(start, run, self.scale_at::<E>(start));
            start = start.saturating_add(run.len());
            out = rest;
        }
    }

    /// Reads consecutive values that have the same scale.
    fn read_at<E: Element>(&self, start: usize, out: &mut [E], scale: E::Scale) {
        match self.format {
            NumberFormat::Float32 => {
                fill(out, self.bytes.as_chunks::<4>().0, start, |bytes| E::from_real(float(bytes)));
            }
            NumberFormat::Fixed16 { .. } => {
                fill(out, self.bytes.as_chunks::<2>().0, start, |bytes| E::from_fixed(fixed16(bytes), scale));
            }
            NumberFormat::Fixed8 { .. } => fill(out, self.bytes, start, |byte| E::from_fixed(fixed8(byte), scale)),
            NumberFormat::Fixed4 { .. } => self.unpack::<E, 4>(start, out, scale),
            NumberFormat::Fixed2 { .. } => self.unpack::<E, 2>(start, out, scale),
            NumberFormat::Sign => self.unpack::<E, 1>(start, out, scale),
        }
    }

    /// Reads consecutive values of `BITS` bits each; the first of a byte lies in its lowest bits.
    fn unpack<E: Element, const BITS: usize>(&self, start: usize, out: &mut [E], scale: E::Scale) {
        let in_byte = 8 / BITS;
        for (value, place) in out.iter_mut().zip(start..) {
            let Some(&byte) = self.bytes.get(place / in_byte) else {
                *value = E::default();
                continue;
            };
            let bits = byte >> (place % in_byte * BITS);
            let integer = match BITS {
                1 => i16::from(bits & 1) * 2 - 1,
                // The value is moved to the top of the byte, where the arithmetic shift down extends its sign.
                _ => i16::from((bits << (8 - BITS)) as i8 >> (8 - BITS)),
            };
            *value = E::from_fixed(integer, scale);
        }
    }

    fn pick<E: Element>(&self, out: &mut [E], places: impl Iterator<Item = usize>) {
        let scale = E::scale(self.format);
        match self.format {
            NumberFormat::Float32 => {
                pick(out, self.bytes.as_chunks::<4>().0, places, |bytes| E::from_real(float(bytes)));
            }
            NumberFormat::Fixed16 { .. } if self.channel_positions.is_empty() => {
                pick(out, self.bytes.as_chunks::<2>().0, places, |bytes| E::from_fixed(fixed16(bytes), scale));
            }
            NumberFormat::Fixed8 { .. } if self.channel_positions.is_empty() => {
                pick(out, self.bytes, places, |byte| E::from_fixed(fixed8(byte), scale));
            }
            _ => {
                for (value, place) in out.iter_mut().zip(places) {
                    self.read_run(place, core::slice::from_mut(value));
                }
            }
        }
    }
}

/// A number that stored values are read as: a real one, or the stored integer.
pub trait Element: Copy + Default {
    /// What a stored integer is multiplied by: the step of the format; nothing for integers, so that reading them needs no
    /// float instruction.
    type Scale: Copy;

    /// Whether there is something to multiply by.
    const SCALED: bool;

    /// The scale of a format.
    fn scale(format: NumberFormat) -> Self::Scale;

    /// From a stored float; zero for integers.
    fn from_real(value: f32) -> Self;

    /// From a stored integer.
    fn from_fixed(integer: i16, scale: Self::Scale) -> Self;
}

impl Element for f32 {
    type Scale = f32;

    const SCALED: bool = true;

    fn scale(format: NumberFormat) -> f32 {
        format.step()
    }

    fn from_real(value: f32) -> Self {
        value
    }

    fn from_fixed(integer: i16, step: f32) -> Self {
        Self::from(integer) * step
    }
}

macro_rules! integer_element {
    ($($type:ty),*) => {$(
        impl Element for $type {
            type Scale = ();

            const SCALED: bool = false;

            fn scale(_format: NumberFormat) {}

            fn from_real(_value: f32) -> Self {
                0
            }

            fn from_fixed(integer: i16, (): ()) -> Self {
                integer.into()
            }
        }
    )*};
}

integer_element!(i16, i32, i64);

/// The places that lie `stride` apart, from `start` on without end.
fn strided(start: usize, stride: isize) -> impl Iterator<Item = usize> {
    core::iter::successors(Some(start), move |place| Some(place.wrapping_add_signed(stride)))
}

fn float(bytes: &[u8; 4]) -> f32 {
    f32::from_le_bytes(*bytes)
}

fn fixed16(bytes: &[u8; 2]) -> i16 {
    i16::from_le_bytes(*bytes)
}

fn fixed8(byte: &u8) -> i16 {
    i16::from(*byte as i8)
}

/// Fills `out` with the items at `places`; with the default where there are none.
fn pick<T, V: Default>(out: &mut [V], items: &[T], places: impl Iterator<Item = usize>, value: impl Fn(&T) -> V) {
    for (out, place) in out.iter_mut().zip(places) {
        *out = items.get(place).map_or_else(V::default, &value);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(items: usize) -> Shape {
        Shape::new(&[items]).expect("few items")
    }

    fn read<const N: usize>(values: Values<'_>, start: usize) -> [f32; N] {
        let mut out = [7.0; N];
        values.read(start, &mut out);
        out
    }

    #[test]
    fn formats_read_as_what_they_stand_for() {
        let fixed8 = Values::new(&[4, 0xfc, 0x80], NumberFormat::Fixed8 { position: 2 }, shape(3));
        assert_eq!(read(fixed8, 0), [1.0, -1.0, -32.0]);
        let fixed16 = Values::new(&[0, 1, 0xff, 0xff], NumberFormat::Fixed16 { position: 8 }, shape(2));
        assert_eq!(read(fixed16, 0), [1.0, -1.0 / 256.0]);
        assert_eq!([fixed16.integer(0), fixed16.integer(1)], [256, -1]);
        let signs = Values::new(&[0b101], NumberFormat::Sign, shape(3));
        assert_eq!(read(signs, 0), [1.0, -1.0, 1.0]);
        let fixed4 = Values::new(&[0x87, 0x0f], NumberFormat::Fixed4 { position: 1 }, shape(3));
        assert_eq!(read(fixed4, 0), [3.5, -4.0, -0.5]);
        let fixed2 = Values::new(&[0b11_10_01_00], NumberFormat::Fixed2 { position: -1 }, shape(4));
        assert_eq!(read(fixed2, 0), [0.0, 2.0, -4.0, -2.0]);
    }

    #[test]
    fn channels_have_steps_of_their_own() {
        let positions = [0u8, 1, 0xff];
        let format = NumberFormat::Fixed8 { position: 7 };
        let values = Values::new(&[1, 2, 3, 4, 5, 6], format, shape(6)).with_channel_positions(&positions);
        assert_eq!(read(values, 0), [1.0, 2.0, 1.5, 2.0, 10.0, 12.0]);
        assert_eq!(read(values, 3), [2.0, 10.0]);
        let mut out = [0.0; 3];
        values.read_strided(5, -2, &mut out);
        assert_eq!(out, [12.0, 2.0, 2.0]);
        let mut integers = [0i16; 3];
        values.read_strided(5, -2, &mut integers);
        assert_eq!(integers, [6, 4, 2]);
        assert_eq!([values.position_at(1), values.position_at(4)], [0, -1]);
        assert_eq!([1, 2, 3, 4].map(|items| values.has_position_for_each(items)), [true, true, false, false]);
        values.gather(&[4, 0, 2], &mut out);
        assert_eq!(out, [10.0, 1.0, 1.5]);
        assert_eq!([values.position(0), values.position(2)], [0, -1]);
    }

    #[test]
    fn what_is_missing_is_zero() {
        let cut = Values::new(&[0, 0, 0x80, 0x3f, 1, 2], NumberFormat::Float32, shape(2));
        assert_eq!(read(cut, 0), [1.0, 0.0, 0.0]);
        assert_eq!(read(cut, usize::MAX), [0.0; 3]);
        let empty = Values::new(&[], NumberFormat::Fixed4 { position: 0 }, shape(3)).with_channel_positions(&[1, 1, 1]);
        assert_eq!(read(empty, 1), [0.0; 2]);
    }
}

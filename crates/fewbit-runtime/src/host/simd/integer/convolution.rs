//! Sums of products of integers: what [`Plane`] is for floats, for maps of bytes and of words.
//!
//! Four bytes of a pixel's window (two words of 16 bits) are broadcast and multiplied with as many weights of each output
//! channel in one instruction. A run of the window that is no multiple of four bytes is read beyond its end; the weights
//! there are zero.

use super::{Finish, IntegerKernel, IntegerSimd, load_stored, store};
use crate::host::arithmetic::{Arithmetic, Integers};
use crate::host::packing::Panel;
use crate::host::simd::convolution::{Plane, Residual, TileAt, Tiled, Window};
use crate::host::storage::Storage;

impl IntegerKernel for Plane<'_, Integers> {
    #[inline(always)]
    fn run<S: IntegerSimd>(self, simd: S) {
        self.run_tiles(simd);
    }
}

impl<S: IntegerSimd> Tiled<S, i32> for Plane<'_, Integers> {
    #[inline(always)]
    unsafe fn tile<const P: usize, const V: usize>(&mut self, simd: S, at: TileAt<'_, i32>) {
        let (panel, columns) = (at.panel, self.columns);
        let finish: &Finish = self.finish;
        let places = at.places::<P>(self.input_pixels, columns);
        let mut pixels = [self.input.as_ptr(); P];
        for p in 0..P {
            // SAFETY: the pixel is one of the plane, so that it begins within the input.
            pixels[p] = unsafe { pixels[p].add(places[p]) };
        }
        // SAFETY: every pixel of a sound plane can be read as far as the window reaches.
        let mut sums = unsafe {
            match finish.input {
                Storage::Byte | Storage::Float => sum::<S, P, V, true>(simd, pixels, self.window, panel),
                Storage::Word => sum::<S, P, V, false>(simd, pixels, self.window, panel),
            }
        };

        let more = match self.residual {
            Residual::None => None,
            Residual::Output => Some((self.output.as_ptr(), self.output_pixels)),
            Residual::Map(values, pixels) => Some((values.as_ptr(), pixels)),
        };
        let mut residual = [[simd.splat(0); V]; P];
        if let Some((values, pixels)) = more {
            let places = at.places::<P>(pixels, columns);
            for p in 0..P {
                for v in 0..V {
                    let channel = v * S::LANES;
                    let place = places[p] + (panel.first_output + channel) * finish.residual.width();
                    // SAFETY: a pixel of a sound plane has a value to add for each output channel.
                    residual[p][v] =
                        unsafe { load_stored(simd, finish.residual, values.add(place), panel.outputs - channel) };
                }
            }
        }
        // SAFETY: the finish of a sound plane is complete for all packed output channels.
        unsafe { finish.apply(simd, &mut sums, &residual, panel.first_output, V * S::LANES) };
        let places = at.places::<P>(self.output_pixels, columns);
        let output = self.output.as_mut_ptr();
        for p in 0..P {
            for v in 0..V {
                let channel = v * S::LANES;
                let place = places[p] + (panel.first_output + channel) * finish.output.width();
                // SAFETY: a pixel of a sound plane has room for each output channel.
                unsafe { store(simd, finish.output, output.add(place), panel.outputs - channel, sums[p][v]) };
            }
        }
    }
}

/// The sums of a tile, which begin with what the panel gives.
///
/// # Safety
/// Each pixel must be valid for reading as far as the window reaches; the panel must have `V` vectors of weights for each
/// four bytes of the window.
#[inline(always)]
unsafe fn sum<S: IntegerSimd, const P: usize, const V: usize, const BYTES: bool>(
    simd: S,
    pixels: [*const u8; P],
    window: &Window,
    panel: Panel<'_, i32>,
) -> [[S::Integers; V]; P] {
    // A multiply-add waits for the one before it on the same sum: small tiles take several sums for each.
    // SAFETY: as the caller promises.
    unsafe {
        match P * V {
            0..=2 => sum_in_parts::<S, P, V, 4, BYTES>(simd, pixels, window, panel),
            3..=4 => sum_in_parts::<S, P, V, 2, BYTES>(simd, pixels, window, panel),
            _ => sum_in_parts::<S, P, V, 1, BYTES>(simd, pixels, window, panel),
        }
    }
}

/// The same, each sum in `PARTS` over different places.
///
/// # Safety
/// As for [`sum`].
#[inline(always)]
unsafe fn sum_in_parts<S: IntegerSimd, const P: usize, const V: usize, const PARTS: usize, const BYTES: bool>(
    simd: S,
    pixels: [*const u8; P],
    window: &Window,
    panel: Panel<'_, i32>,
) -> [[S::Integers; V]; P] {
    const PLACE: usize = Integers::PLACE;
    let mut sums = [[[simd.splat(0); V]; P]; PARTS];
    for v in 0..V {
        // SAFETY: a panel has a bias for each lane of its vectors.
        let bias = unsafe { simd.load(panel.bias.as_ptr().add(v * S::LANES)) };
        for sums in &mut sums[0] {
            sums[v] = bias;
        }
    }
    let mut weights = panel.weights.as_ptr();
    for &run in &window.runs {
        let end = run + window.run_length;
        let mut place = run;
        while place + PARTS * PLACE <= end {
            for part in 0..PARTS {
                // SAFETY: as the caller promises.
                unsafe { add_place::<S, P, V, BYTES>(simd, &mut sums[part], pixels, place + part * PLACE, weights) };
                weights = weights.wrapping_add(V * S::LANES);
            }
            place += PARTS * PLACE;
        }
        while place < end {
            // SAFETY: as the caller promises.
            unsafe { add_place::<S, P, V, BYTES>(simd, &mut sums[0], pixels, place, weights) };
            weights = weights.wrapping_add(V * S::LANES);
            place += PLACE;
        }
    }
    for part in 1..PARTS {
        for p in 0..P {
            for v in 0..V {
                sums[0][p][v] = simd.add(sums[0][p][v], sums[part][p][v]);
            }
        }
    }
    sums[0]
}

/// Adds the products of four bytes of the window.
///
/// # Safety
/// Each pixel must be valid for reading four bytes at the place, `weights` for reading `V` vectors.
#[inline(always)]
unsafe fn add_place<S: IntegerSimd, const P: usize, const V: usize, const BYTES: bool>(
    simd: S,
    sums: &mut [[S::Integers; V]; P],
    pixels: [*const u8; P],
    place: usize,
    weights: *const i32,
) {
    let mut row = [simd.splat(0); V];
    for v in 0..V {
        // SAFETY: as the caller promises.
        row[v] = unsafe { simd.load(weights.add(v * S::LANES)) };
    }
    for p in 0..P {
        // SAFETY: as the caller promises.
        let x = simd.splat(unsafe { pixels[p].add(place).cast::<i32>().read_unaligned() });
        for v in 0..V {
            sums[p][v] = match BYTES {
                true => simd.add_products_of_bytes(sums[p][v], x, row[v]),
                false => simd.add_products_of_words(sums[p][v], x, row[v]),
            };
        }
    }
}

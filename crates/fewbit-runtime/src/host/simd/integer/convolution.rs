//! Sums of products of integers: what [`Plane`] is for floats, for maps of bytes and of words.
//!
//! Four bytes of a pixel's window (two words of 16 bits) are broadcast and multiplied with as many weights of each output
//! channel in one instruction. A run of the window that is no multiple of four bytes is read beyond its end; the weights
//! there are zero.

use super::{Finish, IntegerKernel, IntegerSimd, load_joined, load_stored, store, store_joined};
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

        let residual = match self.residual {
            Residual::None => None,
            Residual::Output => Some((self.output.as_ptr(), at.places::<P>(self.output_pixels, columns))),
            Residual::Map(values, pixels) => Some((values.as_ptr(), at.places::<P>(pixels, columns))),
        };
        let places = at.places::<P>(self.output_pixels, columns);
        let output = (self.output.as_mut_ptr(), places);
        // SAFETY: a pixel of a sound plane has a value to add, and room, for each output channel; the finish of a sound plane
        // is complete for all packed output channels.
        unsafe {
            match V % 2 {
                0 => store_joined_tile::<S, P, V>(simd, finish, panel, &mut sums, residual, output),
                _ => store_tile::<S, P, V>(simd, finish, panel, &mut sums, residual, output),
            }
        }
    }
}

/// Pixels, and where each of them begins.
type Places<T, const P: usize> = (T, [usize; P]);

/// Finishes the sums of a tile and stores them, vector by vector.
///
/// # Safety
/// Each pixel must have a value to add, and room, for each channel of the panel; the finish must be complete for all lanes.
#[inline(always)]
unsafe fn store_tile<S: IntegerSimd, const P: usize, const V: usize>(
    simd: S,
    finish: &Finish,
    panel: Panel<'_, i32>,
    sums: &mut [[S::Integers; V]; P],
    residual: Option<Places<*const u8, P>>,
    (output, places): Places<*mut u8, P>,
) {
    let mut added = [[simd.splat(0); V]; P];
    if let Some((values, places)) = residual {
        for p in 0..P {
            for v in 0..V {
                let channel = v * S::LANES;
                let place = places[p] + (panel.first_output + channel) * finish.residual.width();
                // SAFETY: as the caller promises.
                added[p][v] = unsafe { load_stored(simd, finish.residual, values.add(place), panel.outputs - channel) };
            }
        }
    }
    // SAFETY: as the caller promises.
    unsafe { finish.shift(simd, sums, &added, (panel.first_output, V * S::LANES)) };
    finish.round(simd, sums, &added);
    for p in 0..P {
        for v in 0..V {
            let channel = v * S::LANES;
            let place = places[p] + (panel.first_output + channel) * finish.output.width();
            // SAFETY: as the caller promises.
            unsafe { store(simd, finish.output, output.add(place), panel.outputs - channel, sums[p][v]) };
        }
    }
}

/// The same for vectors that are joined in pairs.
///
/// # Safety
/// As for [`store_tile`]; `V` must be two or four.
#[inline(always)]
unsafe fn store_joined_tile<S: IntegerSimd, const P: usize, const V: usize>(
    simd: S,
    finish: &Finish,
    panel: Panel<'_, i32>,
    sums: &mut [[S::Integers; V]; P],
    residual: Option<Places<*const u8, P>>,
    (output, places): Places<*mut u8, P>,
) {
    let mut added = [[simd.splat_words(0); V]; P];
    if let Some((values, places)) = residual {
        for p in 0..P {
            let place = places[p] + panel.first_output * finish.residual.width();
            // SAFETY: as the caller promises.
            added[p] = unsafe { load_joined(simd, finish.residual, values.add(place), panel.outputs) };
        }
    }
    let fits_words = finish.fits_words();
    let mut parts = [[simd.splat(0); V]; P];
    if finish.residual_left.is_some() || !fits_words {
        for p in 0..P {
            for pair in 0..V / 2 {
                [parts[p][2 * pair], parts[p][2 * pair + 1]] = simd.part(added[p][pair]);
            }
        }
    }
    // SAFETY: as the caller promises.
    unsafe { finish.shift(simd, sums, &parts, (panel.first_output, V * S::LANES)) };
    if !fits_words {
        finish.round(simd, sums, &parts);
    }
    let mut words = [[simd.splat_words(0); V]; P];
    for p in 0..P {
        for pair in 0..V / 2 {
            words[p][pair] = simd.join(sums[p][2 * pair], sums[p][2 * pair + 1]);
        }
    }
    if fits_words {
        finish.round_words(simd, &mut words, &added);
    }
    for p in 0..P {
        let place = places[p] + panel.first_output * finish.output.width();
        // SAFETY: as the caller promises.
        unsafe { store_joined(simd, finish.output, output.add(place), panel.outputs, words[p]) };
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

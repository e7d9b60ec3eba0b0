//! What makes pixels compress: each is replaced by its difference (modulo 256) from a prediction.
//!
//! The prediction is the median edge detector of LOCO-I (Weinberger, Seroussi and Sapiro 2000, equation 1) over the
//! neighbours to the left, above, and above left. In images of three channels, red and blue are predicted as the green
//! pixel plus the prediction of their difference from green, since the three planes of a photograph move together. The
//! first pixel of the first row is predicted as 0, the rest of that row from the left, the first column from above.

use crate::sample::ImageShape;

/// Replaces the pixels of an image by residuals.
pub(super) fn encode(shape: ImageShape, pixels: &[u8]) -> Vec<u8> {
    let mut residuals = pixels.to_vec();
    walk(shape, |channel, reference, position| {
        let prediction = predict(pixels, channel, reference, position);
        residuals[channel + position.offset] = pixels[channel + position.offset].wrapping_sub(prediction);
    });
    residuals
}

/// Turns residuals back into the pixels, in place.
pub(super) fn decode(shape: ImageShape, data: &mut [u8]) {
    walk(shape, |channel, reference, position| {
        let prediction = predict(data, channel, reference, position);
        data[channel + position.offset] = data[channel + position.offset].wrapping_add(prediction);
    });
}

/// A pixel's place within its plane.
#[derive(Clone, Copy)]
struct Position {
    offset: usize,
    width: usize,
    first_row: bool,
    first_column: bool,
}

/// Visits every pixel in the order of decoding: `visit(start of its plane, start of the plane it refers to, position)`.
fn walk(shape: ImageShape, mut visit: impl FnMut(usize, Option<usize>, Position)) {
    let [channels, height, width] = shape;
    let plane = height * width;
    let order: Vec<(usize, Option<usize>)> = if channels == 3 {
        vec![(plane, None), (0, Some(plane)), (2 * plane, Some(plane))]
    } else {
        (0..channels).map(|channel| (channel * plane, None)).collect()
    };
    for (channel, reference) in order {
        for y in 0..height {
            for x in 0..width {
                let offset = y * width + x;
                visit(channel, reference, Position { offset, width, first_row: y == 0, first_column: x == 0 });
            }
        }
    }
}

/// Predicts a pixel from those that come before it in the order of decoding.
fn predict(pixels: &[u8], channel: usize, reference: Option<usize>, position: Position) -> u8 {
    let Position { offset, width, first_row, first_column } = position;
    let green = |offset: usize| reference.map_or(0, |start| i32::from(pixels[start + offset]));
    let value = |offset: usize| i32::from(pixels[channel + offset]) - green(offset);
    let predicted = match (first_row, first_column) {
        (true, true) => 0,
        (true, false) => value(offset - 1),
        (false, true) => value(offset - width),
        (false, false) => median_edge(value(offset - 1), value(offset - width), value(offset - width - 1)),
    };
    // Modulo 256: the residual is taken modulo 256 too.
    (predicted + green(offset)) as u8
}

/// The median of left, above, and the plane through all three neighbours.
fn median_edge(left: i32, above: i32, above_left: i32) -> i32 {
    let (low, high) = if left < above { (left, above) } else { (above, left) };
    (left + above - above_left).clamp(low, high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn smooth_images_leave_small_residuals() {
        let ramp: Vec<u8> = (0..8 * 8).map(|i| (3 * (i / 8) + 2 * (i % 8)) as u8).collect();
        let image = [ramp.clone(), ramp.iter().map(|p| p + 10).collect(), ramp].concat();
        let residuals = encode([3, 8, 8], &image);
        // Only the first pixel of each plane has nothing to be predicted from.
        let surprises = residuals.iter().filter(|&&residual| (residual as i8).unsigned_abs() > 3).count();
        assert_eq!(surprises, 3, "{residuals:?}");
    }

    proptest! {
        #[test]
        fn decoding_undoes_encoding(
            (shape, pixels) in [1_usize..5, 1..9, 1..9].prop_flat_map(|shape| {
                let count = shape.iter().product::<usize>();
                (Just(shape), prop::collection::vec(any::<u8>(), count))
            })
        ) {
            let mut data = encode(shape, &pixels);
            decode(shape, &mut data);
            prop_assert_eq!(data, pixels);
        }
    }
}

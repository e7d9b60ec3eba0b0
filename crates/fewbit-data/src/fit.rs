//! Bringing an image to the size and colours that a network takes.

use image::imageops::{self, FilterType};
use image::{ImageBuffer, Luma};

use crate::sample::ImageShape;

/// What to do with samples of another shape than the network's input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fit {
    /// Refuse them.
    #[default]
    Exact,
    /// Resize images to the network's height and width (triangle filter, which averages when it shrinks; the aspect
    /// ratio is not kept) and turn grey into colour or colour into grey (ITU-R BT.601 luma).
    Resize,
}

/// An image of `from` in the shape `to`; `None` where no conversion between their numbers of channels is known.
pub(crate) fn adapt(pixels: &[u8], from: ImageShape, to: ImageShape) -> Option<Vec<u8>> {
    let [channels, height, width] = to;
    let coloured = match (from[0], channels) {
        (3, 1) => grey(pixels),
        (have, want) if have == want || have == 1 => pixels.to_vec(),
        _ => return None,
    };
    let plane = (from[1] * from[2]).max(1);
    let mut adapted = Vec::new();
    for plane in coloured.chunks_exact(plane) {
        adapted.extend(resize(plane, [from[1], from[2]], [height, width])?);
    }
    if from[0] == 1 {
        adapted = adapted.repeat(channels);
    }
    Some(adapted)
}

/// Three planes to one of luma, rounded to the nearest.
fn grey(pixels: &[u8]) -> Vec<u8> {
    let plane = pixels.len() / 3;
    let (red, rest) = pixels.split_at(plane);
    let (green, blue) = rest.split_at(plane);
    let luma = |((&r, &g), &b): ((&u8, &u8), &u8)| {
        ((299 * u32::from(r) + 587 * u32::from(g) + 114 * u32::from(b) + 500) / 1000) as u8
    };
    red.iter().zip(green).zip(blue).map(luma).collect()
}

/// Resizes one plane; sizes are height and width.
fn resize(plane: &[u8], from: [usize; 2], to: [usize; 2]) -> Option<Vec<u8>> {
    if from == to {
        return Some(plane.to_vec());
    }
    let [[height, width], [to_height, to_width]] = [from, to].map(|size| size.map(|n| u32::try_from(n).ok()));
    let image: ImageBuffer<Luma<u8>, &[u8]> = ImageBuffer::from_raw(width?, height?, plane)?;
    Some(imageops::resize(&image, to_width?, to_height?, FilterType::Triangle).into_raw())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn colours_become_luma_and_grey_becomes_three_planes() {
        let red_green_blue_white = [[255, 0, 0, 255], [0, 255, 0, 255], [0, 0, 255, 255]].concat();
        let grey = adapt(&red_green_blue_white, [3, 2, 2], [1, 2, 2]).unwrap();
        assert_eq!(grey, [76, 150, 29, 255]);
        assert_eq!(adapt(&[1, 2], [1, 1, 2], [3, 1, 2]).unwrap(), [1, 2, 1, 2, 1, 2]);
        assert!(adapt(&[1, 2], [2, 1, 1], [3, 1, 1]).is_none());
    }

    #[test]
    fn shrinking_averages() {
        let checks: Vec<u8> = (0..64).map(|i| if (i / 8 + i % 8) % 2 == 0 { 0 } else { 200 }).collect();
        let small = adapt(&checks, [1, 8, 8], [1, 2, 2]).unwrap();
        assert!(small.iter().all(|&pixel| (90..=110).contains(&pixel)), "{small:?}");
    }

    proptest! {
        #[test]
        fn one_colour_stays_at_any_size(value: u8, from in [1_usize..20, 1..20], to in [1_usize..20, 1..20]) {
            let image = vec![value; 3 * from[0] * from[1]];
            let resized = adapt(&image, [3, from[0], from[1]], [3, to[0], to[1]]).unwrap();
            prop_assert_eq!(resized, vec![value; 3 * to[0] * to[1]]);
        }
    }
}

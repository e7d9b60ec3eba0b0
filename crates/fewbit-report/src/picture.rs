//! [`Picture`]: pixels, and how they become part of a page: as PNG in a `data:` address.

use crate::error::ReportError;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::imageops::FilterType;
use image::{DynamicImage, GrayImage, ImageFormat, RgbImage};
use std::io::Cursor;

/// Pixels of 8 bits a channel, row by row, the channels of a pixel beside each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// 1 for grey, 3 for red, green, blue.
    pub channels: usize,
    /// `height * width * channels` values.
    pub pixels: Vec<u8>,
}

/// Pictures that are larger in one direction are made smaller: a page shows them no larger, and stays small.
const LARGEST: u32 = 96;

impl Picture {
    /// A picture from planes, as datasets hold them: all of the first channel row by row, then the next.
    pub fn from_planes(channels: usize, height: usize, width: usize, planes: &[u8]) -> Self {
        let plane = (height * width).max(1);
        let pixels = (0..planes.len()).filter_map(|index| {
            let (pixel, channel) = (index / channels.max(1), index % channels.max(1));
            planes.get(channel * plane + pixel).copied()
        });
        Self { width, height, channels, pixels: pixels.collect() }
    }

    /// The address that holds the picture itself.
    ///
    /// # Errors
    /// When the pixels do not make up a picture of the stated size, or cannot be written as PNG.
    pub fn data_uri(&self) -> Result<String, ReportError> {
        let bad_size = || ReportError::PictureSize {
            width: self.width,
            height: self.height,
            channels: self.channels,
            bytes: self.pixels.len(),
        };
        let size = |extent: usize| u32::try_from(extent).ok().filter(|extent| *extent > 0);
        let (width, height) = size(self.width).zip(size(self.height)).ok_or_else(bad_size)?;
        let pixels = self.pixels.clone();
        let image = match self.channels {
            1 => GrayImage::from_raw(width, height, pixels).map(DynamicImage::ImageLuma8),
            3 => RgbImage::from_raw(width, height, pixels).map(DynamicImage::ImageRgb8),
            _ => None,
        };
        let whole = self.width.checked_mul(self.height).and_then(|count| count.checked_mul(self.channels));
        let mut image = image.filter(|_| whole == Some(self.pixels.len())).ok_or_else(bad_size)?;
        if width > LARGEST || height > LARGEST {
            image = image.resize(LARGEST, LARGEST, FilterType::Triangle);
        }
        let mut png = Cursor::new(Vec::new());
        image.write_to(&mut png, ImageFormat::Png)?;
        Ok(format!("data:image/png;base64,{}", STANDARD.encode(png.into_inner())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(picture: &Picture) -> DynamicImage {
        let uri = picture.data_uri().unwrap();
        let png = STANDARD.decode(uri.strip_prefix("data:image/png;base64,").unwrap()).unwrap();
        image::load_from_memory(&png).unwrap()
    }

    #[test]
    fn pixels_come_back() {
        let picture = Picture::from_planes(3, 1, 2, &[1, 2, 3, 4, 5, 6]);
        assert_eq!(picture.pixels, [1, 3, 5, 2, 4, 6]);
        assert_eq!(decoded(&picture).into_rgb8().into_raw(), picture.pixels);
        let grey = Picture { width: 2, height: 1, channels: 1, pixels: vec![9, 200] };
        assert_eq!(decoded(&grey).into_luma8().into_raw(), grey.pixels);
    }

    #[test]
    fn large_pictures_become_small() {
        let picture = Picture { width: 400, height: 100, channels: 1, pixels: vec![7; 40_000] };
        let image = decoded(&picture);
        assert_eq!((image.width(), image.height()), (96, 24));
    }

    #[test]
    fn wrong_sizes_are_refused() {
        let wrong = [(2, 2, 3, 11), (2, 2, 3, 13), (0, 2, 3, 0), (2, 2, 2, 8), (usize::MAX, 2, 1, 8)];
        for (width, height, channels, bytes) in wrong {
            let picture = Picture { width, height, channels, pixels: vec![0; bytes] };
            assert!(matches!(picture.data_uri(), Err(ReportError::PictureSize { .. })), "{width}x{height}x{channels}");
        }
    }
}

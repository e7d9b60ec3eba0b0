//! Image files (JPEG, PNG, BMP) to planes of 8-bit pixels.

use std::io::Cursor;
use std::path::Path;

use image::{DynamicImage, ImageDecoder, ImageError, ImageReader};

use crate::sample::{ImageShape, Sample};
use crate::{DataError, files};

/// Images of more pixels than this (a square of 8,192) are taken for damaged or hostile files.
const MOST_PIXELS: u64 = 1 << 26;

/// Files longer than this are not read.
const LONGEST_FILE: u64 = 1 << 30;

/// Whether a file of this name (in lower case) is an image that can be decoded.
pub(crate) fn is_image_name(name: &str) -> bool {
    [".jpg", ".jpeg", ".png", ".bmp"].iter().any(|extension| name.ends_with(extension))
}

/// The shape of an image, read from its header.
pub(crate) fn shape(path: &Path) -> Result<ImageShape, DataError> {
    Ok(open(path)?.1)
}

/// Decodes an image: three channels if it has colours, else one. An alpha channel is left out and 16 bits become 8.
pub(crate) fn decode(path: &Path) -> Result<Sample<'static>, DataError> {
    let (decoder, shape) = open(path)?;
    let image = DynamicImage::from_decoder(decoder).map_err(|source| image_error(path, source))?;
    let data = if shape[0] == 1 { image.into_luma8().into_raw() } else { planes(&image.into_rgb8().into_raw()) };
    Ok(Sample::Pixels { shape, data: data.into() })
}

/// A decoder that has read the header and found an image of reasonable size, and that image's shape.
fn open(path: &Path) -> Result<(impl ImageDecoder + use<>, ImageShape), DataError> {
    let length = files::length(path)?;
    if length > LONGEST_FILE {
        let expected = format!("at most {LONGEST_FILE}");
        return Err(DataError::Length { path: path.to_owned(), what: "an image has", expected, found: length });
    }
    // The first bytes tell the format: extensions are often wrong.
    let reader = ImageReader::new(Cursor::new(files::read(path)?)).with_guessed_format();
    let decoder = reader
        .map_err(ImageError::IoError)
        .and_then(ImageReader::into_decoder)
        .map_err(|source| image_error(path, source))?;
    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 || u64::from(width) * u64::from(height) > MOST_PIXELS {
        let problem = format!("is an image of {width}x{height} pixels, where 1 to {MOST_PIXELS} pixels are taken");
        return Err(DataError::malformed(path, problem));
    }
    let channels = if decoder.color_type().has_color() { 3 } else { 1 };
    Ok((decoder, [channels, height as usize, width as usize]))
}

/// Interleaved red, green and blue to three planes.
fn planes(interleaved: &[u8]) -> Vec<u8> {
    let mut planes = Vec::with_capacity(interleaved.len());
    for channel in 0..3 {
        planes.extend(interleaved.iter().skip(channel).step_by(3));
    }
    planes
}

fn image_error(path: &Path, source: ImageError) -> DataError {
    DataError::Image { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{GrayImage, ImageFormat, Luma, Rgb, RgbImage, Rgba, RgbaImage};

    fn pixels(path: &Path) -> (ImageShape, Vec<u8>) {
        match decode(path).unwrap() {
            Sample::Pixels { shape, data } => (shape, data.into_owned()),
            Sample::Values(_) => panic!("an image gives pixels"),
        }
    }

    #[test]
    fn lossless_images_come_out_as_planes() {
        let folder = tempfile::tempdir().unwrap();
        let colour = RgbImage::from_fn(2, 3, |x, y| Rgb([x as u8, y as u8, 200]));
        for name in ["a.png", "a.bmp"] {
            let path = folder.path().join(name);
            colour.save(&path).unwrap();
            assert_eq!(shape(&path).unwrap(), [3, 3, 2]);
            let expected = [[0, 1, 0, 1, 0, 1], [0, 0, 1, 1, 2, 2], [200; 6]].concat();
            assert_eq!(pixels(&path), ([3, 3, 2], expected), "{name}");
        }
    }

    #[test]
    fn grey_stays_one_channel_and_alpha_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("image.png");
        GrayImage::from_pixel(2, 1, Luma([9])).save(&path).unwrap();
        assert_eq!(pixels(&path), ([1, 1, 2], vec![9, 9]));
        RgbaImage::from_pixel(1, 1, Rgba([1, 2, 3, 0])).save(&path).unwrap();
        assert_eq!(pixels(&path), ([3, 1, 1], vec![1, 2, 3]));
    }

    #[test]
    fn the_format_is_told_by_the_contents() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("really_a_png.jpg");
        RgbImage::from_pixel(1, 1, Rgb([1, 2, 3])).save_with_format(&path, ImageFormat::Png).unwrap();
        assert_eq!(pixels(&path).1, [1, 2, 3]);
    }

    #[test]
    fn images_of_absurd_size_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bomb.bmp");
        let mut bytes = Vec::new();
        let image = RgbImage::from_pixel(1, 1, Rgb([1, 2, 3]));
        image.write_to(&mut Cursor::new(&mut bytes), ImageFormat::Bmp).unwrap();
        // The width and height of a BMP are the little-endian words at bytes 18 and 22.
        bytes[18..26].copy_from_slice(&[0x00, 0xff, 0, 0, 0x00, 0xff, 0, 0]);
        std::fs::write(&path, bytes).unwrap();
        let message = decode(&path).unwrap_err().to_string();
        assert!(message.contains("bomb.bmp") && message.contains("65280x65280"), "{message}");
    }
}

//! [`ReportError`]: what can go wrong, each in one sentence.

/// An error of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// The plotting library refused to draw.
    #[error("the plot '{plot}' cannot be drawn: {reason}")]
    Plot {
        /// Its title.
        plot: String,
        /// What the library says.
        reason: String,
    },
    /// Pixels that do not make up a picture of the stated size.
    #[error(
        "a picture of {width}x{height} pixels with {channels} channels cannot be made of {bytes} bytes; channels are 1 \
         (grey) or 3 (red, green, blue), one byte each"
    )]
    PictureSize {
        /// Columns.
        width: usize,
        /// Rows.
        height: usize,
        /// Values of a pixel.
        channels: usize,
        /// What there is.
        bytes: usize,
    },
    /// A picture that cannot be written as PNG.
    #[error("a picture cannot be written as PNG: {0}")]
    Picture(#[from] image::ImageError),
}

//! Fewbit's packed dataset, `*.fbds`: images of one size and their classes in one file, compressed without loss.
//!
//! Integers are little-endian. The layout is, one part after the other:
//!
//! | bytes | what |
//! |---|---|
//! | 8 | the mark `FEWBITDS` |
//! | 4 | version, 1 |
//! | 4, 4, 4 | channels, height and width of every image |
//! | 4 | number of images, N |
//! | 4 | number of classes, K |
//! | K times 2 + n | the name of each class: its length n, then n bytes of UTF-8 |
//! | N times 2 | the label of each image, below K |
//! | N times 4 | the length of each image's pixels as stored |
//! | the sum of those | the pixels of each image: residuals (see the `predict` module), each image deflated by itself |
//! | 4 | CRC-32 of everything before |
//!
//! Each image can be unpacked alone, by any thread, and a reader holds no more than the file in memory.

mod predict;
mod reader;
mod writer;

pub(crate) use reader::Packed;
pub use writer::write_packed;

/// What every packed dataset begins with.
pub(crate) const MAGIC: [u8; 8] = *b"FEWBITDS";

/// How the names of packed datasets end.
pub(crate) const EXTENSION: &str = ".fbds";

/// The only version so far.
const VERSION: u32 = 1;

/// Images of more bytes than this are neither written nor read.
const LARGEST_IMAGE: usize = 1 << 28;

/// The length of the checksum at the end.
const CHECKSUM_LEN: usize = 4;

/// CRC-32 as in gzip.
fn checksum(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

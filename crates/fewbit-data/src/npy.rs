//! NumPy's `.npy` files, as cells of a CSV dataset name them: `\x93NUMPY`, a version, the length of a header, the header
//! (the text of a Python dictionary with the element type, the order and the shape), then the elements.

use std::path::Path;

use crate::sample::element_count;
use crate::{DataError, files};

const MAGIC: &[u8] = b"\x93NUMPY";

/// Reads an array of numbers: its shape and its elements as floats, row by row.
pub(crate) fn read(path: &Path) -> Result<(Vec<usize>, Vec<f32>), DataError> {
    parse(&files::read(path)?).map_err(|problem| DataError::malformed(path, problem))
}

fn parse(bytes: &[u8]) -> Result<(Vec<usize>, Vec<f32>), String> {
    let (header, elements) = split(bytes).ok_or("is not a whole .npy file: its header is missing or cut short")?;
    if field(header, "fortran_order") != Some("False") {
        return Err("is in Fortran order: save it with numpy.ascontiguousarray".to_owned());
    }
    let element = field(header, "descr").and_then(Element::parse).ok_or_else(|| {
        let header = header.trim();
        format!("holds elements other than plain numbers (float16 and complex are not read): {header}")
    })?;
    let shape = field(header, "shape").and_then(parse_shape).ok_or("has a header without a shape")?;
    let count = element_count(&shape).filter(|&count| count.checked_mul(element.size) == Some(elements.len()));
    if count.is_none() {
        let found = elements.len();
        return Err(format!("holds {found} bytes for {shape:?} elements of {} bytes each", element.size));
    }
    Ok((shape, elements.chunks_exact(element.size).map(|bytes| element.value(bytes)).collect()))
}

/// The header's text and the bytes of the elements.
fn split(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let rest = bytes.strip_prefix(MAGIC)?;
    let (version, rest) = rest.split_first_chunk::<2>()?;
    // Version 1 counts the header in 16 bits, later ones in 32.
    let (length, rest) = if version[0] == 1 {
        let (length, rest) = rest.split_first_chunk()?;
        (u16::from_le_bytes(*length).into(), rest)
    } else {
        let (length, rest) = rest.split_first_chunk()?;
        (u32::from_le_bytes(*length), rest)
    };
    let (header, elements) = rest.split_at_checked(length as usize)?;
    Some((std::str::from_utf8(header).ok()?, elements))
}

/// The text of one entry of the header, without quotes: `'descr': '<f4'` gives `<f4`.
fn field<'h>(header: &'h str, key: &str) -> Option<&'h str> {
    let after_key = header.split_once(&format!("'{key}'"))?.1;
    let value = after_key.trim_start().strip_prefix(':')?.trim_start();
    let end = if value.starts_with('(') { value.find(')')? + 1 } else { value.find([',', '}'])? };
    Some(value[..end].trim().trim_matches('\''))
}

/// A shape as Python writes a tuple: `()`, `(3,)`, `(2, 3)`.
fn parse_shape(text: &str) -> Option<Vec<usize>> {
    let inner = text.strip_prefix('(')?.strip_suffix(')')?;
    inner.split(',').map(str::trim).filter(|dim| !dim.is_empty()).map(|dim| dim.parse().ok()).collect()
}

/// A type of elements: `<f4` is little-endian (`<`), float (`f`), 4 bytes.
struct Element {
    big_endian: bool,
    kind: char,
    size: usize,
}

impl Element {
    fn parse(descr: &str) -> Option<Self> {
        let mut chars = descr.chars();
        let big_endian = match chars.next()? {
            '<' | '|' | '=' => false,
            '>' => true,
            _ => return None,
        };
        let kind = chars.next()?;
        let size = chars.as_str().parse().ok()?;
        let known = match kind {
            'f' => matches!(size, 4 | 8),
            'i' | 'u' => matches!(size, 1 | 2 | 4 | 8),
            'b' => size == 1,
            _ => false,
        };
        known.then_some(Element { big_endian, kind, size })
    }

    /// The value of one element, `bytes` being `self.size` long.
    fn value(&self, bytes: &[u8]) -> f32 {
        let widen = |bits: u64, &byte: &u8| bits << 8 | u64::from(byte);
        let bits = if self.big_endian { bytes.iter().fold(0, widen) } else { bytes.iter().rev().fold(0, widen) };
        match (self.kind, self.size) {
            ('f', 4) => f32::from_bits(bits as u32),
            ('f', _) => f64::from_bits(bits) as f32,
            ('i', size) => {
                // Shifting the sign to the top and back extends it.
                let unused = 64 - 8 * size as u32;
                (((bits << unused) as i64) >> unused) as f32
            }
            _ => bits as f32,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn npy(header: &str, elements: &[u8]) -> Vec<u8> {
        let length = (header.len() as u16).to_le_bytes();
        [MAGIC, &[1, 0], &length, header.as_bytes(), elements].concat()
    }

    fn header(descr: &str, shape: &str) -> String {
        format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}")
    }

    #[test]
    fn every_type_of_numbers_is_read() {
        for (descr, elements) in [
            ("<f4", &[0, 0, 0x40, 0xc0][..]),
            (">f4", &[0xc0, 0x40, 0, 0]),
            ("<f8", &[0, 0, 0, 0, 0, 0, 8, 0xc0]),
            ("|i1", &[0xfd]),
            ("<i2", &[0xfd, 0xff]),
            (">i4", &[0xff, 0xff, 0xff, 0xfd]),
            ("<i8", &[0xfd, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
        ] {
            assert_eq!(parse(&npy(&header(descr, "(1,)"), elements)).unwrap(), (vec![1], vec![-3.0]), "{descr}");
        }
        assert_eq!(parse(&npy(&header("|u1", "(1, 2)"), &[200, 1])).unwrap(), (vec![1, 2], vec![200.0, 1.0]));
        assert_eq!(parse(&npy(&header("|b1", "()"), &[1])).unwrap(), (vec![], vec![1.0]));
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let refused = |bytes: &[u8]| parse(bytes).unwrap_err();
        assert!(refused(b"\x93NUMPY\x01").contains("header"));
        assert!(refused(&npy(&header("<f2", "(1,)"), &[0, 0])).contains("<f2"));
        assert!(refused(&npy(&header("|u1", "(3,)"), &[0, 0])).contains("2 bytes for [3]"));
        assert!(refused(&npy(&header("<f8", "(4611686018427387904, 8)"), &[])).contains("0 bytes"));
        let fortran = header("|u1", "(1,)").replace("False", "True");
        assert!(refused(&npy(&fortran, &[0])).contains("Fortran"));
    }

    proptest! {
        #[test]
        fn any_bytes_parse_or_fail_without_panic(text in ".{0,80}", elements in prop::collection::vec(any::<u8>(), 0..16)) {
            let _ = parse(&npy(&text, &elements));
            let _ = parse(&npy(&header(&text, &text), &elements));
            let _ = parse(&elements);
        }
    }
}

//! How wide text is, without knowing the reader's font, and how names are shortened to fit.
//!
//! The widths are those of a wide font (DejaVu Sans), so that text in the reader's font takes no more room than was
//! left for it.

/// The size of ordinary text in plots, in pixels.
pub const SIZE: f64 = 12.0;

/// The size of remarks and of numbers at axes.
pub const SMALL: f64 = 11.0;

/// What stands where something was left out.
const ELLIPSIS: char = '…';

/// The width of a line of text in pixels.
pub fn width(text: &str, size: f64) -> f64 {
    text.chars().map(ems).sum::<f64>() * size
}

/// The width of a character as a share of the font's size.
fn ems(character: char) -> f64 {
    match character {
        'i' | 'j' | 'l' | '\'' | '|' => 0.31,
        ' ' | '\u{a0}' | '.' | ',' | ':' | ';' | '!' | 'I' | 'f' | 't' | 'r' | '/' | '(' | ')' | '[' | ']' => 0.40,
        'm' | 'M' | 'W' | '@' | '%' | ELLIPSIS => 0.98,
        'w' | '+' | '=' | '<' | '>' | '×' | '\u{2212}' | '~' | 'C' | 'D' | 'G' | 'H' | 'N' | 'O' | 'Q' | 'U' => 0.82,
        'a'..='z' | '0'..='9' | '-' | '_' | '\u{2013}' => 0.64,
        ' '..='\u{2fff}' => 0.72,
        // Ideographs and pictures.
        _ => 1.05,
    }
}

/// A name that is no wider than `room` pixels: shortened in the middle, since names of a network mostly differ in the end
/// and say what they belong to in front.
pub fn shorten(name: &str, room: f64, size: f64) -> String {
    if width(name, size) <= room {
        return name.into();
    }
    let characters: Vec<char> = name.chars().collect();
    let room = room - ems(ELLIPSIS) * size;
    let (mut front, mut back, mut used) = (0, 0, 0.0);
    while front + back < characters.len() {
        // The end gets two characters for each one in front.
        let from_back = back <= 2 * front;
        let next = if from_back { characters[characters.len() - 1 - back] } else { characters[front] };
        used += ems(next) * size;
        if used > room {
            break;
        }
        if from_back { back += 1 } else { front += 1 }
    }
    let front = characters[..front].iter();
    front.chain(&[ELLIPSIS]).chain(&characters[characters.len() - back..]).collect()
}

/// Names without what all of them begin with, up to a separator: it tells nothing in a plot of them all. Names without any
/// separator, such as those of inputs, stay as they are and do not count.
pub fn without_prefix<'n>(names: &[&'n str]) -> Vec<&'n str> {
    let separator = ['/', '.', ':'];
    let mut parted = names.iter().filter(|name| name.contains(separator));
    let shared = |a: &'n str, b: &str| {
        let same = a.char_indices().zip(b.chars()).take_while(|((_, a), b)| a == b).last();
        same.map_or("", |((at, last), _)| &a[..at + last.len_utf8()])
    };
    let first = parted.next().copied().unwrap_or_default();
    let prefix = parted.fold(first, |prefix, name| shared(prefix, name));
    let prefix = prefix.rfind(separator).map_or("", |at| &prefix[..=at]);
    names.iter().map(|name| name.strip_prefix(prefix).filter(|rest| !rest.is_empty()).unwrap_or(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_keep_their_ends() {
        assert_eq!(shorten("conv1", 100.0, SIZE), "conv1");
        let short = shorten("@net/BatchNormalization_out_21", 120.0, SIZE);
        assert!(short.starts_with("@net") && short.ends_with("_out_21") && short.contains(ELLIPSIS), "{short}");
        assert_eq!(shorten("conv1", 0.0, SIZE), "…");
    }

    #[test]
    fn what_all_names_begin_with_is_left_out() {
        assert_eq!(without_prefix(&["x0", "@net/conv1", "@net/relu"]), ["x0", "conv1", "relu"]);
        assert_eq!(without_prefix(&["a/b/c1", "a/b/c2"]), ["c1", "c2"]);
        assert_eq!(without_prefix(&["a/b", "c/b", "a/c"]), ["a/b", "c/b", "a/c"]);
        assert_eq!(without_prefix(&["conv1", "conv2"]), ["conv1", "conv2"]);
        assert_eq!(without_prefix(&["é/1", "è/1"]), ["é/1", "è/1"]);
        assert_eq!(without_prefix(&["a/", "a/b"]), ["a/", "b"]);
        assert_eq!(without_prefix(&[]), [""; 0]);
    }

    proptest! {
        #[test]
        fn names_fit(name in ".{0,60}", room in 15.0..300.0) {
            prop_assert!(width(&shorten(&name, room, SIZE), SIZE) <= room);
        }
    }
}

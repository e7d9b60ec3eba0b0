//! Numbers of bytes: `64k` on the command line, `97.1 KB (99,432 bytes)` in what is printed. A KB is 1,024 bytes, as in
//! the data sheets of devices.

use std::str::FromStr;

/// A number of bytes as a person types it: `65536`, `64k`, `64KB`, `1M`, `1.5MiB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ByteSize(pub usize);

impl FromStr for ByteSize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("'{text}' is no size; write bytes, or as in 64k, 1M, 1.5M");
        let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
        let (number, unit) = text.split_at(end);
        let unit = match unit.trim_start().to_ascii_lowercase().as_str() {
            "" | "b" => 1,
            "k" | "kb" | "kib" => 1 << 10,
            "m" | "mb" | "mib" => 1 << 20,
            "g" | "gb" | "gib" => 1 << 30,
            _ => return Err(wrong()),
        };
        if let Ok(number) = number.parse::<usize>() {
            return number.checked_mul(unit).map(Self).ok_or_else(wrong);
        }
        let number: f64 = number.parse().map_err(|_| wrong())?;
        let bytes = number * unit as f64;
        // Half a byte is a slip of the hand; the cast below keeps every whole number in this range.
        if bytes.fract() == 0.0 && bytes < (1u64 << 53) as f64 { Ok(Self(bytes as usize)) } else { Err(wrong()) }
    }
}

/// A number of bytes for people: rounded to a unit they can compare, and exact.
pub fn bytes(count: usize) -> String {
    match short(count) {
        Some(short) => format!("{short} ({} bytes)", grouped(count)),
        None if count == 1 => "1 byte".into(),
        None => format!("{count} bytes"),
    }
}

/// A number of bytes in KB, MB or GB; `None` where bytes are as short.
pub fn short(count: usize) -> Option<String> {
    let kilobytes = count as f64 / 1024.0;
    match kilobytes {
        _ if count < 1024 => None,
        // What would be rounded to 1024.0 KB is 1.0 MB.
        _ if kilobytes < 1023.95 => Some(format!("{kilobytes:.1} KB")),
        _ if kilobytes < 1023.95 * 1024.0 => Some(format!("{:.1} MB", kilobytes / 1024.0)),
        _ => Some(format!("{:.1} GB", kilobytes / 1024.0 / 1024.0)),
    }
}

/// A number with a comma between groups of three digits.
pub fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        let cases = [
            ("0", 0),
            ("65536", 65_536),
            ("64k", 65_536),
            ("64K", 65_536),
            ("64 kB", 65_536),
            ("64KiB", 65_536),
            ("1M", 1_048_576),
            ("1.5MB", 1_572_864),
            ("2g", 2_147_483_648),
            ("12b", 12),
        ];
        for (text, expected) in cases {
            assert_eq!(text.parse(), Ok(ByteSize(expected)), "{text}");
        }
        for text in ["", "k", "-1", "1.0001", "1x", "1 2", "1..5k", "99999999999999999999", "9999999999999G"] {
            assert!(text.parse::<ByteSize>().is_err(), "{text}");
        }
    }

    #[test]
    fn bytes_are_rounded_and_exact() {
        let cases = [
            (0, "0 bytes"),
            (1, "1 byte"),
            (1023, "1023 bytes"),
            (1024, "1.0 KB (1,024 bytes)"),
            (99_432, "97.1 KB (99,432 bytes)"),
            (1_048_575, "1.0 MB (1,048,575 bytes)"),
            (5_368_709_120, "5.0 GB (5,368,709,120 bytes)"),
        ];
        for (count, expected) in cases {
            assert_eq!(bytes(count), expected);
        }
    }
}

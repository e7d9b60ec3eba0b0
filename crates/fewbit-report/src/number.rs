//! Numbers as people read them: with units, separators, and no more digits than matter.
//!
//! Reports and drawings write every number through these functions, so that the same quantity looks the same
//! everywhere. What is not a number is a dash.

use std::fmt::Display;

/// Stands where there is no number.
pub const NONE: &str = "\u{2013}";

/// Between a number and its unit: they stay on one line.
const SPACE: char = '\u{a0}';

/// A whole number with a comma before every group of three digits.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Bytes in the unit that suits: `640 B`, `97.1 KiB`, `1.44 MiB`.
pub fn bytes(number: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut value = number as f64;
    let mut unit = 0;
    // What would be written as 1024 or 1,000 of a unit is written in the next.
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    with_unit(if unit == 0 { number.to_string() } else { significant(value, 3) }, UNITS[unit])
}

/// A share from 0 to 1 as per cent, with so many digits after the point.
pub fn percent(share: f64, digits: usize) -> String {
    finite(share, |share| with_unit(format!("{:.digits$}", share * 100.0), "%"))
}

/// A large count with a decimal prefix: `41.0 M`.
pub fn short_count(number: f64) -> String {
    finite(number, |number| {
        let (scale, prefix) = match number.abs() {
            size if size >= 999.5e9 => (1e12, "T"),
            size if size >= 999.5e6 => (1e9, "G"),
            size if size >= 999.5e3 => (1e6, "M"),
            size if size >= 999.5 => (1e3, "k"),
            _ => return significant(number, 3),
        };
        with_unit(significant(number / scale, 3), prefix)
    })
}

/// A time in the unit that suits: `1.24 ms`, `38.0 s`, `2 min 26 s`, `1 h 43 min`.
pub fn seconds(time: f64) -> String {
    finite(time, |time| match time.abs() {
        0.0 => with_unit("0", "s"),
        size if size < 999.5e-9 => with_unit(significant(time * 1e9, 3), "ns"),
        size if size < 999.5e-6 => with_unit(significant(time * 1e6, 3), "µs"),
        size if size < 999.5e-3 => with_unit(significant(time * 1e3, 3), "ms"),
        size if size < 99.95 => with_unit(significant(time, 3), "s"),
        size if size < 3599.5 => {
            let seconds = time.round();
            format!("{}{SPACE}min{SPACE}{:02}{SPACE}s", (seconds / 60.0).trunc(), (seconds % 60.0).abs())
        }
        _ => {
            let minutes = (time / 60.0).round();
            format!("{}{SPACE}h{SPACE}{:02}{SPACE}min", (minutes / 60.0).trunc(), (minutes % 60.0).abs())
        }
    })
}

/// A ratio of powers: `38.1 dB`; no difference at all is infinite.
pub fn decibels(ratio: f64) -> String {
    if ratio == f64::INFINITY { "exact".into() } else { finite(ratio, |ratio| with_unit(format!("{ratio:.1}"), "dB")) }
}

/// How many times: `3.4×`.
pub fn times(ratio: f64) -> String {
    finite(ratio, |ratio| format!("{}×", significant(ratio, if ratio < 10.0 { 2 } else { 3 })))
}

/// A number with so many significant digits, and in powers of ten where it is very large or very small.
pub fn significant(number: f64, digits: usize) -> String {
    finite(number, |number| {
        if number == 0.0 {
            return "0".into();
        }
        let exponent = number.abs().log10().floor();
        if !(-5.0..9.0).contains(&exponent) {
            return format!("{number:.*e}", digits.saturating_sub(1));
        }
        let decimals = (digits as f64 - 1.0 - exponent).max(0.0) as usize;
        format!("{number:.decimals$}")
    })
}

/// A number and its unit.
pub fn with_unit(number: impl Display, unit: &str) -> String {
    format!("{number}{SPACE}{unit}")
}

/// The text of a number where it is one.
fn finite(number: f64, text: impl Fn(f64) -> String) -> String {
    if number.is_finite() { text(number).replace('-', "\u{2212}") } else { NONE.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: String) -> String {
        text.replace(SPACE, " ").replace('\u{2212}', "-")
    }

    #[test]
    fn numbers_read_well() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(1_000), "1,000");
        assert_eq!(count(99_432), "99,432");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(plain(bytes(640)), "640 B");
        assert_eq!(plain(bytes(1_000)), "0.977 KiB");
        assert_eq!(plain(bytes(99_432)), "97.1 KiB");
        assert_eq!(plain(bytes(1_023 * 1_024)), "0.999 MiB");
        assert_eq!(plain(bytes(u64::MAX)), "16777216 TiB");
        assert_eq!(plain(percent(0.818, 2)), "81.80 %");
        assert_eq!(plain(percent(-0.002, 1)), "-0.2 %");
        assert_eq!(plain(short_count(41_033_728.0)), "41.0 M");
        assert_eq!(plain(short_count(12.0)), "12.0");
        assert_eq!(plain(decibels(38.06)), "38.1 dB");
        assert_eq!(decibels(f64::INFINITY), "exact");
        assert_eq!(times(3.44), "3.4×");
    }

    #[test]
    fn times_take_the_unit_that_suits() {
        let cases = [
            (0.0, "0 s"),
            (3.2e-8, "32.0 ns"),
            (1.24e-3, "1.24 ms"),
            (59.96, "60.0 s"),
            (150.4, "2 min 30 s"),
            (3599.6, "1 h 00 min"),
            (7_500.0, "2 h 05 min"),
        ];
        for (time, text) in cases {
            assert_eq!(plain(seconds(time)), text);
        }
    }

    #[test]
    fn what_is_no_number_is_a_dash() {
        for text in [percent(f64::NAN, 1), seconds(f64::INFINITY), short_count(f64::NAN), significant(f64::NAN, 3)] {
            assert_eq!(text, NONE);
        }
        assert_eq!(decibels(f64::NEG_INFINITY), NONE);
    }

    #[test]
    fn very_large_and_small_numbers_have_powers_of_ten() {
        assert_eq!(significant(1.5e300, 3), "1.50e300");
        assert_eq!(plain(significant(-2.5e-12, 2)), "-2.5e-12");
        assert_eq!(significant(99.99, 3), "100.0");
    }
}

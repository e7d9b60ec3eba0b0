//! The text of a settings file, word for word as NNabla's tools write it, so that files can be compared.

use super::Settings;
use std::fmt::Write;

pub(super) fn write(settings: &Settings) -> String {
    let mut text = String::new();
    section(&mut text, "functions", settings.functions.is_empty());
    for (name, implementation) in &settings.functions {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {}:\n    implement: {implementation}", scalar(name));
    }
    section(&mut text, "variables", settings.variables.is_empty());
    for (name, format) in &settings.variables {
        let _ = writeln!(text, "  {}: {format}", scalar(name));
    }
    // Files without it are word for word NNabla's.
    if !settings.channel_positions.is_empty() {
        section(&mut text, "channel_positions", false);
    }
    for (name, positions) in &settings.channel_positions {
        let _ = writeln!(text, "  {}: {positions:?}", scalar(name));
    }
    text
}

fn section(text: &mut String, name: &str, empty: bool) {
    text.push_str(name);
    text.push_str(if empty { ": {}\n" } else { ":\n" });
}

/// A name as a YAML scalar: plain where that is unambiguous, else in single quotes, and in double quotes with escapes
/// where it has characters beyond printable ASCII.
fn scalar(name: &str) -> String {
    if name.chars().all(|c| (' '..='~').contains(&c)) {
        return if is_plain(name) { name.into() } else { format!("'{}'", name.replace('\'', "''")) };
    }
    let mut quoted = String::from("\"");
    for c in name.chars() {
        let _ = match c {
            '"' | '\\' => write!(quoted, "\\{c}"),
            '\t' => write!(quoted, "\\t"),
            '\n' => write!(quoted, "\\n"),
            '\r' => write!(quoted, "\\r"),
            ' '..='~' => write!(quoted, "{c}"),
            '\0'..='\u{ff}' => write!(quoted, "\\x{:02X}", u32::from(c)),
            '\0'..='\u{ffff}' => write!(quoted, "\\u{:04X}", u32::from(c)),
            c => write!(quoted, "\\U{:08X}", u32::from(c)),
        };
    }
    quoted + "\""
}

/// Whether a reader takes the name as it stands for a text.
fn is_plain(name: &str) -> bool {
    let mut chars = name.chars();
    let Some(first) = chars.next() else { return false };
    let blank_next = chars.next().is_none_or(|second| second == ' ');
    let indicator = ",[]{}#&*!|>'\"%@`".contains(first) || ("-?:".contains(first) && blank_next);
    let inner = name.contains(": ") || name.contains(" #") || name.ends_with(':');
    let edges = name.starts_with(' ') || name.ends_with(' ');
    let document = name.starts_with("---") || name.starts_with("...");
    !(indicator || inner || edges || document || is_other_type(name))
}

/// Whether YAML 1.1 takes the name for a truth value, a number, a date or nothing.
fn is_other_type(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let word = matches!(lower.as_str(), "yes" | "no" | "on" | "off" | "true" | "false" | "null" | "~" | "=" | "<<");
    word || is_integer(name) || is_float(name) || is_date(name)
}

fn all(text: &str, allowed: impl Fn(char) -> bool) -> bool {
    !text.is_empty() && text.chars().all(allowed)
}

fn is_integer(name: &str) -> bool {
    let digits = name.strip_prefix(['-', '+']).unwrap_or(name);
    let (first, rest) = digits.split_at(digits.chars().next().map_or(0, char::len_utf8));
    match (first, rest.chars().next()) {
        ("0", None) => true,
        ("0", Some('b')) => all(&rest[1..], |c| "01_".contains(c)),
        ("0", Some('x')) => all(&rest[1..], |c| c.is_ascii_hexdigit() || c == '_'),
        ("0", _) => all(rest, |c| "01234567_".contains(c)),
        // Digits, or a number of base 60 as in 1:30.
        ("1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9", _) => {
            all(digits, |c| c.is_ascii_digit() || c == '_' || c == ':') && !digits.ends_with(':')
        }
        _ => false,
    }
}

fn is_float(name: &str) -> bool {
    let digits = name.strip_prefix(['-', '+']).unwrap_or(name);
    if matches!(digits.to_ascii_lowercase().as_str(), ".inf") || name.eq_ignore_ascii_case(".nan") {
        return true;
    }
    let (mantissa, exponent) = match digits.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (digits, None),
    };
    let Some((whole, fraction)) = mantissa.split_once('.') else { return false };
    let number = |c: char| c.is_ascii_digit() || c == '_';
    let leading = match whole.chars().next() {
        // A number that begins with its point has no sign.
        None => digits.len() == name.len() && fraction.starts_with(|c: char| c.is_ascii_digit()),
        Some(first) => first.is_ascii_digit(),
    };
    let tail =
        exponent.is_none_or(|exponent| exponent.starts_with(['-', '+']) && all(&exponent[1..], |c| c.is_ascii_digit()));
    leading && whole.chars().all(|c| number(c) || c == ':') && fraction.chars().all(number) && tail
}

/// Whether the name is a date such as 2026-01-31.
fn is_date(name: &str) -> bool {
    let parts: Vec<&str> = name.split('-').collect();
    let digits = |part: &str, least: usize, most: usize| {
        (least..=most).contains(&part.len()) && part.chars().all(|c| c.is_ascii_digit())
    };
    matches!(parts[..], [year, month, day] if digits(year, 4, 4) && digits(month, 1, 2) && digits(day, 1, 2))
}

#[cfg(test)]
mod tests {
    use super::scalar;

    /// What PyYAML 6 writes for these names as keys.
    #[test]
    fn names_are_quoted_as_pyyaml_does() {
        let cases = [
            ("conv1/W", "conv1/W"),
            ("@net/conv", "'@net/conv'"),
            ("a b", "a b"),
            ("x{0}[1]", "x{0}[1]"),
            ("[x]", "'[x]'"),
            ("it's", "it's"),
            ("'q'", "'''q'''"),
            ("yes", "'yes'"),
            ("12", "'12'"),
            ("1.5", "'1.5'"),
            ("0x1f", "'0x1f'"),
            ("1a", "1a"),
            ("x: y", "'x: y'"),
            ("-x", "-x"),
            ("- x", "'- x'"),
            ("", "''"),
            ("y", "y"),
            ("1e3", "1e3"),
            ("1.e3", "1.e3"),
            ("1.0e+3", "'1.0e+3'"),
            ("1:30", "'1:30'"),
            ("1_000", "'1_000'"),
            ("_1", "_1"),
            ("0o7", "0o7"),
            ("012", "'012'"),
            (".5", "'.5'"),
            ("-.5", "-.5"),
            ("2026-01-31", "'2026-01-31'"),
            ("tab\there", "\"tab\\there\""),
            ("\u{fc}n\u{ef}", "\"\\xFCn\\xEF\""),
        ];
        for (name, expected) in cases {
            assert_eq!(scalar(name), expected);
        }
    }
}

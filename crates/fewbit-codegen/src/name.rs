//! [`Name`]: what the generated code is called, as C allows it.

use crate::CodegenError;

/// The words that C99 and C11 keep for themselves.
const RESERVED: &[&str] = &[
    "auto", "break", "case", "char", "const", "continue", "default", "do", "double", "else", "enum", "extern", "float",
    "for", "goto", "if", "inline", "int", "long", "register", "restrict", "return", "short", "signed", "sizeof",
    "static", "struct", "switch", "typedef", "union", "unsigned", "void", "volatile", "while",
];

/// The name of a generated network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name {
    lower: String,
    upper: String,
}

impl Name {
    /// Checks a name.
    ///
    /// # Errors
    /// When it is no identifier of C, or one that C keeps for itself.
    pub fn new(name: &str) -> Result<Self, CodegenError> {
        let begins_with_letter = name.starts_with(|first: char| first.is_ascii_alphabetic());
        let plain = name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_');
        if !begins_with_letter || !plain || RESERVED.contains(&name) {
            return Err(CodegenError::Name(name.into()));
        }
        Ok(Self { lower: name.into(), upper: name.to_ascii_uppercase() })
    }

    /// As functions and files are called.
    pub fn lower(&self) -> &str {
        &self.lower
    }

    /// As macros are called.
    pub fn upper(&self) -> &str {
        &self.upper
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_identifiers() {
        let name = Name::new("resnet23_a").expect("an identifier");
        assert_eq!((name.lower(), name.upper()), ("resnet23_a", "RESNET23_A"));
        for bad in ["", "2net", "_net", "net-a", "nét", "while", "a b"] {
            assert_eq!(Name::new(bad), Err(CodegenError::Name(bad.into())));
        }
    }
}

//! Messages in protobuf's text format.

use crate::error::{FormatError, Result};
use prost_reflect::DynamicMessage;
use prost_reflect::text_format::FormatOptions;

/// Adds the fields in `text` to a message; fields that occur in both are appended or replaced as protobuf merges.
///
/// # Errors
/// When the text is not a message of this kind, with the place of the first mistake.
pub(crate) fn merge(message: &mut DynamicMessage, entry: &str, text: &str) -> Result<()> {
    message
        .merge_text_format(text)
        .map_err(|error| FormatError::Text { entry: entry.into(), reason: error.to_string() })
}

/// The text of a message, a field a line.
pub(crate) fn write(message: &DynamicMessage) -> String {
    message.to_text_format_with_options(&FormatOptions::new().pretty(true).skip_unknown_fields(false))
}

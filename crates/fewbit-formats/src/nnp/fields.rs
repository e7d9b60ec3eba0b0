//! Short ways to the fields of NNabla's messages. A field that is missing or of another kind reads as protobuf's
//! default: empty, zero, false.

use prost_reflect::{DynamicMessage, ReflectMessage, Value};

/// The value of a repeated field.
fn list<'a>(message: &'a DynamicMessage, field: &str) -> &'a [Value] {
    let descriptor = message.descriptor();
    let Some(descriptor) = descriptor.get_field_by_name(field) else { return &[] };
    message.fields().find(|(found, _)| *found == descriptor).and_then(|(_, value)| value.as_list()).unwrap_or(&[])
}

/// The messages in a repeated field.
pub fn messages<'a>(message: &'a DynamicMessage, field: &str) -> impl Iterator<Item = &'a DynamicMessage> {
    list(message, field).iter().filter_map(Value::as_message)
}

/// The texts in a repeated field.
pub fn texts<'a>(message: &'a DynamicMessage, field: &str) -> impl Iterator<Item = &'a str> {
    list(message, field).iter().filter_map(Value::as_str)
}

/// The integers in a repeated field.
pub fn integers(message: &DynamicMessage, field: &str) -> Vec<i64> {
    list(message, field).iter().filter_map(Value::as_i64).collect()
}

/// The numbers in a repeated field.
pub fn floats(message: &DynamicMessage, field: &str) -> Vec<f32> {
    list(message, field).iter().filter_map(Value::as_f32).collect()
}

/// The message in a field, if it is there.
pub fn message<'a>(message: &'a DynamicMessage, field: &str) -> Option<&'a DynamicMessage> {
    let descriptor = message.descriptor().get_field_by_name(field)?;
    message.fields().find(|(found, _)| *found == descriptor).and_then(|(_, value)| value.as_message())
}

/// The text in a field.
pub fn text<'a>(message: &'a DynamicMessage, field: &str) -> &'a str {
    let Some(descriptor) = message.descriptor().get_field_by_name(field) else { return "" };
    message.fields().find(|(found, _)| *found == descriptor).and_then(|(_, value)| value.as_str()).unwrap_or("")
}

/// The integer in a field.
pub fn integer(message: &DynamicMessage, field: &str) -> i64 {
    message.get_field_by_name(field).and_then(|value| value.as_i64()).unwrap_or(0)
}

/// The integers of a `Shape` in a field.
pub fn shape(message_: &DynamicMessage, field: &str) -> Vec<i64> {
    message(message_, field).map(|shape| integers(shape, "dim")).unwrap_or_default()
}

//! [`Attributes`]: the named constants of a node, by type.

use super::error::NodeError;
use super::message::AttributeProto;
use super::message::attribute_proto::AttributeType;

/// The attributes of one node.
#[derive(Clone, Debug, Default)]
pub(crate) struct Attributes(Vec<AttributeProto>);

type Result<T> = std::result::Result<T, NodeError>;

impl Attributes {
    pub(crate) fn new(attributes: Vec<AttributeProto>) -> Self {
        Self(attributes)
    }

    /// The attribute of this name, which must be of a type if it says of which it is; very old files do not.
    pub(crate) fn get(&self, name: &str, kind: AttributeType) -> Result<Option<&AttributeProto>> {
        let Some(attribute) = self.0.iter().find(|attribute| attribute.name == name) else { return Ok(None) };
        let found = attribute.r#type();
        if found == kind || found == AttributeType::Undefined {
            Ok(Some(attribute))
        } else {
            let (kind, found) = (kind.as_str_name(), found.as_str_name());
            Err(NodeError::invalid(format!("attribute '{name}' must be of type {kind}, but is of type {found}")))
        }
    }

    pub(crate) fn int(&self, name: &str) -> Result<Option<i64>> {
        Ok(self.get(name, AttributeType::Int)?.map(|attribute| attribute.i()))
    }

    pub(crate) fn int_or(&self, name: &str, default: i64) -> Result<i64> {
        Ok(self.int(name)?.unwrap_or(default))
    }

    /// An integer that means yes or no.
    pub(crate) fn flag(&self, name: &str, default: bool) -> Result<bool> {
        Ok(self.int_or(name, i64::from(default))? != 0)
    }

    pub(crate) fn float(&self, name: &str) -> Result<Option<f32>> {
        Ok(self.get(name, AttributeType::Float)?.map(|attribute| attribute.f()))
    }

    pub(crate) fn float_or(&self, name: &str, default: f32) -> Result<f32> {
        Ok(self.float(name)?.unwrap_or(default))
    }

    pub(crate) fn ints(&self, name: &str) -> Result<Option<&[i64]>> {
        Ok(self.get(name, AttributeType::Ints)?.map(|attribute| attribute.ints.as_slice()))
    }

    pub(crate) fn floats(&self, name: &str) -> Result<Option<&[f32]>> {
        Ok(self.get(name, AttributeType::Floats)?.map(|attribute| attribute.floats.as_slice()))
    }

    /// How many texts a list has.
    pub(crate) fn text_count(&self, name: &str) -> Result<usize> {
        Ok(self.get(name, AttributeType::Strings)?.map_or(0, |attribute| attribute.strings.len()))
    }

    /// A word, one of `known`; the first of them if it is not given.
    pub(crate) fn word<'k>(&self, name: &str, known: &[&'k str]) -> Result<&'k str> {
        let first = known.first().copied().unwrap_or("");
        let Some(attribute) = self.get(name, AttributeType::String)? else { return Ok(first) };
        let found = known.iter().find(|word| word.as_bytes() == attribute.s());
        found.copied().ok_or_else(|| {
            let found = String::from_utf8_lossy(attribute.s());
            NodeError::unsupported(format!("attribute '{name}' is '{found}'; known are {}", known.join(", ")))
        })
    }
}

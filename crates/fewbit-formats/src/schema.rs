//! NNabla's messages, described at run time from `proto/nnabla.proto`.
//!
//! Messages are handled by reflection, since the function table of `fewbit-core` names the fields: a struct a message
//! would only be taken apart again.

use prost_reflect::{DescriptorPool, MessageDescriptor};
use std::sync::LazyLock;

static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| {
    DescriptorPool::decode(include_bytes!(concat!(env!("OUT_DIR"), "/nnabla.descriptors")).as_ref())
        .expect("the descriptors were written by this crate's build script")
});

/// The descriptor of the message that a whole file is.
pub fn document() -> MessageDescriptor {
    message("NNablaProtoBuf")
}

/// The descriptor of a message of the schema.
pub(crate) fn message(name: &str) -> MessageDescriptor {
    POOL.get_message_by_name(&format!("nnabla.{name}"))
        .expect("only names of messages in proto/nnabla.proto are asked for")
}

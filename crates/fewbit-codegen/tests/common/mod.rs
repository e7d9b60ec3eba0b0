//! What the tests share: networks of the reference, their generated code compiled and run.
#![allow(dead_code)] // Each test uses its part.

pub mod builder;
pub mod compiled;
pub mod networks;
pub mod random;

//! Prepared networks: they compute what the portable runtime and NNabla compute.
#![cfg(feature = "host")]

mod both;
mod builder;
mod floats;
mod integers;
mod networks;
mod reference;

//! What each function computes.

mod numbers;
mod pooling;
mod products;
mod single;

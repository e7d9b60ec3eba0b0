//! The command line of fewbit.
fn main() {}

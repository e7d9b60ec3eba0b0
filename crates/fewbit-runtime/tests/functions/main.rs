//! What each function computes: against NNabla, against numbers from other sources, in all number formats, and that no
//! shapes, arguments or values whatever make one panic.

mod arithmetic;
mod by_hand;
mod clipping;
mod golden;
mod hostile;
mod in_place;
mod numbers;
mod pooling;
mod products;
mod random;
mod single;
mod typed;

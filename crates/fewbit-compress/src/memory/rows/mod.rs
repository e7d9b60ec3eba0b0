//! Depth-first plans: functions computed row by row, so that no feature map is ever there as a whole.
//!
//! A *group* is a run of nodes that are computed together. As soon as the rows that a node reads exist, it can compute its
//! next row; of each variable only the rows are kept that some node still reads. Every value is computed once, in the same
//! arithmetic, so that results are those of the nodes one after the other, bit for bit.
//!
//! | module | what it does |
//! |---|---|
//! | [`members`] | how the rows of a group's nodes depend on each other |
//! | [`schedule`] | the order of the steps, and when each row is in use |
//! | [`rings`] | how many rows of each variable are kept, and which variables share their places |
//! | [`copies`] | nodes that bring whole variables to rows and rows to whole variables, at the ends of a group |
//! | [`choose`] | which nodes are joined |

mod choose;
mod copies;
mod members;
mod rings;
mod schedule;

pub use choose::{RowOptions, RowPlan, plan, plan_ranges};

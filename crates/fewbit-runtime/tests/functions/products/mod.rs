//! Functions that sum products, against plain loops: random shapes, strides, dilations, groups, formats and positions.
//!
//! [`Spec`] describes a function with its shapes, [`inputs`] gives it values in some formats, [`naive`] computes it without
//! any regard to speed. [`integer`] compares fixed-point networks bit for bit, [`real`] floats and mixtures.

mod inputs;
mod integer;
mod matmul;
mod naive;
mod real;
mod spec;

use spec::{Kind, Spec};

//! [`Nest`]: loops over several variables at once, as few of them as their strides allow.

use crate::c_value::{CValue, Record};
use crate::limits::{Limit, Limits};
use fewbit_core::Shape;

/// The loops.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Nest {
    /// The extents, outermost first; at least one.
    extents: Vec<usize>,
    /// For each variable the distance between neighbours along each axis.
    strides: Vec<Vec<isize>>,
}

impl Nest {
    /// Loops with these extents over variables with these strides. Neighbouring axes that can be walked as one become
    /// one.
    pub fn new(extents: &[usize], strides: &[Vec<isize>]) -> Self {
        let mut nest = Self { extents: Vec::new(), strides: vec![Vec::new(); strides.len()] };
        for (axis, &extent) in extents.iter().enumerate().filter(|(_, extent)| **extent != 1) {
            let continues = |(outer, inner): (&Vec<isize>, &Vec<isize>)| {
                outer.last().is_some_and(|&outer| outer == inner[axis].wrapping_mul(extent as isize))
            };
            if nest.strides.iter().zip(strides).all(continues)
                && let Some(outer) = nest.extents.last_mut()
            {
                *outer *= extent;
                for (own, given) in nest.strides.iter_mut().zip(strides) {
                    own.pop();
                    own.push(given[axis]);
                }
            } else {
                nest.extents.push(extent);
                for (own, given) in nest.strides.iter_mut().zip(strides) {
                    own.push(given[axis]);
                }
            }
        }
        if nest.extents.is_empty() {
            nest.extents.push(1);
            nest.strides.iter_mut().for_each(|strides| strides.push(1));
        }
        nest
    }

    /// One loop over this many items of so many variables.
    pub fn row(items: usize, variables: usize) -> Self {
        Self::new(&[items], &vec![vec![1]; variables])
    }

    /// The loops as generated code has them.
    pub fn record(&self, limits: &mut Limits) -> Record {
        let (items, outer) = self.extents.split_last().expect("a nest has at least one loop");
        limits.include(Limit::Nest, outer.len());
        Record::default()
            .with("rows", outer.iter().product::<usize>())
            .with("items", *items)
            .with("extents", filled(1, outer.iter().map(|&extent| extent as isize)))
    }

    /// The strides of a variable.
    pub fn strides(&self, variable: usize) -> Record {
        let (item, outer) = self.strides[variable].split_last().expect("a nest has at least one loop");
        Record::default().with("item", *item).with("outer", filled(0, outer.iter().copied()))
    }
}

fn filled(filler: isize, items: impl Iterator<Item = isize>) -> CValue {
    CValue::Filled { limit: Limit::Nest, filler: Box::new(filler.into()), items: items.map(CValue::from).collect() }
}

/// Row-major strides.
pub(crate) fn strides_of(shape: Shape) -> Vec<isize> {
    shape.strides().iter().map(|&stride| stride as isize).collect()
}

/// The strides in a variable of shape `from` for each axis of the shape `to`, to which it is stretched; axes are matched
/// from the last.
pub(crate) fn stretched(from: Shape, to: Shape) -> Vec<isize> {
    let strides = from.strides();
    (0..to.rank())
        .map(|axis| match (axis + from.rank()).checked_sub(to.rank()) {
            Some(axis) if from[axis] != 1 => strides[axis] as isize,
            _ => 0,
        })
        .collect()
}

/// The strides of a variable in row-major order that has some of the axes of a shape and is the same along the others.
pub(crate) fn strides_over(extents: &[usize], has: impl Fn(usize) -> bool) -> Vec<isize> {
    let mut strides = vec![0; extents.len()];
    let mut step = 1;
    for (axis, stride) in strides.iter_mut().enumerate().rev().filter(|(axis, _)| has(*axis)) {
        *stride = step;
        step *= extents[axis] as isize;
    }
    strides
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_that_can_be_walked_as_one_are_one() {
        let plain = Nest::new(&[2, 3, 1, 4], &[vec![12, 4, 4, 1], vec![12, 4, 0, 1]]);
        assert_eq!(plain, Nest::row(24, 2));
        let stretched = Nest::new(&[2, 3, 4], &[vec![12, 4, 1], vec![0, 4, 1]]);
        assert_eq!(stretched.extents, [2, 12]);
        assert_eq!(stretched.strides, [[12, 1], [0, 1]]);
        assert_eq!(Nest::new(&[1, 1], &[vec![7, 9]]), Nest::row(1, 1));
    }
}

//! [`Order`]: which axes of one variable are those of another.

use fewbit_core::{IntList, Shape};

/// Axis `n` of a variable is axis `order[n]` of another, with the same values.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Order(Vec<usize>);

impl Order {
    pub(super) fn new(order: Vec<usize>) -> Self {
        Self(order)
    }

    pub(super) fn identity(rank: usize) -> Self {
        Self((0..rank).collect())
    }

    /// The order that a `Transpose` with these axes makes.
    pub(super) fn of_axes(axes: &IntList) -> Option<Self> {
        let rank = axes.len();
        let axis = |&axis: &i32| usize::try_from(axis).ok().filter(|&axis| axis < rank);
        axes.iter().map(axis).collect::<Option<_>>().map(Self)
    }

    pub(super) fn rank(&self) -> usize {
        self.0.len()
    }

    /// All axes of the other variable, in order.
    pub(super) fn positions(&self) -> &[usize] {
        &self.0
    }

    /// The axis of the other variable.
    pub(super) fn of(&self, axis: usize) -> Option<usize> {
        self.0.get(axis).copied()
    }

    pub(super) fn is_identity(&self) -> bool {
        self.0.iter().enumerate().all(|(place, &axis)| place == axis)
    }

    /// This order, and another of what it gives.
    pub(super) fn then(&self, other: &Self) -> Option<Self> {
        other.0.iter().map(|&axis| self.of(axis)).collect::<Option<_>>().map(Self)
    }

    /// The order that undoes this one.
    pub(super) fn inverse(&self) -> Self {
        let mut inverse = vec![0; self.rank()];
        for (place, &axis) in self.0.iter().enumerate() {
            inverse[axis] = place;
        }
        Self(inverse)
    }

    /// The shape of the variable, where the other has this one.
    pub(super) fn apply(&self, other: Shape) -> Option<Shape> {
        let dims: Option<Vec<usize>> = self.0.iter().map(|&axis| other.get(axis).copied()).collect();
        Shape::new(&dims?).ok()
    }

    /// Whether the values of the other variable, which has this shape, lie in order already: only single axes move.
    pub(super) fn moves_nothing(&self, other: Shape) -> bool {
        self.0.iter().filter(|&&axis| other[axis] != 1).is_sorted()
    }

    /// As the argument of a `Transpose`.
    pub(super) fn axes(&self) -> Option<IntList> {
        int_list(self.0.iter().copied())
    }
}

/// A list of integers, if it fits.
pub(super) fn int_list(values: impl IntoIterator<Item = usize>) -> Option<IntList> {
    let values: Option<Vec<i32>> = values.into_iter().map(|value| i32::try_from(value).ok()).collect();
    IntList::from_slice(&values?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_undo_each_other() {
        let last = Order::new(vec![0, 2, 3, 1]);
        let first = Order::new(vec![0, 3, 1, 2]);
        assert_eq!(last.inverse(), first);
        assert_eq!(last.then(&first), Some(Order::identity(4)));
        let shape = |dims: &[usize]| Shape::new(dims).expect("a small shape");
        assert_eq!(last.apply(shape(&[1, 3, 8, 9])), Some(shape(&[1, 8, 9, 3])));
        assert!(last.moves_nothing(shape(&[1, 3, 1, 1])));
        assert!(last.moves_nothing(shape(&[1, 1, 8, 9])));
        assert!(!last.moves_nothing(shape(&[1, 3, 8, 1])));
    }
}

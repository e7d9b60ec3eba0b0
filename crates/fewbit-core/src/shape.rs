//! [`Shape`]: the extent of a variable along each of its axes.

use crate::list::InlineList;
use core::fmt;
use core::ops::Deref;

/// The most axes a variable can have.
pub const MAX_RANK: usize = 8;

/// The extents of a variable, outermost axis first. Rank 0 is a single value.
///
/// The number of items is known to fit an `i32` (what `.nnb` counts with), so products of extents cannot overflow.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Shape(InlineList<usize, MAX_RANK>);

/// Why a list of extents is not a shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShapeError {
    /// More axes than [`MAX_RANK`].
    #[error("a shape has {rank} axes; at most {MAX_RANK} are supported")]
    Rank {
        /// How many it had.
        rank: usize,
    },
    /// More items than an `i32` can count.
    #[error("a shape has more than 2147483647 items")]
    TooManyItems,
    /// An extent below zero.
    #[error("a shape has the negative extent {0}")]
    Negative(i64),
}

impl Shape {
    /// A shape with these extents.
    ///
    /// # Errors
    /// When there are more than [`MAX_RANK`] axes, or more than `i32::MAX` items.
    pub fn new(dims: &[usize]) -> Result<Self, ShapeError> {
        let list = InlineList::from_slice(dims).map_err(|_| ShapeError::Rank { rank: dims.len() })?;
        // A zero extent must not hide an overflow of the others: strides are products of them too.
        dims.iter()
            .try_fold(1usize, |items, &dim| items.checked_mul(dim.max(1)))
            .filter(|&items| i32::try_from(items).is_ok())
            .ok_or(ShapeError::TooManyItems)?;
        Ok(Self(list))
    }

    /// A shape from signed extents, as files store them.
    ///
    /// # Errors
    /// As [`Shape::new`], and when an extent is negative.
    pub fn from_signed<I>(dims: I) -> Result<Self, ShapeError>
    where
        I: IntoIterator,
        I::Item: Into<i64>,
    {
        let mut list = InlineList::<usize, MAX_RANK>::new();
        for (axis, dim) in dims.into_iter().enumerate() {
            let dim: i64 = dim.into();
            if dim < 0 {
                return Err(ShapeError::Negative(dim));
            }
            let dim = usize::try_from(dim).map_err(|_| ShapeError::TooManyItems)?;
            list.push(dim).map_err(|_| ShapeError::Rank { rank: axis + 1 })?;
        }
        Self::new(&list)
    }

    /// How many axes it has.
    pub fn rank(&self) -> usize {
        self.0.len()
    }

    /// How many values a variable of this shape holds.
    pub fn items(&self) -> usize {
        self.iter().product()
    }

    /// The extents as a slice.
    pub fn dims(&self) -> &[usize] {
        &self.0
    }

    /// The product of the extents before `axis`, and of those from `axis` on; an axis past the end counts as the end.
    pub fn split_items(&self, axis: usize) -> (usize, usize) {
        let (outer, inner) = self.split_at(axis.min(self.rank()));
        (outer.iter().product(), inner.iter().product())
    }

    /// The shape of one row: everything at one place of `axis`, which stays with the extent 1.
    pub fn row(&self, axis: usize) -> Self {
        let mut row = *self;
        if let Some(extent) = row.0.as_mut_slice().get_mut(axis) {
            // An extent of zero is no place, and stays.
            *extent = 1.min(*extent);
        }
        row
    }

    /// The axis that `axis` names, where negative numbers count from the end; `None` if there is no such axis.
    pub fn axis(&self, axis: i32) -> Option<usize> {
        let rank = i32::try_from(self.rank()).ok()?;
        let axis = if axis < 0 { axis.checked_add(rank)? } else { axis };
        usize::try_from(axis).ok().filter(|&axis| axis < self.rank())
    }

    /// The distance in items between neighbours along each axis, for values in row-major order.
    pub fn strides(&self) -> InlineList<usize, MAX_RANK> {
        let mut strides = self.0;
        let mut step = 1;
        for (stride, &dim) in strides.as_mut_slice().iter_mut().zip(self.iter()).rev() {
            *stride = step;
            step *= dim;
        }
        strides
    }
}

impl Deref for Shape {
    type Target = [usize];

    fn deref(&self) -> &[usize] {
        &self.0
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Writes the extents with `x` between them, as in `1x3x32x32`; a single value is `scalar`.
impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("scalar");
        }
        for (axis, dim) in self.iter().enumerate() {
            if axis > 0 {
                f.write_str("x")?;
            }
            write!(f, "{dim}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn counts_and_strides() {
        let shape = Shape::new(&[2, 3, 4]).expect("a shape");
        assert_eq!(shape.items(), 24);
        assert_eq!(&shape.strides()[..], &[12, 4, 1]);
        assert_eq!(shape.split_items(1), (2, 12));
        assert_eq!(shape.axis(-1), Some(2));
        assert_eq!(shape.axis(3), None);
        assert_eq!(shape.axis(-4), None);
        assert_eq!(shape.to_string(), "2x3x4");
        assert_eq!(Shape::default().items(), 1);
    }

    #[test]
    fn refuses_what_cannot_be_counted() {
        assert_eq!(Shape::new(&[1; 9]), Err(ShapeError::Rank { rank: 9 }));
        assert_eq!(Shape::new(&[65536, 65536]), Err(ShapeError::TooManyItems));
        assert_eq!(Shape::new(&[usize::MAX, 0, 2]), Err(ShapeError::TooManyItems));
        assert_eq!(Shape::from_signed([1i32, -1]), Err(ShapeError::Negative(-1)));
    }
}

//! Short lists stored inline, so that functions are plain `Copy` data and the device runtime needs no heap.

use core::fmt;
use core::ops::Deref;

/// The most entries a list argument can have: two for each of the eight axes (`Pad` needs as many).
pub const LIST_CAPACITY: usize = 16;

/// A list of at most `N` values, stored inline.
#[derive(Clone, Copy)]
pub struct InlineList<T, const N: usize> {
    len: u8,
    values: [T; N],
}

/// A list of integers: pads, strides, axes and the like.
pub type IntList = InlineList<i32, LIST_CAPACITY>;

/// A list of real numbers.
pub type FloatList = InlineList<f32, LIST_CAPACITY>;

/// A list had more entries than its place can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a list has more than the {capacity} entries that fewbit supports")]
pub struct ListTooLong {
    /// How many would have fitted.
    pub capacity: usize,
}

impl<T: Copy + Default, const N: usize> InlineList<T, N> {
    /// The empty list.
    pub fn new() -> Self {
        Self { len: 0, values: [T::default(); N] }
    }

    /// A list of `len` copies of `value`.
    ///
    /// # Errors
    /// When `len` exceeds the capacity `N`.
    pub fn filled(value: T, len: usize) -> Result<Self, ListTooLong> {
        Self::try_from_iter(core::iter::repeat_n(value, len))
    }

    /// A copy of `values`.
    ///
    /// # Errors
    /// When there are more than `N` values.
    pub fn from_slice(values: &[T]) -> Result<Self, ListTooLong> {
        Self::try_from_iter(values.iter().copied())
    }

    /// Collects `values`.
    ///
    /// # Errors
    /// When there are more than `N` values.
    pub fn try_from_iter(values: impl IntoIterator<Item = T>) -> Result<Self, ListTooLong> {
        let mut list = Self::new();
        for value in values {
            list.push(value)?;
        }
        Ok(list)
    }

    /// Appends `value`.
    ///
    /// # Errors
    /// When the list is full.
    pub fn push(&mut self, value: T) -> Result<(), ListTooLong> {
        let slot = self.values.get_mut(usize::from(self.len)).ok_or(ListTooLong { capacity: N })?;
        *slot = value;
        self.len += 1;
        Ok(())
    }

    /// Makes the list empty.
    pub fn clear(&mut self) {
        self.len = 0;
    }

    /// The values as a mutable slice.
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        &mut self.values[..usize::from(self.len)]
    }
}

impl<T: Copy + Default, const N: usize> Default for InlineList<T, N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, const N: usize> Deref for InlineList<T, N> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.values[..usize::from(self.len)]
    }
}

impl<'a, T, const N: usize> IntoIterator for &'a InlineList<T, N> {
    type Item = &'a T;
    type IntoIter = core::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<T: PartialEq, const N: usize> PartialEq for InlineList<T, N> {
    fn eq(&self, other: &Self) -> bool {
        self[..] == other[..]
    }
}

impl<T: Eq, const N: usize> Eq for InlineList<T, N> {}

impl<T: fmt::Debug, const N: usize> fmt::Debug for InlineList<T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_what_was_put_in_and_refuses_more() {
        let mut list = InlineList::<i32, 3>::from_slice(&[1, 2]).expect("two of three places");
        assert_eq!(&list[..], &[1, 2]);
        list.push(3).expect("the third place");
        assert_eq!(list.push(4), Err(ListTooLong { capacity: 3 }));
        assert_eq!(&list[..], &[1, 2, 3]);
        list.clear();
        assert!(list.is_empty());
    }

    #[test]
    fn equality_ignores_unused_places() {
        let mut a = InlineList::<i32, 4>::from_slice(&[7, 8]).expect("fits");
        let b = InlineList::<i32, 4>::from_slice(&[7]).expect("fits");
        assert_ne!(a, b);
        a.as_mut_slice()[1] = 9;
        assert_eq!(&a[..], &[7, 9]);
    }
}

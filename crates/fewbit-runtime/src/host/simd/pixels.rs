//! [`Pixels`]: where the pixels of a plane lie in a slice.

/// Evenly spaced pixels in evenly spaced rows. A pixel is a run of channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(in crate::host) struct Pixels {
    /// Where the first pixel of the first row begins.
    pub first: usize,
    /// From a row to the next.
    pub row_step: usize,
    /// From a pixel to the next in its row.
    pub pixel_step: usize,
}

impl Pixels {
    /// Where a pixel begins.
    #[inline(always)]
    pub fn at(&self, row: usize, column: usize) -> usize {
        self.first + row * self.row_step + column * self.pixel_step
    }

    /// The same grid, begun so much later.
    pub fn moved(self, by: usize) -> Self {
        Self { first: self.first + by, ..self }
    }

    /// The grid from a row on.
    pub fn row(self, row: usize) -> Self {
        self.moved(row * self.row_step)
    }

    /// Whether every pixel of a plane of `rows` x `columns` can be read or written `reach` places from where it begins.
    pub(super) fn fit(&self, rows: usize, columns: usize, reach: usize, len: usize) -> bool {
        let (Some(last_row), Some(last_column)) = (rows.checked_sub(1), columns.checked_sub(1)) else { return true };
        let end = || {
            let row = last_row.checked_mul(self.row_step)?;
            let column = last_column.checked_mul(self.pixel_step)?;
            self.first.checked_add(row)?.checked_add(column)?.checked_add(reach)
        };
        end().is_some_and(|end| end <= len)
    }
}

//! [`Tensor`]: values that are known when a file is read.

use super::element::Element;
use fewbit_core::Shape;
use std::sync::Arc;

/// An array of known values.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tensor {
    /// What kind of numbers they are.
    pub(crate) element: Element,
    /// Its extents.
    pub(crate) shape: Shape,
    items: Items,
}

/// Values in row-major order, as many as the shape says. Shared, so that a tensor is copied for nothing.
#[derive(Clone, Debug, PartialEq)]
enum Items {
    Floats(Arc<[f32]>),
    Integers(Arc<[i64]>),
}

impl Tensor {
    /// Real numbers; there must be one for each item of the shape.
    pub(crate) fn floats(shape: Shape, values: impl Into<Arc<[f32]>>) -> Self {
        let values = values.into();
        debug_assert_eq!(values.len(), shape.items());
        Self { element: Element::Float, shape, items: Items::Floats(values) }
    }

    /// Integers or truth values, brought into the range of `element`, which must not be [`Element::Float`]; there must be one
    /// for each item of the shape.
    pub(crate) fn integers(element: Element, shape: Shape, values: impl IntoIterator<Item = i64>) -> Self {
        let values: Arc<[i64]> = values.into_iter().map(|value| element.wrap(value)).collect();
        debug_assert_eq!(values.len(), shape.items());
        Self { element, shape, items: Items::Integers(values) }
    }

    /// A list of indices, extents or axes.
    pub(crate) fn indices(values: &[usize]) -> Self {
        // More than `i64::MAX` of anything fits no memory.
        let values = values.iter().map(|&value| i64::try_from(value).unwrap_or(i64::MAX));
        let shape = Shape::new(&[values.len()]).unwrap_or_default();
        Self::integers(Element::INDEX, shape, values)
    }

    /// How many values there are.
    pub(crate) fn len(&self) -> usize {
        match &self.items {
            Items::Floats(values) => values.len(),
            Items::Integers(values) => values.len(),
        }
    }

    /// The values as real numbers.
    pub(crate) fn to_floats(&self) -> Arc<[f32]> {
        match &self.items {
            Items::Floats(values) => Arc::clone(values),
            Items::Integers(values) => values.iter().map(|&value| value as f32).collect(),
        }
    }

    /// The values as integers; `None` for real numbers.
    pub(crate) fn as_integers(&self) -> Option<&[i64]> {
        match &self.items {
            Items::Integers(values) => Some(values),
            Items::Floats(_) => None,
        }
    }

    /// The value at a place, in double precision, which holds every float and all integers that networks contain.
    pub(crate) fn number(&self, place: usize) -> f64 {
        match &self.items {
            Items::Floats(values) => f64::from(values[place]),
            Items::Integers(values) => values[place] as f64,
        }
    }

    /// The only value of a tensor with one item.
    pub(crate) fn single(&self) -> Option<f32> {
        (self.len() == 1).then(|| self.number(0) as f32)
    }

    /// The same values in another shape, which must have as many items.
    pub(crate) fn with_shape(&self, shape: Shape) -> Self {
        debug_assert_eq!(self.len(), shape.items());
        Self { shape, ..self.clone() }
    }

    /// A tensor of another shape whose values are taken from places of this one: `place` says from where, for each item
    /// in order.
    pub(crate) fn rearranged(&self, shape: Shape, place: impl FnMut(usize) -> usize) -> Self {
        let places = (0..shape.items()).map(place);
        let items = match &self.items {
            Items::Floats(values) => Items::Floats(places.map(|place| values[place]).collect()),
            Items::Integers(values) => Items::Integers(places.map(|place| values[place]).collect()),
        };
        Self { element: self.element, shape, items }
    }

    /// This tensor stretched to a shape that it can be broadcast to.
    pub(crate) fn broadcast(&self, shape: Shape) -> Self {
        if self.shape == shape {
            return self.clone();
        }
        let strides = broadcast_strides(self.shape, shape);
        self.rearranged(shape, |item| offset(shape, &strides, item))
    }

    /// The axes in another order: axis `n` of the result is axis `order[n]` of this.
    pub(crate) fn transposed(&self, order: &[usize]) -> Self {
        let dims: Vec<usize> = order.iter().map(|&axis| self.shape[axis]).collect();
        // The extents are those of a shape already.
        let shape = Shape::new(&dims).unwrap_or(self.shape);
        let own = self.shape.strides();
        let strides: Vec<usize> = order.iter().map(|&axis| own[axis]).collect();
        self.rearranged(shape, |item| offset(shape, &strides, item))
    }

    /// Tensors of one kind, one behind the other.
    pub(crate) fn joined(shape: Shape, parts: &[(&Self, std::ops::Range<usize>)]) -> Option<Self> {
        let (first, _) = parts.first()?;
        let items = match first.items {
            Items::Floats(_) => {
                let mut values = Vec::with_capacity(shape.items());
                for (part, range) in parts {
                    let Items::Floats(items) = &part.items else { return None };
                    values.extend_from_slice(&items[range.clone()]);
                }
                Items::Floats(values.into())
            }
            Items::Integers(_) => {
                let mut values = Vec::with_capacity(shape.items());
                for (part, range) in parts {
                    values.extend_from_slice(&part.as_integers()?[range.clone()]);
                }
                Items::Integers(values.into())
            }
        };
        Some(Self { element: first.element, shape, items })
    }
}

/// The distance between neighbours of a tensor of shape `from` along each axis of `to`, which it is stretched to: zero
/// where it has one item or no such axis.
pub(crate) fn broadcast_strides(from: Shape, to: Shape) -> Vec<usize> {
    let strides = from.strides();
    let missing = to.rank().saturating_sub(from.rank());
    let stride = |axis: usize| match axis.checked_sub(missing) {
        Some(own) if from[own] != 1 => strides[own],
        _ => 0,
    };
    (0..to.rank()).map(stride).collect()
}

/// The place of an item of `shape`, counted in row-major order, in memory with other strides.
pub(crate) fn offset(shape: Shape, strides: &[usize], mut item: usize) -> usize {
    let mut place = 0;
    for (&dim, &stride) in shape.iter().zip(strides).rev() {
        place += item % dim * stride;
        item /= dim;
    }
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(dims: &[usize]) -> Shape {
        Shape::new(dims).expect("a small shape")
    }

    #[test]
    fn axes_change_places() {
        let tensor = Tensor::floats(shape(&[2, 3]), vec![0.0, 1.0, 2.0, 10.0, 11.0, 12.0]);
        let turned = tensor.transposed(&[1, 0]);
        assert_eq!(turned.shape, shape(&[3, 2]));
        assert_eq!(turned.to_floats()[..], [0.0, 10.0, 1.0, 11.0, 2.0, 12.0]);
    }

    #[test]
    fn stretching_repeats_what_is_single() {
        let tensor = Tensor::integers(Element::INDEX, shape(&[2, 1]), [7, 8]);
        let wide = tensor.broadcast(shape(&[2, 2, 3]));
        assert_eq!(wide.as_integers(), Some(&[7, 7, 7, 8, 8, 8, 7, 7, 7, 8, 8, 8][..]));
    }
}

//! Functions as they work on values that lie in another order.

use super::order::{Order, int_list};
use fewbit_core::function::arguments::{
    Affine, Axis, BatchNormalization, ExtremeReduction, PReLU, Pad, Reduction, Slice,
};
use fewbit_core::{Function, IntList, Shape, Variable};

/// A function that works on values as they lie.
pub(super) struct Followed {
    pub(super) function: Function,
    /// How its output lies.
    pub(super) order: Order,
    /// What happens to its parameters.
    pub(super) parameters: Parameters,
}

/// What happens to the parameters of a function whose input lies in another order.
pub(super) enum Parameters {
    /// Axes are matched with those of the input: they are put into the order in which it lies.
    Matched(Order),
    /// Each has one value for each place along one axis, and stays.
    AlongAxis,
    /// The rows of the weights are put into the order in which the values lie that they are multiplied by.
    Rows {
        order: Order,
        /// The shape of the input as it lies.
        shape: Shape,
        /// The first axis that belongs to the vector.
        base: usize,
    },
}

/// What became of a parameter.
pub(super) enum Reordered {
    /// It stays as it is.
    Stays,
    /// It has another shape and order.
    Moved(Shape, Vec<f32>),
}

impl Parameters {
    /// A parameter as the function takes it, which is its input at this place; `None` if it cannot be brought into order.
    pub(super) fn reorder(&self, parameter: &Variable, input: usize) -> Option<Reordered> {
        let values = parameter.values()?;
        match self {
            Self::AlongAxis => Some(Reordered::Stays),
            Self::Matched(_) if values.len() == 1 => Some(Reordered::Stays),
            Self::Matched(order) => {
                // Missing axes are single ones in front.
                let mut dims = vec![1; order.rank().checked_sub(parameter.shape.rank())?];
                dims.extend_from_slice(&parameter.shape);
                let shape = Shape::new(&dims).ok()?;
                let order = order.inverse();
                let (moved, places) = (order.apply(shape)?, places(&order, shape)?);
                Some(Reordered::Moved(moved, places.into_iter().map(|place| values[place]).collect()))
            }
            Self::Rows { order, shape, base } if input == 1 => {
                // The old places of the rows in the order in which the input lies now.
                let vector = |axes: &[usize]| Shape::new(axes).ok();
                let old = order.apply(*shape)?;
                let within: Option<Vec<usize>> =
                    order.inverse().positions().iter().skip(*base).map(|axis| axis.checked_sub(*base)).collect();
                let rows = places(&Order::new(within?), vector(&old[*base..])?)?;
                let columns = values.len().checked_div(rows.len())?;
                let row = |row: usize| values[row * columns..(row + 1) * columns].iter().copied();
                Some(Reordered::Moved(parameter.shape, rows.into_iter().flat_map(row).collect()))
            }
            Self::Rows { .. } => Some(Reordered::Stays),
        }
    }
}

/// For each item of a variable that another of shape `shape` lies as in this order: the item's place there.
fn places(order: &Order, shape: Shape) -> Option<Vec<usize>> {
    let moved = order.apply(shape)?;
    let own = shape.strides();
    let strides: Vec<usize> = order.positions().iter().map(|&axis| own[axis]).collect();
    let place = |mut item: usize| {
        let mut place = 0;
        for (&dim, &stride) in moved.iter().zip(&strides).rev() {
            place += item % dim * stride;
            item /= dim;
        }
        place
    };
    Some((0..moved.items()).map(place).collect())
}

/// The function on values of shape `shape`, of which the function's input is in an order; `None` if it minds the order.
pub(super) fn follow(function: &Function, order: &Order, shape: Shape) -> Option<Followed> {
    let rank = order.rank();
    let axis = |axis: i32| -> Option<i32> {
        let axis = if axis < 0 { axis.checked_add(i32::try_from(rank).ok()?)? } else { axis };
        i32::try_from(order.of(usize::try_from(axis).ok()?)?).ok()
    };
    let axes = |list: &IntList| -> Option<IntList> {
        let list: Option<Vec<i32>> = list.iter().map(|&entry| axis(entry)).collect();
        IntList::from_slice(&list?).ok()
    };
    let matched =
        |function| Some(Followed { function, order: order.clone(), parameters: Parameters::Matched(order.clone()) });
    let along_axis = |function| Some(Followed { function, order: order.clone(), parameters: Parameters::AlongAxis });
    match *function {
        function if is_pointwise(&function) => matched(function),
        Function::Softmax(it) => matched(Function::Softmax(Axis { axis: axis(it.axis)? })),
        Function::LogSoftmax(it) => matched(Function::LogSoftmax(Axis { axis: axis(it.axis)? })),
        Function::Concatenate(it) => matched(Function::Concatenate(Axis { axis: axis(it.axis)? })),
        Function::PReLU(it) => along_axis(Function::PReLU(PReLU { base_axis: axis(it.base_axis)? })),
        Function::BatchNormalization(it) if !it.batch_stat => {
            let list = axes(&it.axes)?;
            Some(Followed {
                function: Function::BatchNormalization(BatchNormalization { axes: list, ..it }),
                order: order.clone(),
                // With an axis for each of the input's they are matched like it.
                parameters: Parameters::Matched(order.clone()),
            })
        }
        Function::Pad(it) => {
            let mut old = vec![0; (2 * rank).checked_sub(it.pad_width.len())?];
            old.extend_from_slice(&it.pad_width);
            let inverse = order.inverse();
            let pair = |axis: usize| inverse.of(axis).map(|old_axis| [old[2 * old_axis], old[2 * old_axis + 1]]);
            let pairs: Option<Vec<[i32; 2]>> = (0..rank).map(pair).collect();
            let pad_width = IntList::try_from_iter(pairs?.into_iter().flatten()).ok()?;
            matched(Function::Pad(Pad { pad_width, ..it }))
        }
        Function::Slice(it) if it.start.len() == rank => {
            let inverse = order.inverse();
            let moved = |list: &IntList| -> Option<IntList> {
                let list: Option<Vec<i32>> = (0..rank).map(|axis| list.get(inverse.of(axis)?).copied()).collect();
                IntList::from_slice(&list?).ok()
            };
            matched(Function::Slice(Slice { start: moved(&it.start)?, stop: moved(&it.stop)?, step: moved(&it.step)? }))
        }
        Function::Sum(it) => {
            reduced(order, &axes(&it.axes)?, it.keep_dims, |axes| Function::Sum(Reduction { axes, ..it }))
        }
        Function::Mean(it) => {
            reduced(order, &axes(&it.axes)?, it.keep_dims, |axes| Function::Mean(Reduction { axes, ..it }))
        }
        Function::Prod(it) => {
            reduced(order, &axes(&it.axes)?, it.keep_dims, |axes| Function::Prod(Reduction { axes, ..it }))
        }
        Function::Max(it) if !it.with_index && !it.only_index => {
            reduced(order, &axes(&it.axes)?, it.keep_dims, |axes| Function::Max(ExtremeReduction { axes, ..it }))
        }
        Function::Min(it) if !it.with_index && !it.only_index => {
            reduced(order, &axes(&it.axes)?, it.keep_dims, |axes| Function::Min(ExtremeReduction { axes, ..it }))
        }
        Function::Affine(Affine { base_axis }) => {
            let base = usize::try_from(base_axis).ok()?;
            let batch_stays = (0..base).all(|axis| order.of(axis) == Some(axis));
            // The output has the axes of the batch, and those of the weights behind them.
            batch_stays.then(|| Followed {
                function: *function,
                order: Order::identity(base + 1),
                parameters: Parameters::Rows { order: order.clone(), shape, base },
            })
        }
        _ => None,
    }
}

/// A reduction over axes of the values as they lie. Those that are left lie as before, without gaps.
fn reduced(order: &Order, axes: &IntList, keep_dims: bool, function: impl Fn(IntList) -> Function) -> Option<Followed> {
    let gone: Option<Vec<usize>> = axes.iter().map(|&axis| usize::try_from(axis).ok()).collect();
    let gone = gone?;
    let order_left = match keep_dims {
        true => order.clone(),
        false => {
            let left = order.positions().iter().filter(|axis| !gone.contains(axis));
            let without_gaps = |axis: &usize| axis - gone.iter().filter(|gone| *gone < axis).count();
            Order::new(left.map(without_gaps).collect())
        }
    };
    let mut sorted = gone;
    sorted.sort_unstable();
    let function = function(int_list(sorted)?);
    Some(Followed { function, order: order_left, parameters: Parameters::AlongAxis })
}

/// Whether a function treats each place by itself, and matches the axes of its inputs with each other.
fn is_pointwise(function: &Function) -> bool {
    use Function as F;
    matches!(
        function,
        F::ReLU(_) | F::LeakyReLU(_) | F::ReLU6 | F::ELU(_) | F::SELU(_) | F::SoftPlus(_) | F::Sigmoid | F::Swish
            | F::Tanh | F::GELU | F::Mish | F::HardSigmoid | F::HardTanh | F::LogSigmoid | F::SoftSign
            | F::AddScalar(_) | F::MulScalar(_) | F::PowScalar(_) | F::RSubScalar(_) | F::RDivScalar(_)
            | F::RPowScalar(_) | F::MinimumScalar(_) | F::MaximumScalar(_) | F::EqualScalar(_)
            | F::NotEqualScalar(_) | F::GreaterScalar(_) | F::GreaterEqualScalar(_) | F::LessScalar(_)
            | F::LessEqualScalar(_) | F::LogicalAndScalar(_) | F::LogicalOrScalar(_) | F::LogicalXorScalar(_)
            | F::LogicalNot | F::IsNaN | F::IsInf | F::Abs | F::Exp | F::Log | F::Identity | F::Round | F::Ceil
            | F::Floor | F::Sign(_) | F::Sin | F::Cos | F::Tan | F::Sinh | F::Cosh | F::ASin | F::ACos | F::ATan
            | F::ASinh | F::ACosh | F::ATanh | F::Erf
            // These stretch inputs of fewer axes from the last on.
            | F::Add2(_) | F::Sub2(_) | F::Mul2(_) | F::Div2(_) | F::Pow2(_) | F::Minimum2 | F::Maximum2 | F::AddN
            | F::MulN | F::Equal | F::NotEqual | F::Greater | F::GreaterEqual | F::Less | F::LessEqual
            | F::LogicalAnd | F::LogicalOr | F::LogicalXor | F::Where
            | F::QuantizeLinear(_) | F::DequantizeLinear
    )
}

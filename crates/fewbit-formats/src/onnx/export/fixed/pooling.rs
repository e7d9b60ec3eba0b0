//! Sums and means of windows of stored integers, exact whatever their size.

use super::super::call::{Call, Expressed};
use super::super::functions;
use super::super::functions::image::Image;
use super::super::functions::pooling::{attributes, counts, end};
use super::bounds::{Addend, exact_bits, fits_single, magnitude, position};
use super::store::{Precision, store};
use super::sums::pieces;
use crate::onnx::emitter::{Emitter, Value, int, size};
use crate::onnx::message::tensor_proto::DataType;
use fewbit_core::shape_rule::PoolingGeometry;
use fewbit_core::{Function, NumberFormat};

/// The function as ONNX nodes; `None` for functions other than sums and means of windows, and for floats.
pub(super) fn express(e: &mut Emitter, call: &Call<'_>, function: &Function) -> Option<Expressed> {
    let (x, y) = (call.variable(0).format, call.output_format());
    position(x).and(y.position())?;
    let including_pad = match function {
        Function::GlobalAveragePooling => {
            let wide = e.cast(call.x(), DataType::Double);
            let axes: Vec<usize> = (2..call.shape(0).rank()).collect();
            let axes = e.size_list(&axes);
            let mean = e.node("ReduceMean", &[&wide, &axes], vec![]);
            let mean = e.reshape(&mean, &call.output_shape());
            return Some(Ok(store(e, &mean, y, Precision::IsDouble)));
        }
        Function::SumPooling(_) => None,
        Function::AveragePooling(it) => Some(it.including_pad),
        _ => return None,
    };
    let geometry = PoolingGeometry::new(function, call.shape(0)).ok()?;
    Some(window(e, call, function, &geometry, including_pad))
}

/// A sum of a window, or its mean if `including_pad` says which values count.
fn window(
    e: &mut Emitter,
    call: &Call<'_>,
    function: &Function,
    geometry: &PoolingGeometry,
    including_pad: Option<bool>,
) -> Expressed {
    let (x, y) = (call.variable(0).format, call.output_format());
    if including_pad.is_some() && mean_is_safe(geometry, including_pad, x, y) {
        let mean = functions::express_first(e, call, function)?;
        return Ok(store(e, &mean, y, Precision::Double));
    }
    // The sum is a convolution with ones.
    let image = Image::of_pooling(geometry, call.shape(0));
    let value = image.before(e, call.x());
    let kernel: Vec<usize> = geometry.axes.iter().map(|axis| axis.kernel).collect();
    let (channels, taps) = (image.dims[1], kernel.iter().product::<usize>());
    let dims: Vec<usize> = [channels, 1].into_iter().chain(kernel).collect();
    let ones = e.floats(&dims, &vec![1.0; channels * taps]);
    let mut sum: Option<Value> = None;
    for piece in pieces(e, &value, x, exact_bits(taps as f64).max(1)) {
        let mut attributes = attributes(geometry);
        attributes.push(int("group", size(channels)));
        let part = e.node("Conv", &[&piece, &ones], attributes);
        let part = e.cast(&part, DataType::Double);
        sum = Some(match sum {
            Some(sum) => e.node("Add", &[&sum, &part], vec![]),
            None => part,
        });
    }
    let mut value = sum.ok_or("it has no window")?;
    if let Some(including_pad) = including_pad {
        let (dims, counts) = counts(geometry, including_pad);
        let bytes = counts.iter().flat_map(|&count| (count as f64).to_le_bytes()).collect();
        let counts = e.constant(DataType::Double, &dims, bytes);
        value = e.node("Div", &[&value, &counts], vec![]);
    }
    let value = image.after(e, &value, call.output_shape());
    Ok(store(e, &value, y, Precision::IsDouble))
}

/// Whether a mean in single precision is rounded to the same integer as the exact one. Its sum must be exact. Where it is not
/// on an edge between two integers, it is at least as far from it as one part of all that the sum and the step are
/// divided by, and the error must be less.
fn mean_is_safe(geometry: &PoolingGeometry, including_pad: Option<bool>, x: NumberFormat, y: NumberFormat) -> bool {
    let beyond = |axis| including_pad == Some(true) && end(axis) > axis.pad;
    let taps: usize = geometry.axes.iter().map(|axis| axis.kernel).product();
    let shift = position(x).zip(position(y)).map_or(0, |(x, y)| (x - y).max(0));
    let parts = 2.0 * taps as f64 * f64::from(shift).exp2();
    let edges = Addend { largest: parts * magnitude(y), position: 0 };
    let sum = Addend { largest: taps as f64 * magnitude(x), position: 0 };
    !geometry.axes.iter().any(beyond) && fits_single(&[sum], None) && fits_single(&[edges], None)
}

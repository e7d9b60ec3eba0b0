//! Pooling, unpooling and interpolation.

use super::super::call::{Call, Expressed};
use super::image::Image;
use crate::onnx::emitter::{Emitter, Value, int, size, sizes, word};
use crate::onnx::message::AttributeProto;
use fewbit_core::Function;
use fewbit_core::function::arguments::{Interpolate, InterpolateMode, Unpooling};
use fewbit_core::shape_rule::{PoolingAxis, PoolingGeometry};

/// The function as ONNX nodes; `None` for functions that move no window.
pub(super) fn express(e: &mut Emitter, call: &Call<'_>, function: &Function) -> Option<Expressed> {
    Some(match function {
        Function::MaxPooling(_) => pool(e, call, function, "MaxPool"),
        Function::AveragePooling(it) if !it.including_pad => pool(e, call, function, "AveragePool"),
        Function::SumPooling(_) | Function::AveragePooling(_) => sum_or_mean(e, call, function),
        Function::GlobalAveragePooling => {
            let y = e.node("GlobalAveragePool", &[call.x()], vec![]);
            // NNabla gives four axes, whatever the rank of the input.
            Ok(if call.shape(0).rank() == 4 { y } else { e.reshape(&y, &call.output_shape()) })
        }
        Function::Unpooling(it) => Ok(unpool(e, call, it)),
        Function::Interpolate(it) => interpolate(e, call, it),
        _ => return None,
    })
}

/// By how many values the last window reaches beyond the input, behind.
pub(in super::super) fn end(axis: &PoolingAxis) -> usize {
    let reach = axis.output.saturating_sub(1) * axis.stride + axis.kernel;
    reach.saturating_sub(axis.input + axis.pad)
}

/// The window as attributes of a node.
pub(in super::super) fn attributes(geometry: &PoolingGeometry) -> Vec<AttributeProto> {
    let each = |value: fn(&PoolingAxis) -> usize| geometry.axes.iter().map(value).collect::<Vec<_>>();
    let pads: Vec<usize> = geometry.axes.iter().map(|axis| axis.pad).chain(geometry.axes.iter().map(end)).collect();
    vec![
        sizes("kernel_shape", &each(|axis| axis.kernel)),
        sizes("strides", &each(|axis| axis.stride)),
        sizes("pads", &pads),
    ]
}

fn geometry(call: &Call<'_>, function: &Function) -> Result<PoolingGeometry, String> {
    PoolingGeometry::new(function, call.shape(0)).map_err(|error| error.to_string())
}

/// A window over the spatial axes, of which those values count that lie on the input.
fn pool(e: &mut Emitter, call: &Call<'_>, function: &Function, operator: &str) -> Expressed {
    let geometry = geometry(call, function)?;
    let image = Image::of_pooling(&geometry, call.shape(0));
    let x = image.before(e, call.x());
    let y = e.node(operator, &[&x], attributes(&geometry));
    Ok(image.after(e, &y, call.output_shape()))
}

/// A sum is the mean of a window with its padding, times the number of its values. A mean with padding is the sum divided by
/// how many of them lie within the padding that NNabla has.
fn sum_or_mean(e: &mut Emitter, call: &Call<'_>, function: &Function) -> Expressed {
    let geometry = geometry(call, function)?;
    let image = Image::of_pooling(&geometry, call.shape(0));
    let x = image.before(e, call.x());
    let mut window = attributes(&geometry);
    window.push(int("count_include_pad", 1));
    let mean = e.node("AveragePool", &[&x], window);
    let values: usize = geometry.axes.iter().map(|axis| axis.kernel).product();
    let y = match function {
        Function::AveragePooling(_) => match geometry.axes.iter().all(|axis| end(axis) <= axis.pad) {
            true => mean,
            false => {
                let (dims, counts) = counts(&geometry, true);
                let shares: Vec<f32> = counts.iter().map(|&count| values as f32 / count as f32).collect();
                let shares = e.floats(&dims, &shares);
                e.node("Mul", &[&mean, &shares], vec![])
            }
        },
        _ => e.with_number("Mul", &mean, values as f32),
    };
    Ok(image.after(e, &y, call.output_shape()))
}

/// How many values count for each place of the window: those on the input, or in the padding that NNabla has too; at least
/// one. With the extents that make them fit the output of a pooling operator.
pub(in super::super) fn counts(geometry: &PoolingGeometry, including_pad: bool) -> (Vec<usize>, Vec<usize>) {
    let along = |axis: &PoolingAxis| -> Vec<usize> {
        let (first, last) =
            if including_pad { (0, axis.input + 2 * axis.pad) } else { (axis.pad, axis.pad + axis.input) };
        let count = |place: usize| {
            let start = place * axis.stride;
            (start + axis.kernel).min(last).saturating_sub(start.max(first)).max(1)
        };
        (0..axis.output).map(count).collect()
    };
    let axes: Vec<Vec<usize>> = geometry.axes.iter().map(along).collect();
    let mut counts = vec![1];
    for axis in &axes {
        counts = counts.iter().flat_map(|count| axis.iter().map(move |other| count * other)).collect();
    }
    let dims = [1, 1].into_iter().chain(axes.iter().map(Vec::len)).collect();
    (dims, counts)
}

/// Repeats each value.
fn unpool(e: &mut Emitter, call: &Call<'_>, it: &Unpooling) -> Value {
    let rank = call.shape(0).rank();
    let first = rank - it.kernel.len() - usize::from(it.channel_last);
    let mut scales = vec![1.0; rank];
    for (scale, &factor) in scales[first..].iter_mut().zip(&it.kernel) {
        *scale = factor as f32;
    }
    let scales = e.floats(&[rank], &scales);
    let attributes = vec![
        word("mode", "nearest"),
        word("nearest_mode", "floor"),
        word("coordinate_transformation_mode", "asymmetric"),
    ];
    e.node("Resize", &[call.x(), "", &scales], attributes)
}

fn interpolate(e: &mut Emitter, call: &Call<'_>, it: &Interpolate) -> Expressed {
    let shape = call.shape(0);
    let first = shape.rank() - it.output_size.len() - usize::from(it.channel_last);
    let spatial = first..first + it.output_size.len();
    if it.mode == InterpolateMode::Nearest {
        let mut y = call.x().to_owned();
        for axis in spatial {
            let places = nearest_places(it, shape[axis], call.output_shape()[axis]);
            let places = e.integers(&places);
            y = e.node("Gather", &[&y, &places], vec![int("axis", size(axis))]);
        }
        return Ok(y);
    }
    let image = Image::of_axes(spatial, shape);
    let x = image.before(e, call.x());
    let dims: Vec<usize> =
        image.dims[..2].iter().copied().chain(it.output_size.iter().map(|&it| it as usize)).collect();
    let sizes = e.size_list(&dims);
    let coordinates = match (it.align_corners, it.half_pixel) {
        (true, _) => "align_corners",
        (false, true) => "pytorch_half_pixel",
        (false, false) => "asymmetric",
    };
    let attributes = vec![word("mode", "linear"), word("coordinate_transformation_mode", coordinates)];
    let y = e.node("Resize", &[&x, "", "", &sizes], attributes);
    Ok(image.after(e, &y, call.output_shape()))
}

/// The place of the input for each place of the output, by NNabla's rule.
fn nearest_places(it: &Interpolate, from: usize, to: usize) -> Vec<i64> {
    let scale = match to {
        _ if it.half_pixel_for_nn => from as f32 / to as f32,
        0 | 1 => 0.0,
        _ if it.align_corners => from.saturating_sub(1) as f32 / (to - 1) as f32,
        _ => from as f32 / to as f32,
    };
    let position = |place: usize| match it.half_pixel {
        _ if it.half_pixel_for_nn => scale * (place as f32 + 0.5),
        true => (scale * (place as f32 + 0.5) - 0.5).max(0.0),
        false => scale * place as f32,
    };
    let place = |place: usize| (position(place) as usize).min(from.saturating_sub(1));
    (0..to).map(|item| size(place(item))).collect()
}

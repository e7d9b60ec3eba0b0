//! Tensors of another size.
//!
//! Repeating each value is `Unpooling`, picking values is `Slice` or `Gather`, and where NNabla's `Interpolate` gives the
//! same values it is that. All else is a product with a matrix of weights, an axis at a time.

use super::resample::{Coordinates, Kernel, Nearest, Resample, Taps};
use super::{Operator, Result, gather, matrix};
use crate::onnx::error::NodeError;
use crate::onnx::import::arguments::{Arguments, axes};
use crate::onnx::import::context::{Context, Outputs, ints};
use crate::onnx::tensor::Tensor;
use fewbit_core::function::arguments::{self as nnabla, InterpolateMode};
use fewbit_core::{Function, Shape, VariableId};

pub(super) static OPERATORS: &[Operator] = &[
    Operator::map("Resize", "Unpooling, Slice, Gather, Interpolate, BatchMatmul", map)
        .limits("to a known size; outside of a crop only zeros"),
    Operator::map("Upsample", "Unpooling, Interpolate", map).limits("by known factors"),
];

fn map(c: &mut Context<'_>) -> Result<Outputs> {
    let plan = resamples(c)?;
    let x = c.input(0)?;
    let changed = |resample: &Resample| resample.from != resample.to || !is_identity(&resample.taps());
    let Some(first) = plan.iter().position(changed) else { return Ok(c.output(x)) };
    let last = plan.iter().rposition(changed).unwrap_or(first);
    let nearest = plan.iter().all(|resample| matches!(resample.kernel, Kernel::Nearest(_)));
    let y = if let Some(function) = interpolation(&plan[first..])? {
        c.apply(function, &[x])?
    } else {
        let mut y = x;
        for (axis, resample) in plan.iter().enumerate().take(last + 1).skip(first).filter(|(_, it)| changed(it)) {
            let taps = resample.taps();
            y = match nearest {
                true => {
                    let places: Vec<usize> = taps.iter().flatten().map(|&(place, _)| place).collect();
                    gather::pick(c, y, axis, &places, Shape::new(&[places.len()])?)?
                }
                false => weigh(c, y, axis, resample.from, &taps)?,
            };
        }
        y
    };
    Ok(c.output(y))
}

fn is_identity(taps: &[Taps]) -> bool {
    taps.iter().enumerate().all(|(place, taps)| matches!(taps[..], [(only, weight)] if only == place && weight == 1.0))
}

/// One function that resamples all of the last axes, if NNabla has it.
fn interpolation(plan: &[Resample]) -> Result<Option<Function>> {
    let taps: Vec<Vec<Taps>> = plan.iter().map(Resample::taps).collect();
    let each = |value: &dyn Fn(usize) -> usize| ints(&(0..plan.len()).map(value).collect::<Vec<_>>());
    let factor = |axis: usize| plan[axis].to / plan[axis].from;
    let repeats = |axis: usize| {
        plan[axis].to.is_multiple_of(plan[axis].from)
            && taps[axis].iter().enumerate().all(
                |(place, taps)| matches!(taps[..], [(only, weight)] if only == place / factor(axis) && weight == 1.0),
            )
    };
    if (0..plan.len()).all(repeats) {
        return Ok(Some(Function::Unpooling(nnabla::Unpooling { kernel: each(&factor)?, channel_last: false })));
    }
    for (align_corners, half_pixel) in [(false, true), (true, false), (false, false)] {
        let same = |axis: usize| agree(&taps[axis], &nnabla_taps(&plan[axis], align_corners, half_pixel));
        if (0..plan.len()).all(same) {
            return Ok(Some(Function::Interpolate(nnabla::Interpolate {
                output_size: each(&|axis| plan[axis].to)?,
                mode: InterpolateMode::Linear,
                align_corners,
                half_pixel,
                half_pixel_for_nn: false,
                channel_last: false,
            })));
        }
    }
    Ok(None)
}

/// The taps of NNabla's linear `Interpolate`.
fn nnabla_taps(resample: &Resample, align_corners: bool, half_pixel: bool) -> Vec<Taps> {
    let coordinates = match (align_corners, half_pixel) {
        // A single place is the first one, whatever the mode.
        _ if resample.to == 1 => Coordinates::AlignCorners,
        (true, _) => Coordinates::AlignCorners,
        (false, true) => Coordinates::HalfPixel,
        (false, false) => Coordinates::Asymmetric,
    };
    let scale = resample.to as f64 / resample.from as f64;
    let (kernel, antialias, exclude_outside) = (Kernel::Linear, false, false);
    Resample { scale, coordinates, kernel, antialias, exclude_outside, ..*resample }.taps()
}

/// Whether taps give the same values, but for rounding.
fn agree(a: &[Taps], b: &[Taps]) -> bool {
    let weight = |taps: &Taps, place: usize| {
        taps.iter().filter(|(known, _)| *known == place).map(|(_, weight)| weight).sum::<f64>()
    };
    let same = |(a, b): (&Taps, &Taps)| {
        a.iter().chain(b).all(|&(place, _)| (weight(a, place) - weight(b, place)).abs() < 1e-6)
    };
    a.len() == b.len() && a.iter().zip(b).all(same)
}

/// Makes each place along an axis the weighted sum of old ones, by a matrix product.
fn weigh(c: &mut Context<'_>, x: VariableId, axis: usize, from: usize, taps: &[Taps]) -> Result<VariableId> {
    let shape = Shape::new(&[taps.len(), from])?;
    if shape.items() > MAX_WEIGHTS {
        return Err(NodeError::unsupported(format!(
            "the interpolation from {from} to {} places needs too many weights",
            taps.len()
        )));
    }
    let mut weights = vec![0.0; shape.items()];
    for (row, taps) in weights.chunks_exact_mut(from).zip(taps) {
        for &(place, weight) in taps {
            row[place] = weight as f32;
        }
    }
    let dims = c.shape(x).to_vec();
    let last = axis + 1 == dims.len();
    let weights = c.parameter("weights", shape, weights);
    if last && dims.len() >= 2 {
        return matrix::batch_matmul(c, x, weights, false, true);
    }
    let (outer, inner) = (dims[..axis].iter().product(), dims[axis + 1..].iter().product());
    let matrices = c.reshape(x, &[outer, from, inner])?;
    let y = matrix::batch_matmul(c, weights, matrices, false, false)?;
    let mut dims = dims;
    dims[axis] = taps.len();
    c.reshape(y, &dims)
}

/// The most places of an axis of the result: each is looked at when the file is read.
const MAX_PLACES: usize = 1 << 20;

/// The most weights of a matrix that stands for an interpolation.
const MAX_WEIGHTS: usize = 1 << 24;

/// What happens along each axis.
fn resamples(c: &mut Context<'_>) -> Result<Vec<Resample>> {
    let x = c.input_shape(0)?;
    let kernel = match c.attributes().word("mode", &["nearest", "linear", "cubic"])? {
        "linear" => Kernel::Linear,
        "cubic" => Kernel::Cubic(f64::from(c.attributes().float_or("cubic_coeff_a", -0.75)?)),
        _ => Kernel::Nearest(nearest(c)?),
    };
    let which = match if c.opset() < 18 { None } else { c.attributes().ints("axes")? } {
        Some(list) => axes(list, x.rank())?,
        None => (0..x.rank()).collect(),
    };
    let sizes = sizes(c, x, &which)?;
    let coordinates = coordinates(c, x, &which)?;
    let antialias = c.attributes().flag("antialias", false)?;
    let exclude_outside = c.attributes().flag("exclude_outside", false)?;
    let mut plan: Vec<Resample> = x
        .iter()
        .map(|&dim| Resample {
            from: dim,
            to: dim,
            scale: 1.0,
            coordinates: Coordinates::Asymmetric,
            kernel,
            antialias,
            exclude_outside,
        })
        .collect();
    for (entry, &axis) in which.iter().enumerate() {
        let (to, scale) = sizes[entry];
        if to == 0 || plan[axis].from == 0 {
            return Err(NodeError::invalid(format!("axis {axis} would be empty")));
        }
        if to > MAX_PLACES {
            return Err(NodeError::unsupported(format!("axis {axis} would have more than {MAX_PLACES} places")));
        }
        plan[axis] = Resample { to, scale, coordinates: coordinates[entry], ..plan[axis] };
    }
    let outside = c.attributes().float_or("extrapolation_value", 0.0)?;
    if outside != 0.0 && plan.iter().any(|resample| resample.taps().iter().any(Taps::is_empty)) {
        return Err(NodeError::unsupported("what lies outside of a crop can only be zero"));
    }
    Ok(plan)
}

fn nearest(c: &Context<'_>) -> Result<Nearest> {
    if c.opset() < 11 {
        return Ok(Nearest::Floor);
    }
    let words = ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"];
    Ok(match c.attributes().word("nearest_mode", &words)? {
        "round_prefer_ceil" => Nearest::RoundPreferCeil,
        "floor" => Nearest::Floor,
        "ceil" => Nearest::Ceil,
        _ => Nearest::RoundPreferFloor,
    })
}

fn coordinates(c: &Context<'_>, x: Shape, which: &[usize]) -> Result<Vec<Coordinates>> {
    if c.opset() < 11 {
        return Ok(vec![Coordinates::Asymmetric; which.len()]);
    }
    let words = [
        "half_pixel",
        "half_pixel_symmetric",
        "pytorch_half_pixel",
        "align_corners",
        "asymmetric",
        "tf_half_pixel_for_nn",
        "tf_crop_and_resize",
    ];
    let all = match c.attributes().word("coordinate_transformation_mode", &words)? {
        "half_pixel_symmetric" => Coordinates::HalfPixelSymmetric,
        "pytorch_half_pixel" => Coordinates::PytorchHalfPixel,
        "align_corners" => Coordinates::AlignCorners,
        "asymmetric" => Coordinates::Asymmetric,
        "tf_half_pixel_for_nn" => Coordinates::TfHalfPixelForNn,
        "tf_crop_and_resize" => {
            let roi = c.constant(1, "the crop")?.map(Tensor::to_floats).unwrap_or_default();
            // Starts of all axes, then ends; of all that are resized, or of all there are.
            let count = roi.len() / 2;
            let entry = |place: usize| if count == which.len() { place } else { which[place] };
            if roi.len() % 2 != 0 || (count != which.len() && count != x.rank()) {
                return Err(NodeError::invalid("its crop must have a start and an end for each axis"));
            }
            let crop = |place: usize| {
                let (start, end) = (f64::from(roi[entry(place)]), f64::from(roi[count + entry(place)]));
                Coordinates::Crop { start, end }
            };
            return Ok((0..which.len()).map(crop).collect());
        }
        _ => Coordinates::HalfPixel,
    };
    Ok(vec![all; which.len()])
}

/// The new extent along each of the axes, and by how much it is larger before it is rounded.
fn sizes(c: &Context<'_>, x: Shape, which: &[usize]) -> Result<Vec<(usize, f64)>> {
    let (scales, sizes) = match (c.node().operator.as_str(), c.opset()) {
        ("Upsample", ..9) => (c.attributes().floats("scales")?.map(<[f32]>::to_vec), None),
        ("Upsample", _) | ("Resize", ..11) => (floats(c, 1)?, None),
        _ => (floats(c, 2)?, c.integers(3, "the new size")?.map(<[i64]>::to_vec)),
    };
    let wrong = || NodeError::invalid("its scales or sizes must be one number above zero for each axis");
    if let Some(sizes) = sizes.filter(|sizes| !sizes.is_empty()) {
        let sizes: Option<Vec<usize>> =
            sizes.iter().map(|&size| u32::try_from(size).ok().map(|it| it as usize)).collect();
        let sizes = sizes.filter(|sizes| sizes.len() == which.len()).ok_or_else(wrong)?;
        let scale = |entry: usize| sizes[entry] as f64 / x[which[entry]] as f64;
        let scales = (0..sizes.len()).map(scale);
        let words = ["stretch", "not_larger", "not_smaller"];
        let common = match c.attributes().word("keep_aspect_ratio_policy", &words)? {
            "not_larger" => scales.fold(f64::INFINITY, f64::min),
            "not_smaller" => scales.fold(0.0, f64::max),
            _ => return Ok(sizes.iter().copied().zip(scales).collect()),
        };
        let size = |axis: &usize| ((x[*axis] as f64 * common).round() as usize, common);
        return Ok(which.iter().map(size).collect());
    }
    let scales = scales.unwrap_or_default();
    if scales.len() != which.len() || scales.iter().any(|scale| !scale.is_finite() || *scale <= 0.0) {
        return Err(wrong());
    }
    // In single precision, as the file states them: a double would see the error of 1/3 and round to one less.
    let size = |(&axis, &scale): (&usize, &f32)| ((x[axis] as f32 * scale).floor() as usize, f64::from(scale));
    Ok(which.iter().zip(&scales).map(size).collect())
}

fn floats(c: &Context<'_>, input: usize) -> Result<Option<Vec<f32>>> {
    let tensor = c.constant(input, "the scale")?;
    Ok(tensor.map(|tensor| tensor.to_floats().to_vec()).filter(|scales| !scales.is_empty()))
}

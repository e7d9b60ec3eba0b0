//! Operators of the domain `ai.onnx.ml`, as far as they stand around networks and linear models of scikit-learn.

use super::functions::{ADD, DIV, MUL, add_scalar, axis_argument, extreme_over, greater_scalar, mul_scalar, over};
use super::{Operator, Result, gather, matrix, shape};
use crate::onnx::element::Element;
use crate::onnx::error::NodeError;
use crate::onnx::import::arguments::Arguments;
use crate::onnx::import::context::{Context, Outputs, Value};
use crate::onnx::tensor::Tensor;
use fewbit_core::function::arguments as nnabla;
use fewbit_core::{Function, Shape, VariableId};

pub(super) static OPERATORS: &[Operator] = &[
    Operator::map("ai.onnx.ml.Scaler", "AddScalar, MulScalar; Add2, Mul2", scaler),
    Operator::map("ai.onnx.ml.Normalizer", "Abs or Mul2, Sum or Max, Div2", normalizer),
    Operator::map("ai.onnx.ml.Binarizer", "GreaterScalar", |c| {
        let threshold = c.attributes().float_or("threshold", 0.0)?;
        let x = c.input(0)?;
        let y = c.apply(greater_scalar(threshold), &[x])?;
        Ok(c.output(y))
    }),
    Operator::map("ai.onnx.ml.LinearRegressor", "Affine", |c| {
        let targets = c.attributes().int_or("targets", 1)?;
        let y = linear(c, usize::try_from(targets).unwrap_or(0))?;
        let y = post_transform(c, y)?;
        Ok(c.typed_output(y, Element::Float))
    }),
    Operator::map("ai.onnx.ml.LinearClassifier", "Affine, Softmax or Sigmoid, Max, Gather", classifier)
        .limits("a row of coefficients for each class; labels that are texts become their places"),
    Operator::map("ai.onnx.ml.ArrayFeatureExtractor", "Gather, Slice", array_feature_extractor),
    // A table from class to value, of which the values are the network's.
    Operator::map("ai.onnx.ml.ZipMap", "nothing", shape::same),
];

/// `(x - offset) * scale`, each one number or one a column.
fn scaler(c: &mut Context<'_>) -> Result<Outputs> {
    let offsets: Vec<f32> = c.attributes().floats("offset")?.unwrap_or(&[0.0]).iter().map(|offset| -offset).collect();
    let scales = c.attributes().floats("scale")?.unwrap_or(&[1.0]).to_vec();
    let x = c.input(0)?;
    let y = with_columns(c, x, "offset", &offsets, add_scalar, ADD)?;
    let y = with_columns(c, y, "scale", &scales, mul_scalar, MUL)?;
    Ok(c.typed_output(y, Element::Float))
}

fn with_columns(
    c: &mut Context<'_>,
    x: VariableId,
    what: &str,
    values: &[f32],
    single: fn(f32) -> Function,
    several: Function,
) -> Result<VariableId> {
    if let [value] = values {
        return c.apply(single(*value), &[x]);
    }
    let mut dims = vec![1; c.shape(x).rank().saturating_sub(1)];
    dims.push(values.len());
    let values = c.parameter(what, Shape::new(&dims)?, values);
    c.apply(several, &[x, values])
}

/// Divides each row by its norm.
fn normalizer(c: &mut Context<'_>) -> Result<Outputs> {
    let x = c.input(0)?;
    let last = c.shape(x).rank().checked_sub(1).ok_or_else(|| NodeError::invalid("its input must have an axis"))?;
    let norm = match c.attributes().word("norm", &["MAX", "L1", "L2"])? {
        "L1" => c.apply_all(x, &[Function::Abs, Function::Sum(over(&[last], true)?)])?,
        "L2" => {
            let squares = c.apply(MUL, &[x, x])?;
            c.apply_all(squares, &[Function::Sum(over(&[last], true)?), super::functions::SQRT])?
        }
        _ => c.apply(Function::Max(extreme_over(&[last], true)?), &[x])?,
    };
    let y = c.apply(DIV, &[x, norm])?;
    Ok(c.output(y))
}

/// The linear function that the attributes hold, with a row of coefficients for each output.
fn linear(c: &mut Context<'_>, outputs: usize) -> Result<VariableId> {
    let x = c.input(0)?;
    let features = *c.shape(x).last().ok_or_else(|| NodeError::invalid("its input must have an axis"))?;
    let coefficients = c.attributes().floats("coefficients")?.unwrap_or(&[]).to_vec();
    let intercepts = c.attributes().floats("intercepts")?.unwrap_or(&[]).to_vec();
    if outputs == 0 || coefficients.len() / outputs != features || !coefficients.len().is_multiple_of(outputs) {
        return Err(NodeError::unsupported(format!(
            "{} coefficients are no row of {features} for each of {outputs} outputs",
            coefficients.len()
        )));
    }
    let weights = Tensor::floats(Shape::new(&[outputs, features])?, coefficients).transposed(&[1, 0]);
    let weights = c.parameter("coefficients", weights.shape, weights.to_floats());
    let bias = match intercepts.len() {
        0 => None,
        len if len == outputs => Some(c.parameter("intercepts", Shape::new(&[outputs])?, intercepts)),
        len => return Err(NodeError::invalid(format!("it has {len} intercepts for {outputs} outputs"))),
    };
    matrix::affine(c, x, weights, bias)
}

fn post_transform(c: &mut Context<'_>, y: VariableId) -> Result<VariableId> {
    let last = c.shape(y).rank().saturating_sub(1);
    match c.attributes().word("post_transform", &["NONE", "SOFTMAX", "LOGISTIC"])? {
        "SOFTMAX" => c.apply(Function::Softmax(axis_argument(last)?), &[y]),
        "LOGISTIC" => c.apply(Function::Sigmoid, &[y]),
        _ => Ok(y),
    }
}

/// The label of the largest score, and the scores.
fn classifier(c: &mut Context<'_>) -> Result<Outputs> {
    let labels: Option<Vec<f32>> =
        c.attributes().ints("classlabels_ints")?.map(|labels| labels.iter().map(|&label| label as f32).collect());
    let classes = match &labels {
        Some(labels) => labels.len(),
        None => c.attributes().text_count("classlabels_strings")?,
    };
    let sums = linear(c, classes)?;
    let scores = post_transform(c, sums)?;
    let last = c.shape(sums).rank().saturating_sub(1);
    let places = nnabla::ExtremeReduction { only_index: true, ..extreme_over(&[last], false)? };
    let place = c.apply(Function::Max(places), &[sums])?;
    let counted = |labels: &[f32]| labels.iter().enumerate().all(|(place, &label)| label == place as f32);
    let label = match labels.filter(|labels| !counted(labels)) {
        Some(labels) => {
            let shape = Shape::new(&[labels.len()])?;
            let table = c.parameter("labels", shape, labels);
            c.apply(Function::Embed, &[place, table])?
        }
        None => place,
    };
    let computed = |id, element| Value::Computed { id, element };
    Ok(vec![computed(label, Element::INDEX), computed(scores, Element::Float)])
}

/// The columns that the second input names.
fn array_feature_extractor(c: &mut Context<'_>) -> Result<Outputs> {
    let (shape, indices) = (c.input_shape(0)?, c.input_shape(1)?);
    let last = shape.rank().checked_sub(1).ok_or_else(|| NodeError::invalid("its input must have an axis"))?;
    let count = Shape::new(&[indices.items()])?;
    let x = c.input(0)?;
    let y = match c.known(1).cloned() {
        Some(indices) => {
            let places = gather::places(&indices, shape[last])?;
            gather::pick(c, x, last, &places, count)?
        }
        None => {
            let indices = c.input_with_shape(1, &count)?;
            c.apply(gather::gather_along(last)?, &[x, indices])?
        }
    };
    Ok(c.output(y))
}

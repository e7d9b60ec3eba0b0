//! Convolutions. Weights lie with their input channels last.

use super::{Operator, Result};
use crate::onnx::emitter::{Value, int, size, sizes};
use crate::onnx::error::NodeError;
use crate::onnx::message::AttributeProto;
use crate::tflite::context::{Context, ints};
use crate::tflite::schema::options as field;

pub(super) static OPERATORS: &[Operator] = &[
    Operator::new("CONV_2D", "Conv", |c| {
        let (filters, image) = (c.dims(1)?, c.dims(0)?);
        let (Some(&own), Some(&channels)) = (filters.get(3), image.get(3)) else {
            return Err(NodeError::invalid("its input and its weights must have four axes"));
        };
        // Filters that read a part of the channels divide them into groups.
        let groups = channels.checked_div(own).filter(|groups| groups * own == channels);
        let groups = groups
            .ok_or_else(|| NodeError::invalid(format!("its weights read {own} channels, its input has {channels}")))?;
        let dilations = [field::CONV_2D_DILATION_H, field::CONV_2D_DILATION_W];
        let weights = c.turned(1, &[0, 3, 1, 2])?;
        convolution(c, weights, groups, dilations, field::CONV_2D_ACTIVATION)
    }),
    Operator::new("DEPTHWISE_CONV_2D", "Conv", |c| {
        let &[_, _, _, channels] = &c.dims(0)?[..] else {
            return Err(NodeError::invalid("its input must have four axes"));
        };
        let dilations = [field::DEPTHWISE_CONV_2D_DILATION_H, field::DEPTHWISE_CONV_2D_DILATION_W];
        let weights = c.turned(1, &[3, 0, 1, 2])?;
        convolution(c, weights, channels, dilations, field::DEPTHWISE_CONV_2D_ACTIVATION)
    }),
    Operator::new("TRANSPOSE_CONV", "ConvTranspose", |c| {
        let &[_, rows, columns, _] = &c.output_dims()?[..] else {
            return Err(NodeError::invalid("its output must have four axes"));
        };
        let (weights, image) = (c.turned(1, &[3, 0, 1, 2])?, c.image(2)?);
        let mut inputs = vec![image, weights];
        if c.has(3) {
            inputs.push(c.input(3)?);
        }
        // Whatever the padding, the shape of the output is stated, and what is cut off is divided like this.
        let auto_pad = crate::onnx::emitter::word("auto_pad", "SAME_UPPER");
        let attributes = vec![c.strides()?, auto_pad, sizes("output_shape", &[rows, columns])];
        finish(c, "ConvTranspose", &inputs, attributes, field::TRANSPOSE_CONV_ACTIVATION)
    }),
];

fn convolution(
    c: &mut Context<'_, '_, '_>,
    weights: Value,
    groups: usize,
    [rows, columns]: [usize; 2],
    activation: usize,
) -> Result<Vec<Value>> {
    let mut inputs = vec![c.image(0)?, weights];
    if c.has(2) {
        inputs.push(c.input(2)?);
    }
    let dilations = [c.option(rows, 1i32)?.into(), c.option(columns, 1i32)?.into()];
    let attributes = vec![c.strides()?, ints("dilations", &dilations), c.auto_pad()?, int("group", size(groups))];
    finish(c, "Conv", &inputs, attributes, activation)
}

fn finish(
    c: &mut Context<'_, '_, '_>,
    operator: &str,
    inputs: &[Value],
    attributes: Vec<AttributeProto>,
    activation: usize,
) -> Result<Vec<Value>> {
    let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
    let y = c.node(operator, &inputs, attributes);
    let y = c.activated(y, activation)?;
    Ok(vec![c.channels_last(&y)])
}

//! Pooling.

use super::{Operator, Result};
use crate::onnx::emitter::Value;
use crate::tflite::context::{Context, ints};
use crate::tflite::schema::options as field;

pub(super) static OPERATORS: &[Operator] = &[
    // What lies beyond the border is not counted.
    Operator::new("AVERAGE_POOL_2D", "AveragePool", |c| pool(c, "AveragePool")),
    Operator::moving("MAX_POOL_2D", "MaxPool", |c| pool(c, "MaxPool")),
];

fn pool(c: &mut Context<'_, '_, '_>, operator: &str) -> Result<Vec<Value>> {
    let image = c.image(0)?;
    let kernel = [c.int_option(field::POOL_2D_FILTER_HEIGHT)?, c.int_option(field::POOL_2D_FILTER_WIDTH)?];
    let attributes = vec![ints("kernel_shape", &kernel), c.strides()?, c.auto_pad()?];
    let y = c.node(operator, &[&image], attributes);
    let y = c.activated(y, field::POOL_2D_ACTIVATION)?;
    Ok(vec![c.channels_last(&y)])
}

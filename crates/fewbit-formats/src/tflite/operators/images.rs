//! Images of another size.

use super::{Operator, Result};
use crate::onnx::emitter::{Value, int, sizes, word};
use crate::onnx::error::NodeError;
use crate::tflite::context::Context;
use crate::tflite::schema::options as field;

pub(super) static OPERATORS: &[Operator] = &[
    Operator::new("RESIZE_BILINEAR", "Resize", |c| {
        let corners = c.flag(field::RESIZE_BILINEAR_ALIGN_CORNERS)?;
        let half_pixel = c.flag(field::RESIZE_BILINEAR_HALF_PIXEL_CENTERS)?;
        resize(c, "linear", corners, half_pixel)
    })
    .limits("to a known size"),
    Operator::moving("RESIZE_NEAREST_NEIGHBOR", "Resize", |c| {
        let corners = c.flag(field::RESIZE_NEAREST_ALIGN_CORNERS)?;
        let half_pixel = c.flag(field::RESIZE_NEAREST_HALF_PIXEL_CENTERS)?;
        resize(c, "nearest", corners, half_pixel)
    })
    .limits("to a known size"),
    Operator::moving("DEPTH_TO_SPACE", "DepthToSpace", |c| blocks(c, "DepthToSpace")),
    Operator::moving("SPACE_TO_DEPTH", "SpaceToDepth", |c| blocks(c, "SpaceToDepth")),
];

fn resize(c: &mut Context<'_, '_, '_>, mode: &str, corners: bool, half_pixel: bool) -> Result<Vec<Value>> {
    let size = c.integers(1, "the new size")?;
    let image = c.image(0)?;
    let size = c.emitter().integers(&size);
    // Of two places as near as each other, the nearest is the one behind, unless corners are no corners.
    let (places, nearest) = match (corners, half_pixel) {
        (true, _) => ("align_corners", "round_prefer_ceil"),
        (false, true) => ("half_pixel", "round_prefer_ceil"),
        (false, false) => ("asymmetric", "floor"),
    };
    let attributes = vec![
        word("mode", mode),
        word("coordinate_transformation_mode", places),
        word("nearest_mode", nearest),
        sizes("axes", &[2, 3]),
    ];
    let y = c.node("Resize", &[&image, "", "", &size], attributes);
    Ok(vec![c.channels_last(&y)])
}

fn blocks(c: &mut Context<'_, '_, '_>, operator: &str) -> Result<Vec<Value>> {
    let block = c.int_option(field::BLOCK_SIZE)?;
    if block < 1 {
        return Err(NodeError::invalid(format!("its blocks have the size {block}")));
    }
    let image = c.image(0)?;
    let y = c.node(operator, &[&image], vec![int("blocksize", block)]);
    Ok(vec![c.channels_last(&y)])
}

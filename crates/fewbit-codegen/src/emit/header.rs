//! The header: what a program that runs the network sees.

use super::c_type;
use crate::Stats;
use crate::name::Name;
use fewbit_runtime::Model;
use std::fmt::Write;

/// The text of the header.
pub(crate) fn write(model: &Model<'_>, name: &Name, stats: &Stats) -> String {
    let (lower, upper) = (name.lower(), name.upper());
    let mut inputs = String::new();
    for (index, variable) in model.nnb().inputs().iter().enumerate() {
        write_variable(&mut inputs, model, &format!("{upper}_INPUT_{index}"), variable);
    }
    let mut outputs = String::new();
    for (index, variable) in model.nnb().outputs().iter().enumerate() {
        write_variable(&mut outputs, model, &format!("{upper}_OUTPUT_{index}"), variable);
    }
    let arithmetic = match stats.uses_floats {
        false => "All of it is computed in integers.",
        true => {
            "Some of it is computed in floats: compile it without -ffast-math, and without contraction to fused\n * multiply-adds (-std=c99 or -ffp-contract=off), to have the same bits everywhere."
        }
    };
    let (input_count, output_count) = (model.nnb().inputs().len(), model.nnb().outputs().len());
    let arena_bytes = stats.arena_bytes;
    format!(
        "/* A neural network, written by fewbit.
 *
 * Write the inputs to {lower}_input(0), ..., call {lower}_run(), and read the outputs from {lower}_output(0), ....
 * Running may overwrite the inputs. {arithmetic}
 *
 * A fixed-point value is an integer times 2^-position. */

#ifndef {upper}_H
#define {upper}_H

#include <stdint.h>

#ifdef __cplusplus
extern \"C\" {{
#endif

/* All memory that the network writes to. Define {upper}_EXTERNAL_ARENA for both files to define the array
 * {lower}_arena of this size yourself; give it the alignment of the types of inputs and outputs. */
#define {upper}_ARENA_BYTES {arena_bytes}u

#ifdef {upper}_EXTERNAL_ARENA
extern uint8_t {lower}_arena[];
#endif

#define {upper}_INPUT_COUNT {input_count}u
#define {upper}_OUTPUT_COUNT {output_count}u

{inputs}{outputs}/* The values of an input, to be written; NULL if there is none. */
void *{lower}_input(uint32_t index);

/* The values of an output; NULL if there is none. */
const void *{lower}_output(uint32_t index);

/* Runs the network on what its inputs hold. */
void {lower}_run(void);

#ifdef __cplusplus
}}
#endif

#endif
"
    )
}

fn write_variable(out: &mut String, model: &Model<'_>, prefix: &str, variable: usize) {
    let record = model.nnb().variable(variable);
    let items = record.shape.items();
    let extents = record.shape.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
    let position = record.format.position().unwrap_or(0);
    // Writing to a string cannot fail.
    _ = writeln!(out, "/* {} {} */", record.shape, record.format);
    _ = writeln!(out, "#define {prefix}_TYPE {}", c_type(record.format));
    _ = writeln!(out, "#define {prefix}_POSITION ({position})");
    _ = writeln!(out, "#define {prefix}_ITEMS {items}u");
    _ = writeln!(out, "#define {prefix}_BYTES {}u", record.format.bytes(items));
    _ = writeln!(out, "#define {prefix}_RANK {}u", record.shape.rank());
    // C has no empty lists.
    _ = writeln!(out, "#define {prefix}_SHAPE {{{}}}\n", if extents.is_empty() { "1" } else { &extents });
}

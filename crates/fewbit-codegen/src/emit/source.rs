//! The source: kernels, constants, and a call for each function of the network.

use crate::Stats;
use crate::arrays::Numbers;
use crate::c_value::{CValue, NOT_FINITE};
use crate::limits::Limit;
use crate::name::Name;
use crate::plan::{Plan, Step};
use crate::{arrays::Arrays, kernels};
use fewbit_nnb::Data;
use fewbit_runtime::Model;
use std::fmt::Write;

/// The text of the source.
pub(crate) fn write(model: &Model<'_>, name: &Name, plan: &Plan, stats: &Stats) -> String {
    let (lower, upper) = (name.lower(), name.upper());
    let mut ends = Ends::new(model);
    let (constants, calls) = layers(plan);
    let (inputs, outputs) = (ends.inputs(), ends.outputs());
    let arrays = [plan.arrays.text(), ends.arrays.text()].concat();
    let needs_math = NOT_FINITE.iter().any(|literal| arrays.contains(literal) || constants.contains(literal));
    let math = if needs_math { "#include <math.h>\n" } else { "" };
    let floats = match stats.uses_floats {
        false => "",
        true => {
            "
#if defined(__FAST_MATH__)
#error \"-ffast-math changes what the network computes\"
#endif
#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#endif
"
        }
    };
    let mut limits = String::new();
    for (limit, limit_name) in Limit::ALL {
        // Writing to a string cannot fail.
        _ = writeln!(limits, "#define {limit_name} {}", plan.limits.get(limit));
    }
    let kernels = kernels::text(&plan.features);
    let arena_items = match stats.arena_bytes {
        0 => String::from("1"),
        _ => format!("{upper}_ARENA_BYTES"),
    };
    format!(
        "/* A neural network, written by fewbit: see {lower}.h. */

#include \"{lower}.h\"
#include <string.h>
{math}{floats}
/* Shifts of negative numbers to the right must round down, as they do with every common compiler. */
typedef char {lower}_shifts_round_down[((-3 >> 1) == -2) ? 1 : -1];

#ifndef {upper}_EXTERNAL_ARENA
#if defined(__GNUC__)
__attribute__((aligned(16)))
#endif
static uint8_t {lower}_arena[{arena_items}];
#endif
#define ARENA {lower}_arena

{limits}
/* ---- Kernels ---- */

{kernels}
/* ---- Weights and tables ---- */

{arrays}
/* ---- Functions of the network ---- */

{constants}
void {lower}_run(void)
{{
{calls}}}

void *{lower}_input(uint32_t index)
{{
    switch (index) {{
{inputs}    default:
        return NULL;
    }}
}}

const void *{lower}_output(uint32_t index)
{{
    switch (index) {{
{outputs}    default:
        return NULL;
    }}
}}
"
    )
}

/// The constants of all steps, and the calls.
fn layers(plan: &Plan) -> (String, String) {
    let (mut constants, mut calls) = (String::new(), String::new());
    let mut count = 0;
    for layer in &plan.layers {
        _ = writeln!(calls, "    /* {} */", layer.title);
        for Step { kernel, constants_type, constants: record } in &layer.steps {
            _ = write!(constants, "static const {constants_type} step_{count} = ");
            CValue::from(record.clone()).write(&plan.features, &plan.limits, 0, &mut constants);
            constants.push_str(";\n\n");
            _ = writeln!(calls, "    {kernel}(&step_{count});");
            count += 1;
        }
    }
    (constants, calls)
}

/// Where inputs and outputs of the network lie.
struct Ends<'m, 'a> {
    model: &'m Model<'a>,
    /// Outputs that are parameters.
    arrays: Arrays,
}

impl<'m, 'a> Ends<'m, 'a> {
    fn new(model: &'m Model<'a>) -> Self {
        Self { model, arrays: Arrays::default() }
    }

    fn inputs(&self) -> String {
        let mut cases = String::new();
        for (index, variable) in self.model.nnb().inputs().iter().enumerate() {
            if let Some(range) = self.model.arena_range(variable) {
                _ = writeln!(cases, "    case {index}u:\n        return &ARENA[{}];", range.start);
            }
        }
        cases
    }

    fn outputs(&mut self) -> String {
        let mut cases = String::new();
        for (index, variable) in self.model.nnb().outputs().iter().enumerate() {
            let record = self.model.nnb().variable(variable);
            let place = match (record.data, self.model.arena_range(variable)) {
                (_, Some(range)) => format!("&ARENA[{}]", range.start),
                (Data::File(bytes), None) => self.arrays.name("output", Numbers::stored(bytes, record.format)),
                (Data::Buffer(_), None) => continue,
            };
            _ = writeln!(cases, "    case {index}u:\n        return {place};");
        }
        cases
    }
}

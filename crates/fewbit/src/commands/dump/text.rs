//! The overview for people.

use super::overview::{GroupEntry, Overview};
use crate::size;
use crate::table::{self, Align};
use std::fmt::Write;

/// Totals, then a table each of functions, buffers and variables.
pub fn text(overview: &Overview) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "Model: {} as .nnb version {}, API level {}",
        size::bytes(overview.model_bytes),
        overview.version,
        overview.api_level
    );
    let (arena, bound) = (size::bytes(overview.arena_bytes), size::bytes(overview.arena_lower_bound));
    let _ = match overview.groups.is_empty() {
        true => writeln!(text, "Arena: {arena}, lower bound {bound}"),
        false => writeln!(text, "Arena: {arena}, lower bound for whole variables {bound}"),
    };
    for GroupEntry { first, last, axis, steps } in &overview.groups {
        let _ = writeln!(text, "Row by row: functions {first} to {last}, along axis {axis}, in {steps} steps");
    }
    let tables =
        [("Functions", functions(overview)), ("Buffers", buffers(overview)), ("Variables", variables(overview))];
    for (title, table) in tables {
        let _ = write!(text, "\n{title}\n{table}\n");
    }
    text.truncate(text.trim_end().len());
    text
}

fn functions(overview: &Overview) -> String {
    let mut table = table::new(&[
        ("", Align::Right),
        ("name", Align::Left),
        ("type", Align::Left),
        ("computes in", Align::Left),
        ("inputs", Align::Left),
        ("outputs", Align::Left),
    ]);
    for (index, function) in overview.functions.iter().enumerate() {
        table.add_row([
            index.to_string(),
            function.name.clone(),
            function.type_name.into(),
            function.arithmetic.unwrap_or_default().into(),
            function.inputs.join(", "),
            function.outputs.join(", "),
        ]);
    }
    table::render(&mut table)
}

fn buffers(overview: &Overview) -> String {
    let mut table = table::new(&[("", Align::Right), ("bytes", Align::Right), ("variables", Align::Left)]);
    for (index, buffer) in overview.buffers.iter().enumerate() {
        table.add_row([index.to_string(), size::grouped(buffer.bytes), buffer.variables.join(", ")]);
    }
    table::render(&mut table)
}

fn variables(overview: &Overview) -> String {
    let mut table = table::new(&[
        ("", Align::Right),
        ("name", Align::Left),
        ("kind", Align::Left),
        ("shape", Align::Left),
        ("type", Align::Left),
        ("bytes", Align::Right),
        ("buffer", Align::Right),
        ("rows", Align::Right),
    ]);
    for (index, variable) in overview.variables.iter().enumerate() {
        table.add_row([
            index.to_string(),
            variable.name.clone(),
            variable.kind.into(),
            variable.shape.to_string(),
            variable.format.to_string(),
            size::grouped(variable.bytes),
            variable.buffer.map_or_else(String::new, |buffer| buffer.to_string()),
            if variable.rows > 0 { variable.rows.to_string() } else { String::new() },
        ]);
    }
    table::render(&mut table)
}

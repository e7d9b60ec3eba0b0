//! [`dump`]: a file as text, line for line what `nnablart dump` prints.

use crate::layout::{Version, format_bytes};
use crate::reader::{Data, Nnb, Words};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{Display, Write};
use fewbit_core::ArgumentValue;

/// The text of a file's buffers, variables, functions, inputs and outputs.
pub fn dump(nnb: &Nnb<'_>) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write_dump(&mut text, nnb);
    text
}

fn write_dump(text: &mut String, nnb: &Nnb<'_>) -> core::fmt::Result {
    writeln!(text, "NNB: Version: [{}]", nnb.version().number())?;
    writeln!(text, "NNB: api_level: [{}]", nnb.api_level())?;
    writeln!(text, "NNB: Has {} buffers.", nnb.buffers().len())?;
    for (index, size) in nnb.buffers().iter().enumerate() {
        writeln!(text, "NNB: Buffer id:{index} size:{size}")?;
    }
    writeln!(text, "NNB: Has {} variables.", nnb.variable_count())?;
    for index in 0..nnb.variable_count() {
        write_variable(text, nnb, index)?;
    }
    writeln!(text, "NNB: Has {} functions.", nnb.function_count())?;
    for index in 0..nnb.function_count() {
        write_function(text, nnb, index)?;
    }
    write_ends(text, nnb.inputs(), "inputs", "Input", "  ")?;
    write_ends(text, nnb.outputs(), "outputs", "Output", " ")
}

fn write_variable(text: &mut String, nnb: &Nnb<'_>, index: usize) -> core::fmt::Result {
    let variable = nnb.variable(index);
    // Version 4 has every format, so that it has a byte for each.
    let kind = format_bytes(variable.format, Version::V4).map_or(0, |[kind, _]| kind);
    writeln!(text, "NNB: Variable id:         {index}")?;
    writeln!(text, "NNB: Variable shape:      {}", bracketed(variable.shape.iter()))?;
    writeln!(text, "NNB: Variable type:       {kind}")?;
    writeln!(text, "NNB: Variable fp_pos:     {}", variable.format.position().unwrap_or(0))?;
    if !variable.channel_positions.is_empty() {
        let positions = variable.channel_positions.iter().map(|&byte| byte as i8);
        writeln!(text, "NNB: Variable channel fp_pos: {}", bracketed(positions))?;
    }
    match variable.data {
        Data::Buffer(buffer) => writeln!(text, "NNB: Variable data_index: Buffer[{buffer}]"),
        Data::File(_) => writeln!(text, "NNB: Variable data_index: {}", nnb.data_block(index)),
    }
}

fn write_function(text: &mut String, nnb: &Nnb<'_>, index: usize) -> core::fmt::Result {
    let function = nnb.function(index);
    writeln!(text, "NNB: Function type:    {}({})", function.spec.name, function.layout.id)?;
    for (place, id) in function.inputs.iter().enumerate() {
        writeln!(text, "NNB: Function input[{place}]:   Variable id:{id}")?;
    }
    for (place, id) in function.outputs.iter().enumerate() {
        writeln!(text, "NNB: Function output[{place}]:  Variable id:{id}")?;
    }
    let mut lines = Vec::new();
    nnb.visit_arguments(index, |argument, value| lines.push((argument, value)));
    // Arguments that an older layout lacks are not shown: they are not in the file.
    let mut code = function.layout.code;
    for (argument, value) in lines {
        let Some(rest) = code.strip_prefix(argument.kind.code()) else { break };
        code = rest;
        let value = match value {
            ArgumentValue::Bool(value) => format!("{}", u8::from(value)),
            ArgumentValue::Int(value) => format!("{value}"),
            ArgumentValue::Float(value) => format!("{value:.6}"),
            ArgumentValue::Choice(place) => format!("{place}"),
            ArgumentValue::Ints(values) => bracketed(values.iter()),
            ArgumentValue::Floats(values) => bracketed(values.iter()),
        };
        writeln!(text, "NNB: Function argument {}: {value}", argument.name)?;
    }
    Ok(())
}

fn write_ends(text: &mut String, ends: Words<'_>, plural: &str, name: &str, gap: &str) -> core::fmt::Result {
    writeln!(text, "NNB: Has {} {plural}.", ends.len())?;
    for (place, id) in ends.iter().enumerate() {
        writeln!(text, "NNB: {name}[{place}] {gap}Variable id:{id}")?;
    }
    Ok(())
}

/// Values between brackets, as in `( 1 3 )`.
fn bracketed(values: impl Iterator<Item = impl Display>) -> String {
    let mut text = String::from("( ");
    for value in values {
        let _ = write!(text, "{value} ");
    }
    text + ")"
}

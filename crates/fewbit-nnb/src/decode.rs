//! [`decode`]: a file as a network, for conversion, inspection and code generation.

use crate::error::NnbError;
use crate::reader::{Data, Nnb, VariableRecord};
use crate::write::parameter::{Arrangement, arranged_inputs, transpose};
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;
use fewbit_core::{Network, Node, OpaqueFunction, Operation, Variable, VariableId, VariableKind};

/// Turns a file into a network. The file has no names: variables are called `v0`, `v1`, ..., functions `f0`, `f1`, ...
///
/// Values that the file cut off, the unused float weights of binary functions, become zeros.
///
/// # Errors
/// When a parameter that is read has fewer values than its shape.
pub fn decode(nnb: &Nnb<'_>) -> Result<Network, NnbError> {
    let mut network = Network { name: "network".into(), ..Network::default() };
    for index in 0..nnb.function_count() {
        let record = nnb.function(index);
        let operation = match nnb.typed_function(index) {
            Some(function) => Operation::Known(function),
            None => {
                let mut arguments = Vec::new();
                nnb.visit_arguments(index, |_, value| arguments.push(value));
                Operation::Opaque(OpaqueFunction { spec: record.spec, arguments })
            }
        };
        network.nodes.push(Node {
            name: format!("f{index}"),
            operation,
            inputs: record.inputs.iter().map(VariableId).collect(),
            outputs: record.outputs.iter().map(VariableId).collect(),
            implementation: record.implementation,
        });
    }
    let arrangements = arrangements(&network, nnb.variable_count());
    for (index, arrangement) in arrangements.into_iter().enumerate() {
        let variable = nnb.variable(index);
        if arrangement != Arrangement::CutToOne {
            variable.data.check_values(index, &variable)?;
        }
        network.variables.push(decode_variable(index, &variable, arrangement));
    }
    network.inputs = nnb.inputs().iter().map(VariableId).collect();
    network.outputs = nnb.outputs().iter().map(VariableId).collect();
    Ok(network)
}

fn arrangements(network: &Network, count: usize) -> Vec<Arrangement> {
    let mut arrangements = vec![Arrangement::Plain; count];
    let mut read = vec![false; count];
    for node in &network.nodes {
        let arranged = arranged_inputs(&node.operation);
        for (input, id) in node.inputs.iter().enumerate() {
            match arranged.iter().find(|(place, _)| *place == input) {
                Some((_, Arrangement::CutToOne)) if !read[id.0] => arrangements[id.0] = Arrangement::CutToOne,
                Some((_, Arrangement::CutToOne)) => {}
                Some((_, arrangement)) => {
                    arrangements[id.0] = *arrangement;
                    read[id.0] = true;
                }
                None => {
                    if !read[id.0] {
                        arrangements[id.0] = Arrangement::Plain;
                    }
                    read[id.0] = true;
                }
            }
        }
    }
    arrangements
}

fn decode_variable(index: usize, variable: &VariableRecord<'_>, arrangement: Arrangement) -> Variable {
    let kind = match variable.data {
        Data::Buffer(_) => VariableKind::Buffer,
        Data::File(bytes) => {
            let items = variable.shape.items();
            let kept = if arrangement == Arrangement::CutToOne { items.min(1) } else { items };
            // Values that were cut off read as zeros.
            let mut values = vec![0.0; items];
            variable.values(bytes).read(0, &mut values[..kept]);
            if arrangement == Arrangement::Transposed {
                let (rows, columns) = variable.shape.split_items(1);
                values = transpose(&values, columns, rows);
            }
            VariableKind::Parameter(values.into())
        }
    };
    let positions: Vec<i8> = variable.channel_positions.iter().map(|&position| position as i8).collect();
    let channel_positions = (!positions.is_empty()).then(|| positions.into());
    Variable { name: format!("v{index}"), shape: variable.shape, format: variable.format, channel_positions, kind }
}

//! Repeat and recurrent constructs unrolled, and functions brought into an order in which they can run.
//!
//! Older networks describe a loop once: a `RepeatInfo` with a number of times, `RepeatStart` and `RepeatEnd` around the
//! part that repeats, `RecurrentInput`, `RecurrentOutput` and `Delay` for sequences. Names and order of the unrolled
//! functions are those of NNabla's converter, since settings files and `.nnb` files depend on them.

use super::raw::{RawFunction, RawNetwork, RawVariable, Repeat};
use crate::error::{FormatError, Result};
use std::collections::{HashMap, HashSet};

/// The most functions and variables that an unrolled network may have.
const LIMIT: usize = 1_000_000;

/// Unrolls every repeat of a network and sorts its functions. `parameters` are the names of the parameters with values.
///
/// # Errors
/// When a construct lacks its counterpart, the result would be absurdly large, or the functions form a cycle.
pub fn expand(mut network: RawNetwork, parameters: &HashSet<&str>) -> Result<RawNetwork> {
    let suffixed_parameters = has_suffixed_parameters(&network.repeats, parameters);
    let mut copies = ParameterCopies::default();
    while !network.repeats.is_empty() {
        let repeat = network.repeats.remove(0);
        network = unroll(network, &repeat, suffixed_parameters, &mut copies)?;
    }
    let order = execution_order(&network.functions)
        .ok_or_else(|| FormatError::Repeat { id: network.name.clone(), reason: "its functions form a cycle".into() })?;
    let mut functions: Vec<Option<RawFunction>> = network.functions.into_iter().map(Some).collect();
    network.functions = order.into_iter().filter_map(|place| functions[place].take()).collect();
    Ok(network)
}

/// For a parameter of the network as written, the names that it got.
type ParameterCopies = HashMap<String, Vec<String>>;

/// Whether the file names the parameters of repeats as very old versions of NNabla did: `..._<repeat>[<number>]`.
fn has_suffixed_parameters(repeats: &[Repeat], parameters: &HashSet<&str>) -> bool {
    let number_of = |parameter: &str, id: &str| -> Option<usize> {
        let (head, number) = parameter.strip_suffix(']')?.rsplit_once('[')?;
        head.ends_with(id).then(|| number.parse().ok()).flatten()
    };
    repeats.iter().any(|repeat| {
        parameters.iter().any(|name| number_of(name, &repeat.id).is_some_and(|number| number < repeat.times))
    })
}

fn suffixed(name: &str, repeat: &Repeat, number: usize) -> String {
    format!("{name}_{}_{number}", repeat.id)
}

fn unroll(
    network: RawNetwork,
    repeat: &Repeat,
    suffixed_parameters: bool,
    copies: &mut ParameterCopies,
) -> Result<RawNetwork> {
    let too_large = || FormatError::Repeat {
        id: repeat.id.clone(),
        reason: format!("{} times give more than {LIMIT} functions and variables", repeat.times),
    };
    let size = network.functions.len().max(network.variables.len());
    if size.checked_mul(repeat.times.max(1)).is_none_or(|size| size > LIMIT) {
        return Err(too_large());
    }
    let variables = unroll_variables(&network.variables, repeat, suffixed_parameters, copies);
    let sources = Sources::new(&network.functions, repeat, copies)?;
    let mut functions = Vec::new();
    for function in &network.functions {
        unroll_function(function, repeat, &sources, &mut functions);
    }
    Ok(RawNetwork { variables, functions, ..network })
}

fn unroll_variables(
    variables: &[RawVariable],
    repeat: &Repeat,
    suffixed_parameters: bool,
    copies: &mut ParameterCopies,
) -> Vec<RawVariable> {
    let mut unrolled = Vec::new();
    for variable in variables {
        if variable.is_parameter {
            copies.entry(variable.name.clone()).or_default();
        }
        let Some(place) = variable.repeat_ids.iter().position(|id| *id == repeat.id) else {
            if variable.is_parameter && variable.repeat_ids.is_empty() {
                let names = copies.entry(variable.name.clone()).or_default();
                if names.is_empty() {
                    names.push(variable.name.clone());
                }
            }
            unrolled.push(variable.clone());
            continue;
        };
        for number in 0..repeat.times {
            let mut copy = variable.clone();
            copy.repeat_ids.remove(place);
            copy.name = if variable.is_parameter && !suffixed_parameters {
                variable.name.replace(&format!("{{{}}}", repeat.id), &format!("[{number}]"))
            } else {
                suffixed(&variable.name, repeat, number)
            };
            if variable.is_parameter {
                copies.entry(variable.name.clone()).or_default().push(copy.name.clone());
            }
            unrolled.push(copy);
        }
    }
    unrolled
}

/// Where the inputs of the copies of a function come from, for one repeat.
struct Sources<'a> {
    copies: &'a ParameterCopies,
    /// Outputs of `RepeatStart`, by the number of the copy.
    starts: HashMap<String, Vec<String>>,
    /// Outputs of `RepeatEnd`, by the number of the copy.
    ends: HashMap<String, Vec<String>>,
    /// Outputs of `Delay`, by the number of the copy.
    delays: HashMap<String, Vec<String>>,
}

impl<'a> Sources<'a> {
    fn new(functions: &[RawFunction], repeat: &Repeat, copies: &'a ParameterCopies) -> Result<Self> {
        let mut sources = Self { copies, starts: HashMap::new(), ends: HashMap::new(), delays: HashMap::new() };
        let numbers = 0..repeat.times;
        for function in functions.iter().filter(|function| function.marks("Delay", &repeat.id)) {
            let (input, initial, output) = (input(function, 0)?, input(function, 1)?, output(function)?);
            let previous = |number: usize| match number.checked_sub(1) {
                None => initial.to_owned(),
                Some(previous) => suffixed(input, repeat, previous),
            };
            sources.delays.insert(output.into(), numbers.clone().map(previous).collect());
        }
        for function in functions.iter().filter(|function| function.marks("RepeatEnd", &repeat.id)) {
            let (input, output) = (input(function, 0)?, output(function)?);
            let names = numbers.clone().map(|number| suffixed(input, repeat, number)).collect();
            sources.ends.insert(output.into(), names);
        }
        for function in functions.iter().filter(|function| function.marks("RepeatStart", &repeat.id)) {
            let (first, again, output) = (input(function, 0)?, input(function, 1)?, output(function)?);
            let of_end =
                |name: &str, number: usize| sources.ends.get(name).and_then(|names| names.get(number)).cloned();
            let previous = |number: usize| match number.checked_sub(1) {
                None => of_end(first, repeat.times - 1).unwrap_or_else(|| first.to_owned()),
                Some(previous) => of_end(again, previous).unwrap_or_else(|| suffixed(again, repeat, previous)),
            };
            let names = numbers.clone().map(previous).collect();
            sources.starts.insert(output.into(), names);
        }
        Ok(sources)
    }

    /// What copy `number` of a function reads where the function as written reads `name`.
    fn input(&self, name: &str, repeat: &Repeat, number: usize) -> String {
        if let Some(names) = self.copies.get(name) {
            let own = names.get(number).filter(|_| names.len() == repeat.times);
            return own.map_or_else(|| name.to_owned(), String::clone);
        }
        let of = |names: &HashMap<String, Vec<String>>| names.get(name).and_then(|names| names.get(number)).cloned();
        of(&self.starts)
            .or_else(|| of(&self.ends))
            .or_else(|| of(&self.delays))
            .unwrap_or_else(|| suffixed(name, repeat, number))
    }
}

fn unroll_function(function: &RawFunction, repeat: &Repeat, sources: &Sources, unrolled: &mut Vec<RawFunction>) {
    if ["RepeatStart", "RepeatEnd", "Delay"].iter().any(|kind| function.marks(kind, &repeat.id)) {
        return;
    }
    let numbers = 0..repeat.times;
    let each = |name: &String| numbers.clone().map(|number| suffixed(name, repeat, number)).collect();
    let place = function.repeat_ids.iter().position(|id| *id == repeat.id);
    let mut copy = function.clone();
    if function.marks("RecurrentInput", &repeat.id) {
        copy.become_axis_function("Split");
        copy.outputs = function.outputs.first().map(each).unwrap_or_default();
        copy.repeat_ids.retain(|id| *id != repeat.id);
        unrolled.push(copy);
    } else if function.marks("RecurrentOutput", &repeat.id) {
        copy.become_axis_function("Stack");
        copy.inputs = function.inputs.first().map(each).unwrap_or_default();
        unrolled.push(copy);
    } else if let Some(place) = place {
        copy.repeat_ids.remove(place);
        for number in numbers {
            let mut copy = copy.clone();
            copy.name = suffixed(&function.name, repeat, number);
            copy.inputs = function.inputs.iter().map(|name| sources.input(name, repeat, number)).collect();
            copy.outputs = function.outputs.iter().map(|name| suffixed(name, repeat, number)).collect();
            unrolled.push(copy);
        }
    } else {
        for input in &mut copy.inputs {
            if let Some(last) = sources.ends.get(input.as_str()).and_then(|names| names.last()) {
                *input = last.clone();
            }
        }
        unrolled.push(copy);
    }
}

fn input(function: &RawFunction, index: usize) -> Result<&str> {
    function.inputs.get(index).map(String::as_str).ok_or_else(|| lacks(function, "an input"))
}

fn output(function: &RawFunction) -> Result<&str> {
    function.outputs.first().map(String::as_str).ok_or_else(|| lacks(function, "an output"))
}

fn lacks(function: &RawFunction, what: &str) -> FormatError {
    FormatError::Repeat { id: function.name.clone(), reason: format!("the {} lacks {what}", function.kind) }
}

/// The order in which NNabla's converter writes functions: reverse postorder of a depth-first walk from each function
/// in turn to the readers of its outputs. `None` if there is a cycle.
fn execution_order(functions: &[RawFunction]) -> Option<Vec<usize>> {
    let mut readers: HashMap<&str, Vec<usize>> = HashMap::new();
    for (place, function) in functions.iter().enumerate() {
        for input in &function.inputs {
            readers.entry(input).or_default().push(place);
        }
    }
    let next: Vec<Vec<usize>> = functions
        .iter()
        .map(|function| {
            function.outputs.iter().filter_map(|name| readers.get(name.as_str())).flatten().copied().collect()
        })
        .collect();

    #[derive(Clone, Copy, PartialEq)]
    enum Mark {
        New,
        Open,
        Done,
    }
    let mut marks = vec![Mark::New; functions.len()];
    let mut order = Vec::with_capacity(functions.len());
    // A stack of our own: a chain of functions may be longer than the program's stack is deep.
    let mut path: Vec<(usize, usize)> = Vec::new();
    for start in 0..functions.len() {
        if marks[start] != Mark::New {
            continue;
        }
        marks[start] = Mark::Open;
        path.push((start, 0));
        while let Some((place, visited)) = path.last_mut() {
            match next[*place].get(*visited) {
                Some(&reader) => {
                    *visited += 1;
                    match marks[reader] {
                        Mark::New => {
                            marks[reader] = Mark::Open;
                            path.push((reader, 0));
                        }
                        Mark::Open => return None,
                        Mark::Done => {}
                    }
                }
                None => {
                    marks[*place] = Mark::Done;
                    order.push(*place);
                    path.pop();
                }
            }
        }
    }
    order.reverse();
    Some(order)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function(name: &str, inputs: &[&str], outputs: &[&str]) -> RawFunction {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        RawFunction {
            name: name.into(),
            kind: "ReLU".into(),
            repeat_ids: Vec::new(),
            inputs: owned(inputs),
            outputs: owned(outputs),
            arguments: None,
        }
    }

    #[test]
    fn later_sources_come_first() {
        // Two branches from two inputs: the walk from the second source ends last and stands in front.
        let functions =
            [function("a", &["x0"], &["h0"]), function("b", &["x1"], &["h1"]), function("c", &["h0", "h1"], &["y"])];
        assert_eq!(execution_order(&functions), Some(vec![1, 0, 2]));
    }

    #[test]
    fn a_cycle_has_no_order() {
        let functions = [function("a", &["y"], &["x"]), function("b", &["x"], &["y"])];
        assert_eq!(execution_order(&functions), None);
    }

    #[test]
    fn a_very_long_chain_is_no_trouble() {
        let functions: Vec<_> =
            (0..200_000).map(|i| function("f", &[&format!("v{i}")], &[&format!("v{}", i + 1)])).collect();
        assert_eq!(execution_order(&functions).map(|order| order.len()), Some(functions.len()));
    }
}

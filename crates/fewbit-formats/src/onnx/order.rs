//! The order in which the nodes of a graph can run.

use super::error::OnnxError;
use super::graph::Node;
use std::collections::{BTreeSet, HashMap, HashSet};

/// The nodes that `outputs` need, each after those that it reads from, otherwise in the order of the file. `given` are the
/// values that come from outside.
///
/// # Errors
/// When a value is given twice or not at all, or nodes wait for each other.
pub(crate) fn sorted<'g>(
    nodes: Vec<Node>,
    given: impl Iterator<Item = &'g str>,
    outputs: &[String],
) -> Result<Vec<Node>, OnnxError> {
    let mut outside = HashSet::new();
    for name in given {
        if !outside.insert(name) {
            return Err(OnnxError::Duplicate(name.into()));
        }
    }
    let mut writers: HashMap<&str, usize> = HashMap::new();
    for (place, node) in nodes.iter().enumerate() {
        for name in node.outputs.iter().filter(|name| !name.is_empty()) {
            if outside.contains(name.as_str()) || writers.insert(name, place).is_some() {
                return Err(OnnxError::Duplicate(name.clone()));
            }
        }
    }
    // The node that gives a value, or none if it comes from outside.
    let writer = |name: &String, reader: &dyn Fn() -> String| match writers.get(name.as_str()) {
        Some(&place) => Ok(Some(place)),
        None if outside.contains(name.as_str()) => Ok(None),
        None => Err(OnnxError::Missing { place: reader(), name: name.clone() }),
    };

    // For each node that is needed: how many of the values it waits for, and which nodes wait for it.
    let mut waits: HashMap<usize, usize> = HashMap::new();
    let mut waiting: HashMap<usize, Vec<usize>> = HashMap::new();
    let mut wanted = Vec::new();
    for name in outputs {
        wanted.extend(writer(name, &|| "the list of outputs".into())?);
    }
    while let Some(place) = wanted.pop() {
        if waits.contains_key(&place) {
            continue;
        }
        let node = &nodes[place];
        let mut count = 0;
        for name in node.inputs.iter().filter(|name| !name.is_empty()) {
            if let Some(before) = writer(name, &|| format!("node '{}'", node.name))? {
                count += 1;
                waiting.entry(before).or_default().push(place);
                wanted.push(before);
            }
        }
        waits.insert(place, count);
    }

    let mut ready: BTreeSet<usize> = waits.iter().filter(|(_, count)| **count == 0).map(|(&place, _)| place).collect();
    let mut order = Vec::with_capacity(waits.len());
    while let Some(place) = ready.pop_first() {
        order.push(place);
        waits.remove(&place);
        for next in waiting.remove(&place).unwrap_or_default() {
            if let Some(count) = waits.get_mut(&next) {
                *count -= 1;
                if *count == 0 {
                    ready.insert(next);
                }
            }
        }
    }
    if let Some(place) = waits.keys().min() {
        return Err(OnnxError::Circle(nodes[*place].name.clone()));
    }
    let mut nodes: Vec<Option<Node>> = nodes.into_iter().map(Some).collect();
    Ok(order.into_iter().filter_map(|place| nodes[place].take()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::onnx::attributes::Attributes;

    fn node(name: &str, inputs: &[&str], outputs: &[&str]) -> Node {
        let names = |names: &[&str]| names.iter().map(|&name| name.into()).collect();
        let (inputs, outputs) = (names(inputs), names(outputs));
        Node { name: name.into(), operator: "Add".into(), inputs, outputs, attributes: Attributes::default() }
    }

    fn order(nodes: Vec<Node>) -> Result<Vec<String>, OnnxError> {
        let nodes = sorted(nodes, ["x"].into_iter(), &["y".into()])?;
        Ok(nodes.into_iter().map(|node| node.name).collect())
    }

    #[test]
    fn what_is_not_needed_is_left_out_and_the_rest_sorted() {
        let nodes = vec![
            node("last", &["b", "a", ""], &["y"]),
            node("unused", &["nowhere"], &["z"]),
            node("first", &["x", "x"], &["a", ""]),
            node("second", &["a"], &["b"]),
        ];
        assert_eq!(order(nodes), Ok(vec!["first".into(), "second".into(), "last".into()]));
    }

    #[test]
    fn what_does_not_hang_together_is_named() {
        let circle = vec![node("p", &["b"], &["a"]), node("q", &["a"], &["b"]), node("r", &["b"], &["y"])];
        assert_eq!(order(circle), Err(OnnxError::Circle("p".into())));
        let own = vec![node("p", &["y"], &["y"])];
        assert_eq!(order(own), Err(OnnxError::Circle("p".into())));
        let twice = vec![node("p", &["x"], &["y"]), node("q", &["x"], &["y"])];
        assert_eq!(order(twice), Err(OnnxError::Duplicate("y".into())));
        let input = vec![node("p", &["x"], &["x"]), node("q", &["x"], &["y"])];
        assert_eq!(order(input), Err(OnnxError::Duplicate("x".into())));
        let missing = vec![node("p", &["w"], &["y"])];
        let place = "node 'p'".into();
        assert_eq!(order(missing), Err(OnnxError::Missing { place, name: "w".into() }));
    }
}

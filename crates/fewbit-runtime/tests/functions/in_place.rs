//! Functions that work in place: written over an input they give the bytes that they give beside it, and whatever else
//! shares memory is refused.

use crate::random::{self, Random};
use crate::single::{network, variable};
use crate::typed::{buffer_format, parameter};
use fewbit_core::spec::FunctionSpec;
use fewbit_core::{Function, Network, Shape, VariableId};
use fewbit_nnb::{ArenaPlan, EncodeOptions, Version, encode};
use fewbit_runtime::{Model, OpenError, Semantics, Session};
use std::collections::BTreeSet;
use std::ops::Range;

/// How often a function is to run in place, and how often that is tried.
const RUNS: usize = 60;
const ATTEMPTS: usize = 20_000;

/// A function with variables, and the places of those inputs that are the variable to be written over.
struct Case {
    network: Network,
    over: Vec<usize>,
}

impl Case {
    fn output(&self) -> VariableId {
        self.network.outputs[0]
    }

    /// The variable that is written over.
    fn victim(&self) -> VariableId {
        self.network.nodes[0].inputs[self.over[0]]
    }

    /// Offsets with gaps between variables; the output `behind` the victim's beginning, or at a place of its own.
    fn arena(&self, behind: Option<usize>) -> ArenaPlan {
        let mut end = 3;
        let mut offsets: Vec<Option<usize>> = Vec::new();
        for variable in &self.network.variables {
            offsets.push(variable.is_buffer().then_some(end));
            end += variable.bytes() + 5;
        }
        if let (Some(behind), Some(start)) = (behind, offsets[self.victim().0]) {
            offsets[self.output().0] = Some(start + behind);
        }
        ArenaPlan { offsets, ..ArenaPlan::default() }
    }

    fn file(&self, arena: &ArenaPlan) -> Vec<u8> {
        let options = EncodeOptions { version: Version::V4, arena: Some(arena.clone()), ..EncodeOptions::default() };
        encode(&self.network, &options).expect("formats that version 4 holds").bytes
    }

    /// The bytes of all variables in the arena after a run, and the arena itself.
    fn run(&self, arena: &ArenaPlan, semantics: Semantics) -> Result<(Vec<Vec<u8>>, Vec<u8>), OpenError> {
        let file = self.file(arena);
        let model = Model::open(&file)?;
        let mut memory = vec![0xa5; model.arena_bytes()];
        let mut session = Session::new(&model, &mut memory, semantics).expect("an arena of the model's size");
        let mut random = Random::new(7);
        for index in 0..self.network.inputs.len() {
            let mut input = session.input_mut(index).expect("an input");
            let values: Vec<f32> = (0..input.len()).map(|_| random.real(4.0)).collect();
            input.write(0, &values);
        }
        session.run();
        let bytes = (0..self.network.variables.len()).map(|number| session.variable(number).bytes().to_vec());
        Ok((bytes.collect(), memory))
    }

    fn range(&self, arena: &ArenaPlan, id: VariableId) -> Range<usize> {
        let start = arena.offsets[id.0].unwrap_or(0);
        start..start + self.network.variable(id).bytes()
    }
}

/// A function whose first output could be written over one of its inputs, if its rule says that it can.
fn case(random: &mut Random, spec: &'static FunctionSpec) -> Option<Case> {
    let first = random::shape(random);
    let function = random::function(random, spec, first.rank());
    let shapes = random::shapes(random, spec, first);
    let output = function.output_shape(&&shapes[..]).ok()?;
    if output.items() == 0 || shapes.iter().any(|shape| shape.items() > 2_000) {
        return None;
    }
    let works = |input: &usize| function.works_in_place(&&shapes[..], *input);
    let mut over: Vec<usize> = (0..shapes.len()).filter(works).collect();
    if over.is_empty() {
        return None;
    }
    if random.below(2) == 0 {
        over = vec![random.pick(&over)];
    }
    Some(of(random, function, &shapes, output, over))
}

/// A function in random formats, the output as wide as the variable that it is written over.
fn of(random: &mut Random, function: Function, shapes: &[Shape], output: Shape, over: Vec<usize>) -> Case {
    let from = buffer_format(random);
    let to = loop {
        let format = buffer_format(random);
        if format.bits() == from.bits() {
            break format;
        }
    };
    let inputs = shapes.iter().enumerate().map(|(index, &shape)| match () {
        () if over.contains(&index) => variable(shape, from, None),
        // Weights and statistics are given.
        () if index > 0 && random.below(2) == 0 => parameter(random, shape),
        () => {
            let format = buffer_format(random);
            variable(shape, format, None)
        }
    });
    let inputs = inputs.collect();
    let mut network = network(function, inputs, vec![variable(output, to, None)]);
    // All of them are one variable, where they have one shape.
    let node = &mut network.nodes[0];
    let victim = node.inputs[over[0]];
    let over: Vec<usize> = over.into_iter().filter(|&input| shapes[input] == shapes[victim.0]).collect();
    over.iter().for_each(|&input| node.inputs[input] = victim);
    Case { network, over }
}

fn attempt(random: &mut Random, spec: &'static FunctionSpec) -> bool {
    let Some(case) = case(random, spec) else { return false };
    let (apart, over) = (case.arena(None), case.arena(Some(0)));
    for semantics in [Semantics::Integer, Semantics::Reference] {
        // Positions may lie too far apart.
        let Ok((expected, _)) = case.run(&apart, semantics) else { return false };
        let (found, memory) = case.run(&over, semantics).expect("a function that works in place");
        let (output, victim) = (case.output(), case.victim());
        let names: Vec<_> = case.network.variables.iter().map(|variable| (variable.shape, variable.format)).collect();
        assert_eq!(found[output.0], expected[output.0], "{:?} {names:?}", case.network.nodes[0]);
        let buffers = || (0..case.network.variables.len()).map(VariableId);
        let others: Vec<VariableId> = buffers().filter(|id| ![output, victim].contains(id)).collect();
        assert!(others.iter().all(|id| found[id.0] == expected[id.0]), "{} changed an input", spec.name);
        let used: BTreeSet<usize> = buffers().flat_map(|id| case.range(&over, id)).collect();
        let outside = memory.iter().enumerate().filter(|(place, _)| !used.contains(place));
        assert!(outside.clone().all(|(_, byte)| *byte == 0xa5), "{} wrote beyond its output", spec.name);
    }
    true
}

#[test]
fn what_is_written_over_an_input_is_what_is_written_beside_it() {
    let mut in_place = 0;
    for (spec, seed) in random::functions().zip(4000..) {
        let mut random = Random::new(seed);
        let runs = (0..ATTEMPTS).filter(|_| attempt(&mut random, spec)).take(RUNS).count();
        in_place += usize::from(runs == RUNS);
        assert!(runs == 0 || runs == RUNS, "{} ran {runs} times", spec.name);
    }
    assert!(in_place >= 85, "only {in_place} functions worked in place");
}

#[test]
fn other_shared_memory_is_refused() {
    let mut refused = [0; 2];
    for (spec, seed) in random::functions().zip(5000..) {
        let mut random = Random::new(seed);
        for _ in 0..ATTEMPTS / 100 {
            let first = random::shape(&mut random);
            let function = random::function(&mut random, spec, first.rank());
            let shapes = random::shapes(&mut random, spec, first);
            let Ok(output) = function.output_shape(&&shapes[..]) else { continue };
            let items = shapes.iter().chain([&output]).map(|shape| shape.items());
            if items.clone().any(|items| items > 2_000) || output.items() == 0 || shapes.is_empty() {
                continue;
            }
            let input = random.below(shapes.len());
            let case = of(&mut random, function, &shapes, output, vec![input]);
            if shapes[input].items() == 0 || case.run(&case.arena(None), Semantics::Integer).is_err() {
                continue;
            }
            let works = function.works_in_place(&&shapes[..], input);
            // Where it lies, if that is not allowed, and a byte behind.
            for (behind, refused) in refused.iter_mut().enumerate().skip(usize::from(works)) {
                if case.network.variable(case.victim()).bytes() > behind {
                    let result = case.run(&case.arena(Some(behind)), Semantics::Integer);
                    assert!(matches!(result, Err(OpenError::Output { .. })), "{function:?} {shapes:?} {behind}");
                    *refused += 1;
                }
            }
        }
    }
    assert!(refused.iter().all(|&count| count > 1_000), "{refused:?}");
}

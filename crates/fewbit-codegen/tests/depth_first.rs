//! Networks that are computed row by row: the bytes are those of the functions one after the other, whatever is joined, in
//! an arena of the size that the plan says, and with the input in pieces of any size.

mod common;

use common::builder::{Builder, Formats, network};
use common::random::Random;
use common::windows::window;
use fewbit_compress::memory::rows::{RowOptions, RowPlan, plan, plan_ranges};
use fewbit_core::Network;
use fewbit_nnb::{EncodeOptions, Version, encode};
use fewbit_runtime::{Model, Semantics, Session};
use std::ops::Range;

/// What the unused bytes around an arena hold.
const PAINT: u8 = 0xa5;
const MARGIN: usize = 64;

/// A network like the others, with more layers.
fn deep(seed: u64, formats: Formats) -> Network {
    let mut random = Random::new(seed);
    let dims = [1 + random.below(2), 1 + random.below(4), 4 + random.below(9), 1 + random.below(6)];
    let layers = 4 + random.below(6);
    let mut builder = Builder::new(&mut random, formats);
    let mut x = builder.input(&dims);
    for _ in 0..layers {
        x = builder.random_layer(x);
    }
    builder.finish(x)
}

fn file(network: &Network, plan: Option<&RowPlan>) -> Vec<u8> {
    let arena = plan.map(|plan| plan.arena.clone());
    let options = EncodeOptions { version: Version::V4, arena, ..EncodeOptions::default() };
    encode(network, &options).expect("a network that version 4 holds").bytes
}

/// The values of each input in the order of the network.
fn inputs(network: &Network, random: &mut Random) -> Vec<Vec<f32>> {
    let items = network.inputs.iter().map(|&id| network.variable(id).shape.items());
    items.map(|items| (0..items).map(|_| 4.0 * random.real()).collect()).collect()
}

/// Runs a model in the middle of a painted array, an input that comes row by row in pieces of random sizes.
fn run(file: &[u8], inputs: &[Vec<f32>], semantics: Semantics, random: &mut Random) -> Vec<u8> {
    let model = Model::open(file).expect("a file that can be run");
    let needed = model.arena_bytes();
    let mut memory = vec![PAINT; needed + 2 * MARGIN];
    let mut session = Session::new(&model, &mut memory[MARGIN..MARGIN + needed], semantics).expect("enough");
    let pushed = model.pushed_input();
    let mut outputs = Vec::new();
    // A second run finds what the first has left.
    for _ in 0..2 {
        for (index, values) in inputs.iter().enumerate() {
            if pushed != model.nnb().inputs().iter().nth(index) {
                session.set_input(index, values);
            }
        }
        match pushed {
            None => session.run(),
            Some(variable) => {
                let group = model.nnb().groups().next().expect("a group that takes it");
                let shape = model.nnb().variable(variable).shape;
                let mut rest = &by_rows(&inputs[0], &shape, group.axis)[..];
                let mut done = false;
                while !rest.is_empty() {
                    let (now, later) = rest.split_at((1 + random.below(2 * shape[shape.rank() - 1])).min(rest.len()));
                    done = session.push(now);
                    rest = later;
                }
                assert!(done, "all rows are there, but not the outputs");
            }
        }
        outputs = (0..model.nnb().outputs().len()).flat_map(|index| session.output(index).bytes().to_vec()).collect();
    }
    let (before, rest) = memory.split_at(MARGIN);
    assert!(before.iter().chain(&rest[needed..]).all(|byte| *byte == PAINT), "something was written beside the arena");
    outputs
}

fn by_rows(values: &[f32], shape: &[usize], axis: usize) -> Vec<f32> {
    let items: usize = shape[axis + 1..].iter().product();
    let rows: Vec<&[f32]> = values.chunks(items).collect();
    let (count, outer) = (shape[axis], rows.len() / shape[axis]);
    (0..count)
        .flat_map(|row| (0..outer).flat_map(move |outer| [outer * count + row]))
        .flat_map(|row| rows[row].to_vec())
        .collect()
}

/// Nodes in runs of random lengths.
fn ranges(network: &Network, random: &mut Random) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut start = random.below(2);
    while start < network.nodes.len() {
        let end = (start + 1 + random.below(8)).min(network.nodes.len());
        ranges.push(start..end);
        start = end + random.below(2);
    }
    ranges
}

/// What was tried.
#[derive(Debug, Default)]
struct Tried {
    groups: usize,
    nodes: usize,
    pushed: usize,
    copies: usize,
}

fn compare(network: &Network, seed: u64, tried: &mut Tried) {
    let mut random = Random::new(seed);
    let whole = file(network, None);
    // Positions may lie too far apart.
    if Model::open(&whole).is_err() {
        return;
    }
    let values = inputs(network, &mut random);
    let names: Vec<_> = network.nodes.iter().map(|node| node.name.as_str()).collect();
    for semantics in [Semantics::Integer, Semantics::Reference] {
        let expected = run(&whole, &values, semantics, &mut random);
        for pushed in [false, true] {
            let options = RowOptions { limit: 0, pushed };
            let ranges = ranges(network, &mut random);
            for plan in [plan(network, &options), plan_ranges(network, &ranges, &options)] {
                plan.network.validate().expect("a valid network");
                let by_rows = file(&plan.network, Some(&plan));
                let model =
                    Model::open(&by_rows).unwrap_or_else(|error| panic!("seed {seed} {names:?}: {error} {plan:#?}"));
                assert_eq!(model.arena_bytes(), plan.bytes, "seed {seed}");
                tried.groups += plan.arena.groups.len();
                tried.nodes += plan.arena.groups.iter().map(|group| group.nodes.len()).sum::<usize>();
                tried.pushed += usize::from(model.pushed_input().is_some());
                tried.copies += plan.network.nodes.len() - network.nodes.len();
                let found = run(&by_rows, &values, semantics, &mut random);
                assert_eq!(found, expected, "seed {seed} {names:?} {:?} {:?}", plan.arena.groups, plan.arena.rings);
            }
        }
    }
}

#[test]
fn rows_give_the_bytes_of_whole_variables() {
    let mut tried = Tried::default();
    for formats in [Formats::Fixed, Formats::Mixed, Formats::Float] {
        for seed in 0..150 {
            compare(&network(seed, formats), seed, &mut tried);
            compare(&deep(1000 + seed, formats), seed, &mut tried);
            compare(&window(seed, formats), seed, &mut tried);
        }
    }
    println!("{tried:?}");
    assert!(tried.groups > 2_000 && tried.nodes > 5_000 && tried.pushed > 500 && tried.copies > 500, "{tried:?}");
}

/// Runs whatever a file says, in the middle of a painted array.
fn run_anything(model: &Model<'_>) {
    let needed = model.arena_bytes();
    let mut memory = vec![PAINT; needed + 2 * MARGIN];
    let mut session =
        Session::new(model, &mut memory[MARGIN..MARGIN + needed], Semantics::Integer).expect("an arena of its size");
    match model.pushed_input() {
        None => session.run(),
        // More pushes than any of the networks has values.
        Some(_) => drop((0..4_000).find(|_| session.push(&[1.5; 7]))),
    }
    let (before, rest) = memory.split_at(MARGIN);
    assert!(before.iter().chain(&rest[needed..]).all(|byte| *byte == PAINT), "something was written beside the arena");
}

#[test]
fn damaged_schedules_are_refused_or_keep_to_the_arena() {
    let (mut refused, mut ran) = (0, 0);
    for seed in 0..100 {
        let network = deep(2000 + seed, Formats::Fixed);
        let mut random = Random::new(seed);
        let plan = plan(&network, &RowOptions { limit: 0, pushed: seed % 2 == 0 });
        let good = file(&plan.network, Some(&plan));
        if plan.arena.groups.is_empty() || Model::open(&good).is_err() {
            continue;
        }
        for _ in 0..100 {
            let mut damaged = good.clone();
            for _ in 0..1 + random.below(3) {
                let place = random.below(damaged.len());
                // Small changes are the likeliest to be taken for something.
                damaged[place] = damaged[place].wrapping_add([1, 255, 2, 254, 128][random.below(5)]);
            }
            match Model::open(&damaged) {
                Ok(model) if model.arena_bytes() < 1 << 20 => {
                    run_anything(&model);
                    ran += 1;
                }
                Ok(_) => {}
                Err(_) => refused += 1,
            }
        }
    }
    assert!(refused > 1_000 && ran > 1_000, "{refused} {ran}");
}

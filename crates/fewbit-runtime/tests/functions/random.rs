//! Random functions: arguments of the right kinds, shapes that have something to do with each other.

use fewbit_core::spec::{ArgumentKind, FUNCTIONS, FunctionSpec, Presence};
use fewbit_core::{ArgumentError, ArgumentValue, FloatList, Function, IntList, Shape};

/// A sequence of numbers that a seed determines (Steele et al. 2014, "Fast Splittable Pseudorandom Number Generators").
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ bits >> 31
    }

    /// A number below `end`, which must not be 0.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.bits() % end as u64).expect("below a usize")
    }

    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    /// A number from -`size` to `size`.
    pub fn real(&mut self, size: f32) -> f32 {
        (self.below(1 << 24) as f32 / (1 << 23) as f32 - 1.0) * size
    }
}

/// The functions that fewbit computes.
pub fn functions() -> impl Iterator<Item = &'static FunctionSpec> {
    FUNCTIONS.iter().filter(|spec| Function::NAMES.contains(&spec.name))
}

/// A function of this name with random arguments, for inputs of about this rank.
pub fn function(random: &mut Random, spec: &'static FunctionSpec, rank: usize) -> Function {
    // Lists that belong together are mostly of the same length: one entry for each axis, or each spatial axis.
    let len = random.pick(&[rank, rank, rank.saturating_sub(1), rank.saturating_sub(2), 2 * rank]);
    let result = Function::from_arguments::<ArgumentError, _>(spec, |argument| Ok(value(random, argument.kind, len)));
    result.expect("values of the right kinds").expect("a function that fewbit computes")
}

fn value(random: &mut Random, kind: ArgumentKind, len: usize) -> ArgumentValue {
    match kind {
        ArgumentKind::Bool => ArgumentValue::Bool(random.below(2) == 1),
        ArgumentKind::Int => ArgumentValue::Int(integer(random)),
        ArgumentKind::Float => {
            let some = random.real(3.0);
            ArgumentValue::Float(random.pick(&[0.0, 1.0, 0.5, 0.1, 1e-5, -1.0, 2.0, some, some, some, some]))
        }
        ArgumentKind::Choice(words) => {
            ArgumentValue::Choice(u8::try_from(random.below(words.len())).expect("few words"))
        }
        ArgumentKind::Shape | ArgumentKind::Ints => {
            let len = if random.below(6) == 0 { random.below(5) } else { len };
            let entries: Vec<i32> = match random.below(4) {
                0 => permutation(random, len),
                1 | 2 => (0..len).map(|_| random.pick(&[1, 1, 1, 2, 3, 0])).collect(),
                _ => (0..len).map(|_| integer(random)).collect(),
            };
            ArgumentValue::Ints(IntList::from_slice(&entries).unwrap_or_default())
        }
        ArgumentKind::Floats => {
            let values: Vec<f32> = (0..random.below(3)).map(|_| random.real(2.0)).collect();
            ArgumentValue::Floats(FloatList::from_slice(&values).unwrap_or_default())
        }
        ArgumentKind::Communicator | ArgumentKind::Text => unreachable!("no function that is computed has one"),
    }
}

fn integer(random: &mut Random) -> i32 {
    random.pick(&[0, 1, 1, 1, 2, 2, 3, 4, 5, 8, -1, -1, -2, -3, i32::MAX, i32::MIN])
}

fn permutation(random: &mut Random, len: usize) -> Vec<i32> {
    let mut left: Vec<i32> = (0..i32::try_from(len).unwrap_or(0)).collect();
    (0..len).map(|_| left.swap_remove(random.below(left.len()))).collect()
}

/// Random shapes of the inputs of a function: the first is given, the others are related to it or to each other.
pub fn shapes(random: &mut Random, spec: &FunctionSpec, first: Shape) -> Vec<Shape> {
    let mut shapes: Vec<Shape> = Vec::new();
    for input in spec.inputs {
        let count = match input.presence {
            Presence::Required => 1,
            Presence::Optional => random.below(2),
            Presence::Variadic => random.below(4),
        };
        for _ in 0..count {
            let next = match shapes.last() {
                Some(&last) => {
                    let other = random.pick(&[first, last]);
                    related(random, other)
                }
                None => first,
            };
            shapes.push(next);
        }
    }
    shapes
}

/// A random shape of no more than four axes, rarely a large one, which an extent of zero may make empty.
pub fn shape(random: &mut Random) -> Shape {
    let rank = random.pick(&[0, 1, 2, 2, 3, 3, 4]);
    let dims: Vec<usize> =
        (0..rank).map(|_| random.pick(&[1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 1, 2, 3, 4, 70, 0, 0, 40_000])).collect();
    Shape::new(&dims).unwrap_or_default()
}

fn related(random: &mut Random, first: Shape) -> Shape {
    let mut dims: Vec<usize> = first.to_vec();
    match random.below(10) {
        // Some axes without extent, as parameters and stretched operands have them.
        0 | 1 => {
            for dim in &mut dims {
                *dim = if random.below(2) == 0 { 1 } else { *dim };
            }
        }
        2 if !dims.is_empty() => {
            let kept = random.below(dims.len());
            for (axis, dim) in dims.iter_mut().enumerate() {
                *dim = if axis == kept { *dim } else { 1 };
            }
        }
        3 => dims = dims.split_off(random.below(dims.len() + 1)),
        4 => dims.truncate(random.below(dims.len() + 1)),
        5 if !dims.is_empty() => dims = vec![random.pick(&dims)],
        6 => dims = vec![],
        // Weights of a convolution, which need no longer be related to the first input in their outermost axis.
        7 | 8 => {
            for (axis, dim) in dims.iter_mut().enumerate() {
                *dim = if axis == 1 { *dim } else { random.pick(&[1, 2, 3]) };
            }
        }
        _ => {}
    }
    Shape::new(&dims).unwrap_or_default()
}

/// Whether the runtime computes a function's sums in integers where it can, and not in floats.
pub fn has_integer_form(spec: &FunctionSpec) -> bool {
    let name = spec.name;
    let joins = ["Add2", "BcAdd2", "AddN", "Sub2", "Mul2", "MulN", "BatchMatmul"];
    name.ends_with("Affine") || name.ends_with("onvolution") || name.ends_with("Pooling") || joins.contains(&name)
}

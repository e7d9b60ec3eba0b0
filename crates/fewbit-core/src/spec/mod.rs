//! The table of NNabla's functions: names, inputs, arguments, and ids in `.nnb` by API level.
//!
//! It is the one place that knows how a function is written in a file. Protobuf field names, `.nnb` argument layouts
//! and error messages are derived from it; [`Function`](crate::Function) adds types to the functions that fewbit runs.

mod table;

pub use table::FUNCTIONS;

/// The newest API level that the table knows.
pub const LATEST_API_LEVEL: u8 = 45;

/// What a function is called, takes and gives.
#[derive(Debug)]
pub struct FunctionSpec {
    /// NNabla's name, as in the `type` of a function in a `.nnp` file.
    pub name: &'static str,
    /// The name in protobuf: the arguments are in the field `<snake_name>_param`.
    pub snake_name: &'static str,
    /// Inputs in order.
    pub inputs: &'static [InputSpec],
    /// Arguments in the order of NNabla's definition, which is also the order in `.nnb`.
    pub arguments: &'static [ArgumentSpec],
    /// Argument layouts in `.nnb`, oldest first.
    pub layouts: &'static [Layout],
}

/// One input of a function.
#[derive(Debug)]
pub struct InputSpec {
    /// Its name.
    pub name: &'static str,
    /// How often it occurs.
    pub presence: Presence,
}

/// How often an input occurs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Exactly once.
    Required,
    /// At most once.
    Optional,
    /// Any number of times.
    Variadic,
}

/// One argument of a function.
#[derive(Debug)]
pub struct ArgumentSpec {
    /// Its name, as in protobuf.
    pub name: &'static str,
    /// The kind of its value.
    pub kind: ArgumentKind,
    /// Its value where a file does not say.
    pub default: DefaultValue,
}

/// The kind of an argument's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgumentKind {
    /// A switch.
    Bool,
    /// An integer.
    Int,
    /// A real number; `double` in protobuf where NNabla computes with one.
    Float,
    /// A shape: `Shape` in protobuf.
    Shape,
    /// A list of integers.
    Ints,
    /// A list of real numbers.
    Floats,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A group of processes in distributed training: without meaning for a network that is run.
    Communicator,
    /// Any text (`Einsum`): `.nnb` has no place for it.
    Text,
}

/// What an argument is where a file does not say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum DefaultValue {
    /// It must be given.
    Required,
    /// It depends on the shapes of the inputs; files that come from NNabla always give it.
    FromShapes,
    /// A switch.
    Bool(bool),
    /// An integer.
    Int(i32),
    /// A real number.
    Float(f32),
    /// A list of integers.
    Ints(&'static [i32]),
    /// A list of real numbers.
    Floats(&'static [f32]),
    /// A word, by its place.
    Choice(u8),
}

/// One way in which a function is written in `.nnb`.
#[derive(Debug, PartialEq, Eq)]
pub struct Layout {
    /// The first API level that writes it so; [`Layout::UNRELEASED`] where NNabla gave an id but no level yet.
    pub since: u8,
    /// The function's id.
    pub id: u16,
    /// The argument code: `B` bool, `i` 32-bit integer, `f` float, `iI` and `fF` lists, `C` communicator.
    pub code: &'static str,
}

impl Layout {
    /// The level of a layout that no API level of NNabla's converter contains.
    pub const UNRELEASED: u8 = u8::MAX;
}

impl ArgumentKind {
    /// The letters of this kind in an argument code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Bool => "B",
            Self::Int | Self::Choice(_) | Self::Text => "i",
            Self::Float => "f",
            Self::Shape | Self::Ints => "iI",
            Self::Floats => "fF",
            Self::Communicator => "C",
        }
    }
}

impl FunctionSpec {
    /// The newest layout at or below an API level.
    pub fn layout(&self, api_level: u8) -> Option<&'static Layout> {
        self.layouts.iter().filter(|layout| layout.since <= api_level).max_by_key(|layout| layout.since)
    }
}

/// The function of this name.
pub fn by_name(name: &str) -> Option<&'static FunctionSpec> {
    // The table is sorted by name.
    let index = FUNCTIONS.binary_search_by(|spec| spec.name.cmp(name)).ok()?;
    FUNCTIONS.get(index)
}

/// The function and the layout that an id in `.nnb` stands for.
pub fn by_id(id: u16) -> Option<(&'static FunctionSpec, &'static Layout)> {
    let index = table::IDS.binary_search_by_key(&id, |&(id, _, _)| id).ok()?;
    let &(_, function, layout) = table::IDS.get(index)?;
    let spec = FUNCTIONS.get(usize::from(function))?;
    Some((spec, spec.layouts.get(usize::from(layout))?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String;

    #[test]
    fn every_function_is_found_by_its_name_and_its_ids() {
        for spec in FUNCTIONS {
            assert!(core::ptr::eq(by_name(spec.name).expect("by name"), spec), "{}", spec.name);
            for layout in spec.layouts {
                let (found, found_layout) = by_id(layout.id).expect("by id");
                assert!(core::ptr::eq(found, spec), "{}", spec.name);
                assert_eq!(found_layout, layout);
            }
        }
        assert!(by_name("NoSuchFunction").is_none());
        assert!(by_id(u16::MAX).is_none());
    }

    /// A layout may lack arguments at its end (an older level) but never disagree with the arguments that it has; the
    /// few exceptions are functions that changed their arguments altogether.
    #[test]
    fn layouts_are_prefixes_of_the_arguments() {
        let changed = ["HardSigmoid", "HardTanh", "SoftPlus", "RandomErase", "RandomShift", "Gather", "Dropout"];
        for spec in FUNCTIONS {
            let code: String = spec.arguments.iter().map(|argument| argument.kind.code()).collect();
            for layout in spec.layouts {
                assert!(
                    code.starts_with(layout.code) || changed.contains(&spec.name),
                    "{}: layout {} against {code}",
                    spec.name,
                    layout.code
                );
            }
        }
    }

    #[test]
    fn an_older_level_has_the_older_layout() {
        let convolution = by_name("Convolution").expect("in the table");
        assert_eq!(convolution.layout(1).map(|layout| layout.id), Some(1));
        assert_eq!(convolution.layout(3).map(|layout| layout.id), Some(1));
        assert_eq!(convolution.layout(LATEST_API_LEVEL).map(|layout| layout.id), Some(265));
        assert_eq!(by_name("AddN").and_then(|spec| spec.layout(9)), None);
    }
}

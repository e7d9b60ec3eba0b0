//! The value of one argument of a function, before it is put into a typed [`Function`](crate::Function) or after it is
//! taken out: the common form between file formats.

use crate::list::{FloatList, IntList};

/// The value of one argument.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ArgumentValue {
    /// A switch.
    Bool(bool),
    /// An integer.
    Int(i32),
    /// A real number.
    Float(f32),
    /// A list of integers, or a shape.
    Ints(IntList),
    /// A list of real numbers.
    Floats(FloatList),
    /// One of the allowed words of the argument, by its place among them.
    Choice(u8),
}

/// An argument that a typed function cannot take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("argument '{argument}' must be {expected}")]
pub struct ArgumentError {
    /// The argument's name.
    pub argument: &'static str,
    /// What it must be.
    pub expected: &'static str,
}

/// A type that an argument can have in a typed function.
pub trait FromArgument: Sized {
    /// What a value of the type is called in an error.
    const EXPECTED: &'static str;

    /// The typed value, or `None` if `value` is of another kind or out of range.
    fn from_argument(value: ArgumentValue) -> Option<Self>;

    /// The common form of the value.
    fn into_argument(self) -> ArgumentValue;
}

macro_rules! from_argument {
    ($($type:ty, $variant:ident, $expected:literal;)*) => {$(
        impl FromArgument for $type {
            const EXPECTED: &'static str = $expected;

            fn from_argument(value: ArgumentValue) -> Option<Self> {
                match value {
                    ArgumentValue::$variant(value) => Some(value),
                    _ => None,
                }
            }

            fn into_argument(self) -> ArgumentValue {
                ArgumentValue::$variant(self)
            }
        }
    )*};
}

from_argument! {
    bool, Bool, "true or false";
    i32, Int, "an integer of 32 bits";
    f32, Float, "a number";
    IntList, Ints, "a list of integers";
    FloatList, Floats, "a list of numbers";
}

/// Declares an enum of the words that an argument allows, in the order of the function table.
macro_rules! choice {
    ($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$variant_meta])* $variant,)*
        }

        impl $name {
            const ALL: &'static [Self] = &[$(Self::$variant),*];
        }

        impl $crate::argument::FromArgument for $name {
            const EXPECTED: &'static str = "one of its allowed words";

            fn from_argument(value: $crate::ArgumentValue) -> Option<Self> {
                match value {
                    $crate::ArgumentValue::Choice(index) => Self::ALL.get(usize::from(index)).copied(),
                    _ => None,
                }
            }

            fn into_argument(self) -> $crate::ArgumentValue {
                $crate::ArgumentValue::Choice(self as u8)
            }
        }
    };
}
pub(crate) use choice;

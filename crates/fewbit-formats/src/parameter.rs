//! [`Parameter`]: named values, apart from the network that uses them.

/// The values of one parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Its name; `/` separates scopes.
    pub name: String,
    /// Its extents.
    pub shape: Vec<usize>,
    /// Its values in row-major order.
    pub values: Vec<f32>,
    /// Whether training changes it.
    pub need_grad: bool,
}

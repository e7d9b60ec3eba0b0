//! [`Limits`]: how long the arrays within the structs of generated code are: as long as the network needs them.

/// Arrays that are equally long in all structs of a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    /// The outer axes of a nest of loops.
    Nest,
    /// The axes of the window of a product.
    Window,
    /// The axes of the window of pooling.
    Pooling,
}

impl Limit {
    /// All, with the names that kernels know them by.
    pub const ALL: [(Self, &'static str); 3] =
        [(Self::Nest, "NEST_AXES"), (Self::Window, "WINDOW_AXES"), (Self::Pooling, "POOLING_AXES")];
}

/// The lengths that a network needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Limits([usize; Limit::ALL.len()]);

impl Default for Limits {
    /// C has no empty arrays.
    fn default() -> Self {
        Self([1; Limit::ALL.len()])
    }
}

impl Limits {
    /// Makes room for an array of so many entries.
    pub fn include(&mut self, limit: Limit, entries: usize) {
        let longest = &mut self.0[limit as usize];
        *longest = entries.max(*longest);
    }

    /// How many entries the arrays have.
    pub fn get(&self, limit: Limit) -> usize {
        self.0[limit as usize]
    }
}

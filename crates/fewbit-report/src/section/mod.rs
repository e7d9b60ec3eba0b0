//! The parts of reports: each the data it needs, as plain structs, and what it makes of them.
//!
//! | module | what it shows |
//! |---|---|
//! | [`versions`] | sizes and quality against float; accuracy against size of what was tried |
//! | [`memory`] | what lies where in the arena at each step |
//! | [`variables`] | sizes of buffers, ranges of values, a table of all variables |
//! | [`layers`] | the error of each layer |
//! | [`classes`] | which classes were taken for which |
//! | [`mistakes`] | wrong examples as pictures |
//! | [`runs`] | the course of training |
//! | [`costs`] | time and multiply-accumulates of layers |

pub mod classes;
pub mod costs;
pub mod layers;
pub mod memory;
pub mod mistakes;
pub mod runs;
pub mod variables;
pub mod versions;

/// The places of the `most` largest values, in their order, and whether others were left out. What has no value comes
/// last.
fn largest(values: impl Iterator<Item = Option<f64>>, most: usize) -> (Vec<usize>, bool) {
    let mut places: Vec<(usize, f64)> =
        values.enumerate().map(|(place, value)| (place, value.unwrap_or(f64::NEG_INFINITY))).collect();
    let all = places.len();
    places.sort_by(|a, b| b.1.total_cmp(&a.1));
    places.truncate(most);
    let mut places: Vec<usize> = places.into_iter().map(|(place, _)| place).collect();
    places.sort_unstable();
    (places, all > most)
}

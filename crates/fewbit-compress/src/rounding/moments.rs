//! [`Moments`]: means and products of the values that go into a linear function, from which follows what any change of its
//! weights does to its outputs.
//!
//! They are sums over vectors of inputs, so that memory depends on the function alone and not on how many samples there
//! are. Of each sample some places are taken, others each time.

use super::patches::Patches;
use rayon::prelude::*;

/// Longer vectors are divided: products across parts are not kept, and count as zero. At this length a matrix of
/// products has 18 MB.
const MOST_COLUMNS: usize = 1536;

/// How many vectors are taken from each run, at most.
const MOST_PLACES: usize = 64;

/// Sums over the vectors that were seen of a linear function's inputs, in the network as it was and as it is stored.
#[derive(Clone, Debug)]
pub struct Moments {
    patches: Patches,
    count: usize,
    runs: usize,
    /// For each group, the parts of its vectors.
    pub(super) parts: Vec<Part>,
}

/// The sums of a part of a group's vectors. After [`Moments::finish`] means and covariances.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub group: usize,
    /// Where in the vector it begins.
    pub first: usize,
    pub columns: usize,
    /// Of the inputs as they were.
    pub real_mean: Vec<f64>,
    /// Of the inputs as they are stored.
    pub mean: Vec<f64>,
    /// Products of stored inputs with each other.
    pub products: Vec<f64>,
    /// Products of inputs as they were, by row, with stored ones.
    pub cross: Vec<f64>,
}

impl Moments {
    /// Nothing yet.
    pub fn new(patches: Patches) -> Self {
        let columns = patches.columns;
        let part = |group: usize, first: usize| {
            let columns = MOST_COLUMNS.min(columns - first);
            let (vector, matrix) = (vec![0.0; columns], vec![0.0; columns * columns]);
            Part {
                group,
                first,
                columns,
                real_mean: vector.clone(),
                mean: vector,
                products: matrix.clone(),
                cross: matrix,
            }
        };
        let parts = (0..patches.groups)
            .flat_map(|group| (0..columns).step_by(MOST_COLUMNS).map(move |first| part(group, first)));
        Self { parts: parts.collect(), patches, count: 0, runs: 0 }
    }

    /// Adds what some runs have at the function's input: in the network as it was, and as it is stored.
    pub fn add(&mut self, runs: &[(&[f32], &[f32])]) {
        let Patches { columns, places, .. } = self.patches;
        let step = places.div_ceil(MOST_PLACES).max(1);
        let chosen: Vec<(usize, usize)> = (0..runs.len())
            // Other places in each run; 7 is prime to the steps of images, which are powers of two.
            .flat_map(|run| ((self.runs + run) * 7 % step..places).step_by(step).map(move |place| (run, place)))
            .collect();
        self.runs += runs.len();
        self.count += chosen.len();
        let mut vectors = [vec![0.0; chosen.len() * columns], vec![0.0; chosen.len() * columns]];
        for group in 0..self.patches.groups {
            let [real, stored] = &mut vectors;
            for (&(run, place), (real, stored)) in
                chosen.iter().zip(real.chunks_exact_mut(columns).zip(stored.chunks_exact_mut(columns)))
            {
                self.patches.fill(runs[run].0, group, place, real);
                self.patches.fill(runs[run].1, group, place, stored);
            }
            for part in self.parts.iter_mut().filter(|part| part.group == group) {
                part.add(real, stored, columns);
            }
        }
    }

    /// From sums to means and covariances. `centered` says that a bias takes back what has a mean.
    pub fn finish(mut self, centered: bool) -> Self {
        let count = self.count.max(1) as f64;
        for part in &mut self.parts {
            let columns = part.columns;
            part.real_mean.iter_mut().chain(&mut part.mean).for_each(|sum| *sum /= count);
            let Part { real_mean, mean, products, cross, .. } = part;
            for (row, (products, cross)) in
                products.chunks_exact_mut(columns).zip(cross.chunks_exact_mut(columns)).enumerate()
            {
                for (column, (product, cross)) in products.iter_mut().zip(cross).enumerate() {
                    let kept = if centered { mean[column] } else { 0.0 };
                    *product = *product / count - mean[row] * kept;
                    *cross = *cross / count - real_mean[row] * kept;
                }
            }
        }
        self
    }

    /// How many output channels each group has, of `rows` in all.
    pub(super) fn rows_per_group(&self, rows: usize) -> usize {
        rows / self.patches.groups.max(1)
    }
}

impl Part {
    fn add(&mut self, real: &[f32], stored: &[f32], stride: usize) {
        let Self { first, columns, .. } = *self;
        let slice = |vector: &[f32]| -> std::ops::Range<usize> {
            debug_assert_eq!(vector.len(), stride);
            first..first + columns
        };
        for (real, stored) in real.chunks_exact(stride).zip(stored.chunks_exact(stride)) {
            let range = slice(real);
            self.real_mean.iter_mut().zip(&real[range.clone()]).for_each(|(sum, &value)| *sum += f64::from(value));
            self.mean.iter_mut().zip(&stored[range]).for_each(|(sum, &value)| *sum += f64::from(value));
        }
        let add = |sums: &mut Vec<f64>, left: &[f32]| {
            sums.par_chunks_mut(columns).enumerate().for_each(|(row, sums)| {
                // Single precision holds a sum over so few.
                let mut partial = vec![0.0f32; columns];
                for (left, right) in left.chunks_exact(stride).zip(stored.chunks_exact(stride)) {
                    let factor = left[first + row];
                    if factor != 0.0 {
                        let right = &right[first..first + columns];
                        partial.iter_mut().zip(right).for_each(|(sum, &value)| *sum += factor * value);
                    }
                }
                sums.iter_mut().zip(&partial).for_each(|(sum, &partial)| *sum += f64::from(partial));
            });
        };
        add(&mut self.products, stored);
        add(&mut self.cross, real);
    }
}

//! [`Lattice`]: integers for the weights of one output, so that the output is as near as possible to what it was.
//!
//! What weights `w` lose when they become `q` is `(w - q)^T H (w - q)` on inputs with the products `H`. To find the `q` of
//! the least loss is the closest vector problem, which is hard. Rounding one weight after the other, and giving the error
//! of each to those that follow in proportion to how they belong together, is Babai's nearest plane, known in this
//! use as OPTQ or GPTQ (Frantar et al. 2023). Single weights are then moved as long as that helps, from there and from
//! the weights rounded to the nearest; the better end is taken. So it is never worse than rounding to the nearest.

/// Added to the diagonal as a share of its mean, so that the factors exist whatever the inputs were.
const DAMPING: f64 = 0.01;

/// How often all weights are tried again.
const SWEEPS: usize = 20;

/// The products of inputs, with their factors.
#[derive(Clone, Debug)]
pub struct Lattice<'p> {
    products: &'p [f64],
    columns: usize,
    /// The order in which weights are rounded: those that matter most first, so that most others make up for them.
    order: Vec<usize>,
    /// Upper triangular with ones on the diagonal, in that order: damped products are `U D U^T`.
    upper: Vec<f64>,
    diagonal: Vec<f64>,
}

/// Integers, and the loss with them.
#[derive(Clone, Debug, PartialEq)]
pub struct Rounded {
    /// One for each weight.
    pub integers: Vec<i32>,
    /// The mean squared error of the output.
    pub loss: f64,
}

impl<'p> Lattice<'p> {
    /// The lattice of weights whose inputs have these products: a symmetric matrix of `columns` rows.
    pub fn new(products: &'p [f64], columns: usize) -> Self {
        let at = |row: usize, column: usize| products[row * columns + column];
        let mut order: Vec<usize> = (0..columns).collect();
        order.sort_by(|&a, &b| at(b, b).total_cmp(&at(a, a)));
        let mean = (0..columns).map(|index| at(index, index)).sum::<f64>() / columns.max(1) as f64;
        let damping = (DAMPING * mean).max(f64::MIN_POSITIVE);
        let mut upper = vec![0.0; columns * columns];
        let mut diagonal = vec![0.0; columns];
        for j in (0..columns).rev() {
            let (before, rest) = upper.split_at_mut(j * columns);
            let row_j = &mut rest[..columns];
            let pivot = at(order[j], order[j]) + damping
                - (j + 1..columns).map(|k| row_j[k] * row_j[k] * diagonal[k]).sum::<f64>();
            // Damping keeps pivots above zero, but for rounding.
            diagonal[j] = pivot.max(damping * 1e-6);
            row_j[j] = 1.0;
            let weighted: Vec<f64> = (j + 1..columns).map(|k| row_j[k] * diagonal[k]).collect();
            for (i, row_i) in before.chunks_exact_mut(columns).enumerate() {
                let known: f64 = row_i[j + 1..].iter().zip(&weighted).map(|(a, b)| a * b).sum();
                row_i[j] = (at(order[i], order[j]) - known) / diagonal[j];
            }
        }
        Self { products, columns, order, upper, diagonal }
    }

    /// `x` with `(H + damping) x = y`.
    pub fn solve(&self, y: &[f64]) -> Vec<f64> {
        let columns = self.columns;
        let mut x: Vec<f64> = self.order.iter().map(|&index| y[index]).collect();
        for i in (0..columns).rev() {
            let known: f64 = (i + 1..columns).map(|k| self.upper[i * columns + k] * x[k]).sum();
            x[i] -= known;
        }
        x.iter_mut().zip(&self.diagonal).for_each(|(x, d)| *x /= d);
        for i in 0..columns {
            let (value, row) = (x[i], &self.upper[i * columns..][..columns]);
            (i + 1..columns).for_each(|k| x[k] -= row[k] * value);
        }
        let mut solution = vec![0.0; columns];
        self.order.iter().zip(x).for_each(|(&index, x)| solution[index] = x);
        solution
    }

    /// Weights as integers between `least` and `most`, times `step`.
    pub fn round(&self, weights: &[f64], step: f64, (least, most): (i32, i32)) -> Rounded {
        let (low, high) = (f64::from(least), f64::from(most));
        let nearest = |weight: f64| (weight / step).round_ties_even().clamp(low, high);
        let mut planes = vec![0.0; self.columns];
        let mut carried = vec![0.0; self.columns];
        for (place, &index) in self.order.iter().enumerate() {
            planes[index] = nearest(weights[index] + carried[place]);
            let error = weights[index] - planes[index] * step;
            let row = &self.upper[place * self.columns..][..self.columns];
            carried[place + 1..].iter_mut().zip(&row[place + 1..]).for_each(|(sum, u)| *sum += u * error);
        }
        let starts = [planes, weights.iter().map(|&weight| nearest(weight)).collect()];
        let [a, b] = starts.map(|start| self.descend(weights, start, step, (low, high)));
        if b.loss < a.loss { b } else { a }
    }

    /// Moves single weights as long as the loss becomes less.
    fn descend(&self, weights: &[f64], mut integers: Vec<f64>, step: f64, (low, high): (f64, f64)) -> Rounded {
        let row = |index: usize| &self.products[index * self.columns..][..self.columns];
        let mut errors: Vec<f64> = weights.iter().zip(&integers).map(|(weight, q)| weight - q * step).collect();
        let mut slopes = vec![0.0; self.columns];
        for (index, &error) in errors.iter().enumerate() {
            slopes.iter_mut().zip(row(index)).for_each(|(slope, product)| *slope += product * error);
        }
        for _ in 0..SWEEPS {
            let mut moved = false;
            for index in 0..self.columns {
                let curvature = row(index)[index];
                if curvature <= 0.0 {
                    continue;
                }
                let best = (integers[index] + slopes[index] / (curvature * step)).round().clamp(low, high);
                let change = (best - integers[index]) * step;
                // What moving it takes away from the loss.
                if change * (2.0 * slopes[index] - change * curvature) > 1e-12 * curvature * step * step {
                    integers[index] = best;
                    errors[index] -= change;
                    slopes.iter_mut().zip(row(index)).for_each(|(slope, product)| *slope -= product * change);
                    moved = true;
                }
            }
            if !moved {
                break;
            }
        }
        let loss = errors.iter().zip(&slopes).map(|(error, slope)| error * slope).sum::<f64>().max(0.0);
        Rounded { integers: integers.into_iter().map(|integer| integer as i32).collect(), loss }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The products of a few vectors.
    fn products(vectors: &[Vec<f64>], columns: usize) -> Vec<f64> {
        let mut sums = vec![0.0; columns * columns];
        for vector in vectors {
            for (row, a) in vector.iter().enumerate() {
                vector.iter().enumerate().for_each(|(column, b)| sums[row * columns + column] += a * b);
            }
        }
        sums
    }

    /// The loss on the vectors themselves.
    fn loss(vectors: &[Vec<f64>], weights: &[f64], integers: &[f64], step: f64) -> f64 {
        let output = |vector: &Vec<f64>| -> f64 {
            vector.iter().zip(weights).zip(integers).map(|((x, w), q)| x * (w - q * step)).sum()
        };
        vectors.iter().map(|vector| output(vector).powi(2)).sum()
    }

    fn vectors(count: usize) -> impl Strategy<Value = (Vec<f64>, Vec<Vec<f64>>)> {
        let vector = || prop::collection::vec(-1.0f64..1.0, 5);
        (vector(), prop::collection::vec(vector(), 0..count))
    }

    proptest! {
        #[test]
        fn it_is_never_worse_than_the_nearest((weights, vectors) in vectors(12), step in 0.1f64..1.0) {
            let products = products(&vectors, 5);
            let found = Lattice::new(&products, 5).round(&weights, step, (-2, 1));
            prop_assert!(found.integers.iter().all(|integer| (-2..=1).contains(integer)));
            let real: Vec<f64> = found.integers.iter().map(|&integer| f64::from(integer)).collect();
            let nearest: Vec<f64> = weights.iter().map(|w| (w / step).round_ties_even().clamp(-2.0, 1.0)).collect();
            let [found_loss, nearest_loss] = [&real, &nearest].map(|q| loss(&vectors, &weights, q, step));
            prop_assert!(found_loss <= nearest_loss + 1e-9, "{} but {}", found_loss, nearest_loss);
            prop_assert!((found.loss - found_loss).abs() < 1e-9);
        }

        #[test]
        fn solutions_solve((weights, vectors) in vectors(12)) {
            let products = products(&vectors, 5);
            let found = Lattice::new(&products, 5).solve(&weights);
            let trace: f64 = (0..5).map(|index| products[index * 6]).sum();
            for row in 0..5 {
                let product: f64 = (0..5).map(|column| products[row * 5 + column] * found[column]).sum();
                let damped = product + found[row] * (DAMPING * trace / 5.0).max(f64::MIN_POSITIVE);
                prop_assert!(vectors.is_empty() || (damped - weights[row]).abs() < 1e-6);
            }
        }
    }

    /// Two inputs that are always equal: what one weight loses the other gains.
    #[test]
    fn errors_cancel() {
        let vectors = [vec![1.0, 1.0, 0.0], vec![0.0, 0.0, 1.0]];
        let found = Lattice::new(&products(&vectors, 3), 3).round(&[0.4, 0.4, 1.4], 1.0, (-8, 7));
        assert_eq!(found.integers.iter().take(2).sum::<i32>(), 1);
        assert_eq!(found.integers[2], 1);
        assert!((found.loss - (0.04 + 0.16)).abs() < 1e-12);
    }
}

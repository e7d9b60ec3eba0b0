//! [`Statistics`]: what calibration keeps of all values that a variable had.

use super::histogram::Histogram;
use super::sizes::Sizes;

/// The values that a variable had, in constant memory.
#[derive(Clone, Debug, PartialEq)]
pub struct Statistics {
    /// How often values of each size occurred.
    pub histogram: Histogram,
    /// The moments of each channel.
    pub channels: Vec<Moments>,
    /// How often values of each magnitude occurred in each channel.
    pub sizes: Vec<Sizes>,
    /// Values of a channel that lie next to each other.
    run: usize,
}

/// Count, range, sum and sum of squares of some values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moments {
    /// How many finite values there were.
    pub count: u64,
    /// The least.
    pub min: f32,
    /// The greatest.
    pub max: f32,
    /// Their sum.
    pub sum: f64,
    /// The sum of their squares.
    pub squares: f64,
}

impl Default for Moments {
    fn default() -> Self {
        Self { count: 0, min: f32::INFINITY, max: f32::NEG_INFINITY, sum: 0.0, squares: 0.0 }
    }
}

impl Moments {
    /// Adds values; those that are no finite numbers are left out.
    pub fn add(&mut self, values: &[f32]) {
        for &value in values.iter().filter(|value| value.is_finite()) {
            self.count += 1;
            self.min = self.min.min(value);
            self.max = self.max.max(value);
            self.sum += f64::from(value);
            self.squares += f64::from(value) * f64::from(value);
        }
    }

    /// Adds all values that `other` has seen.
    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.sum += other.sum;
        self.squares += other.squares;
    }

    /// The mean; zero if there were no values.
    pub fn mean(&self) -> f64 {
        if self.count == 0 { 0.0 } else { self.sum / self.count as f64 }
    }

    /// The mean of the squares; zero if there were no values.
    pub fn power(&self) -> f64 {
        if self.count == 0 { 0.0 } else { self.squares / self.count as f64 }
    }

    /// The mean squared difference from the mean.
    pub fn variance(&self) -> f64 {
        (self.power() - self.mean() * self.mean()).max(0.0)
    }

    /// The largest magnitude; zero if there were no values.
    pub fn largest(&self) -> f32 {
        if self.count == 0 { 0.0 } else { self.max.max(-self.min) }
    }
}

impl Statistics {
    /// Nothing yet of a variable with `channels` channels, of which `run` values lie next to each other.
    pub fn new(channels: usize, run: usize) -> Self {
        let channels = channels.max(1);
        Self {
            histogram: Histogram::default(),
            channels: vec![Moments::default(); channels],
            sizes: vec![Sizes::default(); channels],
            run: run.max(1),
        }
    }

    /// Adds all values that the variable has at one time.
    pub fn add(&mut self, values: &[f32]) {
        self.histogram.add(values);
        let count = self.channels.len();
        for (index, run) in values.chunks(self.run).enumerate() {
            self.channels[index % count].add(run);
            self.sizes[index % count].add(run);
        }
    }

    /// Adds all values that `other`, of the same variable, has seen.
    pub fn merge(&mut self, other: &Self) {
        self.histogram.merge(&other.histogram);
        for (channel, other) in self.channels.iter_mut().zip(&other.channels) {
            channel.merge(other);
        }
        for (sizes, other) in self.sizes.iter_mut().zip(&other.sizes) {
            sizes.merge(other);
        }
    }

    /// The moments of all channels together.
    pub fn whole(&self) -> Moments {
        let mut whole = Moments::default();
        self.channels.iter().for_each(|channel| whole.merge(channel));
        whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_kept_apart_wherever_they_lie() {
        // Two channels of three values, first one behind the other, then in turn.
        let values = [1.0, 2.0, 3.0, -4.0, 0.0, 1.0];
        let mut planes = Statistics::new(2, 3);
        planes.add(&values);
        planes.add(&values);
        let mut interleaved = Statistics::new(2, 1);
        interleaved.add(&[1.0, -4.0, 2.0, 0.0, 3.0, 1.0]);
        interleaved.add(&[1.0, -4.0, 2.0, 0.0, 3.0, 1.0]);
        assert_eq!(planes.channels, interleaved.channels);
        let [a, b] = [planes.channels[0], planes.channels[1]];
        assert_eq!((a.count, a.min, a.max, a.mean()), (6, 1.0, 3.0, 2.0));
        assert_eq!((b.largest(), b.power()), (4.0, 17.0 / 3.0));
        assert_eq!((planes.whole().count, planes.whole().sum), (12, 6.0));
    }

    #[test]
    fn nothing_seen_is_zero() {
        let none = Statistics::new(3, 1).whole();
        assert_eq!((none.mean(), none.power(), none.variance(), none.largest()), (0.0, 0.0, 0.0, 0.0));
    }
}

//! Samples of noise: numbers of no meaning for a network whose data is not at hand.

use std::borrow::Cow;
use std::path::PathBuf;

use crate::dataset::{Contents, Targets};
use crate::sample::{Sample, Source, element_count};
use crate::subset::split_mix;
use crate::{DataError, Dataset, Kind};

struct Noise {
    seed: u64,
    items: usize,
}

impl Source for Noise {
    fn sample(&self, index: usize) -> Result<Sample<'_>, DataError> {
        // Seeds of neighbours are far from each other.
        let mut state = self.seed ^ split_mix(&mut (index as u64));
        // The upper 24 bits, which a float holds.
        let uniform = |_| (split_mix(&mut state) >> 40) as f32 / (1 << 24) as f32;
        Ok(Sample::Values(Cow::Owned((0..self.items).map(uniform).collect())))
    }
}

impl Dataset {
    /// `len` samples of `shape` without targets, of numbers that are equally likely anywhere from 0 to 1: the same for the same
    /// `seed` on every machine. [`Preprocess::Normalize`](crate::Preprocess::Normalize) brings them to other ranges.
    ///
    /// # Errors
    /// Fails if the shape has more values than the address space.
    pub fn noise(shape: &[usize], len: usize, seed: u64) -> Result<Self, DataError> {
        let origin = PathBuf::from("noise");
        let items =
            element_count(shape).ok_or_else(|| DataError::malformed(&origin, "has samples that are too large"))?;
        Ok(Dataset::new(Contents {
            kind: Kind::Noise,
            origin,
            len,
            shape: shape.to_vec(),
            source: Box::new(Noise { seed, items }),
            targets: Targets::None,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(dataset: &Dataset, index: usize) -> Vec<f32> {
        match dataset.sample(index).expect("a sample") {
            Sample::Values(values) => values.into_owned(),
            Sample::Pixels { .. } => panic!("numbers expected"),
        }
    }

    #[test]
    fn noise_fills_its_range_and_depends_on_its_seed() {
        let noise = Dataset::noise(&[2, 50], 100, 1).expect("a small shape");
        let all: Vec<f32> = (0..noise.len()).flat_map(|index| values(&noise, index)).collect();
        assert_eq!(all.len(), 10_000);
        assert!(all.iter().all(|value| (0.0..1.0).contains(value)));
        let mean = all.iter().sum::<f32>() / 1e4;
        let quarter = all.iter().filter(|value| **value < 0.25).count();
        assert!((mean - 0.5).abs() < 0.01 && (2_350..2_650).contains(&quarter), "{mean} {quarter}");
        let other = Dataset::noise(&[2, 50], 100, 2).expect("a small shape");
        assert_eq!(values(&noise, 7), values(&noise.clone(), 7));
        assert_ne!(values(&noise, 7), values(&noise, 8));
        assert_ne!(values(&noise, 7), values(&other, 7));
    }
}

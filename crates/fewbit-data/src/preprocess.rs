//! How pixels and numbers become the floats a network was trained on.

use std::fmt;
use std::str::FromStr;

use crate::DataError;

/// The smallest standard deviation that [`Preprocess::Standardize`] divides by, so that a sample of one colour gives
/// zeros.
const SMALLEST_DEVIATION: f64 = 1e-5;

/// How the values of a sample become the floats a network takes.
///
/// Pixels are integers 0 to 255. Values that were floats to begin with (CSV and NPY cells) are taken to be on the scale
/// the network knows already: `Unit` leaves them as they are and `Normalize` does not divide them by 255 first.
///
/// Parsed from and printed as the text of `--preprocess`.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Preprocess {
    /// `standardize`: subtract the sample's mean over all its values, divide by their standard deviation (of the
    /// population, and at least 1e-5). Computed on the scale of the pixels, 0 to 255.
    #[default]
    Standardize,
    /// `unit`: pixels divided by 255.
    Unit,
    /// `raw`: pixels as the floats 0 to 255.
    Raw,
    /// `mean=M[,M..],std=S[,S..]`: `(pixel / 255 - mean) / std`, with one number for all channels or one a channel.
    Normalize {
        /// Means on the scale 0 to 1.
        mean: Vec<f32>,
        /// Standard deviations on the scale 0 to 1, all positive.
        std: Vec<f32>,
    },
}

impl Preprocess {
    /// Checks that a sample of `channels` channels can be preprocessed so.
    pub(crate) fn check(&self, channels: usize) -> Result<(), DataError> {
        let Preprocess::Normalize { mean, std } = self else {
            return Ok(());
        };
        for (what, numbers) in [("mean", mean), ("std", std)] {
            if numbers.len() != 1 && numbers.len() != channels {
                let problem = format!("{what} has {} numbers where the input has {channels} channels", numbers.len());
                return Err(DataError::Preprocess { text: self.to_string(), problem });
            }
        }
        Ok(())
    }

    /// Writes the preprocessed `values` to `out`, which has their length.
    ///
    /// `full` is the value that stands for 1 on the unit scale: 255 for pixels, 1 for floats.
    pub(crate) fn apply<T: Copy + Into<f64>>(&self, values: &[T], channels: usize, full: f64, out: &mut [f32]) {
        match self {
            Preprocess::Raw => scale(values, 0.0, 1.0, out),
            Preprocess::Unit => scale(values, 0.0, full, out),
            Preprocess::Standardize => {
                let (mean, deviation) = statistics(values);
                scale(values, mean, deviation.max(SMALLEST_DEVIATION), out);
            }
            Preprocess::Normalize { mean, std } => {
                let plane = (values.len() / channels.max(1)).max(1);
                let planes = values.chunks(plane).zip(out.chunks_mut(plane));
                // `cycle` gives every channel the same number where there is only one.
                for ((values, out), (&mean, &std)) in planes.zip(mean.iter().cycle().zip(std.iter().cycle())) {
                    scale(values, f64::from(mean) * full, f64::from(std) * full, out);
                }
            }
        }
    }
}

/// `(value - shift) / divisor`, in double precision so that the result is the nearest float.
fn scale<T: Copy + Into<f64>>(values: &[T], shift: f64, divisor: f64, out: &mut [f32]) {
    for (out, &value) in out.iter_mut().zip(values) {
        *out = ((value.into() - shift) / divisor) as f32;
    }
}

/// Mean and standard deviation (of the population).
fn statistics<T: Copy + Into<f64>>(values: &[T]) -> (f64, f64) {
    let count = values.len().max(1) as f64;
    let mean = values.iter().map(|&value| value.into()).sum::<f64>() / count;
    let variance = values.iter().map(|&value| (value.into() - mean).powi(2)).sum::<f64>() / count;
    (mean, variance.sqrt())
}

impl fmt::Display for Preprocess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Preprocess::Standardize => f.write_str("standardize"),
            Preprocess::Unit => f.write_str("unit"),
            Preprocess::Raw => f.write_str("raw"),
            Preprocess::Normalize { mean, std } => {
                let list = |numbers: &[f32]| numbers.iter().map(f32::to_string).collect::<Vec<_>>().join(",");
                write!(f, "mean={},std={}", list(mean), list(std))
            }
        }
    }
}

impl FromStr for Preprocess {
    type Err = DataError;

    fn from_str(text: &str) -> Result<Self, DataError> {
        match text.trim() {
            "standardize" => Ok(Preprocess::Standardize),
            "unit" => Ok(Preprocess::Unit),
            "raw" => Ok(Preprocess::Raw),
            other => parse_normalize(other).map_err(|problem| DataError::Preprocess { text: text.to_owned(), problem }),
        }
    }
}

/// Parses `mean=..,std=..` in either order.
fn parse_normalize(text: &str) -> Result<Preprocess, String> {
    let mut mean = Vec::new();
    let mut std = Vec::new();
    let mut current: Option<&mut Vec<f32>> = None;
    for item in text.split(',') {
        let number = match item.trim().split_once('=') {
            Some((key, number)) => {
                let list = match key.trim() {
                    "mean" => &mut mean,
                    "std" => &mut std,
                    other => return Err(format!("`{other}` is not known")),
                };
                if !list.is_empty() {
                    return Err(format!("`{}` is given twice", key.trim()));
                }
                current = Some(list);
                number.trim()
            }
            None => item.trim(),
        };
        let list = current.as_mut().ok_or_else(|| format!("`{text}` is not known"))?;
        match number.parse::<f32>() {
            Ok(value) if value.is_finite() => list.push(value),
            _ => return Err(format!("`{number}` is not a number")),
        }
    }
    if mean.is_empty() || std.is_empty() {
        return Err("both mean and std are needed".to_owned());
    }
    if let Some(&value) = std.iter().find(|&&value| value <= 0.0) {
        return Err(format!("a std of {value} is not positive"));
    }
    Ok(Preprocess::Normalize { mean, std })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn apply(preprocess: &Preprocess, pixels: &[u8], channels: usize) -> Vec<f32> {
        let mut out = vec![f32::NAN; pixels.len()];
        preprocess.apply(pixels, channels, 255.0, &mut out);
        out
    }

    #[test]
    fn standardize_uses_the_population_over_the_whole_image() {
        // Mean 3, variance ((-2)^2 + 0 + 0 + 2^2) / 4 = 2.
        let out = apply(&Preprocess::Standardize, &[1, 3, 3, 5], 2);
        let edge = std::f32::consts::SQRT_2;
        assert_eq!(out, [-edge, 0.0, 0.0, edge]);
    }

    #[test]
    fn standardize_gives_zeros_for_one_colour() {
        assert_eq!(apply(&Preprocess::Standardize, &[77; 12], 3), [0.0; 12]);
    }

    #[test]
    fn unit_and_raw_keep_their_scales() {
        assert_eq!(apply(&Preprocess::Unit, &[0, 51, 255], 1), [0.0, 0.2, 1.0]);
        assert_eq!(apply(&Preprocess::Raw, &[0, 51, 255], 1), [0.0, 51.0, 255.0]);
    }

    #[test]
    fn normalize_works_a_channel_on_the_unit_scale() {
        let preprocess: Preprocess = "mean=0,0.5,std=1,0.25".parse().unwrap();
        assert_eq!(apply(&preprocess, &[0, 255, 0, 255], 2), [0.0, 1.0, -2.0, 2.0]);
        let shared: Preprocess = "std=0.5,mean=0.5".parse().unwrap();
        assert_eq!(apply(&shared, &[0, 255, 0, 255], 2), [-1.0, 1.0, -1.0, 1.0]);
    }

    #[test]
    fn floats_are_on_the_unit_scale_already() {
        let mut out = [0.0; 2];
        Preprocess::Unit.apply(&[0.25_f32, 3.0], 1, 1.0, &mut out);
        assert_eq!(out, [0.25, 3.0]);
    }

    #[test]
    fn bad_texts_say_what_is_wrong() {
        for (text, part) in [
            ("", "`` is not known"),
            ("standardise", "`standardise` is not known"),
            ("mean=0.5", "both mean and std"),
            ("mean=a,std=1", "`a` is not a number"),
            ("mean=nan,std=1", "`nan` is not a number"),
            ("mean=0,std=0", "not positive"),
            ("mean=0,mean=1,std=1", "given twice"),
            ("mean=0,std=1,", "`` is not a number"),
            ("mean=0,var=1", "`var` is not known"),
        ] {
            let message = text.parse::<Preprocess>().unwrap_err().to_string();
            assert!(message.contains(part), "{text}: {message}");
        }
    }

    #[test]
    fn the_number_of_channels_is_checked() {
        let preprocess: Preprocess = "mean=0,0,0,std=1".parse().unwrap();
        assert!(preprocess.check(3).is_ok());
        let message = preprocess.check(1).unwrap_err().to_string();
        assert!(message.contains("mean has 3 numbers where the input has 1 channels"), "{message}");
    }

    fn any_preprocess() -> impl Strategy<Value = Preprocess> {
        let numbers = |range| prop::collection::vec(range, 1..5);
        prop_oneof![
            Just(Preprocess::Standardize),
            Just(Preprocess::Unit),
            Just(Preprocess::Raw),
            (numbers(-1e6_f32..1e6), numbers(1e-6_f32..1e6))
                .prop_map(|(mean, std)| Preprocess::Normalize { mean, std }),
        ]
    }

    proptest! {
        #[test]
        fn the_text_round_trips(preprocess in any_preprocess()) {
            prop_assert_eq!(preprocess.to_string().parse::<Preprocess>().unwrap(), preprocess);
        }

        #[test]
        fn any_text_parses_or_fails_without_panic(text in ".*") {
            let _ = text.parse::<Preprocess>();
        }

        #[test]
        fn standardized_samples_have_mean_0_and_deviation_1(pixels in prop::collection::vec(any::<u8>(), 2..300)) {
            prop_assume!(pixels.iter().any(|&pixel| pixel != pixels[0]));
            let (mean, deviation) = statistics(&apply(&Preprocess::Standardize, &pixels, 1));
            prop_assert!(mean.abs() < 1e-5 && (deviation - 1.0).abs() < 1e-5);
        }
    }
}

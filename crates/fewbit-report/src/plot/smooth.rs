//! [`smoothed`]: a curve without its noise.

/// The share of a curve's extent over which values are averaged: the standard deviation of the weights.
const SPREAD: f64 = 0.02;

/// Weights beyond so many standard deviations do not count.
const REACH: f64 = 3.0;

/// The mean around each point, weighted by a Gaussian of the distance.
///
/// Unlike a running mean over the past it does not lag behind. Values that are not numbers stay as they are and do not
/// count. Points must be in order.
pub fn smoothed(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let extent = points.last().zip(points.first()).map_or(0.0, |(last, first)| last.0 - first.0);
    let spread = extent * SPREAD;
    let mean = |index: usize, (at, value): (f64, f64)| {
        if !value.is_finite() || spread.is_nan() || spread <= 0.0 {
            return value;
        }
        let near = |point: &&(f64, f64)| (point.0 - at).abs() <= spread * REACH;
        let around = points[..index].iter().rev().take_while(near).chain(points[index..].iter().take_while(near));
        let mut sums = (0.0, 0.0);
        for (place, value) in around.filter(|(_, value)| value.is_finite()) {
            let distance = (place - at) / spread;
            let weight = (-0.5 * distance * distance).exp();
            sums = (sums.0 + weight * value, sums.1 + weight);
        }
        sums.0 / sums.1
    };
    points.iter().enumerate().map(|(index, &point)| (point.0, mean(index, point))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_goes_and_the_course_stays() {
        let noisy: Vec<(f64, f64)> = (0..1_000)
            .map(|index| (f64::from(index), f64::from(index) + if index % 2 == 0 { 5.0 } else { -5.0 }))
            .collect();
        let smooth = smoothed(&noisy);
        assert_eq!(smooth.len(), noisy.len());
        for (x, y) in &smooth[100..900] {
            assert!((x - y).abs() < 0.1, "{y} at {x}");
        }
    }

    #[test]
    fn gaps_stay_gaps() {
        let points: Vec<(f64, f64)> = (0..100).map(|x| (f64::from(x), if x == 50 { f64::NAN } else { 2.0 })).collect();
        let smooth = smoothed(&points);
        assert!(smooth[50].1.is_nan());
        assert!(smooth.iter().enumerate().all(|(index, point)| index == 50 || (point.1 - 2.0).abs() < 1e-9));
        assert_eq!(smoothed(&[(0.0, 3.0)]), [(0.0, 3.0)]);
        assert_eq!(smoothed(&[]), []);
    }
}

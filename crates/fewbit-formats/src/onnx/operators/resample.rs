//! How the values along an axis of another size are made of those of the old one.
//!
//! Every interpolation is linear in the values: each place of the new axis is a weighted sum of a few places of the old
//! one, its taps. Formulas are those of ONNX's specification of `Resize`.

/// How places of the new axis lie on the old one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Coordinates {
    /// Places are areas, with their centres at halves.
    HalfPixel,
    /// The same, around the middle of the axis where its extent was rounded.
    HalfPixelSymmetric,
    /// The same, but an axis with a single place takes the first.
    PytorchHalfPixel,
    /// The first and the last places coincide.
    AlignCorners,
    /// The first places coincide.
    Asymmetric,
    /// The ends of areas, without going back to their centres.
    TfHalfPixelForNn,
    /// The part of the old axis between two ends, which are given relative to its extent.
    Crop {
        /// Where the part begins.
        start: f64,
        /// Where it ends.
        end: f64,
    },
}

/// Which place counts as the nearest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nearest {
    RoundPreferFloor,
    RoundPreferCeil,
    Floor,
    Ceil,
}

/// How values between places are found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kernel {
    Nearest(Nearest),
    Linear,
    /// Keys 1981, "Cubic Convolution Interpolation for Digital Image Processing", with his parameter `a`.
    Cubic(f64),
}

/// A new extent of an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Resample {
    pub(super) from: usize,
    pub(super) to: usize,
    /// The new extent by the old one, before it was rounded.
    pub(super) scale: f64,
    pub(super) coordinates: Coordinates,
    pub(super) kernel: Kernel,
    /// Whether the kernel is widened where the axis shrinks, so that every old place counts.
    pub(super) antialias: bool,
    /// Whether places beyond the border count for nothing, instead of as the one at the border.
    pub(super) exclude_outside: bool,
}

/// The places of the old axis that a place of the new one is made of, with their weights.
pub(super) type Taps = Vec<(usize, f64)>;

impl Resample {
    /// The taps of each new place; none for a place that lies outside of a crop.
    pub(super) fn taps(&self) -> Vec<Taps> {
        (0..self.to).map(|place| self.taps_at(self.position(place as f64))).collect()
    }

    /// Where a new place lies on the old axis.
    fn position(&self, place: f64) -> f64 {
        let (from, to, scale) = (self.from as f64, self.to as f64, self.scale);
        let half_pixel = (place + 0.5) / scale - 0.5;
        match self.coordinates {
            Coordinates::HalfPixel => half_pixel,
            Coordinates::HalfPixelSymmetric => {
                let adjustment = to / (scale * from);
                from / 2.0 * (1.0 - adjustment) + half_pixel
            }
            Coordinates::PytorchHalfPixel if self.to == 1 => 0.0,
            Coordinates::PytorchHalfPixel => half_pixel,
            Coordinates::AlignCorners if self.to == 1 => 0.0,
            Coordinates::AlignCorners => place * (from - 1.0) / (to - 1.0),
            Coordinates::Asymmetric => place / scale,
            Coordinates::TfHalfPixelForNn => (place + 0.5) / scale,
            Coordinates::Crop { start, end } if self.to == 1 => 0.5 * (start + end) * (from - 1.0),
            Coordinates::Crop { start, end } => (start + place * (end - start) / (to - 1.0)) * (from - 1.0),
        }
    }

    fn taps_at(&self, position: f64) -> Taps {
        let last = self.from as f64 - 1.0;
        if matches!(self.coordinates, Coordinates::Crop { .. }) && !(0.0..=last).contains(&position) {
            return Taps::new();
        }
        // Beyond the border stands the value at the border.
        let inside = |place: f64| place.clamp(0.0, last.max(0.0)) as usize;
        let reach = match self.kernel {
            Kernel::Nearest(nearest) => return vec![(inside(nearest.of(position)), 1.0)],
            Kernel::Linear => 1.0,
            Kernel::Cubic(_) => 2.0,
        };
        let squeeze = if self.antialias { self.scale.min(1.0) } else { 1.0 };
        let first = (position - reach / squeeze).floor() as i64;
        let beyond = (position + reach / squeeze).ceil() as i64;
        let mut taps = Taps::new();
        for place in first..=beyond {
            let weight = self.weight((place as f64 - position) * squeeze);
            let outside = place < 0 || place as f64 > last;
            if weight == 0.0 || (outside && self.exclude_outside) {
                continue;
            }
            let place = inside(place as f64);
            match taps.iter_mut().find(|(known, _)| *known == place) {
                Some((_, known)) => *known += weight,
                None => taps.push((place, weight)),
            }
        }
        let sum: f64 = taps.iter().map(|(_, weight)| weight).sum();
        if self.antialias || self.exclude_outside {
            taps.iter_mut().for_each(|(_, weight)| *weight /= sum);
        }
        taps
    }

    /// The weight of a value at a distance.
    fn weight(&self, distance: f64) -> f64 {
        let size = distance.abs();
        match self.kernel {
            Kernel::Nearest(_) => 1.0,
            Kernel::Linear => (1.0 - size).max(0.0),
            Kernel::Cubic(a) if size <= 1.0 => ((a + 2.0) * size - (a + 3.0)) * size * size + 1.0,
            Kernel::Cubic(a) if size < 2.0 => ((size - 5.0) * size + 8.0) * size * a - 4.0 * a,
            Kernel::Cubic(_) => 0.0,
        }
    }
}

impl Nearest {
    fn of(self, position: f64) -> f64 {
        match self {
            Self::RoundPreferFloor => (position - 0.5).ceil(),
            Self::RoundPreferCeil => (position + 0.5).floor(),
            Self::Floor => position.floor(),
            Self::Ceil => position.ceil(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resample(from: usize, to: usize, kernel: Kernel) -> Resample {
        Resample {
            from,
            to,
            scale: to as f64 / from as f64,
            coordinates: Coordinates::HalfPixel,
            kernel,
            antialias: false,
            exclude_outside: false,
        }
    }

    #[test]
    fn weights_of_a_place_sum_to_one() {
        for kernel in [Kernel::Linear, Kernel::Cubic(-0.75), Kernel::Nearest(Nearest::RoundPreferFloor)] {
            for (from, to) in [(4, 8), (7, 3), (1, 5), (5, 1), (6, 6)] {
                for antialias in [false, true] {
                    for exclude_outside in [false, true] {
                        let resample = Resample { antialias, exclude_outside, ..resample(from, to, kernel) };
                        for taps in resample.taps() {
                            let sum: f64 = taps.iter().map(|(_, weight)| weight).sum();
                            assert!((sum - 1.0).abs() < 1e-9, "{resample:?}: {taps:?}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn halves_go_where_the_mode_says() {
        let of = |nearest: Nearest| nearest.of(1.5);
        assert_eq!(of(Nearest::RoundPreferFloor), 1.0);
        assert_eq!(of(Nearest::RoundPreferCeil), 2.0);
        assert_eq!(of(Nearest::Floor), 1.0);
        assert_eq!(of(Nearest::Ceil), 2.0);
    }
}

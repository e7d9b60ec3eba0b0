//! [`widen`]: which buffers may be wide, so that most is gained and the arena still fits.
//!
//! Memory is no sum, as flash is: only buffers that are in use at the fullest moments count, and which moments those are
//! changes with every choice. So whether a choice fits is asked of the planner itself. A search over all choices (branch
//! and bound) leaves out what cannot fit any more and what cannot become better than the best so far; where everything
//! left fits together, as most buffers of a network do, it is taken at once.

/// Which buffers are wide, and what that gains.
#[derive(Clone, Debug, PartialEq)]
pub struct Widened {
    /// For each buffer whether it is wide.
    pub wide: Vec<bool>,
    /// What all wide ones gain together.
    pub gain: f64,
    /// No choice that fits gains more: the same as `gain`, but for a search that was cut short.
    pub bound: f64,
}

/// How often the planner is asked before the best so far is taken.
const MOST_QUESTIONS: usize = 3000;

/// The choice of the most gain that `fits`. `gains` are what each buffer gains when it is wide. What fits must still fit
/// with fewer wide ones; that none are wide is taken to fit.
pub fn widen(gains: &[f64], fits: impl FnMut(&[bool]) -> bool) -> Widened {
    let mut order: Vec<usize> = (0..gains.len()).filter(|&index| gains[index] > 0.0).collect();
    order.sort_by(|&a, &b| gains[b].total_cmp(&gains[a]));
    let best = Widened { wide: vec![false; gains.len()], gain: 0.0, bound: 0.0 };
    let mut search = Search { gains, fits, best, questions: 0, left_out: 0.0 };
    search.visit(&mut vec![false; gains.len()], 0.0, &order);
    let Search { best, left_out, .. } = search;
    Widened { bound: best.gain.max(left_out), ..best }
}

struct Search<'g, F> {
    gains: &'g [f64],
    fits: F,
    best: Widened,
    questions: usize,
    /// The most that branches which were not searched could gain.
    left_out: f64,
}

impl<F: FnMut(&[bool]) -> bool> Search<'_, F> {
    fn ask(&mut self, wide: &[bool]) -> bool {
        self.questions += 1;
        (self.fits)(wide)
    }

    /// Searches the choices that extend `wide`, which fits and gains `gain`, by some of `rest`.
    fn visit(&mut self, wide: &mut Vec<bool>, gain: f64, rest: &[usize]) {
        if gain > self.best.gain {
            self.best = Widened { wide: wide.clone(), gain, bound: 0.0 };
        }
        let sum = |rest: &[usize], gains: &[f64]| rest.iter().map(|&index| gains[index]).sum::<f64>();
        let mut bound = gain + sum(rest, self.gains);
        if bound <= self.best.gain {
            return;
        }
        if self.questions >= MOST_QUESTIONS {
            self.left_out = self.left_out.max(bound);
            return;
        }
        let set =
            |wide: &mut Vec<bool>, rest: &[usize], value: bool| rest.iter().for_each(|&index| wide[index] = value);
        set(wide, rest, true);
        let all = self.ask(wide);
        if all {
            self.best = Widened { wide: wide.clone(), gain: bound, bound: 0.0 };
        }
        set(wide, rest, false);
        if all {
            return;
        }
        let mut possible = Vec::new();
        for &index in rest {
            wide[index] = true;
            if self.ask(wide) {
                possible.push(index);
            }
            wide[index] = false;
        }
        bound = gain + sum(&possible, self.gains);
        if bound <= self.best.gain {
            return;
        }
        if let Some((&first, rest)) = possible.split_first() {
            wide[first] = true;
            self.visit(wide, gain + self.gains[first], rest);
            wide[first] = false;
            self.visit(wide, gain, rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Buffers with times of use: at no time may the wide ones be larger than what is left.
        #[test]
        fn no_choice_gains_more(
            buffers in prop::collection::vec((0usize..6, 0usize..3, 1usize..9, 0u32..20), 0..9),
            limit in 0usize..25,
        ) {
            let fits = |wide: &[bool]| (0..9).all(|time| {
                let used = buffers.iter().zip(wide).filter(|((start, length, ..), wide)| **wide && (*start..=start + length).contains(&time));
                used.map(|(buffer, _)| buffer.2).sum::<usize>() <= limit
            });
            let gains: Vec<f64> = buffers.iter().map(|buffer| buffer.3.into()).collect();
            let gain = |wide: &[bool]| gains.iter().zip(wide).filter(|(_, wide)| **wide).map(|(gain, _)| gain).sum::<f64>();
            let all = (0u32..1 << buffers.len()).map(|bits| (0..buffers.len()).map(|index| bits >> index & 1 == 1).collect::<Vec<bool>>());
            let most = all.filter(|wide| fits(wide)).map(|wide| gain(&wide)).fold(0.0, f64::max);
            let found = widen(&gains, fits);
            prop_assert!(fits(&found.wide));
            prop_assert_eq!((found.gain, found.bound, gain(&found.wide)), (most, most, most));
        }
    }

    #[test]
    fn a_search_that_is_cut_short_says_what_it_may_have_missed() {
        let sizes: Vec<usize> = (0..60).map(|index| 1000 + index * index * 31 % 997).collect();
        let gains: Vec<f64> = sizes.iter().map(|&size| size as f64 + (size % 7) as f64).collect();
        let fits = |wide: &[bool]| {
            sizes.iter().zip(wide).filter(|(_, wide)| **wide).map(|(size, _)| size).sum::<usize>() <= 40_001
        };
        let found = widen(&gains, fits);
        assert!(fits(&found.wide) && found.gain > 38_000.0 && found.bound > found.gain);
    }
}

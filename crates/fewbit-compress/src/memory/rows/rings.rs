//! [`rings`]: how many rows of each variable of a group are kept, and which variables share their places.

use super::members::Members;
use super::schedule::Schedule;
use fewbit_core::VariableId;
use std::ops::RangeInclusive;

/// Places for rows, each of which is used for every so many-th row of one or more variables.
#[derive(Clone, Debug)]
pub struct RingPlaces {
    /// The variables.
    pub variables: Vec<VariableId>,
    /// How many rows there are places for; 0 if the variable is kept as a whole.
    pub rows: usize,
    /// Bytes of all places.
    pub bytes: usize,
    /// The steps of the group during which a row is in use: each time from its first step to its last.
    pub lives: Vec<RangeInclusive<usize>>,
}

/// A row in use.
#[derive(Clone, Debug)]
struct Life {
    /// Its variable, by its place in the group.
    variable: usize,
    /// Its number.
    row: usize,
    /// From the first step to the last.
    steps: RangeInclusive<usize>,
}

/// Finds the fewest places for each variable, and lets variables share theirs where that saves a row: the sum that a
/// residual unit adds up takes the place of the row that it was added to.
pub fn rings(members: &Members, schedule: &Schedule) -> Vec<RingPlaces> {
    let mut rings: Vec<(Ring, Vec<VariableId>)> = Vec::new();
    let mut kept = Vec::new();
    for (place, (variable, lives)) in members.variables().zip(&schedule.lives).enumerate() {
        let lives = lives.iter().enumerate();
        let lives: Vec<Life> =
            lives.filter_map(|(row, steps)| Some(Life { variable: place, row, steps: steps.clone()? })).collect();
        let whole = variable.bytes * variable.count;
        let ring = Ring { count: variable.count, row_bytes: variable.bytes, least_bytes: variable.least_bytes, lives };
        if variable.kept || ring.lives.is_empty() {
            let bytes = whole.max(variable.least_bytes);
            let lives = ring.times();
            kept.push(RingPlaces { variables: vec![variable.variable], rows: 0, bytes, lives });
            continue;
        }
        let own = ring.fewest_rows(members);
        let shared = rings.iter().enumerate().filter_map(|(index, (other, _))| {
            let others = other.fewest_rows(members);
            let joined = other.joined(&ring)?;
            // A single row lies where it was made of another, or else wherever there is room at the time.
            if (own == 1 || others == 1) && !other.hands_on_to(&ring, members) {
                return None;
            }
            (own.max(others)..own + others).find(|&rows| joined.fits(rows, members))?;
            Some((others, index, joined))
        });
        // Rows that are in use for long gain most; of equals the latest, which the variable was made of.
        let shared =
            shared.max_by_key(|(others, index, _)| (*others, *index)).map(|(_, index, joined)| (index, joined));
        match shared {
            Some((index, joined)) => {
                rings[index].0 = joined;
                rings[index].1.push(variable.variable);
            }
            None => rings.push((ring, vec![variable.variable])),
        }
    }
    let places = rings.into_iter().map(|(ring, variables)| {
        let rows = ring.fewest_rows(members);
        RingPlaces { variables, rows, bytes: (rows * ring.row_bytes).max(ring.least_bytes), lives: ring.times() }
    });
    places.chain(kept).collect()
}

/// The rows of one or more variables that share their places.
#[derive(Clone, Debug)]
struct Ring {
    /// Rows of each variable.
    count: usize,
    row_bytes: usize,
    least_bytes: usize,
    lives: Vec<Life>,
}

impl Life {
    /// Whether the other row may be written over this one in the step that reads it last.
    fn hands_on_to(&self, other: &Self, members: &Members) -> bool {
        self.row == other.row
            && self.steps.end() == other.steps.start()
            && members.works_over(other.variable, self.variable)
    }
}

impl Ring {
    /// The rows of both; `None` if they differ in size.
    fn joined(&self, other: &Self) -> Option<Self> {
        let same = self.count == other.count && self.row_bytes == other.row_bytes;
        let plain = self.least_bytes == 0 && other.least_bytes == 0;
        let lives = self.lives.iter().chain(&other.lives).cloned().collect();
        (same && plain).then_some(Self { lives, ..self.clone() })
    }

    /// The fewest places in which no row is written over one in use.
    fn fewest_rows(&self, members: &Members) -> usize {
        // With a place for each row of each variable all fit; the caller takes no more than there are rows of one.
        (1..self.count).find(|&rows| self.fits(rows, members)).unwrap_or(self.count)
    }

    fn fits(&self, rows: usize, members: &Members) -> bool {
        let mut by_place: Vec<Vec<&Life>> = vec![Vec::new(); rows];
        for life in &self.lives {
            by_place[life.row % rows].push(life);
        }
        by_place.iter_mut().all(|lives| {
            lives.sort_by_key(|life| (*life.steps.start(), *life.steps.end()));
            lives.windows(2).all(|pair| {
                let (before, after) = (pair[0], pair[1]);
                before.steps.end() < after.steps.start() || before.hands_on_to(after, members)
            })
        })
    }

    /// Whether rows of the other are written over rows of this one in the step that reads them last.
    fn hands_on_to(&self, other: &Self, members: &Members) -> bool {
        let mut pairs = self.lives.iter().flat_map(|before| other.lives.iter().map(move |after| (before, after)));
        pairs.any(|(before, after)| before.hands_on_to(after, members))
    }

    /// The times in which any row is in use.
    fn times(&self) -> Vec<RangeInclusive<usize>> {
        let mut lives: Vec<_> = self.lives.iter().map(|life| life.steps.clone()).collect();
        lives.sort_by_key(|life| *life.start());
        let mut times: Vec<RangeInclusive<usize>> = Vec::new();
        for life in lives {
            match times.last_mut() {
                Some(last) if *life.start() <= *last.end() => *last = *last.start()..=*last.end().max(life.end()),
                _ => times.push(life),
            }
        }
        times
    }
}

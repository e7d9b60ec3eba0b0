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

/// A row in use: its number, and when.
type Life = (usize, RangeInclusive<usize>);

/// Finds the fewest places for each variable, and lets variables share theirs where that saves a row: the sum that a
/// residual unit adds up takes the place of the row that it was added to.
pub fn rings(members: &Members, schedule: &Schedule) -> Vec<RingPlaces> {
    let mut rings: Vec<(Ring, Vec<VariableId>)> = Vec::new();
    let mut kept = Vec::new();
    for (variable, lives) in members.variables().zip(&schedule.lives) {
        let lives: Vec<Life> = lives.iter().enumerate().filter_map(|(row, life)| Some((row, life.clone()?))).collect();
        let whole = variable.bytes * variable.count;
        let ring = Ring { count: variable.count, row_bytes: variable.bytes, least_bytes: variable.least_bytes, lives };
        if variable.kept || ring.lives.is_empty() {
            let bytes = whole.max(variable.least_bytes);
            let lives = ring.times();
            kept.push(RingPlaces { variables: vec![variable.variable], rows: 0, bytes, lives });
            continue;
        }
        let own = ring.fewest_rows();
        let shared = rings.iter().enumerate().filter_map(|(index, (other, _))| {
            let joined = other.joined(&ring)?;
            let together = (own.max(other.fewest_rows())..=ring.count).find(|&rows| joined.fits(rows))?;
            (together < own + other.fewest_rows()).then_some((index, joined))
        });
        // The latest: a variable follows the one that it was made of.
        match shared.last() {
            Some((index, joined)) => {
                rings[index].0 = joined;
                rings[index].1.push(variable.variable);
            }
            None => rings.push((ring, vec![variable.variable])),
        }
    }
    let places = rings.into_iter().map(|(ring, variables)| {
        let rows = ring.fewest_rows();
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

impl Ring {
    /// The rows of both; `None` if they differ in size.
    fn joined(&self, other: &Self) -> Option<Self> {
        let same = self.count == other.count && self.row_bytes == other.row_bytes;
        let plain = self.least_bytes == 0 && other.least_bytes == 0;
        let lives = self.lives.iter().chain(&other.lives).cloned().collect();
        (same && plain).then_some(Self { lives, ..self.clone() })
    }

    /// The fewest places in which no row is written over one in use; of one variable at most one for each row.
    fn fewest_rows(&self) -> usize {
        (1..self.count).find(|&rows| self.fits(rows)).unwrap_or(self.count)
    }

    fn fits(&self, rows: usize) -> bool {
        let mut by_place: Vec<Vec<&RangeInclusive<usize>>> = vec![Vec::new(); rows];
        for (row, life) in &self.lives {
            by_place[row % rows].push(life);
        }
        by_place.iter_mut().all(|lives| {
            lives.sort_by_key(|life| *life.start());
            lives.windows(2).all(|pair| pair[0].end() < pair[1].start())
        })
    }

    /// The times in which any row is in use.
    fn times(&self) -> Vec<RangeInclusive<usize>> {
        let mut lives: Vec<_> = self.lives.iter().map(|(_, life)| life.clone()).collect();
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

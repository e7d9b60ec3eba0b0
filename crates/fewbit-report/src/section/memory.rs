//! The memory map: what lies where in the arena at each step.

use crate::error::ReportError;
use crate::number;
use crate::page::Section;
use crate::plot::Words;
use crate::plot::ink::{Dash, Ink, Pen};
use crate::plot::legend::{Key, Sample};
use crate::plot::memory_map::{Block, Level, Map, memory_map};
use crate::table::Table;
use maud::html;

/// A plan of the arena.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArenaMap {
    /// What lies in it, and when.
    pub places: Vec<Place>,
    /// The names of the steps: of the functions in their order. Steps beyond them have no name.
    pub steps: Vec<String>,
    /// Bytes of the arena.
    pub arena_bytes: u64,
    /// The largest sum of bytes in use at one step: no plan that keeps whole variables can need less.
    pub lower_bound: u64,
}

/// Where one variable lies, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The variable's name.
    pub name: String,
    /// Where it begins in the arena.
    pub offset: u64,
    /// Its bytes.
    pub bytes: u64,
    /// The step that writes it, from 0.
    pub first_step: usize,
    /// The last step that reads it.
    pub last_step: usize,
}

impl Place {
    fn in_use(&self, step: usize) -> bool {
        (self.first_step..=self.last_step).contains(&step)
    }

    fn end(&self) -> u64 {
        self.offset.saturating_add(self.bytes)
    }

    /// Whether the last function that reads this variable writes the other over it.
    fn hands_over_to(&self, other: &Self) -> bool {
        let shared = self.offset < other.end() && other.offset < self.end();
        shared && self.last_step == other.first_step && self.first_step < other.first_step
    }
}

impl ArenaMap {
    /// Bytes in use at a step. Variables may share bytes where a function works in place: those count once.
    fn bytes_at(&self, step: usize) -> u64 {
        let mut spans: Vec<(u64, u64)> =
            self.places.iter().filter(|place| place.in_use(step)).map(|place| (place.offset, place.end())).collect();
        spans.sort_unstable();
        let (mut bytes, mut end) = (0, 0);
        for (from, to) in spans {
            bytes += to.saturating_sub(from.max(end));
            end = end.max(to);
        }
        bytes
    }

    /// The first of the steps with the most bytes in use. The number in use only grows where something begins.
    fn peak(&self) -> Option<(usize, u64)> {
        let mut begins: Vec<usize> = self.places.iter().map(|place| place.first_step).collect();
        begins.sort_unstable();
        begins.dedup();
        let peak = begins.into_iter().map(|step| (step, self.bytes_at(step)));
        peak.max_by_key(|&(step, bytes)| (bytes, std::cmp::Reverse(step)))
    }

    /// Where a variable begins in the map. One that is written over another begins in the middle of the step.
    fn start(&self, place: &Place) -> f64 {
        let over = self.places.iter().any(|other| other.hands_over_to(place));
        place.first_step as f64 + if over { 0.5 } else { 0.0 }
    }

    /// Where it ends: one that is written over, in the middle of the step.
    fn end(&self, place: &Place) -> f64 {
        let over = self.places.iter().any(|other| place.hands_over_to(other));
        place.last_step as f64 + if over { 0.5 } else { 1.0 }
    }

    fn step_name(&self, step: usize) -> String {
        match self.steps.get(step) {
            Some(name) => format!("step {} ({name})", step_number(step)),
            None => format!("step {}", step_number(step)),
        }
    }
}

/// Steps as people count them.
fn step_number(step: usize) -> String {
    number::count((step as u64).saturating_add(1))
}

/// The map, its peak, and a table of all places.
///
/// # Errors
/// When the plot cannot be drawn.
pub(crate) fn section(map: &ArenaMap) -> Result<Section, ReportError> {
    let peak = map.peak();
    let steps =
        map.places.iter().map(|place| place.last_step.saturating_add(1)).max().unwrap_or(0).max(map.steps.len());
    let at_peak = |place: &Place| peak.is_some_and(|(step, _)| place.in_use(step));
    let block = |place: &Place| Block {
        name: place.name.clone(),
        offset: place.offset,
        bytes: place.bytes,
        from: map.start(place),
        to: map.end(place),
        at_peak: at_peak(place),
        tip: format!(
            "{}: {} at {}, steps {} to {}",
            place.name,
            number::bytes(place.bytes),
            number::count(place.offset),
            step_number(place.first_step),
            step_number(place.last_step)
        ),
    };
    let mut blocks: Vec<Block> = map.places.iter().map(block).collect();
    // What is in use at the peak is drawn last, so that its outline is whole.
    blocks.sort_by_key(|block| block.at_peak);
    let mut levels = vec![Level { bytes: map.arena_bytes, name: format!("arena: {}", number::bytes(map.arena_bytes)) }];
    if map.lower_bound != map.arena_bytes {
        let name = format!("lower bound: {}", number::bytes(map.lower_bound));
        levels.insert(0, Level { bytes: map.lower_bound, name });
    }
    let peak_text = peak.map_or_else(String::new, |(step, bytes)| {
        format!("The most is in use at {}: {}.", map.step_name(step), number::bytes(bytes))
    });
    let words = Words {
        id: "memory-map".into(),
        title: "Memory map over time".into(),
        description: format!(
            "{} variables over {} steps in an arena of {}. {peak_text}",
            map.places.len(),
            steps,
            number::bytes(map.arena_bytes)
        ),
        legend: vec![
            Key::new(Sample::Area(Ink::Vermillion, 0.45), "in use at the peak"),
            Key::new(Sample::Area(Ink::Blue, 0.45), "in use at other times"),
            Key::new(Sample::Line(Pen { ink: Ink::Text, dash: Dash::Long }), "size of the arena"),
        ],
    };
    let plot = memory_map(&words, &Map { blocks: &blocks, steps, peak: peak.map(|(step, _)| step), levels: &levels })?;

    let mut table = Table::new("Every variable in the arena. Places and sizes in bytes; steps are counted from 1.")
        .words("variable")
        .numbers("place")
        .numbers("size")
        .numbers("from step")
        .numbers("to step");
    for place in &map.places {
        let cells = [
            place.name.clone(),
            number::count(place.offset),
            number::count(place.bytes),
            step_number(place.first_step),
            step_number(place.last_step),
        ];
        if at_peak(place) { table.marked_row(cells) } else { table.row(cells) }
    }
    let gap = map.arena_bytes.saturating_sub(map.lower_bound);
    let body = html! {
        p {
            (peak_text) " "
            @if gap == 0 {
                "No plan that keeps whole variables needs less. "
            } @else {
                "No plan that keeps whole variables needs less than " (number::bytes(map.lower_bound)) "; this one needs "
                (number::bytes(gap)) " more. "
            }
            "Each block is a variable, as high as it has bytes, and as wide as there are steps from the one that writes it "
            "to the last that reads it. Where a block ends within a step, a function writes its result over its input."
        }
        (plot)
        (table.folded("The memory map as a table"))
    };
    Ok(Section { id: "memory", title: "Memory", body })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(offset: u64, bytes: u64, first_step: usize, last_step: usize) -> Place {
        Place { name: format!("v{first_step}"), offset, bytes, first_step, last_step }
    }

    #[test]
    fn bytes_that_are_shared_count_once() {
        let places = vec![place(0, 100, 0, 1), place(0, 60, 1, 2), place(100, 50, 1, 1), place(40, 70, 2, 3)];
        let map = ArenaMap { places, arena_bytes: 150, lower_bound: 150, ..ArenaMap::default() };
        assert_eq!([0, 1, 2, 3, 4].map(|step| map.bytes_at(step)), [100, 150, 110, 70, 0]);
        assert_eq!(map.peak(), Some((1, 150)));
        assert_eq!(ArenaMap::default().peak(), None);
    }
}

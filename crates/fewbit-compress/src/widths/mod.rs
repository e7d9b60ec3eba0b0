//! The width of each layer's weights, chosen so that the network fits a device and loses least, or is as small as it can be
//! for what it may lose.
//!
//! For each layer and each way to store its weights it is measured how far the network's outputs move when only this
//! layer is stored so. What a choice for all layers does is nearly the sum of that, so that the best one is the solution
//! of a knapsack problem, found exactly. Where a loss is given, the size is: it is narrowed down by running the chosen
//! networks.
//!
//! | module | what it does |
//! |---|---|
//! | [`knapsack`] | the best choice within a limit |
//! | [`peaks`] | which buffers may be wide in the memory there is |
//! | `store` | layers stored in the order of execution |

pub mod knapsack;
pub mod peaks;
mod store;

pub use store::store_in_order;

use crate::assign::{AssignOptions, Assigned, assign_biases};
use crate::calibrate::Calibration;
use crate::error::CompressError;
use crate::layer::{Layer, StoredWeights};
use crate::outcome::{Outcome, Standard};
use crate::probe::Probe;
use crate::progress::Progress;
use crate::rounding::moments::Moments;
use crate::rounding::patches::Patches;
use crate::rounding::{Rounding, Way, adaptively, to_nearest};
use fewbit_core::{Network, NumberFormat, VariableId};
use fewbit_data::Inputs;
use knapsack::{Item, Selection, choose};

/// How many samples tell what the width of one layer does.
const MEASURED: usize = 256;

/// How often the interval of sizes is halved for a given loss.
const HALVINGS: usize = 7;

/// What the float network is, and what is known about it.
pub struct Context<'c> {
    /// The float network.
    pub network: &'c Network,
    /// Its statistics.
    pub calibration: &'c Calibration,
    /// Samples of the training part.
    pub inputs: &'c Inputs,
    /// How weights are rounded.
    pub rounding: Rounding,
    /// What all other variables were assigned by.
    pub options: &'c AssignOptions,
    /// Is told how far the work is.
    pub progress: &'c dyn Progress,
}

/// A layer stored in one way.
#[derive(Clone, Debug)]
struct Candidate {
    way: Way,
    stored: StoredWeights,
    item: Item,
}

/// The measured ways of all layers.
pub struct Candidates<'c> {
    context: &'c Context<'c>,
    layers: &'c [Layer],
    standard: Standard<'c>,
    classes: Vec<Vec<Candidate>>,
}

/// A choice of ways, one for each layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Chosen {
    /// The ways.
    pub ways: Vec<Way>,
    /// What the choice is expected to do to the outputs.
    pub expected: f64,
    /// What every choice of that size does at least.
    pub bound: f64,
}

impl Context<'_> {
    /// The positions that a format may have.
    pub fn allowed(&self, format: NumberFormat) -> std::ops::RangeInclusive<i8> {
        crate::position::allowed_positions(format, self.options.version)
    }

    /// The moments of what goes into a layer, in the float network and in `stored`, on all samples. `None` for layers that
    /// have none.
    fn moments(&self, stored: &Network, layer: &Layer) -> Result<Option<Moments>, CompressError> {
        let node = &self.network.nodes[layer.node];
        let Some(patches) = Patches::of(self.network, node, layer.linear()) else { return Ok(None) };
        let mut moments = Moments::new(patches);
        let real = Probe::new(self.network, layer.input)?;
        let stored = Probe::new(stored, layer.input)?;
        Probe::look(&[&real, &stored], self.inputs, self.inputs.len(), |_, seen| {
            let runs: Vec<(&[f32], &[f32])> =
                seen.iter().map(|run| (run.values[0].as_slice(), run.values[1].as_slice())).collect();
            moments.add(&runs);
            Ok(())
        })?;
        Ok(Some(moments.finish(layer.bias.is_some())))
    }

    fn store(&self, layer: &Layer, way: Way, moments: Option<&Moments>) -> StoredWeights {
        let allowed = self.allowed(way.format);
        let adaptive = moments.filter(|_| self.rounding.is_adaptive(way.format));
        let mut stored = adaptive
            .and_then(|moments| adaptively(self.network, layer, way, allowed.clone(), moments))
            .unwrap_or_else(|| to_nearest(self.network, layer, way, allowed, self.options.positions, self.calibration));
        if !self.options.correct_biases {
            stored.shift.fill(0.0);
        }
        stored
    }
}

impl<'c> Candidates<'c> {
    /// Measures every way of each layer.
    ///
    /// # Errors
    /// When the network cannot be run or a sample cannot be read.
    pub fn measure(
        context: &'c Context<'c>,
        layers: &'c [Layer],
        ways: impl Fn(&Layer) -> Vec<Way>,
    ) -> Result<Self, CompressError> {
        let network = context.network;
        let standard = Standard::new(network, context.inputs, MEASURED)?;
        context.progress.begin("measuring widths", layers.len());
        let mut classes = Vec::new();
        for layer in layers {
            let ways = ways(layer);
            let adaptive = ways.iter().any(|way| context.rounding.is_adaptive(way.format));
            let moments = if adaptive { context.moments(network, layer)? } else { None };
            let mut class = Vec::new();
            for way in ways {
                let stored = context.store(layer, way, moments.as_ref());
                let mut changed = network.clone();
                layer.put(&mut changed, &stored, false);
                let cost = standard.compare(&changed)?.divergence;
                class.push(Candidate { way, stored, item: Item { size: way.bytes(layer, network), cost } });
            }
            classes.push(class);
            context.progress.advance(1);
        }
        Ok(Self { context, layers, standard, classes })
    }

    fn items(&self) -> Vec<Vec<Item>> {
        self.classes.iter().map(|class| class.iter().map(|candidate| candidate.item).collect()).collect()
    }

    /// Bytes of all weights in the smallest and in the largest choice.
    pub fn sizes(&self) -> (usize, usize) {
        let sum = |pick: fn(&mut dyn Iterator<Item = usize>) -> Option<usize>| {
            self.classes.iter().filter_map(|class| pick(&mut class.iter().map(|candidate| candidate.item.size))).sum()
        };
        (sum(|sizes| sizes.min()), sum(|sizes| sizes.max()))
    }

    /// The choice that does least to the outputs with weights of at most so many bytes; `None` if none is so small.
    pub fn within(&self, bytes: usize) -> Option<Chosen> {
        self.select(bytes).map(|selection| self.chosen(&selection))
    }

    fn select(&self, bytes: usize) -> Option<Selection> {
        choose(&self.items(), bytes)
    }

    fn chosen(&self, selection: &Selection) -> Chosen {
        let ways = self.classes.iter().zip(&selection.items).map(|(class, &item)| class[item].way);
        Chosen { ways: ways.collect(), expected: selection.cost, bound: selection.bound }
    }

    /// The smallest choice that loses at most so many points of top-1, as far as the samples tell. If none does, how
    /// many the largest loses.
    ///
    /// # Errors
    /// When a network cannot be run, or the samples have no classes.
    pub fn losing(&self, base: &Assigned, points: f64) -> Result<Result<Chosen, f64>, CompressError> {
        let (mut low, mut high) = self.sizes();
        let unlabelled = || CompressError::Unlabelled(self.context.inputs.dataset().origin().display().to_string());
        let lost = |selection: &Selection| -> Result<f64, CompressError> {
            let network = self.stored(base, &self.chosen(selection).ways).network;
            self.compare(&network)?.points.ok_or_else(unlabelled)
        };
        let Some(largest) = self.select(high) else { return Ok(Err(f64::INFINITY)) };
        let least = lost(&largest)?;
        if least > points {
            return Ok(Err(least));
        }
        let mut best = largest;
        self.context.progress.begin("narrowing down the size", HALVINGS);
        for _ in 0..HALVINGS {
            let middle = low + (high - low) / 2;
            match self.select(middle) {
                Some(selection) if lost(&selection)? <= points => {
                    high = selection.size;
                    best = selection;
                }
                _ => low = middle,
            }
            self.context.progress.advance(1);
        }
        Ok(Ok(self.chosen(&best)))
    }

    /// The network with its layers stored in these ways as they were measured.
    pub fn stored(&self, base: &Assigned, ways: &[Way]) -> Assigned {
        let mut assigned = base.clone();
        for ((layer, class), way) in self.layers.iter().zip(&self.classes).zip(ways) {
            if let Some(candidate) = class.iter().find(|candidate| candidate.way == *way) {
                layer.put(&mut assigned.network, &candidate.stored, true);
            }
        }
        assign_biases(&mut assigned, self.context.calibration, self.context.options);
        assigned
    }

    /// How far a network is from the float one.
    ///
    /// # Errors
    /// When it cannot be run.
    pub fn compare(&self, network: &Network) -> Result<Outcome, CompressError> {
        self.standard.compare(network)
    }

    /// What each layer's ways cost: the weights, the way, its bytes and what it does to the outputs.
    pub fn measured(&self) -> impl Iterator<Item = (VariableId, Way, Item)> {
        self.layers
            .iter()
            .zip(&self.classes)
            .flat_map(|(layer, class)| class.iter().map(|candidate| (layer.weights, candidate.way, candidate.item)))
    }
}

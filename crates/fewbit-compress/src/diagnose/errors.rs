//! [`variable_errors`]: how far each variable of a fixed-point network is from what it is in floats.

use super::stored::parameter_errors;
use super::{Subject, file};
use crate::calibrate::{Moments, channel_axis};
use crate::error::CompressError;
use crate::feed::Feed;
use crate::groups::is_rectified;
use crate::position::decibels;
use crate::progress::Progress;
use fewbit_core::{Network, NumberFormat, VariableId};
use fewbit_data::Inputs;
use fewbit_runtime::{Model, Observer, Semantics, Session, Values};

/// The errors of all variables.
#[derive(Clone, Debug, PartialEq)]
pub struct VariableErrors {
    /// Those of each variable of the fixed-point network, by its place.
    pub variables: Vec<VariableError>,
    /// How many samples were run.
    pub samples: usize,
}

impl VariableErrors {
    /// The error of a variable.
    pub fn of(&self, id: VariableId) -> &VariableError {
        &self.variables[id.0]
    }
}

/// What fixed point does to a variable.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct VariableError {
    /// The sum of the squares of its values in floats. Where only what is above zero is ever read, the rest counts as zero,
    /// here and below.
    pub signal: f64,
    /// The sum of the squares of the differences in the fixed-point network: what was lost up to here, by all layers before
    /// too. Of a parameter, what storing it loses.
    pub noise: f64,
    /// How many values there were.
    pub values: u64,
    /// How many of them lie, in floats, more than half a step beyond what the format stores.
    pub saturated: u64,
    /// How many channels there are.
    pub channels: usize,
    /// How many channels have the same value everywhere, in floats; zero where too few values were seen to tell.
    pub constant_channels: usize,
    /// How many channels have the same value everywhere only in fixed point.
    pub lost_channels: usize,
}

impl VariableError {
    /// The ratio of signal to noise in decibels; `None` for a variable whose error is not known.
    pub fn sqnr_db(&self) -> Option<f64> {
        (self.values > 0).then(|| decibels(self.signal, self.noise))
    }

    /// The part of the values that saturates, 0 to 1.
    pub fn saturated_share(&self) -> f64 {
        self.saturated as f64 / self.values.max(1) as f64
    }
}

/// With fewer values than these of a channel it means little that they are all the same.
const FEWEST_VALUES: u64 = 16;

/// Runs both networks on all samples of `inputs` and compares what their variables hold.
///
/// # Errors
/// When a network cannot be run, a sample cannot be read, or they do not fit.
pub fn variable_errors(
    subject: &Subject<'_>,
    inputs: &Inputs,
    progress: &dyn Progress,
) -> Result<VariableErrors, CompressError> {
    let (float_file, fixed_file) = (file(subject.float)?, file(subject.fixed)?);
    let (float, fixed) = (Model::open(&float_file)?, Model::open(&fixed_file)?);
    let feed = Feed::new(&fixed, inputs)?;
    progress.begin("comparing", inputs.len());
    let lanes = feed.in_lanes(|runs| {
        let mut comparison = Comparison::new(subject);
        let (mut float_arena, mut fixed_arena) = (vec![0; float.arena_bytes()], vec![0; fixed.arena_bytes()]);
        let mut float = Session::new(&float, &mut float_arena, Semantics::Integer)?;
        let mut fixed = Session::new(&fixed, &mut fixed_arena, Semantics::Integer)?;
        let mut input = vec![0.0; feed.input_len()];
        for run in runs {
            feed.fill(run, &mut input)?;
            float.set_input(0, &input);
            fixed.set_input(0, &input);
            float.run_observed(&mut comparison.float);
            fixed.run_observed(&mut comparison);
            progress.advance(feed.samples(run).len());
        }
        Ok(comparison)
    })?;
    let mut whole = Comparison::new(subject);
    lanes.iter().for_each(|lane| whole.merge(lane));
    let variables = whole.records.iter().map(|record| record.as_ref().map(Record::error).unwrap_or_default());
    let mut variables: Vec<VariableError> = variables.collect();
    for (id, error) in parameter_errors(subject.fixed)? {
        variables[id.0] = error;
    }
    Ok(VariableErrors { variables, samples: inputs.len() })
}

/// Keeps what the variables of the float network hold in one run.
#[derive(Default)]
struct Memory(Vec<Vec<f32>>);

impl Observer for Memory {
    fn written(&mut self, variable: usize, values: Values<'_>) {
        self.0.resize_with(self.0.len().max(variable + 1), Vec::new);
        let kept = &mut self.0[variable];
        kept.resize(values.len(), 0.0);
        values.read(0, kept);
    }
}

/// Compares on one thread.
struct Comparison {
    float: Memory,
    counterparts: Vec<Option<VariableId>>,
    /// Those of each variable of the fixed-point network; `None` for parameters and what has no counterpart.
    records: Vec<Option<Record>>,
    values: Vec<f32>,
}

impl Comparison {
    fn new(subject: &Subject<'_>) -> Self {
        let counterparts = subject.counterparts();
        let record = |(index, counterpart): (usize, &Option<VariableId>)| {
            let id = VariableId(index);
            let comparable = counterpart.is_some() && subject.fixed.variable(id).is_buffer();
            comparable.then(|| Record::new(subject.fixed, id))
        };
        let records = counterparts.iter().enumerate().map(record).collect();
        Self { float: Memory::default(), counterparts, records, values: Vec::new() }
    }

    fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.records.iter_mut().zip(&other.records) {
            if let (Some(mine), Some(theirs)) = (mine, theirs) {
                mine.merge(theirs);
            }
        }
    }
}

impl Observer for Comparison {
    fn written(&mut self, variable: usize, values: Values<'_>) {
        let (Some(Some(record)), Some(Some(counterpart))) =
            (self.records.get_mut(variable), self.counterparts.get(variable))
        else {
            return;
        };
        if let Some(float) = self.float.0.get_mut(counterpart.0) {
            self.values.resize(values.len(), 0.0);
            values.read(0, &mut self.values);
            record.add(float, &mut self.values);
        }
    }
}

/// What was seen of a variable.
struct Record {
    /// What the format stores, with half a step to be rounded at both ends.
    range: Option<(f64, f64)>,
    rectified: bool,
    /// Values of a channel that lie next to each other.
    run: usize,
    float: Vec<Moments>,
    fixed: Vec<Moments>,
    noise: f64,
    saturated: u64,
}

impl Record {
    fn new(network: &Network, id: VariableId) -> Self {
        let variable = network.variable(id);
        let (channels, run) = match channel_axis(network, id) {
            Some(axis) => (variable.shape[axis], variable.shape.split_items(axis + 1).1),
            None => (1, variable.shape.items()),
        };
        let channels = vec![Moments::default(); channels.max(1)];
        Self {
            range: rounded_range(variable.format),
            rectified: is_rectified(network, id),
            run: run.max(1),
            float: channels.clone(),
            fixed: channels,
            noise: 0.0,
            saturated: 0,
        }
    }

    /// Adds the values of one run; where only positive ones count, others become zero.
    fn add(&mut self, float: &mut [f32], fixed: &mut [f32]) {
        if self.rectified {
            float.iter_mut().chain(fixed.iter_mut()).for_each(|value| *value = value.max(0.0));
        }
        let count = self.float.len();
        for (index, (float, fixed)) in float.chunks(self.run).zip(fixed.chunks(self.run)).enumerate() {
            self.float[index % count].add(float);
            self.fixed[index % count].add(fixed);
        }
        let square = |difference: f64| difference * difference;
        let pairs = float.iter().zip(&*fixed).filter(|(float, fixed)| float.is_finite() && fixed.is_finite());
        self.noise += pairs.map(|(&float, &fixed)| square(f64::from(float) - f64::from(fixed))).sum::<f64>();
        if let Some((low, high)) = self.range {
            let beyond = |value: &&f32| f64::from(**value) < low || f64::from(**value) >= high;
            self.saturated += float.iter().filter(beyond).count() as u64;
        }
    }

    fn merge(&mut self, other: &Self) {
        for (mine, theirs) in [(&mut self.float, &other.float), (&mut self.fixed, &other.fixed)] {
            mine.iter_mut().zip(theirs).for_each(|(mine, theirs)| mine.merge(theirs));
        }
        self.noise += other.noise;
        self.saturated += other.saturated;
    }

    fn error(&self) -> VariableError {
        let mut whole = Moments::default();
        self.float.iter().for_each(|channel| whole.merge(channel));
        let constant = |channel: &Moments| channel.count >= FEWEST_VALUES && channel.min == channel.max;
        let lost = self.float.iter().zip(&self.fixed).filter(|(float, fixed)| !constant(float) && constant(fixed));
        VariableError {
            signal: whole.squares,
            noise: self.noise,
            values: whole.count,
            saturated: self.saturated,
            channels: self.float.len(),
            constant_channels: self.float.iter().filter(|channel| constant(channel)).count(),
            lost_channels: lost.count(),
        }
    }
}

/// From where and up to where values are rounded to what a format stores; `None` for floats and signs.
pub(super) fn rounded_range(format: NumberFormat) -> Option<(f64, f64)> {
    let (least, most) = format.integer_range().filter(|_| format != NumberFormat::Sign)?;
    let step = f64::from(format.step());
    Some(((f64::from(least) - 0.5) * step, (f64::from(most) + 0.5) * step))
}

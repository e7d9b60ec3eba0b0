//! Refuses groups whose steps read rows that are not there: not computed yet, or overwritten.
//!
//! The steps are walked through once with counters only. Beside what each function has done, a table says for each variable
//! of the group which of its rows are *live*: written, and still to be read by a step to come. A step may only read live
//! rows, and no write may fall on one.

use super::RowPlaces;
use crate::model::{Model, OpenError, VariableShapes, at_most, overlap};
use crate::requantize::magnitude;
use core::ops::Range;
use fewbit_core::shape_rule::RowRule;
use fewbit_core::{Function, Shape};
use fewbit_nnb::layout::group::PUSH;
use fewbit_nnb::{Data, Group};

/// The most functions of a group, inputs of one that are computed in the group, rows of a variable, and steps of all groups:
/// what bounds the time and the memory that the check takes.
pub const MAX_FUNCTIONS: usize = 128;
pub const MAX_INPUTS: usize = 4;
pub const MAX_ROWS: usize = 4096;
pub const MAX_STEPS: usize = 1 << 16;

/// The place in the table of the network's input, whose rows the caller gives.
const SOURCE: usize = MAX_FUNCTIONS;

/// Checks all groups of a file, and that no other function sees a variable of which only some rows are there.
pub fn check(model: &Model<'_>) -> Result<(), OpenError> {
    let nnb = model.nnb();
    let is_ring = |number: usize| nnb.variable(number).ring > 0;
    let mut next = 0;
    for group in nnb.groups() {
        check_whole(model, next..group.functions.start)?;
        next = group.functions.end;
    }
    check_whole(model, next..nnb.function_count())?;
    let last = nnb.function_count().saturating_sub(1);
    if nnb.outputs().iter().any(is_ring) {
        return Err(error(last, "an output of the network is never there as a whole"));
    }
    at_most(
        MAX_STEPS,
        nnb.groups().map(|group| group.steps.len()).sum(),
        "steps of functions that are computed row by row",
    )?;
    let mut pushed = nnb.inputs().iter().filter(|&number| is_ring(number)).count();
    for group in nnb.groups() {
        at_most(MAX_FUNCTIONS, group.functions.len(), "functions in a group that is computed row by row")?;
        let mut table = Table::new(model, &group)?;
        if table.members[SOURCE].is_some() {
            pushed = pushed.wrapping_sub(1);
        }
        table.walk(&group)?;
    }
    match pushed {
        0 => Ok(()),
        _ => Err(error(0, "an input of which the caller gives the rows is not read in just one group")),
    }
}

fn error(index: usize, reason: &'static str) -> OpenError {
    OpenError::Rows { index, reason }
}

/// Functions that are not in a group need whole variables.
fn check_whole(model: &Model<'_>, functions: Range<usize>) -> Result<(), OpenError> {
    for index in functions {
        let record = model.nnb().function(index);
        let is_ring = |number: usize| model.nnb().variable(number).ring > 0;
        if record.inputs.iter().chain(record.outputs.iter()).any(is_ring) {
            return Err(error(index, "is in no group, and one of its variables is never there as a whole"));
        }
    }
    Ok(())
}

/// An input that is computed in the group.
#[derive(Clone, Copy, Debug)]
struct Input {
    /// Its place in the table, and among the function's inputs.
    source: u8,
    place: u8,
    /// Whether rows of it are read, not all of it.
    reads_rows: bool,
    /// Whether the function may write over it.
    in_place: bool,
}

/// What the walk knows of a variable and of the function that computes it.
#[derive(Clone, Copy, Debug)]
struct Member {
    /// The rule of the function; of the network's input it is not used.
    rule: RowRule,
    /// Rows of the variable.
    rows: usize,
    /// Where its rows lie; `None` if they are scattered over the whole variable.
    places: Option<RowPlaces>,
    /// Its bytes in the arena.
    start: usize,
    end: usize,
    /// Whether it is there as a whole, and kept until the group is done.
    kept: bool,
    /// Inputs that are computed in the group.
    inputs: [Option<Input>; MAX_INPUTS],
    /// Steps that the function has taken.
    steps: usize,
    /// Rows of the variable that are complete, and that have been written to.
    made: usize,
    touched: usize,
    /// Rows of the variable before this one are not read any more.
    dead: usize,
}

impl Member {
    /// The rows of an input that the next step needs; none after the last.
    fn needs(&self, input: Input, input_rows: usize) -> Range<usize> {
        if self.steps >= self.rule.steps(self.rows) {
            return usize::MAX..usize::MAX;
        }
        if input.reads_rows { self.rule.needed(input.place.into(), self.steps) } else { 0..input_rows }
    }

    /// What writing a row of another variable does to the rows of this one that are still to be read.
    fn suffers(&self, other: &Self, row: usize) -> Harm {
        if self.dead >= self.touched || !overlap(&(self.start..self.end), &(other.start..other.end)) {
            return Harm::None;
        }
        match (self.places, other.places) {
            (Some(own), Some(places)) if own == places && (self.start, self.end) == (other.start, other.end) => {
                // The first row from `dead` on that lies where the row is written.
                let ring = own.ring.max(1);
                let distance = (row % ring + ring - self.dead % ring) % ring;
                match self.dead + distance {
                    found if found >= self.touched => Harm::None,
                    found if found == row => Harm::SameRow,
                    _ => Harm::Overwritten,
                }
            }
            _ => Harm::Overwritten,
        }
    }

    /// Whether the function may write over the variable at `source`, wherever it reads it.
    fn works_over(&self, source: usize) -> bool {
        let mut uses = self.inputs.iter().flatten().filter(|input| usize::from(input.source) == source).peekable();
        uses.peek().is_some() && uses.all(|input| input.in_place)
    }
}

/// What a write does to the rows of another variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Harm {
    /// Nothing.
    None,
    /// It falls on the row of the same number, which a function that works in place may write over.
    SameRow,
    /// It falls on a row that is still to be read.
    Overwritten,
}

/// The variables of a group: one for each function, and the network's input.
struct Table {
    first: usize,
    members: [Option<Member>; MAX_FUNCTIONS + 1],
}

impl Table {
    /// The members of a group before the first step.
    fn new(model: &Model<'_>, group: &Group<'_>) -> Result<Self, OpenError> {
        let mut table = Self { first: group.functions.start, members: [None; MAX_FUNCTIONS + 1] };
        for (place, index) in group.functions.clone().enumerate() {
            table.members[place] = Some(table.member(model, group, index)?);
        }
        let counters = group.counters..group.end().unwrap_or(usize::MAX);
        for member in table.members.iter().flatten() {
            if overlap(&(member.start..member.end), &counters) {
                return Err(error(table.first, "the counters of its group lie in a variable"));
            }
        }
        Ok(table)
    }

    /// A function and its output, after those before it.
    fn member(&mut self, model: &Model<'_>, group: &Group<'_>, index: usize) -> Result<Member, OpenError> {
        let error = |reason| error(index, reason);
        let record = model.nnb().function(index);
        let name = record.spec.name;
        let function = model.function(index).ok_or(OpenError::Unsupported { index, name })?;
        let shapes = VariableShapes { nnb: model.nnb(), list: record.inputs };
        let outputs = VariableShapes { nnb: model.nnb(), list: record.outputs };
        function.check_shapes(&shapes, &outputs).map_err(|error| OpenError::Shape { index, name, error })?;
        if record.outputs.len() != 1 {
            return Err(error("has more than one output"));
        }
        let output = record.outputs.get(0);
        let shape = model.nnb().variable(output).shape;
        let rule = function.row_rule(&shapes, group.axis).ok_or(error("needs its input as a whole"))?;
        let copies = matches!(function, Function::Identity);
        let mut member = variable(model, output, group.axis, copies).map_err(error)?;
        member.rule = rule;
        if let RowRule::Fold(window) = rule {
            at_most(MAX_ROWS, window.input, "rows of a variable that is computed row by row")?;
            if window.output == 1 && !sums_fit(model, &function, record.inputs.get(0), shape, member.end - member.start)
            {
                return Err(error("its sums do not fit the buffer of its output"));
            }
        }
        let mut slots = 0..MAX_INPUTS;
        for (place, number) in record.inputs.iter().enumerate() {
            let input = model.nnb().variable(number);
            let reads_rows = rule.reads_rows(place, input.shape, shape, group.axis);
            // What has a window finds its way in a whole input, and so does what copies rows.
            let finds_rows = copies || place == 0 && rule != RowRule::InStep;
            let contiguous = RowPlaces::new(&input, group.axis).is_some();
            let Data::Buffer(_) = input.data else {
                if reads_rows && !finds_rows {
                    return Err(error("reads rows of a parameter"));
                }
                continue;
            };
            let Some(source) = self.source(model, group, index, number).map_err(error)? else {
                if input.ring > 0 {
                    return Err(error("reads a ring of rows that nothing in its group writes"));
                }
                if reads_rows && !finds_rows && !contiguous {
                    return Err(error("reads rows of a variable that lies there as a whole"));
                }
                self.check_outside(model, number, &member).map_err(error)?;
                continue;
            };
            let whole = self.members[source].is_some_and(|source| source.kept && source.places.is_some());
            let placed = self.members[source].is_some_and(|source| source.places.is_some());
            if !(if reads_rows { placed } else { whole }) {
                return Err(error("reads a variable in another way than its group holds it"));
            }
            let slot = slots.next().ok_or(error("reads too many variables of its group"))?;
            // Both are below 256: a group has at most 128 functions, and this place was just counted.
            let place = u8::try_from(place).map_err(|_| error("has too many inputs"))?;
            let same_width = input.format.bits() == model.nnb().variable(output).format.bits();
            let in_place = reads_rows && same_width && function.works_in_place(&shapes, place.into());
            member.inputs[slot] = Some(Input { source: source as u8, place, reads_rows, in_place });
        }
        Ok(member)
    }

    /// Where an input is in the table; `None` for what is computed before the group.
    fn source(
        &mut self,
        model: &Model<'_>,
        group: &Group<'_>,
        index: usize,
        number: usize,
    ) -> Result<Option<usize>, &'static str> {
        let mut writers = (group.functions.clone().enumerate())
            .filter(|(_, function)| model.nnb().function(*function).outputs.iter().any(|output| output == number));
        match (writers.next(), writers.next()) {
            (Some((place, writer)), None) if writer < index => Ok(Some(place)),
            (Some(_), _) => Err("reads a variable that is written later, or more than once"),
            (None, _)
                if model.nnb().variable(number).ring > 0
                    && model.nnb().inputs().iter().any(|input| input == number) =>
            {
                let source = variable(model, number, group.axis, false)?;
                match &self.members[SOURCE] {
                    Some(known) if (known.start, known.end) != (source.start, source.end) => {
                        Err("is in a group that reads rows of more than one input of the network")
                    }
                    Some(_) => Ok(Some(SOURCE)),
                    None => {
                        self.members[SOURCE] = Some(source);
                        Ok(Some(SOURCE))
                    }
                }
            }
            (None, _) => Ok(None),
        }
    }

    /// What is computed before the group is not overwritten by it.
    fn check_outside(&self, model: &Model<'_>, number: usize, member: &Member) -> Result<(), &'static str> {
        let Some(outside) = model.arena_range(number) else { return Ok(()) };
        let mut members = self.members.iter().flatten().chain([member]);
        match members.any(|member| overlap(&outside, &(member.start..member.end))) {
            true => Err("reads a variable whose memory its group writes over"),
            false => Ok(()),
        }
    }

    /// Takes all steps.
    fn walk(&mut self, group: &Group<'_>) -> Result<(), OpenError> {
        for &step in group.steps {
            match step {
                PUSH => self.push().map_err(|reason| error(self.first, reason))?,
                _ => {
                    let place = usize::from(step);
                    self.step(place)
                        .map_err(|reason| error(self.first + place.min(group.functions.len() - 1), reason))?;
                }
            }
        }
        for (place, member) in self.members.iter().enumerate().filter_map(|(place, member)| Some((place, (*member)?))) {
            if member.kept && member.made < member.rows && place != SOURCE {
                return Err(error(self.first + place, "its output is not complete after the steps of its group"));
            }
        }
        Ok(())
    }

    /// The caller gives a row.
    fn push(&mut self) -> Result<(), &'static str> {
        let source = self.members[SOURCE].ok_or("a step takes a row of an input, but there is none")?;
        if source.made >= source.rows {
            return Err("a step takes a row beyond the last of the input");
        }
        self.write(SOURCE, source.made..source.made + 1)?;
        if let Some(source) = &mut self.members[SOURCE] {
            source.made += 1;
        }
        Ok(())
    }

    /// A function takes its next step.
    fn step(&mut self, place: usize) -> Result<(), &'static str> {
        let member = self.members.get(place).copied().flatten().filter(|_| place != SOURCE);
        let member = member.ok_or("a step is taken by a function that its group does not have")?;
        if member.steps >= member.rule.steps(member.rows) {
            return Err("takes a step after its last");
        }
        for input in member.inputs.into_iter().flatten() {
            let Some(source) = self.members[usize::from(input.source)] else { continue };
            let needed = member.needs(input, source.rows);
            if needed.end > source.made {
                return Err("reads a row that is not computed yet");
            }
            if needed.start < source.dead {
                return Err("reads a row that is overwritten");
            }
        }
        self.write(place, member.rule.written(member.steps))?;
        if let Some(member) = &mut self.members[place] {
            member.steps += 1;
            member.made = member.rule.complete(member.steps);
        }
        for input in member.inputs.into_iter().flatten() {
            self.bury(input.source);
        }
        // What was written over is not to be read again.
        let written = member.rule.written(member.steps);
        let sources = member.inputs.iter().flatten().filter_map(|input| self.members[usize::from(input.source)]);
        for source in sources.filter(|source| source.places.is_some()) {
            if written.clone().any(|row| source.suffers(&member, row) != Harm::None) {
                return Err("writes over a row that another function is still to read");
            }
        }
        Ok(())
    }

    /// Writes rows of a variable where nothing is still to be read.
    fn write(&mut self, place: usize, rows: Range<usize>) -> Result<(), &'static str> {
        let Some(writer) = self.members[place] else { return Ok(()) };
        for row in writer.touched.max(rows.start)..rows.end {
            let harmed = self.members.iter().enumerate().any(|(index, other)| {
                let Some(other) = other.filter(|_| index != place || !writer.kept) else { return false };
                match other.suffers(&writer, row) {
                    Harm::None => false,
                    Harm::SameRow => !writer.works_over(index),
                    Harm::Overwritten => true,
                }
            });
            if harmed {
                return Err("writes over a row that is still to be read");
            }
            if let Some(writer) = &mut self.members[place] {
                writer.touched = row + 1;
            }
        }
        Ok(())
    }

    /// Forgets the rows of a variable that no function will read.
    fn bury(&mut self, place: u8) {
        let Some(source) = self.members[usize::from(place)].filter(|source| !source.kept) else { return };
        let needs = self.members.iter().flatten().flat_map(|member| {
            let inputs = member.inputs.into_iter().flatten().filter(move |input| input.source == place);
            inputs.map(move |input| member.needs(input, source.rows).start)
        });
        let dead = needs.min().unwrap_or(usize::MAX);
        if let Some(source) = &mut self.members[usize::from(place)] {
            source.dead = dead;
        }
    }
}

/// A variable that is computed in a group, or whose rows the caller gives, before the first step.
fn variable(model: &Model<'_>, number: usize, axis: usize, copies: bool) -> Result<Member, &'static str> {
    let record = model.nnb().variable(number);
    let buffer = model.buffer_range(number).ok_or("a variable of its group has its values in the file")?;
    let &rows = record.shape.get(axis).ok_or("a variable of its group does not have the axis of the rows")?;
    if rows > MAX_ROWS {
        return Err("a variable of its group has more than 4096 rows");
    }
    let places = RowPlaces::new(&record, axis);
    match places {
        Some(places) if places.ring.checked_mul(places.bytes).is_none_or(|bytes| bytes > buffer.len()) => {
            return Err("a ring of rows does not fit its buffer");
        }
        None if !copies => return Err("writes rows of a variable that lies there as a whole"),
        _ => {}
    }
    Ok(Member {
        rule: RowRule::InStep,
        rows,
        places,
        start: buffer.start,
        end: buffer.end,
        kept: record.ring == 0,
        inputs: [None; MAX_INPUTS],
        steps: 0,
        made: 0,
        touched: 0,
        dead: 0,
    })
}

/// Whether sums of rows can be kept in the buffer of the output, four bytes each, and 32 bits hold them exactly.
fn sums_fit(model: &Model<'_>, function: &Function, input: usize, output: Shape, buffer: usize) -> bool {
    if let Function::MaxPooling(_) = function {
        return true;
    }
    let input = model.nnb().variable(input);
    let largest = magnitude(input.format).map_or(0, |largest| largest.saturating_mul(input.shape.items() as u64));
    let bytes = output.items().checked_mul(4);
    bytes.is_some_and(|bytes| bytes <= buffer) && largest <= i32::MAX as u64
}

//! [`Schedule`]: the order in which the members of a group take their steps, and when each row is in use.

use super::members::{MemberInput, Members, Rows};
use fewbit_nnb::layout::group::PUSH;
use std::ops::{Range, RangeInclusive};

/// The steps of a group.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// Members by their place, or [`PUSH`].
    pub steps: Vec<u8>,
    /// For each variable of the group ([`Members::variables`]) and each of its rows the steps during which the row is in
    /// use: from the first that writes it to the last before which something may still read it. Empty for rows that are
    /// never computed.
    pub lives: Vec<Vec<Option<RangeInclusive<usize>>>>,
}

/// How far a variable is.
#[derive(Clone, Copy, Debug, Default)]
struct Progress {
    /// Steps that its member has taken.
    steps: usize,
    /// Rows that are complete, and that have been written to.
    made: usize,
    touched: usize,
    /// Rows before this one are not read any more.
    dead: usize,
}

impl Schedule {
    /// Orders the steps by demand: the last members compute their rows one after the other, and before that whatever they
    /// need. So rows are computed as late as possible, and die as early. Where several members are last, the one goes first
    /// that is least far.
    pub fn new(members: &Members) -> Self {
        let variables: Vec<Rows> = members.variables().copied().collect();
        let mut planner = Planner {
            members,
            progress: vec![Progress::default(); variables.len()],
            schedule: Self { steps: Vec::new(), lives: variables.iter().map(|rows| vec![None; rows.count]).collect() },
            variables,
        };
        let read = |place: usize| {
            members.nodes.iter().any(|member| member.inputs.iter().any(|input| input.source == Some(place)))
        };
        let last: Vec<usize> = (0..members.nodes.len()).filter(|&place| !read(place)).collect();
        planner.complete(&last);
        // What is read beyond the group is needed to its last row.
        let kept: Vec<usize> = (0..members.nodes.len()).filter(|&place| members.nodes[place].output.kept).collect();
        planner.complete(&kept);
        planner.finish()
    }
}

struct Planner<'m> {
    members: &'m Members,
    variables: Vec<Rows>,
    progress: Vec<Progress>,
    schedule: Schedule,
}

impl Planner<'_> {
    /// Takes steps until some members have taken all of theirs.
    fn complete(&mut self, wanted: &[usize]) {
        loop {
            let left = wanted.iter().copied().filter(|&place| self.progress[place].steps < self.total(place));
            // The least part of the way, compared without division.
            let next = left.min_by(|&a, &b| {
                let way = |of: usize, other: usize| self.progress[of].steps * self.total(other);
                way(a, b).cmp(&way(b, a)).then(b.cmp(&a))
            });
            match next {
                Some(place) => self.advance(place),
                None => return,
            }
        }
    }

    fn total(&self, place: usize) -> usize {
        self.members.nodes[place].rule.steps(self.variables[place].count)
    }

    /// Takes the step that a member's next step waits for most deeply, or that step itself.
    fn advance(&mut self, mut place: usize) {
        loop {
            let member = &self.members.nodes[place];
            let waits = member.inputs.iter().find(|input| {
                let source = self.source(input);
                self.needed(place, input).end > self.progress[source].made
            });
            match waits.map(|input| input.source) {
                None => return self.take(place),
                Some(Some(source)) => place = source,
                Some(None) => return self.push(),
            }
        }
    }

    fn source(&self, input: &MemberInput) -> usize {
        input.source.unwrap_or(self.members.nodes.len())
    }

    /// The rows of an input that a member's next step needs; none after its last.
    fn needed(&self, place: usize, input: &MemberInput) -> Range<usize> {
        let step = self.progress[place].steps;
        if step >= self.total(place) {
            return usize::MAX..usize::MAX;
        }
        match input.reads_rows {
            true => self.members.nodes[place].rule.needed(input.place, step),
            false => 0..self.variables[self.source(input)].count,
        }
    }

    fn push(&mut self) {
        let source = self.members.nodes.len();
        let row = self.progress[source].made;
        self.write(source, row..row + 1);
        self.progress[source].made += 1;
        self.schedule.steps.push(PUSH);
    }

    fn take(&mut self, place: usize) {
        let member = &self.members.nodes[place];
        let step = self.progress[place].steps;
        self.write(place, member.rule.written(step));
        self.progress[place].steps += 1;
        self.progress[place].made = member.rule.complete(step + 1);
        for input in &member.inputs {
            self.bury(self.source(input));
        }
        // Below 128: a group has no more members.
        self.schedule.steps.push(place as u8);
    }

    fn write(&mut self, place: usize, rows: Range<usize>) {
        let now = self.schedule.steps.len();
        let progress = &mut self.progress[place];
        for row in rows.start.max(progress.touched)..rows.end {
            self.schedule.lives[place][row] = Some(now..=now);
        }
        progress.touched = progress.touched.max(rows.end);
    }

    /// Ends the lives of rows that no member will read.
    fn bury(&mut self, place: usize) {
        if self.variables[place].kept {
            return;
        }
        let readers = self.members.nodes.iter().enumerate().flat_map(|(reader, member)| {
            member.inputs.iter().filter(|input| self.source(input) == place).map(move |input| (reader, input))
        });
        let dead = readers.map(|(reader, input)| self.needed(reader, input).start).min().unwrap_or(usize::MAX);
        let now = self.schedule.steps.len();
        let progress = &mut self.progress[place];
        for row in progress.dead..dead.min(progress.touched) {
            if let Some(life) = &mut self.schedule.lives[place][row] {
                *life = *life.start()..=now;
            }
        }
        progress.dead = dead;
    }

    /// Keeps what is left alive to the end.
    fn finish(mut self) -> Schedule {
        let end = self.schedule.steps.len();
        for (lives, progress) in self.schedule.lives.iter_mut().zip(&self.progress) {
            for life in lives.iter_mut().skip(progress.dead).flatten() {
                *life = *life.start()..=end;
            }
        }
        self.schedule
    }
}

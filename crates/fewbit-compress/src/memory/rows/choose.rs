//! [`plan`]: which nodes are joined to groups, and where everything lies then.

use super::copies;
use super::members::{Members, NodeInputs, is_used_outside};
use super::rings::{RingPlaces, rings};
use super::schedule::Schedule;
use crate::memory::pack::{Block, lower_bound, pack};
use fewbit_core::shape_rule::RowRule;
use fewbit_core::{Network, Operation, VariableId};
use fewbit_nnb::write::buffers::lives;
use fewbit_nnb::{ArenaPlan, Ring, RowGroup};
use std::ops::{Range, RangeInclusive};

/// What a plan is to reach.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RowOptions {
    /// How large the arena may be: as few nodes are joined as that needs. By default it becomes as small as it can.
    pub limit: usize,
    /// Whether the caller gives the network's only input row by row, so that it need not be there as a whole.
    pub pushed: bool,
}

/// A network that is computed row by row where that saves memory.
#[derive(Clone, Debug, PartialEq)]
pub struct RowPlan {
    /// The network, with copies at the ends of groups where those are needed.
    pub network: Network,
    /// Where its variables lie.
    pub arena: ArenaPlan,
    /// Bytes of the arena.
    pub bytes: usize,
    /// The largest sum of bytes that are in use at a step.
    pub lower_bound: usize,
    /// Bytes of weights that are read in a run, and if every node were run once.
    pub weights_read: usize,
    /// The same if every node were run as a whole.
    pub weights: usize,
}

/// A group whose memory is known.
#[derive(Clone, Debug)]
struct Group {
    members: Members,
    schedule: Schedule,
    rings: Vec<RingPlaces>,
}

impl Group {
    /// The nodes of a range as a group, and the network with the copies that it needs; `None` if they cannot be one.
    fn new(network: &Network, range: &Range<usize>, options: &RowOptions) -> Option<(Network, Range<usize>, Self)> {
        let axis = row_axis(network, range)?;
        let pushed = pushed(network, range, options);
        let (network, range) = copies::add(network, range, axis, pushed);
        let members = Members::new(&network, &range, axis, pushed)?;
        let schedule = Schedule::new(&members);
        let rings = rings(&members, &schedule);
        Some((network, range, Self { members, schedule, rings }))
    }

    /// Blocks of memory, in use at steps of the group.
    fn blocks(&self) -> Vec<Block> {
        let rings = self.rings.iter().map(|ring| Block { lives: ring.lives.clone(), size: ring.bytes });
        rings.chain([self.counters()]).collect()
    }

    fn counters(&self) -> Block {
        Block { lives: vec![0..=self.schedule.steps.len()], size: 2 * (self.members.nodes.len() + 1) }
    }

    /// Bytes of parameters that the steps read.
    fn weights_read(&self, network: &Network, range: &Range<usize>) -> usize {
        let nodes = network.nodes[range.clone()].iter().zip(&self.members.nodes);
        nodes.map(|(node, member)| parameters(network, node) * member.rule.steps(member.output.count)).sum()
    }
}

fn parameters(network: &Network, node: &fewbit_core::Node) -> usize {
    let variables = node.inputs.iter().map(|&id| network.variable(id));
    variables.filter(|variable| !variable.is_buffer()).map(fewbit_core::Variable::bytes).sum()
}

/// The axis of the rows: the first over which the first window of the nodes moves.
fn row_axis(network: &Network, range: &Range<usize>) -> Option<usize> {
    network.nodes[range.clone()].iter().find_map(|node| {
        let Operation::Known(function) = &node.operation else { return None };
        let inputs = NodeInputs { network, node };
        let has_window =
            |axis: &usize| matches!(function.row_rule(&inputs, *axis), Some(RowRule::Window(_) | RowRule::Fold(_)));
        (0..network.variable(*node.inputs.first()?).shape.rank()).find(has_window)
    })
}

/// The input whose rows the caller gives, if all that read it are in the range.
fn pushed(network: &Network, range: &Range<usize>, options: &RowOptions) -> Option<VariableId> {
    let &[input] = network.inputs.as_slice() else { return None };
    let read = network.nodes[range.clone()].iter().any(|node| node.inputs.contains(&input));
    (options.pushed && read && network.variable(input).is_buffer() && !is_used_outside(network, range, input))
        .then_some(input)
}

/// Plans the arena of a network whose variables have their formats.
pub fn plan(network: &Network, options: &RowOptions) -> RowPlan {
    plan_ranges(network, &choose(network, options), options)
}

/// Plans the arena of a network in which given ranges of nodes are joined, where they can be; they must be in order and
/// apart.
pub fn plan_ranges(network: &Network, ranges: &[Range<usize>], options: &RowOptions) -> RowPlan {
    let mut network = network.clone();
    let mut groups: Vec<(Range<usize>, Group)> = Vec::new();
    let mut moved = 0;
    for range in ranges {
        let range = range.start + moved..range.end + moved;
        if let Some((with_copies, longer, group)) = Group::new(&network, &range, options) {
            moved += longer.len() - range.len();
            network = with_copies;
            groups.push((longer, group));
        }
    }
    place(network, groups)
}

/// The ranges of nodes to join, in order.
fn choose(network: &Network, options: &RowOptions) -> Vec<Range<usize>> {
    let costs = Costs::new(network, options);
    // First the smallest arena; then the fewest bytes of weights read again for an arena of that size, or of the limit.
    let smallest = costs.best(usize::MAX, |cost, so_far| (cost.bytes.max(so_far.0), 0)).0.0;
    costs.best(smallest.max(options.limit), |cost, so_far| (cost.weights_read + so_far.0, cost.joined + so_far.1)).1
}

/// What a range of nodes costs: a single node as it is, or a group.
#[derive(Clone, Copy, Debug)]
struct Cost {
    /// Bytes in use at once.
    bytes: usize,
    weights_read: usize,
    /// How many nodes are joined.
    joined: usize,
}

struct Costs {
    /// For each node those of the ranges that end with it: where each begins, and what it costs.
    ending: Vec<Vec<(usize, Cost)>>,
}

impl Costs {
    fn new(network: &Network, options: &RowOptions) -> Self {
        let lives = lives(network);
        let alive = |range: &Range<usize>| {
            let touches = |life: &RangeInclusive<usize>| *life.start() < range.end && range.start <= *life.end();
            let variables = network.variables.iter().zip(&lives);
            variables
                .filter(|(_, life)| life.as_ref().is_some_and(touches))
                .map(|(variable, _)| variable.bytes())
                .sum::<usize>()
        };
        let mut ending = vec![Vec::new(); network.nodes.len()];
        for start in 0..network.nodes.len() {
            let single = start..start + 1;
            let weights_read = parameters(network, &network.nodes[start]);
            ending[start].push((start, Cost { bytes: alive(&single), weights_read, joined: 0 }));
            for end in start + 2..=network.nodes.len() {
                let range = start..end;
                if Members::is_hopeless(network, end - 1) {
                    break;
                }
                let Some((copied, longer, group)) = Group::new(network, &range, options) else { continue };
                let own = group.rings.iter().flat_map(|ring| &ring.variables);
                let own: usize =
                    own.filter(|id| id.0 < network.variables.len()).map(|id| network.variable(*id).bytes()).sum();
                let bytes = lower_bound(&group.blocks()) + alive(&range).saturating_sub(own);
                let weights_read = group.weights_read(&copied, &longer);
                ending[end - 1].push((start, Cost { bytes, weights_read, joined: range.len() }));
            }
        }
        Self { ending }
    }

    /// The cheapest way through all nodes with ranges of at most `limit` bytes, and the groups on it.
    fn best(
        &self,
        limit: usize,
        join: impl Fn(&Cost, (usize, usize)) -> (usize, usize),
    ) -> ((usize, usize), Vec<Range<usize>>) {
        let mut best: Vec<Option<((usize, usize), usize)>> = vec![Some(((0, 0), 0))];
        for ending in &self.ending {
            let ways = ending.iter().filter(|(_, cost)| cost.bytes <= limit).filter_map(|(start, cost)| {
                let so_far = best[*start]?.0;
                Some((join(cost, so_far), *start))
            });
            let next = ways.min();
            best.push(next);
        }
        let mut ranges = Vec::new();
        let mut end = self.ending.len();
        while let Some((_, start)) = best[end].filter(|_| end > 0) {
            if end - start > 1 {
                ranges.push(start..end);
            }
            end = start;
        }
        ranges.reverse();
        (best[self.ending.len()].map_or((0, 0), |(cost, _)| cost), ranges)
    }
}

/// Packs everything.
fn place(network: Network, groups: Vec<(Range<usize>, Group)>) -> RowPlan {
    // When each node begins and ends; the nodes of a group all take its whole time.
    let mut ticks: Vec<RangeInclusive<usize>> = Vec::with_capacity(network.nodes.len());
    let mut now = 0;
    let mut rest = groups.iter().peekable();
    while ticks.len() < network.nodes.len() {
        let (nodes, length) = match rest.next_if(|(range, _)| range.start == ticks.len()) {
            Some((range, group)) => (range.len(), group.schedule.steps.len() + 1),
            None => (1, 1),
        };
        ticks.extend(std::iter::repeat_n(now..=now + length - 1, nodes));
        now += length;
    }
    let end = now;

    let node_lives = lives(&network);
    let tick = |node: usize| ticks.get(node).cloned().unwrap_or(end..=end);
    // An input is there from the beginning, an output beyond the end.
    let life = |id: VariableId| match &node_lives[id.0] {
        Some(life) if network.inputs.contains(&id) => 0..=*tick(*life.end()).end(),
        Some(life) => *tick(*life.start()).start()..=*tick(*life.end()).end(),
        None => 0..=end,
    };
    let mut blocks = Vec::new();
    let mut block_of: Vec<Option<usize>> = vec![None; network.variables.len()];
    let mut arena = ArenaPlan { offsets: vec![None; network.variables.len()], ..ArenaPlan::default() };
    let mut counters = Vec::new();
    let mut weights_read = 0;
    for (range, group) in &groups {
        let start = *ticks[range.start].start();
        weights_read += group.weights_read(&network, range);
        for ring in &group.rings {
            let mut lives: Vec<_> = ring.lives.iter().map(|life| start + life.start()..=start + life.end()).collect();
            if let (0, &[variable]) = (ring.rows, ring.variables.as_slice()) {
                let begins = lives.first().map_or(start, |life| *life.start());
                lives = vec![begins..=*life(variable).end().max(&begins)];
            }
            for variable in &ring.variables {
                block_of[variable.0] = Some(blocks.len());
                // Rows of a variable are at most 4096.
                arena.rings.push(Ring { variable: *variable, rows: ring.rows as u16, bytes: ring.bytes });
            }
            blocks.push(Block { lives, size: ring.bytes });
        }
        counters.push(blocks.len());
        let Block { lives, size } = group.counters();
        blocks
            .push(Block { lives: lives.iter().map(|life| start + life.start()..=start + life.end()).collect(), size });
    }
    for (index, variable) in network.variables.iter().enumerate().filter(|(_, variable)| variable.is_buffer()) {
        block_of[index].get_or_insert_with(|| {
            blocks.push(Block { lives: vec![life(VariableId(index))], size: variable.bytes() });
            blocks.len() - 1
        });
    }
    let packing = pack(&blocks);
    for (offset, block) in arena.offsets.iter_mut().zip(&block_of) {
        *offset = block.map(|block| packing.offsets[block]);
    }
    arena.groups = (groups.iter().zip(counters))
        .map(|((range, group), counters)| RowGroup {
            nodes: range.clone(),
            axis: group.members.axis,
            counters: packing.offsets[counters],
            steps: group.schedule.steps.clone(),
        })
        .collect();
    let grouped = |node: usize| groups.iter().any(|(range, _)| range.contains(&node));
    let all = || network.nodes.iter().enumerate().map(|(index, node)| (index, parameters(&network, node)));
    let weights = all().map(|(_, bytes)| bytes).sum();
    let weights_read =
        weights_read + all().filter(|(index, _)| !grouped(*index)).map(|(_, bytes)| bytes).sum::<usize>();
    let lower_bound = lower_bound(&blocks);
    RowPlan { bytes: packing.bytes, lower_bound, weights_read, weights, arena, network }
}

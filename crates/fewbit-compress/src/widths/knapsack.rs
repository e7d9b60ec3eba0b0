//! [`choose`]: one option from each class, so that their costs are least while their sizes keep to a limit.
//!
//! This is the multiple-choice knapsack problem. Classes are taken one after the other, and of the choices for the first
//! few of them only those are kept that no other one beats in both size and cost (dynamic programming over Pareto
//! fronts), and that could still lead to something better than the best that is known: what the rest costs at least is
//! the linear relaxation, which takes the steepest steps of the classes' convex hulls (Sinha and Zoltners 1979). That
//! relaxation is so near to the truth that few choices are left, and the result is exact.

/// One way to store something.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Item {
    /// What it takes of the limit.
    pub size: usize,
    /// What it loses; a finite number.
    pub cost: f64,
}

/// A choice for all classes.
#[derive(Clone, Debug, PartialEq)]
pub struct Selection {
    /// The item of each class, by its place.
    pub items: Vec<usize>,
    /// The sum of their sizes.
    pub size: usize,
    /// The sum of their costs.
    pub cost: f64,
    /// No choice within the limit costs less than this: the same as `cost`, but for a search that was cut short.
    pub bound: f64,
}

/// How many choices are kept for the first few classes. With so many the search is no longer exact, and says so.
const MOST_STATES: usize = 1 << 18;

/// Costs that differ by less, relative to the largest sum, count as equal: sums in different orders are not the same.
const TOLERANCE: f64 = 1e-9;

/// A choice for the first few classes.
#[derive(Clone, Copy, Debug)]
struct State {
    size: usize,
    cost: f64,
    /// The choice for the classes before the last, and the item of the last.
    parent: usize,
    item: usize,
}

/// The choice of least cost whose size is at most `limit`; `None` if even the smallest items are larger, or a class has
/// no item.
pub fn choose(classes: &[Vec<Item>], limit: usize) -> Option<Selection> {
    let least = least_size(classes)?;
    let dearest = |class: &Vec<Item>| class.iter().fold(0.0f64, |most, item| most.max(item.cost.abs()));
    let tolerance = TOLERANCE * classes.iter().map(dearest).sum::<f64>();
    let mut bound = f64::INFINITY;
    let mut rest = least;
    let mut best = if least <= limit { Relaxation::new(classes).within(limit - least).reached } else { return None };
    let mut fronts: Vec<Vec<State>> = vec![vec![State { size: 0, cost: 0.0, parent: 0, item: 0 }]];
    for (place, class) in classes.iter().enumerate() {
        let relaxation = Relaxation::new(&classes[place + 1..]);
        rest -= class.iter().map(|item| item.size).min()?;
        let mut states = Vec::new();
        for (parent, state) in fronts.last()?.iter().enumerate() {
            for (item, &Item { size, cost }) in class.iter().enumerate() {
                let Some(room) = limit.checked_sub(state.size + size + rest) else { continue };
                let completed = relaxation.within(room);
                let cost = state.cost + cost;
                best = best.min(cost + completed.reached);
                if cost + completed.least <= best + tolerance {
                    states.push(State { size: state.size + size, cost, parent, item });
                }
            }
        }
        let mut front = pareto(states);
        if front.len() > MOST_STATES {
            let at_least = |state: &State| state.cost + relaxation.within(limit - state.size - rest).least;
            front.sort_by(|a, b| at_least(a).total_cmp(&at_least(b)));
            bound = front.split_off(MOST_STATES).iter().map(at_least).fold(bound, f64::min);
        }
        fronts.push(front);
    }
    let last = fronts.last()?.iter().enumerate().min_by(|(_, a), (_, b)| a.cost.total_cmp(&b.cost))?;
    let (mut place, &State { size, cost, .. }) = last;
    let mut items = Vec::new();
    for front in fronts[1..].iter().rev() {
        items.push(front[place].item);
        place = front[place].parent;
    }
    items.reverse();
    Some(Selection { items, size, cost, bound: bound.min(cost) })
}

/// The size of the smallest choice; `None` if a class has no item.
pub fn least_size(classes: &[Vec<Item>]) -> Option<usize> {
    classes.iter().map(|class| class.iter().map(|item| item.size).min()).sum()
}

/// Those that no other one beats in both size and cost, by size.
fn pareto(mut states: Vec<State>) -> Vec<State> {
    states.sort_by(|a, b| a.size.cmp(&b.size).then(a.cost.total_cmp(&b.cost)));
    let mut least = f64::INFINITY;
    states.retain(|state| {
        let better = state.cost < least;
        least = least.min(state.cost);
        better
    });
    states
}

/// The problem for some classes with fractions of items allowed: from the smallest items on, what room is left goes to
/// the steps that save most for their size.
struct Relaxation {
    /// What the smallest items cost.
    start: f64,
    /// After each step in this order: the room that all so far took, and what they saved.
    taken: Vec<(usize, f64)>,
}

/// What the classes cost within some room.
struct Completed {
    /// No choice costs less.
    least: f64,
    /// There is one that costs this.
    reached: f64,
}

impl Relaxation {
    fn new(classes: &[Vec<Item>]) -> Self {
        let mut start = 0.0;
        let mut steps = Vec::new();
        for class in classes {
            let hull = hull(class);
            start += hull.first().map_or(0.0, |item| item.cost);
            steps.extend(hull.windows(2).map(|pair| (pair[1].size - pair[0].size, pair[0].cost - pair[1].cost)));
        }
        // A class's own steps are in this order already: its hull is convex.
        steps.sort_by(|a, b| (b.1 / b.0 as f64).total_cmp(&(a.1 / a.0 as f64)));
        let taken = steps.into_iter().scan((0, 0.0), |sum, (size, saved)| {
            *sum = (sum.0 + size, sum.1 + saved);
            Some(*sum)
        });
        Self { start, taken: taken.collect() }
    }

    fn within(&self, room: usize) -> Completed {
        let whole = self.taken.partition_point(|&(size, _)| size <= room);
        let (size, saved) = if whole == 0 { (0, 0.0) } else { self.taken[whole - 1] };
        let part =
            self.taken.get(whole).map_or(0.0, |next| (room - size) as f64 / (next.0 - size) as f64 * (next.1 - saved));
        Completed { least: self.start - saved - part, reached: self.start - saved }
    }
}

/// The lower convex hull of a class, from its smallest item on to its cheapest.
fn hull(class: &[Item]) -> Vec<Item> {
    let mut items = class.to_vec();
    items.sort_by(|a, b| a.size.cmp(&b.size).then(a.cost.total_cmp(&b.cost)));
    let mut hull: Vec<Item> = Vec::new();
    for item in items {
        if hull.last().is_some_and(|last| item.cost >= last.cost) {
            continue;
        }
        let slope = |from: &Item, to: &Item| (from.cost - to.cost) / (to.size - from.size) as f64;
        while let [.., before, last] = hull[..]
            && slope(&before, &last) <= slope(&last, &item)
        {
            hull.pop();
        }
        hull.push(item);
    }
    hull
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The least cost by trying every choice.
    fn brute_force(classes: &[Vec<Item>], limit: usize) -> Option<f64> {
        let Some((first, rest)) = classes.split_first() else { return Some(0.0) };
        let costs = first
            .iter()
            .filter(|item| item.size <= limit)
            .filter_map(|item| brute_force(rest, limit - item.size).map(|cost| cost + item.cost));
        costs.min_by(f64::total_cmp)
    }

    fn item(size: usize, cost: f64) -> Item {
        Item { size, cost }
    }

    #[test]
    fn fractions_are_not_taken() {
        // The steepest step of the relaxation does not fit; two others do.
        let classes = [
            vec![item(1, 10.0), item(6, 0.0)],
            vec![item(1, 6.0), item(4, 1.0)],
            vec![item(1, 6.0), item(3, 2.5), item(4, 1.0)],
        ];
        let found = choose(&classes, 8).expect("it fits");
        assert_eq!((found.items, found.size, found.cost, found.bound), (vec![1, 0, 0], 8, 12.0, 12.0));
        assert_eq!(choose(&classes, 2), None);
        assert_eq!(choose(&[vec![item(1, 1.0)], vec![]], 9), None);
        assert_eq!(choose(&[], 0).map(|found| found.cost), Some(0.0));
    }

    #[test]
    fn many_classes_are_chosen_from_quickly() {
        let class = |index: usize| -> Vec<Item> {
            let weights = 500 + index * index * 37 % 9000;
            let noise = 1.0 + (index * 7919 % 101) as f64;
            [2, 4, 8, 16]
                .iter()
                .map(|&bits| item(weights * bits / 8, noise * f64::from(-(bits as i32)).exp2()))
                .collect()
        };
        let classes: Vec<Vec<Item>> = (0..150).map(class).collect();
        let least = least_size(&classes).expect("no class is empty");
        for limit in [least, 2 * least, 3 * least + 12_345] {
            let found = choose(&classes, limit).expect("it fits");
            assert!(found.size <= limit && (found.cost - found.bound).abs() <= 1e-9 * found.cost);
        }
    }

    proptest! {
        #[test]
        fn no_choice_is_better(
            classes in prop::collection::vec(prop::collection::vec((0usize..12, 0u32..50), 1..5), 0..7),
            limit in 0usize..60,
        ) {
            let classes: Vec<Vec<Item>> = classes
                .into_iter()
                .map(|class| class.into_iter().map(|(size, cost)| item(size, f64::from(cost) * 0.37)).collect())
                .collect();
            let found = choose(&classes, limit);
            let expected = brute_force(&classes, limit);
            prop_assert_eq!(found.is_some(), expected.is_some());
            if let (Some(found), Some(expected)) = (found, expected) {
                prop_assert!((found.cost - expected).abs() < 1e-9, "{} instead of {}", found.cost, expected);
                prop_assert_eq!(found.bound, found.cost);
                let chosen: Vec<Item> = classes.iter().zip(&found.items).map(|(class, &item)| class[item]).collect();
                prop_assert!(chosen.iter().map(|item| item.size).sum::<usize>() == found.size && found.size <= limit);
                prop_assert!((chosen.iter().map(|item| item.cost).sum::<f64>() - found.cost).abs() < 1e-9);
            }
        }
    }
}

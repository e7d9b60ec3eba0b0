//! [`Forest`]: things that are joined into sets, two at a time.

use std::ops::Range;

/// Disjoint sets of the numbers below a count, each led by its least (Galler and Fischer 1964).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forest {
    parents: Vec<usize>,
}

impl Forest {
    /// Each number in a set of its own.
    pub fn new(count: usize) -> Self {
        Self { parents: (0..count).collect() }
    }

    /// All numbers.
    pub fn members(&self) -> Range<usize> {
        0..self.parents.len()
    }

    /// The least number of the set that this one is in.
    pub fn leader(&self, mut member: usize) -> usize {
        while self.parents[member] != member {
            member = self.parents[member];
        }
        member
    }

    /// Makes one set of those that two numbers are in.
    pub fn join(&mut self, a: usize, b: usize) {
        let [a, b] = [self.leader(a), self.leader(b)];
        self.parents[a.max(b)] = a.min(b);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_led_by_their_least() {
        let mut forest = Forest::new(6);
        forest.join(4, 5);
        forest.join(2, 4);
        forest.join(5, 1);
        let leaders: Vec<usize> = forest.members().map(|member| forest.leader(member)).collect();
        assert_eq!(leaders, [0, 1, 1, 3, 1, 1]);
    }
}

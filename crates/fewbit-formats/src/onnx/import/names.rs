//! Names that are unique, as those of a network's variables and functions must be.

use std::collections::{HashMap, HashSet};

/// Gives out names, each once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    taken: HashSet<String>,
    /// Names of the file, which only what they belong to may take.
    reserved: HashSet<String>,
    /// For names that were asked for again: the last number put behind.
    counts: HashMap<String, usize>,
}

impl Names {
    /// Names that only [`Names::claim`] gives out.
    pub(crate) fn reserve<'n>(&mut self, names: impl IntoIterator<Item = &'n String>) {
        self.reserved.extend(names.into_iter().cloned());
    }

    /// This name, or if it is taken already, one like it.
    pub(crate) fn claim(&mut self, name: &str) -> String {
        if self.taken.insert(name.into()) { name.into() } else { self.fresh(name) }
    }

    /// A name like this one that neither the file nor anything else has.
    pub(crate) fn fresh(&mut self, base: &str) -> String {
        let count = self.counts.entry(base.into()).or_default();
        loop {
            *count += 1;
            let name = format!("{base}_{count}");
            if !self.reserved.contains(&name) && self.taken.insert(name.clone()) {
                return name;
            }
        }
    }

    /// Makes a name free again.
    pub(crate) fn release(&mut self, name: &str) {
        self.taken.remove(name);
    }
}

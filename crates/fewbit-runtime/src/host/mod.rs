//! Networks prepared for a host: weights packed once, functions fused, kernels chosen for the processor.
//!
//! [`Prepared`] is made once from a [`Model`] and shared by threads; each thread runs its own [`Runner`].

use crate::model::Model;
use crate::session::{Semantics, Session};
use std::vec;
use std::vec::Vec;

/// A model prepared for this machine.
#[derive(Debug)]
pub struct Prepared<'m, 'a> {
    model: &'m Model<'a>,
    semantics: Semantics,
}

impl<'m, 'a> Prepared<'m, 'a> {
    /// Prepares a model.
    pub fn new(model: &'m Model<'a>, semantics: Semantics) -> Self {
        Self { model, semantics }
    }

    /// A runner with memory of its own.
    pub fn runner(&self) -> Runner<'_, 'm, 'a> {
        Runner { prepared: self, arena: vec![0; self.model.arena_bytes()] }
    }
}

/// Runs a prepared model, again and again, on one thread.
#[derive(Debug)]
pub struct Runner<'p, 'm, 'a> {
    prepared: &'p Prepared<'m, 'a>,
    arena: Vec<u8>,
}

impl Runner<'_, '_, '_> {
    /// Stores real numbers in the input at `index` of the network, in NNabla's order (channels before rows).
    pub fn set_input(&mut self, index: usize, values: &[f32]) {
        if let Some(mut session) = self.session() {
            session.set_input(index, values);
        }
    }

    /// Runs the network.
    pub fn run(&mut self) {
        if let Some(mut session) = self.session() {
            session.run();
        }
    }

    /// Reads the output at `index`, which must exist, in NNabla's order.
    pub fn read_output(&mut self, index: usize, out: &mut [f32]) {
        if let Some(session) = self.session() {
            session.output(index).read(0, out);
        }
    }

    fn session(&mut self) -> Option<Session<'_, '_>> {
        Session::new(self.prepared.model, &mut self.arena, self.prepared.semantics).ok()
    }
}

//! [`Progress`]: how a caller follows long work. What it shows, and where, is the caller's business.

/// Is told how far the work is. Calls may come from several threads.
pub trait Progress: Sync {
    /// A stage begins, of this many steps; the one before is over. `name` says in a few words what it does.
    fn begin(&self, name: &str, steps: usize);

    /// Some steps of the stage are done.
    fn advance(&self, steps: usize);
}

/// Shows nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn begin(&self, _name: &str, _steps: usize) {}

    fn advance(&self, _steps: usize) {}
}

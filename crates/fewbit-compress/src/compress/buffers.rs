//! The widths of buffers under a budget of RAM.

use crate::assign::{AssignOptions, Assigned, Width, assign_group};
use crate::calibrate::Calibration;
use crate::error::CompressError;
use crate::groups::groups;
use crate::outcome::Standard;
use crate::progress::Progress;
use crate::widths::peaks::widen;
use fewbit_core::{Network, VariableId};
use fewbit_data::Inputs;

/// How many samples tell what the width of one group of buffers does. Networks with formats in some places only run
/// without vector instructions.
const MEASURED: usize = 32;

/// What buffers' widths are chosen by.
pub(super) struct Buffers<'c> {
    /// The float network.
    pub network: &'c Network,
    /// Its statistics.
    pub calibration: &'c Calibration,
    /// Samples of the training part.
    pub inputs: &'c Inputs,
    /// What the formats were assigned by.
    pub options: &'c AssignOptions,
    /// Is told how far the work is.
    pub progress: &'c dyn Progress,
}

impl Buffers<'_> {
    /// Gives buffers that have 8 or 16 bits the widths with which the outputs are nearest to those of the float network,
    /// and the arena has at most `ram` bytes.
    pub(super) fn choose(
        &self,
        assigned: Assigned,
        ram: usize,
        arena_bytes: &dyn Fn(&Network) -> Result<usize, CompressError>,
    ) -> Result<Assigned, CompressError> {
        let is_fixed =
            |group: &Vec<VariableId>| group.iter().all(|id| assigned.network.variable(*id).format.is_fixed());
        let groups: Vec<Vec<VariableId>> = groups(&assigned.network).into_iter().filter(is_fixed).collect();
        let groups = if self.options.buffers == Width::Fixed8 { groups } else { Vec::new() };
        let with = |wide: &[bool]| {
            let mut assigned = assigned.clone();
            for (group, &wide) in groups.iter().zip(wide) {
                self.set(&mut assigned, group, wide);
            }
            assigned
        };
        let narrow = with(&vec![false; groups.len()]);
        let least = arena_bytes(&narrow.network)?;
        if least > ram {
            return Err(CompressError::RamTooSmall { limit: ram, least });
        }
        let standard = Standard::new(self.network, self.inputs, MEASURED)?;
        self.progress.begin("measuring buffers", groups.len());
        let mut gains = Vec::new();
        for group in &groups {
            let mut divergences = [0.0; 2];
            for (divergence, wide) in divergences.iter_mut().zip([false, true]) {
                let mut alone = Assigned { network: self.network.clone(), sqnr_db: narrow.sqnr_db.clone() };
                self.set(&mut alone, group, wide);
                *divergence = standard.compare(&alone.network)?.divergence;
            }
            gains.push(divergences[0] - divergences[1]);
            self.progress.advance(1);
        }
        let fits = |wide: &[bool]| arena_bytes(&with(wide).network).is_ok_and(|bytes| bytes <= ram);
        Ok(with(&widen(&gains, fits).wide))
    }

    /// Gives a group the best format of a width, whatever it loses.
    fn set(&self, assigned: &mut Assigned, group: &[VariableId], wide: bool) {
        let buffers = if wide { Width::Fixed16 } else { Width::Fixed8 };
        let options = AssignOptions { buffers, least_sqnr_db: f64::NEG_INFINITY, ..*self.options };
        assign_group(assigned, group, self.calibration, &options);
    }
}

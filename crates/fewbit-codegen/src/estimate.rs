//! [`estimate()`]: how many instructions, and about how many cycles, a function of generated code takes on a Cortex-M4 or
//! Cortex-M7.
//!
//! Instructions are counted, cycles are not. The test `functions_take_the_estimated_instructions` runs generated code on
//! QEMU and counts the instructions of each function; the constants here are what Debian's GCC 12.2 makes of the kernels
//! under `src/c` with `-O2` and DSP instructions. The cycles follow from the mix of instructions, and take for granted that
//! code, weights and arena lie in memory without wait states.

use fewbit_core::shape_rule::{ConvolutionGeometry, PoolingGeometry, ProductSize};
use fewbit_core::{Function, NumberFormat};
use fewbit_nnb::VariableRecord;
use fewbit_nnb::reader::Words;
use fewbit_runtime::Model;

/// A processor that cycles are estimated for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Processor {
    /// With DSP instructions.
    CortexM4,
    /// With DSP instructions and two pipelines.
    CortexM7,
}

impl Processor {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::CortexM4, Self::CortexM7];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::CortexM4 => "Cortex-M4",
            Self::CortexM7 => "Cortex-M7",
        }
    }
}

/// The instructions of a function.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct Estimate {
    /// Instructions of the loops that multiply 8-bit weights.
    pub dense: f64,
    /// All others.
    pub other: f64,
}

/// Cycles of an instruction of the loops that multiply. For 16 products they have 22 instructions, which by table 3-1 of
/// Arm's Cortex-M4 Technical Reference Manual take 26 cycles: 6 loads in a row 7 and one apart 2, 8 SMLAD, 4 SXTB16, an
/// addition and a comparison one each, the taken branch 3.
const DENSE_CYCLES: f64 = 26.0 / 22.0;

/// Cycles of an instruction of other code: of its instructions a quarter are loads, with a cycle more than others, and a
/// tenth branches, of which most are taken and fill the pipeline anew.
const OTHER_CYCLES: f64 = 1.4;

/// What a Cortex-M7 needs of a Cortex-M4's cycles. Arm publishes no table for it; this is the ratio of their results in
/// CoreMark, 3.40 and 5.01 a megahertz.
const CORTEX_M7: f64 = 3.40 / 5.01;

impl Estimate {
    /// How many instructions there are.
    pub fn instructions(&self) -> u64 {
        (self.dense + self.other) as u64
    }

    /// About how many cycles they take.
    pub fn cycles(&self, processor: Processor) -> u64 {
        let cycles = self.dense * DENSE_CYCLES + self.other * OTHER_CYCLES;
        match processor {
            Processor::CortexM4 => cycles as u64,
            Processor::CortexM7 => (cycles * CORTEX_M7) as u64,
        }
    }
}

/// Instructions for a product of 8-bit weights, where two rows and two columns are computed at once, and where not.
const FOR_PRODUCT: f64 = 22.0 / 16.0;
const FOR_SINGLE_PRODUCT: f64 = 11.0 / 4.0;
/// The same of weights of 16 bits, whose sums have 64, and of signs.
const FOR_WIDE_PRODUCT: f64 = 4.2;
const FOR_SIGN: f64 = 3.6;
/// For a value that is put in order to be multiplied, and what it takes more where it lies under a window.
const FOR_GATHERED: f64 = 3.6;
const FOR_WINDOWED: f64 = 14.7;
/// For an output of a product: bias, shift, saturation.
const FOR_OUTPUT: f64 = 56.6;
/// For two columns, or a last single one.
const FOR_COLUMNS: f64 = 1146.0;
/// For an output of a pooling function, and for a value under its window.
const FOR_POOLED: f64 = 151.6;
const FOR_POOLED_VALUE: f64 = 17.9;
/// For a value that is added or multiplied at its place, of each input.
const FOR_COMBINED: f64 = 19.5;
/// For a value that is looked up in a table, for a byte that is copied in a run, and for a value that is moved alone.
const FOR_TABLE: f64 = 3.8;
const FOR_COPIED_BYTE: f64 = 0.53;
const FOR_MOVED: f64 = 33.0;

/// At most as many rows as these share the values that were put in order.
const ROWS: usize = 64;

/// What the function at `index` takes; `None` for one that computes in floats, or is not known well enough.
pub fn estimate(model: &Model<'_>, index: usize) -> Option<Estimate> {
    let function = model.function(index)?;
    let record = model.nnb().function(index);
    let variable = |list: &Words<'_>, place: usize| (place < list.len()).then(|| model.nnb().variable(list.get(place)));
    let (x, y) = (variable(&record.inputs, 0)?, variable(&record.outputs, 0)?);
    if !(x.format.is_fixed() && y.format.is_fixed()) {
        return None;
    }
    let values = y.shape.items() as f64;
    let other = |other: f64| Some(Estimate { dense: 0.0, other });
    match function {
        Function::MaxPooling(_) | Function::AveragePooling(_) | Function::SumPooling(_) => {
            let geometry = PoolingGeometry::new(&function, x.shape).ok()?;
            let window: usize = geometry.axes.iter().map(|axis| axis.kernel).product();
            other(values * (FOR_POOLED + FOR_POOLED_VALUE * window as f64))
        }
        Function::GlobalAveragePooling => other(values * FOR_POOLED + x.shape.items() as f64 * FOR_POOLED_VALUE),
        Function::Add2(_) | Function::BcAdd2(_) | Function::AddN | Function::Sub2(_) | Function::Mul2(_) => {
            let fixed = |id: usize| model.nnb().variable(id).format.is_fixed();
            record.inputs.iter().all(fixed).then_some(())?;
            other(values * FOR_COMBINED * record.inputs.len() as f64)
        }
        Function::ReLU(_) | Function::Identity | Function::Dropout(_) | Function::Reshape(_) | Function::Slice(_)
            if x.format == y.format =>
        {
            other(y.format.bytes(y.shape.items()) as f64 * FOR_COPIED_BYTE)
        }
        Function::Transpose(_) if x.format == y.format => other(values * FOR_MOVED),
        Function::LeakyReLU(_)
        | Function::ELU(_)
        | Function::SELU(_)
        | Function::Sigmoid
        | Function::Tanh
        | Function::Swish
        | Function::GELU
        | Function::Mish
        | Function::HardSigmoid
        | Function::AddScalar(_)
        | Function::MulScalar(_)
            if matches!(x.format, NumberFormat::Fixed8 { .. }) =>
        {
            other(values * FOR_TABLE)
        }
        _ => product(model, index, &function, &x, &y),
    }
}

/// The instructions of a product of matrices.
fn product(
    model: &Model<'_>,
    index: usize,
    function: &Function,
    x: &VariableRecord<'_>,
    y: &VariableRecord<'_>,
) -> Option<Estimate> {
    let binary = matches!(
        function,
        Function::BinaryConnectConvolution(_)
            | Function::BinaryConnectAffine(_)
            | Function::BinaryWeightConvolution(_)
            | Function::BinaryWeightAffine(_)
    );
    let size = ProductSize::of(function, &model.input_shapes(index))?;
    let weights = model.nnb().variable(model.nnb().function(index).inputs.get(if binary { 2 } else { 1 }));
    // Generated code gathers what lies under each output, also for deconvolutions.
    let columns = y.shape.items().checked_div(size.count * size.rows)? as f64;
    let products = size.count as f64;
    let (rows, taps) = (size.rows as f64, size.taps as f64);
    let multiplied = products * rows * columns * taps;
    let (dense, other) = match weights.format {
        NumberFormat::Fixed8 { .. } if size.rows > 1 && columns > 1.0 => (multiplied * FOR_PRODUCT, 0.0),
        NumberFormat::Fixed8 { .. } => (multiplied * FOR_SINGLE_PRODUCT, 0.0),
        NumberFormat::Fixed16 { .. } => (0.0, multiplied * FOR_WIDE_PRODUCT),
        NumberFormat::Sign => (0.0, multiplied * FOR_SIGN),
        _ => return None,
    };
    let geometry = ConvolutionGeometry::new(function, x.shape, weights.shape).ok();
    let windowed = geometry.is_some_and(|geometry| geometry.axes.iter().any(|axis| axis.kernel > 1));
    let gathered = products * columns * taps * size.rows.div_ceil(ROWS) as f64;
    let for_gathered = if windowed { FOR_GATHERED + FOR_WINDOWED } else { FOR_GATHERED };
    let ends = products * (rows * columns * FOR_OUTPUT + (columns / 2.0).ceil() * FOR_COLUMNS);
    Some(Estimate { dense, other: other + gathered * for_gathered + ends })
}

impl std::iter::Sum for Estimate {
    fn sum<I: Iterator<Item = Self>>(estimates: I) -> Self {
        estimates.fold(Self::default(), |sum, one| Self { dense: sum.dense + one.dense, other: sum.other + one.other })
    }
}

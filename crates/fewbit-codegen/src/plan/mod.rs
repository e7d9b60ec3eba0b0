//! Decides how each function of a network is computed in C: which kernel, with which constants.
//!
//! | module | what it does |
//! |---|---|
//! | [`variables`] | where variables lie, and how kernels read and write them |
//! | [`product`] | convolutions, deconvolutions, affine functions |
//! | [`pooling`] | pooling |
//! | [`combine`] | functions of values at the same place, in integers where those are exact, else in floats |
//! | [`unary`] | functions of one value: tables, integer forms, formulas |
//! | [`table`] | tables, made by running the runtime's own function |
//! | [`fusion`] | which `ReLU`s are computed by the function before them |
//! | [`moves`] | functions that move values along strides |
//! | [`take`] | functions that take values from places found axis by axis |
//! | [`normalization`] | batch normalisation |
//! | [`softmax`] | softmax |

mod combine;
mod fusion;
mod moves;
mod normalization;
mod pooling;
mod product;
mod softmax;
mod table;
mod take;
mod unary;
mod variables;

use crate::arrays::Arrays;
use crate::c_value::Record;
use crate::error::UnsupportedFunction;
use crate::feature::{Feature, Features};
use crate::limits::Limits;
use combine::Ending;
use fewbit_core::{Function, Shape};
use fewbit_nnb::VariableRecord;
use fewbit_nnb::reader::Words;
use fewbit_runtime::Model;

/// A call of a kernel with its constants.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// The function in C.
    pub kernel: &'static str,
    /// The type of its constants.
    pub constants_type: &'static str,
    /// Its constants.
    pub constants: Record,
}

/// A function of the network.
#[derive(Clone, Debug)]
pub(crate) struct Layer {
    /// What it is, for people.
    pub title: String,
    /// What is done; nothing where the output is the input.
    pub steps: Vec<Step>,
}

/// The whole network.
#[derive(Debug)]
pub(crate) struct Plan {
    pub layers: Vec<Layer>,
    pub features: Features,
    pub limits: Limits,
    pub arrays: Arrays,
}

/// Why a function has no form in C: what follows its name in a sentence.
pub(crate) type Reason = String;

/// Numbers, with what is added for rounding, must stay below this to be computed in 32 bits.
const NARROW: u128 = 1 << 31;

/// The same for 64 bits, which need no room for rounding.
const WIDE: u128 = 1 << 63;

/// Why numbers do not fit 64 bits.
const TOO_FAR_APART: &str = "has positions so far apart that its sums need more than the 64 bits of generated code; give its inputs and its output nearer ones";

/// What planners write to.
pub(crate) struct Planner<'m, 'a> {
    model: &'m Model<'a>,
    features: Features,
    limits: Limits,
    arrays: Arrays,
    steps: Vec<Step>,
}

/// One output of a function, which is to be planned.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub function: Function,
    /// The numbers of its input variables.
    pub inputs: Vec<usize>,
    /// The number of the output variable.
    pub output: usize,
    /// Which of the function's outputs it is.
    pub output_index: usize,
    /// Whether the `ReLU` behind it is computed too: `output` is then its output.
    pub relu: bool,
}

impl Call {
    /// What follows a function that has no ending of its own.
    fn ending(&self) -> Ending {
        if self.relu { Ending::RELU } else { Ending::default() }
    }
}

impl Plan {
    /// Plans all functions of a model.
    ///
    /// # Errors
    /// All functions that have no form in C.
    pub fn new(model: &Model<'_>) -> Result<Self, Vec<UnsupportedFunction>> {
        let mut planner = Planner {
            model,
            features: Features::default(),
            limits: Limits::default(),
            arrays: Arrays::default(),
            steps: Vec::new(),
        };
        let mut layers = Vec::new();
        let mut unsupported = Vec::new();
        let mut functions = 0..model.nnb().function_count();
        while let Some(index) = functions.next() {
            let record = model.nnb().function(index);
            let name = record.spec.name;
            let relu = fusion::takes_relu(model, index).then(|| functions.next()).flatten();
            let outputs = relu.map_or(record.outputs, |relu| model.nnb().function(relu).outputs);
            let planned = model.function(index).ok_or_else(|| Reason::from("is not computed by the runtime"));
            let planned = planned.and_then(|function| {
                let inputs: Vec<usize> = record.inputs.iter().collect();
                outputs.iter().enumerate().try_for_each(|(output_index, output)| {
                    let inputs = inputs.clone();
                    planner.plan(&Call { function, inputs, output, output_index, relu: relu.is_some() })
                })
            });
            let steps = std::mem::take(&mut planner.steps);
            match planned {
                Ok(()) => {
                    let shapes = |list: Words<'_>| {
                        list.iter().map(|number| describe(&model.nnb().variable(number))).collect::<Vec<_>>().join(", ")
                    };
                    let title = if relu.is_some() { format!("{name}, ReLU") } else { name.into() };
                    layers.push(Layer {
                        title: format!("{title}: {} -> {}", shapes(record.inputs), shapes(outputs)),
                        steps,
                    });
                }
                Err(reason) => unsupported.push(UnsupportedFunction { index, name, reason }),
            }
        }
        let Planner { features, limits, arrays, .. } = planner;
        if unsupported.is_empty() { Ok(Self { layers, features, limits, arrays }) } else { Err(unsupported) }
    }
}

fn describe(variable: &VariableRecord<'_>) -> String {
    format!("{} {}", variable.shape, variable.format)
}

impl Planner<'_, '_> {
    fn plan(&mut self, call: &Call) -> Result<(), Reason> {
        if self.shape(call.output).items() == 0 {
            return Ok(());
        }
        match &call.function {
            Function::Convolution(_)
            | Function::FusedConvolution(_)
            | Function::DepthwiseConvolution(_)
            | Function::BinaryConnectConvolution(_)
            | Function::BinaryWeightConvolution(_)
            | Function::Deconvolution(_)
            | Function::DepthwiseDeconvolution(_)
            | Function::Affine(_)
            | Function::BinaryConnectAffine(_)
            | Function::BinaryWeightAffine(_) => product::plan(self, call),
            Function::MaxPooling(_)
            | Function::AveragePooling(_)
            | Function::SumPooling(_)
            | Function::GlobalAveragePooling => pooling::plan(self, call),
            Function::Add2(_)
            | Function::BcAdd2(_)
            | Function::AddN
            | Function::Sub2(_)
            | Function::Mul2(_)
            | Function::MulN
            | Function::Div2(_)
            | Function::Maximum2
            | Function::Minimum2
            | Function::PReLU(_) => combine::plan(self, call),
            Function::BatchNormalization(arguments) => normalization::plan(self, call, arguments),
            Function::FusedBatchNormalization(arguments) => normalization::plan_fused(self, call, arguments),
            Function::Softmax(arguments) => softmax::plan(self, call, arguments.axis, false),
            Function::LogSoftmax(arguments) => softmax::plan(self, call, arguments.axis, true),
            function => {
                if moves::plan(self, call)? || take::plan(self, call)? || unary::plan(self, call)? {
                    return Ok(());
                }
                Err(format!(
                    "is a function that generated code does not compute; remove {} from the network, or run the file with the runtime",
                    function.name()
                ))
            }
        }
    }

    fn step(&mut self, kernel: &'static str, constants_type: &'static str, constants: Record, features: &[Feature]) {
        self.features.use_all(features);
        self.steps.push(Step { kernel, constants_type, constants });
    }

    fn shape(&self, variable: usize) -> Shape {
        self.model.nnb().variable(variable).shape
    }
}

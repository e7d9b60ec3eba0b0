//! [`Function`]: what a network is made of, one typed variant a function that fewbit computes.
//!
//! Variants carry NNabla's names. Their [`arguments`] are plain `Copy` data, so that the device runtime, the graph
//! passes and the file formats share them. How a function is written in a file is in [`crate::spec`], which shapes it
//! takes and gives in [`crate::shape_rule`].

pub mod arguments;

use crate::argument::{ArgumentError, ArgumentValue};
use crate::spec::{self, ArgumentSpec, FunctionSpec};
use arguments::Arguments;

/// Declares [`Function`] and its way from and to [`ArgumentValue`]s.
macro_rules! functions {
    (
        with arguments { $($with:ident($arguments:ident),)* }
        without arguments { $($without:ident,)* }
    ) => {
        /// A function with its arguments.
        #[derive(Clone, Copy, Debug, PartialEq)]
        #[allow(missing_docs)] // The variants are NNabla's functions: see `crate::spec` and docs/functions.md.
        pub enum Function {
            $($with(arguments::$arguments),)*
            $($without,)*
        }

        impl Function {
            /// The names of all functions that fewbit computes.
            pub const NAMES: &'static [&'static str] = &[$(stringify!($with),)* $(stringify!($without),)*];

            /// NNabla's name of the function.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$with(_) => stringify!($with),)*
                    $(Self::$without => stringify!($without),)*
                }
            }

            /// Builds the function that `spec` names from its arguments, which `value` yields in the order of the
            /// specification. `Ok(None)` if fewbit does not compute this function; `value` is not called then.
            ///
            /// # Errors
            /// What `value` returns, and [`ArgumentError`] when a value is of the wrong kind.
            pub fn from_arguments<E, F>(spec: &'static FunctionSpec, mut value: F) -> Result<Option<Self>, E>
            where
                E: From<ArgumentError>,
                F: FnMut(&'static ArgumentSpec) -> Result<ArgumentValue, E>,
            {
                let mut next = arguments::SpecOrder { specs: spec.arguments.iter(), value: &mut value };
                Ok(Some(match spec.name {
                    $(stringify!($with) => Self::$with(arguments::$arguments::read(&mut next)?),)*
                    $(stringify!($without) => Self::$without,)*
                    _ => return Ok(None),
                }))
            }

            fn visit_values(&self, visit: &mut dyn FnMut(ArgumentValue)) {
                match self {
                    $(Self::$with(arguments) => arguments.visit(visit),)*
                    $(Self::$without => {})*
                }
            }

            /// Every function's name with those of its arguments, to hold against the table.
            #[cfg(test)]
            const DECLARED: &'static [(&'static str, &'static [&'static str])] = &[
                $((stringify!($with), arguments::$arguments::NAMES),)*
                $((stringify!($without), &[]),)*
            ];
        }
    };
}

functions! {
    with arguments {
        // Layers
        Affine(Affine),
        Convolution(Convolution),
        FusedConvolution(FusedConvolution),
        DepthwiseConvolution(DepthwiseConvolution),
        Deconvolution(Deconvolution),
        DepthwiseDeconvolution(DepthwiseDeconvolution),
        MaxPooling(Pooling),
        AveragePooling(AveragePooling),
        SumPooling(Pooling),
        Unpooling(Unpooling),
        // Activations
        ReLU(InPlace),
        LeakyReLU(LeakyReLU),
        Softmax(Axis),
        LogSoftmax(Axis),
        ELU(Alpha),
        SELU(SELU),
        CReLU(Axis),
        CELU(CELU),
        PReLU(PReLU),
        SoftPlus(SoftPlus),
        // Normalisation
        FusedBatchNormalization(FusedBatchNormalization),
        BatchNormalization(BatchNormalization),
        GroupNormalization(GroupNormalization),
        InstanceNormalization(InstanceNormalization),
        LayerNormalization(LayerNormalization),
        TensorNormalization(TensorNormalization),
        MeanSubtraction(MeanSubtraction),
        // Reductions
        Sum(Reduction),
        Mean(Reduction),
        Max(ExtremeReduction),
        Min(ExtremeReduction),
        Prod(Reduction),
        // Arithmetic
        Add2(InPlace),
        BcAdd2(InPlace),
        Sub2(InPlace),
        Mul2(InPlace),
        Div2(InPlace),
        Pow2(InPlace),
        AddScalar(InPlaceScalar),
        MulScalar(InPlaceScalar),
        PowScalar(InPlaceScalar),
        RSubScalar(Scalar),
        RDivScalar(Scalar),
        RPowScalar(Scalar),
        // Logic
        Sign(Alpha),
        MinimumScalar(Scalar),
        MaximumScalar(Scalar),
        LogicalAndScalar(LogicalScalar),
        LogicalOrScalar(LogicalScalar),
        LogicalXorScalar(LogicalScalar),
        EqualScalar(Scalar),
        NotEqualScalar(Scalar),
        GreaterEqualScalar(Scalar),
        GreaterScalar(Scalar),
        LessEqualScalar(Scalar),
        LessScalar(Scalar),
        ResetNaN(Scalar),
        ResetInf(Scalar),
        // Mathematics
        Constant(Constant),
        BatchMatmul(BatchMatmul),
        // Arrays
        Concatenate(Axis),
        Split(Axis),
        Stack(Axis),
        Slice(Slice),
        Pad(Pad),
        Transpose(Axes),
        Broadcast(ShapeOnly),
        BroadcastTo(Axis),
        Tile(Tile),
        OneHot(ShapeOnly),
        Flip(Axes),
        Shift(Shift),
        Reshape(Reshape),
        Trilu(Trilu),
        Gather(Gather),
        Interpolate(Interpolate),
        // Quantisation
        BinaryConnectAffine(BinaryAffine),
        BinaryConnectConvolution(BinaryConvolution),
        BinaryWeightAffine(BinaryAffine),
        BinaryWeightConvolution(BinaryConvolution),
        INQAffine(INQAffine),
        INQConvolution(INQConvolution),
        FixedPointQuantize(FixedPointQuantize),
        MinMaxQuantize(MinMaxQuantize),
        Pow2Quantize(Pow2Quantize),
        Prune(Prune),
        QuantizeLinear(QuantizeLinear),
        // Training
        Dropout(Dropout),
    }
    without arguments {
        GlobalAveragePooling, Embed,
        Sigmoid, Swish, Tanh, GELU, Mish, ReLU6, HardSigmoid, HardTanh, LogSigmoid, SoftSign, TanhShrink, Sinc,
        AddN, MulN,
        Minimum2, Maximum2, LogicalAnd, LogicalOr, LogicalXor, LogicalNot,
        Equal, NotEqual, GreaterEqual, Greater, LessEqual, Less, IsNaN, IsInf, Where,
        Abs, Exp, Log, Identity, Round, Ceil, Floor, Sin, Cos, Tan, Sinh, Cosh,
        ASin, ACos, ATan, ATan2, ASinh, ACosh, ATanh, Erf,
        MatrixDiag, MatrixDiagPart,
        BinarySigmoid, BinaryTanh, DequantizeLinear,
    }
}

impl Function {
    /// The function's row in the table.
    pub fn spec(&self) -> &'static FunctionSpec {
        spec::by_name(self.name()).expect("every variant has a row: the tests go through them")
    }

    /// Calls `visit` with each argument, in the order of the specification.
    pub fn visit_arguments(&self, mut visit: impl FnMut(&'static ArgumentSpec, ArgumentValue)) {
        let mut specs = self.spec().arguments.iter();
        self.visit_values(&mut |value| {
            if let Some(spec) = specs.next() {
                visit(spec, value);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::list::{FloatList, IntList};
    use crate::spec::ArgumentKind;
    use std::vec::Vec;

    /// A value of the right kind that differs from argument to argument.
    fn sample(index: usize, kind: ArgumentKind) -> ArgumentValue {
        let number = i32::try_from(index).expect("few arguments") + 1;
        match kind {
            ArgumentKind::Bool => ArgumentValue::Bool(index.is_multiple_of(2)),
            ArgumentKind::Int => ArgumentValue::Int(number),
            ArgumentKind::Float => ArgumentValue::Float(number as f32 + 0.5),
            ArgumentKind::Shape | ArgumentKind::Ints => {
                ArgumentValue::Ints(IntList::from_slice(&[number, number + 1]).expect("two fit"))
            }
            ArgumentKind::Floats => ArgumentValue::Floats(FloatList::from_slice(&[number as f32]).expect("one fits")),
            ArgumentKind::Choice(words) => ArgumentValue::Choice(u8::try_from(words.len() - 1).expect("few words")),
            ArgumentKind::Communicator | ArgumentKind::Text => panic!("no typed function has such an argument"),
        }
    }

    #[test]
    fn declarations_agree_with_the_table() {
        for &(name, arguments) in Function::DECLARED {
            let spec = spec::by_name(name).unwrap_or_else(|| panic!("{name} is not in the table"));
            let expected: Vec<_> = spec.arguments.iter().map(|argument| argument.name).collect();
            assert_eq!(arguments, expected, "arguments of {name}");
        }
    }

    #[test]
    fn arguments_survive_the_way_there_and_back() {
        for &(name, _) in Function::DECLARED {
            let spec = spec::by_name(name).expect("checked above");
            let given: Vec<_> =
                spec.arguments.iter().enumerate().map(|(i, argument)| sample(i, argument.kind)).collect();
            let mut values = given.iter();
            let function =
                Function::from_arguments::<ArgumentError, _>(spec, |_| Ok(*values.next().expect("one each")))
                    .expect("values of the right kinds")
                    .expect("a typed function");
            assert_eq!(function.name(), name);
            let mut taken = Vec::new();
            function.visit_arguments(|_, value| taken.push(value));
            assert_eq!(taken, given, "{name}");
        }
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_named() {
        let spec = spec::by_name("LeakyReLU").expect("in the table");
        let result = Function::from_arguments::<ArgumentError, _>(spec, |_| Ok(ArgumentValue::Int(1)));
        assert_eq!(result, Err(ArgumentError { argument: "alpha", expected: "a number" }));
    }

    #[test]
    fn functions_that_fewbit_does_not_compute_are_none() {
        let spec = spec::by_name("LSTM").expect("in the table");
        let result = Function::from_arguments::<ArgumentError, _>(spec, |_| unreachable!());
        assert_eq!(result, Ok(None));
    }
}

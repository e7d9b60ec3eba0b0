//! [`Feature`]: what of the kernels a network uses. Kernel files name features in `#if USES_...`.

use std::collections::BTreeSet;

/// Declares [`Feature`] with the names that kernel files know, and what each implies.
macro_rules! features {
    ($($(#[$meta:meta])* $feature:ident = $name:literal $(=> $($implied:ident),+)?;)*) => {
        /// A part of the kernels.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Feature {
            $($(#[$meta])* $feature,)*
        }

        impl Feature {
            /// All of them.
            #[cfg(test)]
            pub const ALL: &'static [Self] = &[$(Self::$feature,)*];

            /// The name in kernel files.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$feature => concat!("USES_", $name),)*
                }
            }

            /// The features without which this one does not work.
            fn implied(self) -> &'static [Self] {
                match self {
                    $(Self::$feature => &[$($(Self::$implied),+)?],)*
                }
            }
        }
    };
}

features! {
    // Values
    Integers = "INTEGERS";
    Reals = "REALS";
    Read16 = "READ_16";
    ReadFloat = "READ_FLOAT" => Reals;
    Write16 = "WRITE_16";
    WriteFloat = "WRITE_FLOAT" => Reals;
    Quantize = "QUANTIZE" => Reals;
    Narrow = "NARROW" => Integers;
    Wide = "WIDE" => Integers;
    FloatBits = "FLOAT_BITS";
    // Loops
    Nest = "NEST";
    Move = "MOVE" => Nest;
    Fill = "FILL";
    Take = "TAKE";
    TakeReals = "TAKE_REALS" => Take, Reals;
    LookUp = "LOOK_UP";
    // Integers value by value
    CombineIntegers = "COMBINE_INTEGERS" => Nest, Narrow;
    CombineWide = "COMBINE_WIDE" => CombineIntegers, Wide;
    IntegerSubtract = "INTEGER_SUBTRACT" => CombineIntegers;
    IntegerMultiply = "INTEGER_MULTIPLY" => CombineIntegers;
    IntegerMaximum = "INTEGER_MAXIMUM" => CombineIntegers;
    IntegerMinimum = "INTEGER_MINIMUM" => CombineIntegers;
    // Real numbers value by value
    CombineReals = "COMBINE_REALS" => Nest, Apply;
    RealSubtract = "REAL_SUBTRACT" => CombineReals;
    RealMultiply = "REAL_MULTIPLY" => CombineReals;
    RealDivide = "REAL_DIVIDE" => CombineReals;
    RealMaximum = "REAL_MAXIMUM" => CombineReals;
    RealMinimum = "REAL_MINIMUM" => CombineReals;
    RealSlope = "REAL_SLOPE" => CombineReals;
    // Functions of one real number
    Apply = "APPLY" => Reals;
    Exponential = "EXPONENTIAL" => FloatBits;
    Logarithm = "LOGARITHM" => FloatBits;
    Tangent = "TANGENT" => FloatBits;
    Relu = "RELU" => Apply;
    Clamp = "CLAMP" => Apply;
    LeakyRelu = "LEAKY_RELU" => Apply;
    Elu = "ELU" => Apply, Exponential;
    Selu = "SELU" => Apply, Exponential;
    Sigmoid = "SIGMOID" => Apply, Exponential;
    Tanh = "TANH" => Apply, Tangent;
    Swish = "SWISH" => Apply, Exponential;
    LogSigmoid = "LOG_SIGMOID" => Apply, Exponential, Logarithm;
    SoftPlus = "SOFT_PLUS" => Apply, Exponential, Logarithm;
    Gelu = "GELU" => Apply, Exponential;
    Mish = "MISH" => Apply, Exponential, Logarithm, Tangent;
    HardSigmoid = "HARD_SIGMOID" => Apply;
    SoftSign = "SOFT_SIGN" => Apply;
    TanhShrink = "TANH_SHRINK" => Apply, Tangent;
    Binary = "BINARY" => Apply;
    Sign = "SIGN" => Apply;
    Abs = "ABS" => Apply;
    Exp = "EXP" => Apply, Exponential;
    Log = "LOG" => Apply, Logarithm;
    AddScalar = "ADD_SCALAR" => Apply;
    MultiplyScalar = "MULTIPLY_SCALAR" => Apply;
    SubtractFromScalar = "SUBTRACT_FROM_SCALAR" => Apply;
    DivideScalar = "DIVIDE_SCALAR" => Apply;
    MinimumScalar = "MINIMUM_SCALAR" => Apply;
    MaximumScalar = "MAXIMUM_SCALAR" => Apply;
    NegatedRelu = "NEGATED_RELU" => Apply;
    NegatedElu = "NEGATED_ELU" => Apply, Exponential;
    // Sums of products
    Product = "PRODUCT";
    IntegerSums = "INTEGER_SUMS" => Product, Integers;
    WideSums = "WIDE_SUMS" => IntegerSums, Wide;
    RealSums = "REAL_SUMS" => Product, RealEnd;
    Spread = "SPREAD" => Product;
    Border = "BORDER" => Product;
    PaddingValue = "PADDING_VALUE" => Product;
    ChannelsFirst = "CHANNELS_FIRST" => Product;
    ChannelsLast = "CHANNELS_LAST" => Product;
    Weights8 = "WEIGHTS_8" => Product;
    Weights16 = "WEIGHTS_16" => Product;
    WeightsSign = "WEIGHTS_SIGN" => Product;
    WeightsPacked = "WEIGHTS_PACKED" => Product;
    Weights4 = "WEIGHTS_4" => WeightsPacked;
    Weights2 = "WEIGHTS_2" => WeightsPacked;
    IntegerEnd = "INTEGER_END" => IntegerSums, Narrow;
    Alpha = "ALPHA" => IntegerEnd;
    Bias = "BIAS" => IntegerEnd;
    Residual = "RESIDUAL" => IntegerEnd;
    RealEnd = "REAL_END" => Product, Apply;
    RealEndOfIntegers = "REAL_END_OF_INTEGERS" => RealEnd, IntegerSums;
    RealAlpha = "REAL_ALPHA" => RealEnd;
    RealBias = "REAL_BIAS" => RealEnd;
    RealResidual = "REAL_RESIDUAL" => RealEnd;
    RealNormalization = "REAL_NORMALIZATION" => RealEnd;
    // Pooling
    Pooling = "POOLING";
    PoolingIntegers = "POOLING_INTEGERS" => Pooling, Integers;
    PoolingWide = "POOLING_WIDE" => PoolingIntegers;
    PoolingReals = "POOLING_REALS" => Pooling, Reals, FloatBits;
    // Softmax
    Softmax = "SOFTMAX" => Reals, Exponential;
    LogSoftmax = "LOG_SOFTMAX" => Softmax, Logarithm;
}

/// The features that a network uses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Features(BTreeSet<Feature>);

impl Features {
    /// Adds features and what they imply.
    pub fn use_all(&mut self, features: &[Feature]) {
        for &feature in features {
            if self.0.insert(feature) {
                self.use_all(feature.implied());
            }
        }
    }

    /// Whether a feature is used.
    pub fn has(&self, feature: Feature) -> bool {
        self.0.contains(&feature)
    }

    /// Whether a feature, by its name in kernel files, is used.
    pub fn has_name(&self, name: &str) -> bool {
        self.0.iter().any(|feature| feature.name() == name)
    }
}

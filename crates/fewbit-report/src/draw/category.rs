//! [`Category`]: kinds of functions, by what they do to data.

use crate::plot::ink::Ink;

/// A kind of function; cards are marked with its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Category {
    /// What goes in and comes out.
    Data,
    /// Multiplies by weights.
    Weights,
    /// Shifts and scales by statistics.
    Normalization,
    /// A curve applied to each value.
    Activation,
    /// Joins neighbours, or all values of an axis.
    Pooling,
    /// Arithmetic of values with each other or with a number.
    Arithmetic,
    /// Moves values without changing them.
    Arrangement,
    /// Rounds values.
    Quantization,
}

impl Category {
    /// The kind of NNabla's function of this name.
    pub fn of(function: &str) -> Self {
        let has = |part: &str| function.contains(part);
        match function {
            _ if has("uantize") || function == "Prune" => Self::Quantization,
            _ if has("Convolution") || has("Deconvolution") || has("Affine") || has("Matmul") => Self::Weights,
            "Embed" | "RNN" | "LSTM" | "GRU" => Self::Weights,
            _ if has("Normalization") || has("MeanSubtraction") => Self::Normalization,
            _ if has("Pooling") => Self::Pooling,
            "Sum" | "Mean" | "Max" | "Min" | "Prod" | "CumSum" | "CumProd" => Self::Pooling,
            _ if has("LU") || has("Sigmoid") || has("Tanh") || has("Softmax") || has("Swish") || has("Mish") => {
                Self::Activation
            }
            "SoftPlus" | "SoftSign" | "TanhShrink" | "SinusoidalEmbedding" => Self::Activation,
            "Concatenate" | "Split" | "Stack" | "Slice" | "Pad" | "Transpose" | "Broadcast" | "BroadcastTo"
            | "Tile" | "OneHot" | "Flip" | "Shift" | "Sort" | "Reshape" | "MatrixDiag" | "MatrixDiagPart" | "Trilu"
            | "Gather" | "GatherNd" | "ScatterNd" | "ScatterAdd" | "Interpolate" | "Unpooling" | "Identity"
            | "Dropout" | "Constant" | "Meshgrid" | "Assign" => Self::Arrangement,
            _ => Self::Arithmetic,
        }
    }

    /// Its colour.
    pub fn ink(self) -> Ink {
        match self {
            Self::Data => Ink::Text,
            Self::Weights => Ink::Blue,
            Self::Normalization => Ink::Sky,
            Self::Activation => Ink::Orange,
            Self::Pooling => Ink::Green,
            Self::Arithmetic => Ink::Purple,
            Self::Arrangement => Ink::Muted,
            Self::Quantization => Ink::Vermillion,
        }
    }

    /// What it is called in the legend.
    pub fn name(self) -> &'static str {
        match self {
            Self::Data => "input, output",
            Self::Weights => "weights",
            Self::Normalization => "normalization",
            Self::Activation => "activation",
            Self::Pooling => "pooling, reduction",
            Self::Arithmetic => "arithmetic",
            Self::Arrangement => "arrangement",
            Self::Quantization => "quantization",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_of_the_kind_that_people_expect() {
        let cases = [
            ("Convolution", Category::Weights),
            ("BinaryConnectAffine", Category::Weights),
            ("FixedPointQuantize", Category::Quantization),
            ("DequantizeLinear", Category::Quantization),
            ("BatchNormalization", Category::Normalization),
            ("ReLU", Category::Activation),
            ("LogSoftmax", Category::Activation),
            ("GlobalAveragePooling", Category::Pooling),
            ("Unpooling", Category::Arrangement),
            ("Add2", Category::Arithmetic),
            ("Exp", Category::Arithmetic),
            ("Concatenate", Category::Arrangement),
        ];
        for (function, category) in cases {
            assert_eq!(Category::of(function), category, "{function}");
        }
    }
}

//! TensorFlow Lite's schema, as far as fewbit reads it: the numbers of fields, by table. They are in the order of
//! `tensorflow/lite/schema/schema.fbs`, and never change.

/// `Model`.
pub(super) mod model {
    pub(in crate::tflite) const OPERATOR_CODES: usize = 1;
    pub(in crate::tflite) const SUBGRAPHS: usize = 2;
    pub(in crate::tflite) const BUFFERS: usize = 4;
}

/// `OperatorCode`.
pub(super) mod operator_code {
    /// A byte, which has 127 where the operator's number does not fit.
    pub(in crate::tflite) const DEPRECATED_BUILTIN_CODE: usize = 0;
    pub(in crate::tflite) const CUSTOM_CODE: usize = 1;
    pub(in crate::tflite) const BUILTIN_CODE: usize = 3;
}

/// `SubGraph`.
pub(super) mod subgraph {
    pub(in crate::tflite) const TENSORS: usize = 0;
    pub(in crate::tflite) const INPUTS: usize = 1;
    pub(in crate::tflite) const OUTPUTS: usize = 2;
    pub(in crate::tflite) const OPERATORS: usize = 3;
    pub(in crate::tflite) const NAME: usize = 4;
}

/// `Tensor`.
pub(super) mod tensor {
    pub(in crate::tflite) const SHAPE: usize = 0;
    pub(in crate::tflite) const TYPE: usize = 1;
    pub(in crate::tflite) const BUFFER: usize = 2;
    pub(in crate::tflite) const NAME: usize = 3;
    pub(in crate::tflite) const QUANTIZATION: usize = 4;
    pub(in crate::tflite) const IS_VARIABLE: usize = 5;
    pub(in crate::tflite) const SPARSITY: usize = 6;
}

/// `Buffer`.
pub(super) mod buffer {
    pub(in crate::tflite) const DATA: usize = 0;
    /// Where the values are if they lie behind all records.
    pub(in crate::tflite) const OFFSET: usize = 1;
    pub(in crate::tflite) const SIZE: usize = 2;
}

/// `QuantizationParameters`.
pub(super) mod quantization {
    pub(in crate::tflite) const SCALE: usize = 2;
    pub(in crate::tflite) const ZERO_POINT: usize = 3;
    pub(in crate::tflite) const DETAILS_TYPE: usize = 4;
    pub(in crate::tflite) const QUANTIZED_DIMENSION: usize = 6;
}

/// `Operator`.
pub(super) mod operator {
    pub(in crate::tflite) const OPCODE_INDEX: usize = 0;
    pub(in crate::tflite) const INPUTS: usize = 1;
    pub(in crate::tflite) const OUTPUTS: usize = 2;
    pub(in crate::tflite) const BUILTIN_OPTIONS: usize = 4;
}

/// The options of operators.
pub(super) mod options {
    /// `Conv2DOptions`, `DepthwiseConv2DOptions`, `TransposeConvOptions` and `Pool2DOptions` begin alike.
    pub(in crate::tflite) const PADDING: usize = 0;
    pub(in crate::tflite) const STRIDE_W: usize = 1;
    pub(in crate::tflite) const STRIDE_H: usize = 2;

    pub(in crate::tflite) const CONV_2D_ACTIVATION: usize = 3;
    pub(in crate::tflite) const CONV_2D_DILATION_W: usize = 4;
    pub(in crate::tflite) const CONV_2D_DILATION_H: usize = 5;

    pub(in crate::tflite) const DEPTHWISE_CONV_2D_ACTIVATION: usize = 4;
    pub(in crate::tflite) const DEPTHWISE_CONV_2D_DILATION_W: usize = 5;
    pub(in crate::tflite) const DEPTHWISE_CONV_2D_DILATION_H: usize = 6;

    pub(in crate::tflite) const TRANSPOSE_CONV_ACTIVATION: usize = 3;

    pub(in crate::tflite) const POOL_2D_FILTER_WIDTH: usize = 3;
    pub(in crate::tflite) const POOL_2D_FILTER_HEIGHT: usize = 4;
    pub(in crate::tflite) const POOL_2D_ACTIVATION: usize = 5;

    pub(in crate::tflite) const FULLY_CONNECTED_ACTIVATION: usize = 0;
    pub(in crate::tflite) const FULLY_CONNECTED_WEIGHTS_FORMAT: usize = 1;
    pub(in crate::tflite) const FULLY_CONNECTED_KEEP_NUM_DIMS: usize = 2;

    pub(in crate::tflite) const BATCH_MATMUL_ADJ_X: usize = 0;
    pub(in crate::tflite) const BATCH_MATMUL_ADJ_Y: usize = 1;

    /// `AddOptions`, `SubOptions`, `MulOptions`, `DivOptions`, `L2NormOptions`.
    pub(in crate::tflite) const ACTIVATION: usize = 0;

    pub(in crate::tflite) const REDUCER_KEEP_DIMS: usize = 0;
    pub(in crate::tflite) const RESHAPE_NEW_SHAPE: usize = 0;
    pub(in crate::tflite) const SQUEEZE_DIMS: usize = 0;
    pub(in crate::tflite) const SOFTMAX_BETA: usize = 0;
    pub(in crate::tflite) const LEAKY_RELU_ALPHA: usize = 0;
    pub(in crate::tflite) const GELU_APPROXIMATE: usize = 0;
    pub(in crate::tflite) const MIRROR_PAD_MODE: usize = 0;
    pub(in crate::tflite) const CONCATENATION_AXIS: usize = 0;
    pub(in crate::tflite) const CONCATENATION_ACTIVATION: usize = 1;
    pub(in crate::tflite) const PACK_AXIS: usize = 1;
    pub(in crate::tflite) const UNPACK_AXIS: usize = 1;
    pub(in crate::tflite) const GATHER_AXIS: usize = 0;
    pub(in crate::tflite) const GATHER_BATCH_DIMS: usize = 1;
    pub(in crate::tflite) const BLOCK_SIZE: usize = 0;

    pub(in crate::tflite) const STRIDED_SLICE_BEGIN_MASK: usize = 0;
    pub(in crate::tflite) const STRIDED_SLICE_END_MASK: usize = 1;
    pub(in crate::tflite) const STRIDED_SLICE_ELLIPSIS_MASK: usize = 2;
    pub(in crate::tflite) const STRIDED_SLICE_NEW_AXIS_MASK: usize = 3;
    pub(in crate::tflite) const STRIDED_SLICE_SHRINK_AXIS_MASK: usize = 4;
    pub(in crate::tflite) const STRIDED_SLICE_OFFSET: usize = 5;

    pub(in crate::tflite) const RESIZE_BILINEAR_ALIGN_CORNERS: usize = 2;
    pub(in crate::tflite) const RESIZE_BILINEAR_HALF_PIXEL_CENTERS: usize = 3;
    pub(in crate::tflite) const RESIZE_NEAREST_ALIGN_CORNERS: usize = 0;
    pub(in crate::tflite) const RESIZE_NEAREST_HALF_PIXEL_CENTERS: usize = 1;
}

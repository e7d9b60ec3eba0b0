//! [`Product`]: a function that multiplies by weights, by the meaning of its inputs.

use super::super::call::Call;
use super::arrays::pad;
use super::image::Image;
use crate::onnx::emitter::{Emitter, Value, int, sizes};
use fewbit_core::function::arguments::{FusedConvolution, Nonlinearity, PadMode};
use fewbit_core::shape_rule::{ConvolutionGeometry, ConvolutionKind, FusedConvolutionInputs};
use fewbit_core::{Function, Shape};

/// What is multiplied, and what follows, by the places of the inputs:
/// `nonlinearity(normalized(alpha * sum + bias) + residual)`.
pub(in super::super) struct Product {
    /// The weights.
    pub(in super::super) weights: usize,
    /// The scale of binary weights, one a channel.
    pub(in super::super) alpha: Option<usize>,
    pub(in super::super) bias: Option<usize>,
    /// The first of beta, gamma, mean and variance.
    pub(in super::super) normalization: Option<usize>,
    /// The arguments of the normalisation.
    pub(in super::super) fused: Option<FusedConvolution>,
    pub(in super::super) residual: Option<usize>,
    pub(in super::super) nonlinearity: Nonlinearity,
    form: Form,
}

/// How the inputs lie.
enum Form {
    /// A matrix of weights, and a matrix with a row for each item of the batch.
    Matrix { rows: usize, inner: usize, outputs: usize },
    /// A window that moves over an image.
    Window(Box<Window>),
}

/// A window, and the image that it moves over.
struct Window {
    geometry: ConvolutionGeometry,
    image: Image,
}

impl Product {
    /// `None` for functions that multiply by no weights, and for those of incremental quantisation, which round them while
    /// they run.
    pub(in super::super) fn new(function: &Function, call: &Call<'_>) -> Option<Self> {
        let after = |index: usize| (index < call.inputs.len()).then_some(index);
        let shapes = call.shapes();
        let x = call.shape(0);
        let (weights, alpha, bias) = match function {
            Function::Affine(_)
            | Function::Convolution(_)
            | Function::FusedConvolution(_)
            | Function::DepthwiseConvolution(_)
            | Function::Deconvolution(_)
            | Function::DepthwiseDeconvolution(_) => (1, None, after(2)),
            Function::BinaryConnectAffine(_) | Function::BinaryConnectConvolution(_) => (2, None, after(3)),
            Function::BinaryWeightAffine(_) | Function::BinaryWeightConvolution(_) => (2, after(3), after(4)),
            _ => return None,
        };
        let base_axis = match function {
            Function::Affine(it) => Some(it.base_axis),
            Function::BinaryConnectAffine(it) | Function::BinaryWeightAffine(it) => Some(it.base_axis),
            _ => None,
        };
        let form = match (base_axis, function) {
            (Some(base_axis), _) => {
                let rank = i32::try_from(x.rank()).ok()?;
                let base = usize::try_from(if base_axis < 0 { base_axis + rank } else { base_axis }).ok()?;
                let (rows, inner) = x.split_items(base);
                Form::Matrix { rows, inner, outputs: shapes[weights].split_items(1).1 }
            }
            (None, _) => {
                let geometry = ConvolutionGeometry::new(function, x, shapes[weights]).ok()?;
                Form::Window(Box::new(Window { image: Image::of_convolution(&geometry, x), geometry }))
            }
        };
        let mut product = Self {
            weights,
            alpha,
            bias,
            normalization: None,
            fused: None,
            residual: None,
            nonlinearity: Nonlinearity::Identity,
            form,
        };
        if let Function::FusedConvolution(it) = function {
            let places = FusedConvolutionInputs::new(&&shapes[..]).ok()?;
            product.bias = places.bias;
            product.normalization = places.normalization;
            product.residual = places.residual;
            product.nonlinearity = it.nonlinearity;
            product.fused = Some(*it);
        }
        Some(product)
    }

    /// How many outputs a place has.
    pub(in super::super) fn channels(&self) -> usize {
        match &self.form {
            Form::Matrix { outputs, .. } => *outputs,
            Form::Window(window) => window.geometry.output_channels,
        }
    }

    /// The first input in the form in which it is multiplied, with the padding that ONNX's convolution does not have. `padding`
    /// is the constant in it.
    pub(in super::super) fn prepared_input(&self, e: &mut Emitter, call: &Call<'_>, padding: f32) -> Value {
        match &self.form {
            Form::Matrix { rows, inner, .. } => {
                if call.shape(0).dims() == [*rows, *inner] {
                    call.x().to_owned()
                } else {
                    e.reshape(call.x(), &[*rows, *inner])
                }
            }
            Form::Window(window) => {
                let Window { image, geometry } = &**window;
                let x = image.before(e, call.x());
                match self.fused.filter(has_own_padding) {
                    Some(it) => {
                        let spatial = geometry.axes.iter().map(|axis| (axis.pad as i64, axis.pad_end as i64));
                        let widths: Vec<(i64, i64)> = [(0, 0), (0, 0)].into_iter().chain(spatial).collect();
                        pad(e, &x, &image.dims, &widths, it.pad_mode, padding)
                    }
                    None => x,
                }
            }
        }
    }

    /// Whether it is a product of matrices.
    pub(in super::super) fn is_matrix(&self) -> bool {
        matches!(self.form, Form::Matrix { .. })
    }

    /// What the magnitudes of the weights of each output channel add up to at most. `weights` are in the order of the variable.
    pub(in super::super) fn weight_sums(&self, call: &Call<'_>, weights: &[i32]) -> Vec<f64> {
        let channels = self.channels();
        let mut sums = vec![0.0; channels];
        let shape = call.shape(self.weights);
        let columns = shape.split_items(1).1;
        let mut add = |channel: usize, weight: i32| sums[channel] += f64::from(weight.unsigned_abs());
        match &self.form {
            Form::Matrix { .. } => {
                weights.iter().enumerate().for_each(|(item, &weight)| add(item % columns.max(1), weight));
            }
            Form::Window(window) if window.geometry.kind == ConvolutionKind::Convolution => {
                weights.iter().enumerate().for_each(|(item, &weight)| add(item / columns.max(1), weight));
            }
            Form::Window(_) => {
                // Each channel sums no more than all weights, of one row for each channel of the input.
                let all = weights.iter().map(|weight| f64::from(weight.unsigned_abs())).sum();
                return vec![all; channels];
            }
        }
        sums
    }

    /// The weights in the form in which they multiply.
    pub(in super::super) fn prepared_weights(&self, e: &mut Emitter, call: &Call<'_>) -> Value {
        let (weights, shape) = (call.input(self.weights), call.shape(self.weights));
        match &self.form {
            Form::Matrix { inner, outputs, .. } => {
                if shape.rank() == 2 {
                    weights.to_owned()
                } else {
                    e.reshape(weights, &[*inner, *outputs])
                }
            }
            Form::Window(window) => {
                let geometry = &window.geometry;
                let spatial = geometry.axes.len();
                if shape.rank() == spatial + 1 {
                    // A depthwise function's: each group has one channel on the side that the weights do not list.
                    let dims: Vec<usize> = [shape[0], 1].into_iter().chain(shape[1..].iter().copied()).collect();
                    return e.reshape(weights, &dims);
                }
                if !geometry.channel_last {
                    return weights.to_owned();
                }
                let order: Vec<usize> = [0, spatial + 1].into_iter().chain(1..=spatial).collect();
                e.transpose(weights, &order)
            }
        }
    }

    /// The sums of products, with a bias for each channel.
    pub(in super::super) fn multiplied(&self, e: &mut Emitter, x: &str, weights: &str, bias: Option<&str>) -> Value {
        let inputs: Vec<&str> = [x, weights].into_iter().chain(bias).collect();
        match &self.form {
            Form::Matrix { .. } => e.node("Gemm", &inputs, vec![]),
            Form::Window(window) => self.convolved(e, &window.geometry, &inputs),
        }
    }

    fn convolved(&self, e: &mut Emitter, geometry: &ConvolutionGeometry, inputs: &[&str]) -> Value {
        let axes = &geometry.axes;
        let padded = self.fused.as_ref().is_some_and(has_own_padding);
        let each = |value: &dyn Fn(usize) -> usize| (0..axes.len()).map(value).collect::<Vec<_>>();
        // What a deconvolution adds behind is cut off less there, as far as that goes.
        let added = |axis: usize| axes[axis].output_padding;
        let begins = each(&|axis| if padded { 0 } else { axes[axis].pad });
        let ends = each(&|axis| if padded { 0 } else { axes[axis].pad_end.saturating_sub(added(axis)) });
        let mut attributes = vec![
            sizes("kernel_shape", &each(&|axis| axes[axis].kernel)),
            sizes("strides", &each(&|axis| axes[axis].stride)),
            sizes("dilations", &each(&|axis| axes[axis].dilation)),
            sizes("pads", &[begins, ends].concat()),
            int("group", geometry.groups as i64),
        ];
        match geometry.kind {
            ConvolutionKind::Convolution => e.node("Conv", inputs, attributes),
            ConvolutionKind::Deconvolution => {
                let left = each(&|axis| added(axis).saturating_sub(axes[axis].pad_end));
                attributes.push(sizes("output_padding", &left));
                e.node("ConvTranspose", inputs, attributes)
            }
        }
    }

    /// A value with one item for each channel, in the form in which sums take it.
    pub(in super::super) fn channel_values(&self, e: &mut Emitter, value: &str) -> Value {
        let single = match &self.form {
            Form::Matrix { .. } => 0,
            Form::Window(window) => window.geometry.axes.len(),
        };
        let dims: Vec<usize> = [self.channels()].into_iter().chain(std::iter::repeat_n(1, single)).collect();
        e.reshape(value, &dims)
    }

    /// A value of the output's shape in the form that the sums have.
    pub(in super::super) fn residual_form(&self, e: &mut Emitter, value: &str, shape: Shape) -> Value {
        match &self.form {
            Form::Matrix { rows, outputs, .. } => e.reshape(value, &[*rows, *outputs]),
            Form::Window(window) => Image::of_result(&window.geometry, shape).before(e, value),
        }
    }

    /// The result in the shape of the output.
    pub(in super::super) fn finished(&self, e: &mut Emitter, y: &str, shape: Shape) -> Value {
        match &self.form {
            Form::Matrix { rows, outputs, .. } if shape.dims() == [*rows, *outputs] => y.to_owned(),
            Form::Matrix { .. } => e.reshape(y, &shape),
            Form::Window(window) => Image::of_result(&window.geometry, shape).after(e, y, shape),
        }
    }
}

/// Whether the padding of a fused convolution is not that of ONNX's convolution.
fn has_own_padding(it: &FusedConvolution) -> bool {
    it.pad_mode != PadMode::Constant || it.constant_value != 0.0
}

//! Zeros put around an image before a convolution are the convolution's own padding.

use super::function;
use fewbit_core::function::arguments::{Convolution, FusedConvolution, Nonlinearity, Pad, PadMode};
use fewbit_core::{FloatList, Function, IntList, Network, Operation};

/// Gives each convolution whose input is padded with zeros that padding.
pub(super) fn absorb(network: &mut Network) {
    let writers = network.writers();
    for place in 0..network.nodes.len() {
        let x = match network.nodes[place].inputs.first() {
            Some(x) => *x,
            None => continue,
        };
        let Some(writer) = writers[x.0] else { continue };
        let (Some(Function::Pad(pad)), Some(convolution)) = (function(network, writer), function(network, place))
        else {
            continue;
        };
        let Some(joined) = joined(pad, convolution, network.variable(x).shape.rank()) else { continue };
        let source = network.nodes[writer].inputs[0];
        let node = &mut network.nodes[place];
        node.operation = Operation::Known(joined);
        node.inputs[0] = source;
    }
}

/// The convolution with the padding before it; `None` if it is no convolution, or the padding not one that it could have.
fn joined(pad: &Pad, convolution: &Function, rank: usize) -> Option<Function> {
    if pad.mode != PadMode::Constant || pad.constant_value != 0.0 {
        return None;
    }
    let (base_axis, own, channel_last) = match convolution {
        Function::Convolution(it) => (it.base_axis, both_sides(&it.pad, it.stride.len())?, it.channel_last),
        Function::FusedConvolution(it) if it.pad_mode == PadMode::Constant && it.constant_value == 0.0 => {
            (it.base_axis, both_sides(&it.pad, it.stride.len())?, it.channel_last)
        }
        _ => return None,
    };
    let first_spatial = usize::try_from(base_axis).ok()? + usize::from(!channel_last);
    let spatial = own.len() / 2;
    // Widths of all axes, of which the pad function names only the last ones.
    let mut widths = vec![0; (2 * rank).checked_sub(pad.pad_width.len())?];
    widths.extend_from_slice(&pad.pad_width);
    let (from, to) = (2 * first_spatial, 2 * (first_spatial + spatial));
    if widths.iter().enumerate().any(|(entry, &width)| width != 0 && !(from..to).contains(&entry)) {
        return None;
    }
    let sum: Option<Vec<i32>> = own.iter().zip(&widths[from..to]).map(|(own, added)| own.checked_add(*added)).collect();
    with_padding(convolution, &sum?)
}

/// Padding before and after each axis, of a list that may state both at once.
fn both_sides(pad: &IntList, spatial: usize) -> Option<Vec<i32>> {
    if pad.len() == 2 * spatial {
        return Some(pad.to_vec());
    }
    (pad.len() == spatial).then(|| pad.iter().flat_map(|&width| [width, width]).collect())
}

/// The convolution with other padding before and after each axis.
fn with_padding(convolution: &Function, pad: &[i32]) -> Option<Function> {
    let even = pad.chunks_exact(2).all(|pair| pair[0] == pair[1]);
    let once = || IntList::try_from_iter(pad.chunks_exact(2).map(|pair| pair[0])).ok();
    let pad_list = || IntList::from_slice(pad).ok();
    Some(match *convolution {
        Function::Convolution(it) if even => Function::Convolution(Convolution { pad: once()?, ..it }),
        Function::Convolution(Convolution { base_axis, stride, dilation, group, channel_last, .. }) => {
            Function::FusedConvolution(FusedConvolution {
                base_axis,
                pad: pad_list()?,
                stride,
                dilation,
                group,
                channel_last,
                ..plain_fused()
            })
        }
        Function::FusedConvolution(it) => Function::FusedConvolution(FusedConvolution { pad: pad_list()?, ..it }),
        _ => return None,
    })
}

/// A `FusedConvolution` that is a convolution and no more.
pub(crate) fn plain_fused() -> FusedConvolution {
    FusedConvolution {
        base_axis: 1,
        pad: IntList::new(),
        stride: IntList::new(),
        dilation: IntList::new(),
        group: 1,
        channel_last: false,
        decay_rate: 0.9,
        eps: 1e-5,
        batch_stat: false,
        nonlinearity: Nonlinearity::Identity,
        nonlinearity_args: FloatList::new(),
        pad_mode: PadMode::Constant,
        constant_value: 0.0,
    }
}

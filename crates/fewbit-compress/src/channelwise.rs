//! [`Channelwise`]: a batch normalisation as the scale and shift of each channel.

use fewbit_core::{Function, Network, Node, Operation, VariableId};

/// `scale * x + shift` for each item of an axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Channelwise {
    /// The axis.
    pub axis: usize,
    /// The factor of each item.
    pub scale: Vec<f64>,
    /// What is added to each item.
    pub shift: Vec<f64>,
}

impl Channelwise {
    /// What a `BatchNormalization` with fixed statistics over one axis does; `None` for other nodes, and where a scale
    /// or shift would not be a finite number.
    pub fn of(network: &Network, node: &Node) -> Option<Self> {
        let Operation::Known(Function::BatchNormalization(arguments)) = &node.operation else { return None };
        let &[axis] = &arguments.axes[..] else { return None };
        if arguments.batch_stat {
            return None;
        }
        let shape = network.variable(node.inputs[0]).shape;
        let axis = shape.axis(axis)?;

        // Without `beta` or `gamma` the inputs after them move up.
        let mut rest = node.inputs[1..].iter();
        let mut values = |missing: bool| if missing { None } else { rest.next() };
        let [beta, gamma] = [values(arguments.no_bias), values(arguments.no_scale)];
        let [mean, variance] = [values(false)?, values(false)?];
        let channel = |id: Option<&VariableId>, default: f64| -> Option<Vec<f64>> {
            match id {
                Some(&id) => Some(network.variable(id).values()?.iter().map(|&value| f64::from(value)).collect()),
                None => Some(vec![default; shape[axis]]),
            }
        };
        let (beta, gamma) = (channel(beta, 0.0)?, channel(gamma, 1.0)?);
        let (mean, variance) = (channel(Some(mean), 0.0)?, channel(Some(variance), 1.0)?);
        let scale: Vec<f64> = gamma
            .iter()
            .zip(&variance)
            .map(|(gamma, variance)| gamma / (variance + f64::from(arguments.eps)).sqrt())
            .collect();
        let shift: Vec<f64> =
            beta.iter().zip(&mean).zip(&scale).map(|((beta, mean), scale)| beta - mean * scale).collect();
        let finite = scale.iter().chain(&shift).all(|value| (*value as f32).is_finite());
        finite.then_some(Self { axis, scale, shift })
    }
}

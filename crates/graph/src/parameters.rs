//! The tensors of a network.

use crate::{Convolution, Graph, NodeId, Op};

/// Values of one tensor, row-major.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    /// Length of each axis; kernels are `[outputs, inputs, height, width]`.
    pub shape: Vec<usize>,
    /// The product of `shape` many values.
    pub values: Vec<f32>,
}

/// A tensor that a network needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Its name, as Keras has it.
    pub name: String,
    /// Length of each axis.
    pub shape: Vec<usize>,
    /// The node that it belongs to.
    pub node: NodeId,
}

impl Graph {
    /// Every tensor of the network, in the order of its nodes.
    #[must_use]
    pub fn parameters(&self) -> Vec<Parameter> {
        let channels = self.channels();
        let mut parameters = Vec::new();
        for (node, described) in self.nodes.iter().enumerate() {
            let inputs = described.inputs.first().map_or(0, |&input| channels[input]);
            let tensors = match &described.op {
                Op::Convolution(convolution) => of_convolution(convolution, inputs),
                Op::BatchNorm { .. } => {
                    NORM.map(|parameter| (format!("{}.{parameter}", described.name), vec![inputs])).into()
                }
                Op::Linear { outputs } => vec![
                    (format!("{}.kernel", described.name), vec![*outputs, inputs]),
                    (format!("{}.bias", described.name), vec![*outputs]),
                ],
                _ => Vec::new(),
            };
            parameters.extend(tensors.into_iter().map(|(name, shape)| Parameter { name, shape, node }));
        }
        parameters
    }
}

/// The tensors of a batch normalisation: scale, shift, and the statistics of training.
pub(crate) const NORM: [&str; 4] = ["gamma", "beta", "moving_mean", "moving_variance"];

fn of_convolution(convolution: &Convolution, inputs: usize) -> Vec<(String, Vec<usize>)> {
    let mut tensors = vec![(convolution.kernel(), convolution.kernel_shape(inputs))];
    if convolution.bias {
        tensors.push((convolution.bias(), vec![convolution.outputs]));
    }
    tensors
}

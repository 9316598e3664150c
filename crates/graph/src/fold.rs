//! From the trainable form of a network to its inference form.
//!
//! Batch normalisation after a convolution is a scale and a shift of each output channel. At inference both are
//! constants: the scale goes into the kernel, the shift becomes a bias. A grey slice repeated three times meets the sum
//! of the first kernel over its input channels, so that kernel needs one.

use std::collections::BTreeMap;

use crate::parameters::NORM;
use crate::{Convolution, Graph, Node, NodeId, Op, Tensor, TensorError};

type Tensors = BTreeMap<String, Tensor>;

impl Graph {
    /// The inference form: every batch normalisation folded into the convolution before it, and one grey input channel.
    #[must_use]
    pub fn folded(&self) -> Self {
        let norms = self.norms();
        let is_folded = |id: NodeId| norms.values().any(|&norm| norm == id);
        let mut numbers = Vec::with_capacity(self.nodes.len());
        let mut nodes: Vec<Node> = Vec::new();
        for (id, node) in self.nodes.iter().enumerate() {
            if is_folded(id) {
                numbers.push(numbers[node.inputs[0]]);
                continue;
            }
            numbers.push(nodes.len());
            let inputs = node.inputs.iter().map(|&input| numbers[input]).collect();
            let op = match &node.op {
                Op::Image { .. } => Op::Image { channels: 1 },
                Op::Convolution(convolution) if norms.contains_key(&id) => {
                    Op::Convolution(Convolution { bias: true, ..convolution.clone() })
                }
                other => other.clone(),
            };
            // A normalisation that is a stage lives on in its convolution.
            let named = norms.get(&id).map(|&norm| &self.nodes[norm]).filter(|norm| norm.stage).unwrap_or(node);
            nodes.push(Node { op, inputs, ..named.clone() });
        }
        let outputs = self.outputs.iter().map(|&output| numbers[output]).collect();
        Self { name: self.name.clone(), smallest: self.smallest, nodes, outputs }
    }

    /// The convolutions that nothing but a batch normalisation reads, with it.
    fn norms(&self) -> BTreeMap<NodeId, NodeId> {
        let readers = self.readers();
        let norm_of = |id: NodeId| match (&self.nodes[id].op, readers[id].as_slice()) {
            (Op::Convolution(_), &[reader]) if matches!(self.nodes[reader].op, Op::BatchNorm { .. }) => Some(reader),
            _ => None,
        };
        (0..self.nodes.len()).filter_map(|id| Some((id, norm_of(id)?))).collect()
    }
}

/// Folds the tensors of a network in its trainable form: gives those of [`Graph::folded`].
///
/// # Errors
/// A tensor is missing, or has another shape than the graph's.
pub fn fold(graph: &Graph, tensors: &Tensors) -> Result<Tensors, TensorError> {
    for parameter in graph.parameters() {
        find(graph, tensors, &parameter.name, &parameter.shape)?;
    }
    let norms = graph.norms();
    let mut folded = Tensors::new();
    for parameter in graph.parameters() {
        let tensor = &tensors[&parameter.name];
        match &graph.nodes[parameter.node].op {
            Op::BatchNorm { .. } => {}
            Op::Convolution(convolution) if parameter.name == convolution.kernel() => {
                let norm = norms.get(&parameter.node);
                fold_layer(graph, tensors, parameter.node, convolution, norm.copied(), &mut folded);
            }
            Op::Convolution(_) if norms.contains_key(&parameter.node) => {}
            _ => {
                folded.insert(parameter.name, tensor.clone());
            }
        }
    }
    Ok(folded)
}

/// A tensor, if it has the shape.
fn find<'a>(graph: &Graph, tensors: &'a Tensors, name: &str, shape: &[usize]) -> Result<&'a Tensor, TensorError> {
    let tensor =
        tensors.get(name).ok_or_else(|| TensorError::Missing { name: name.to_owned(), network: graph.name.clone() })?;
    if tensor.shape != shape || tensor.values.len() != shape.iter().product::<usize>() {
        let (found, values, expected) = (tensor.shape.clone(), tensor.values.len(), shape.to_vec());
        return Err(TensorError::Shape { name: name.to_owned(), found, values, expected });
    }
    Ok(tensor)
}

/// The kernel of a convolution with its normalisation, and the bias that is left.
fn fold_layer(
    graph: &Graph,
    tensors: &Tensors,
    node: NodeId,
    convolution: &Convolution,
    norm: Option<NodeId>,
    folded: &mut Tensors,
) {
    let mut kernel = tensors[&convolution.kernel()].clone();
    if let Some(norm) = norm {
        let (scale, mut shift) = scale_and_shift(&graph.nodes[norm], tensors);
        scale_channels(&mut kernel, &scale);
        if convolution.bias {
            let bias = &tensors[&convolution.bias()].values;
            shift.iter_mut().zip(bias.iter().zip(scale)).for_each(|(shift, (bias, scale))| *shift += bias * scale);
        }
        folded.insert(convolution.bias(), Tensor { shape: vec![convolution.outputs], values: shift });
    }
    if graph.nodes[node].inputs == [0] {
        kernel = sum_input_channels(&kernel);
    }
    folded.insert(convolution.kernel(), kernel);
}

fn scale_and_shift(norm: &Node, tensors: &Tensors) -> (Vec<f32>, Vec<f32>) {
    let Op::BatchNorm { epsilon } = norm.op else { return (Vec::new(), Vec::new()) };
    let [gamma, beta, mean, variance] = NORM.map(|parameter| &tensors[&format!("{}.{parameter}", norm.name)].values);
    let scale: Vec<f64> = gamma
        .iter()
        .zip(variance)
        .map(|(&gamma, &variance)| f64::from(gamma) / (f64::from(variance) + epsilon).sqrt())
        .collect();
    let shift = scale
        .iter()
        .zip(beta.iter().zip(mean))
        .map(|(scale, (&beta, &mean))| (f64::from(beta) - f64::from(mean) * scale) as f32)
        .collect();
    (scale.into_iter().map(|scale| scale as f32).collect(), shift)
}

fn scale_channels(kernel: &mut Tensor, scale: &[f32]) {
    let length = kernel.values.len() / scale.len().max(1);
    for (channel, &scale) in kernel.values.chunks_mut(length.max(1)).zip(scale) {
        for weight in channel {
            *weight *= scale;
        }
    }
}

/// `[out, in, height, width]` to `[out, 1, height, width]`.
fn sum_input_channels(kernel: &Tensor) -> Tensor {
    let &[output, input, height, width] = kernel.shape.as_slice() else { return kernel.clone() };
    let area = height * width;
    let mut values = vec![0.0; output * area];
    for (index, weight) in kernel.values.iter().enumerate() {
        let (channel, pixel) = (index / (input * area), index % area);
        values[channel * area + pixel] += weight;
    }
    Tensor { shape: vec![output, 1, height, width], values }
}

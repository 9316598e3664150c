//! The end of a network, which is so small that no engine has kernels for it.

use std::collections::BTreeMap;

use crate::{Graph, NodeId, Op};

/// The head of a network in its inference form: from the few values that are read of a plan's buffers to the answers.
#[derive(Debug, Clone)]
pub struct Head {
    /// Every node of the head that reads others of it, in order.
    steps: Vec<Step>,
    features: Option<NodeId>,
    classes: Option<NodeId>,
    map: Option<NodeId>,
}

/// What a network answers for one image.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Answer {
    /// One value a class; none where the network answers with a map alone.
    pub logits: Vec<f32>,
    /// The last features, averaged over the image.
    pub features: Vec<f32>,
    /// The map row by row, where the network has one.
    pub map: Option<Vec<f32>>,
}

#[derive(Debug, Clone)]
struct Step {
    node: NodeId,
    inputs: Vec<NodeId>,
    work: Work,
}

#[derive(Debug, Clone)]
enum Work {
    /// `[outputs, inputs]`, and one value an output.
    Linear(Vec<f32>, Vec<f32>),
    LogMeanExp,
    Concatenate,
    Presence(usize),
}

impl Head {
    /// Takes the head's tensors, by name and shape.
    ///
    /// # Errors
    /// Those of `take`.
    pub fn take<E>(graph: &Graph, mut take: impl FnMut(&str, &[usize]) -> Result<Vec<f32>, E>) -> Result<Self, E> {
        let channels = graph.channels();
        let mut steps = Vec::new();
        for (id, node) in graph.nodes().iter().enumerate() {
            let work = match &node.op {
                Op::Linear { outputs } => {
                    let kernel = take(&format!("{}.kernel", node.name), &[*outputs, channels[node.inputs[0]]])?;
                    Work::Linear(kernel, take(&format!("{}.bias", node.name), &[*outputs])?)
                }
                Op::LogMeanExp => Work::LogMeanExp,
                Op::Concatenate => Work::Concatenate,
                Op::Presence { none } => Work::Presence(*none),
                _ => continue,
            };
            steps.push(Step { node: id, inputs: node.inputs.clone(), work });
        }
        let features = graph.nodes().iter().position(|node| node.op == Op::GlobalAverage);
        Ok(Self { steps, features, classes: graph.class_output(), map: graph.map_output() })
    }

    /// The answers, from the values of the nodes that [`Plan::reads`](crate::Plan) names.
    #[must_use]
    pub fn answer(&self, mut values: BTreeMap<NodeId, Vec<f32>>) -> Answer {
        for Step { node, inputs, work } in &self.steps {
            let read =
                |index: usize| inputs.get(index).and_then(|input| values.get(input)).map_or(&[][..], Vec::as_slice);
            let value = match work {
                Work::Linear(kernel, bias) => linear(kernel, bias, read(0)),
                Work::LogMeanExp => vec![log_mean_exp(read(0))],
                Work::Concatenate => [read(0), read(1)].concat(),
                Work::Presence(none) => presence(*none, read(0), read(1)),
            };
            values.insert(*node, value);
        }
        let mut taken = |node: Option<NodeId>| node.and_then(|node| values.remove(&node));
        Answer {
            features: taken(self.features).unwrap_or_default(),
            logits: taken(self.classes).unwrap_or_default(),
            map: taken(self.map),
        }
    }
}

fn linear(kernel: &[f32], bias: &[f32], input: &[f32]) -> Vec<f32> {
    let dot = |row: &[f32]| row.iter().zip(input).map(|(weight, value)| weight * value).sum::<f32>();
    kernel.chunks_exact(input.len().max(1)).zip(bias).map(|(row, bias)| dot(row) + bias).collect()
}

/// Of values without overflow, since the largest is taken out first.
fn log_mean_exp(values: &[f32]) -> f32 {
    let largest = values.iter().copied().fold(f32::MIN, f32::max);
    let sum: f64 = values.iter().map(|&value| f64::from(value - largest).exp()).sum();
    largest + (sum / values.len().max(1) as f64).ln() as f32
}

/// See [`Op::Presence`].
fn presence(none: usize, level: &[f32], kinds: &[f32]) -> Vec<f32> {
    let level = level.first().copied().unwrap_or_default();
    let total = log_mean_exp(kinds) + (kinds.len() as f32).ln();
    let mut logits: Vec<f32> = kinds.iter().map(|kind| level + kind - total).collect();
    logits.insert(none.min(logits.len()), 0.0);
    logits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presence_divides_what_the_map_says_among_the_kinds() {
        let logits = presence(1, &[0.7], &[1.0, -2.0, 0.5]);
        let powers: Vec<f64> = logits.iter().map(|&logit| f64::from(logit).exp()).collect();
        let total: f64 = powers.iter().sum();
        let shares: Vec<f64> = powers.iter().map(|power| power / total).collect();
        // numpy: p = 1 / (1 + exp(-0.7)); 1 - p; p * softmax([1, -2, 0.5])
        let expected = [0.403_418, 0.331_812, 0.020_085, 0.244_685];
        assert!(shares.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-5), "{shares:?}");
    }

    #[test]
    fn the_level_of_a_map_does_not_grow_with_its_size() {
        let small = log_mean_exp(&[3.0, -8.0, -8.0, -8.0]);
        let large = log_mean_exp(&[3.0, 3.0, -8.0, -8.0, -8.0, -8.0, -8.0, -8.0]);
        assert!((small - large).abs() < 1e-6 && (small - (3.0 - 4.0_f32.ln())).abs() < 1e-3);
        assert!((log_mean_exp(&[1e30, 1e30]) - 1e30).abs() < 1e24);
    }
}

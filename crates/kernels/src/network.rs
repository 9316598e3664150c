//! A packed network and the memory it runs in.

use std::collections::BTreeMap;

use graph::{Answer, Fusion, Graph, Head, Place, Pooling, Read, Tensor};

use crate::KernelError;
use crate::features::Features;
use crate::gemm::Scratch;
use crate::layer::{Input, Layer};
use crate::tensors::Tensors;

/// A network whose weights are packed for this machine.
#[derive(Debug)]
pub struct Network {
    graph: Graph,
    /// Of every step of the plan.
    layers: Vec<Layer>,
    head: Head,
}

/// The buffers of a network, kept from one image to the next.
#[derive(Debug, Default)]
pub struct Workspace {
    pub(crate) features: Vec<Features>,
    pub(crate) scratch: Scratch,
}

/// The activations of a stage, for who asks.
#[derive(Debug, Clone, Copy)]
pub struct Stage<'a>(pub(crate) &'a Features);

impl Stage<'_> {
    /// The mean of every channel over the image.
    #[must_use]
    pub fn means(self) -> Vec<f32> {
        self.0.means().collect()
    }

    /// Every value, in the order `[channels, height, width]`.
    #[must_use]
    pub fn values(self) -> Vec<f32> {
        self.0.planar().collect()
    }
}

impl Network {
    /// Packs the tensors of a network in its inference form ([`Graph::folded`]).
    ///
    /// Each tensor is read, by `read`, when its layer is packed, and dropped before the next.
    ///
    /// # Errors
    /// There is no kernel for a node, or a tensor is missing, has another shape, or belongs nowhere.
    pub fn pack<T>(graph: Graph, tensors: BTreeMap<String, T>, read: fn(T) -> Tensor) -> Result<Self, KernelError> {
        let plan = graph.plan(graph.smallest(), Fusion::JOINED)?;
        let mut tensors = Tensors { network: graph.name().to_owned(), unread: tensors, read };
        let head = Head::take(&graph, |name, shape| tensors.take(name, shape))?;
        let layers = plan.steps.iter().map(|step| Layer::take(&graph, step, &mut tensors));
        let layers = layers.collect::<Result<_, _>>()?;
        tensors.finish()?;
        Ok(Self { graph, layers, head })
    }

    /// What the network makes of an image of `side` rows of `side` pixels in [-1, 1]. `observe` sees every stage under its
    /// name.
    ///
    /// # Errors
    /// The image has another number of pixels, or too few or too many for the network.
    pub fn run(
        &self,
        image: &[f32],
        side: usize,
        workspace: &mut Workspace,
        observe: &mut dyn FnMut(&str, Stage<'_>),
    ) -> Result<Answer, KernelError> {
        if side.checked_mul(side) != Some(image.len()) {
            return Err(KernelError::Pixels { side, found: image.len() });
        }
        let plan = self.graph.plan(side, Fusion::JOINED)?;
        let Workspace { features, scratch } = workspace;
        features.resize_with(features.len().max(plan.slots.len()), Features::default);
        for (step, layer) in plan.steps.iter().zip(&self.layers) {
            let mut target = std::mem::take(&mut features[step.output]);
            let input = match step.input {
                Place::Image => Input::Image(image, side),
                Place::Slot(slot) => Input::Features(&features[slot]),
            };
            layer.run(step, &self.graph, input, &mut target, scratch);
            features[step.output] = target;
            let node = &self.graph.nodes()[step.value];
            if node.stage {
                observe(&node.name, Stage(&features[step.output]));
            }
        }
        let values = plan.reads.iter().map(|read| (read.node, pooled(read, features))).collect();
        Ok(self.head.answer(values))
    }
}

/// What the head reads of a buffer.
fn pooled(read: &Read, features: &[Features]) -> Vec<f32> {
    let from = &features[read.from];
    match read.pooling {
        Pooling::None => from.planar().collect(),
        Pooling::Average => from.means().collect(),
        Pooling::Weighted(map) => {
            let weights: Vec<f32> = features[map].planar().map(|logit| 1.0 / (1.0 + (-logit).exp())).collect();
            from.weighted_means(&weights).collect()
        }
    }
}

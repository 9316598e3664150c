//! A network in its inference form on a graphics adapter, with weights as the weights file has them.
//!
//! A [`PackedNetwork`] is a module as [`Network`](crate::Network) is one: a graph, and parameters by its nodes on Burn's
//! device. What differs is the form. Kernels are of int8, four to a word, where the file's are; a step of the graph's plan
//! is one operation, which ends with scale, bias, sum and activation. These operations extend Burn's backend for graphics
//! adapters by the kernels of `gpu`, and are all that the page's WebGPU worker computes with.

mod answers;
mod error;
mod operations;
mod parameters;

use std::collections::BTreeMap;

use burn::backend::DispatchDevice;
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use gpu::{Client, Launch, Tile};
use graph::{Convolution, Fusion, Graph, Op, Output, Place, Plan, Step};

pub use answers::{Answer, Timing};
pub use error::PackedError;
use parameters::{Parameters, Tensors};

/// A network in its inference form with its weights on a graphics adapter.
#[derive(Module, Debug)]
pub struct PackedNetwork {
    /// One a step of the plan; `None` for pools.
    parameters: Vec<Option<Parameters>>,
    #[module(skip)]
    head: Head,
    #[module(skip)]
    graph: Graph,
    #[module(skip)]
    tile: Tile,
    #[module(skip)]
    device: Device,
}

/// The linear layer, which is too small to be worth a kernel.
#[derive(Debug, Clone)]
struct Head {
    /// `[classes, features]`.
    kernel: Vec<f32>,
    bias: Vec<f32>,
}

impl PackedNetwork {
    /// Uploads the tensors of a network in its inference form ([`Graph::folded`]) to a graphics adapter.
    ///
    /// # Errors
    /// There is no kernel for a node, a tensor is missing, has another shape, or belongs nowhere, or the device is no
    /// graphics adapter.
    pub fn load(
        graph: Graph,
        tensors: BTreeMap<String, weights::Tensor>,
        device: &Device,
    ) -> Result<Self, PackedError> {
        Self::tiled(graph, tensors, device, Tile::of(&client(device)?))
    }

    /// As [`PackedNetwork::load`], with a tile of choice: another than suits the device is right, and slow.
    ///
    /// # Errors
    /// As [`PackedNetwork::load`].
    pub fn tiled(
        graph: Graph,
        tensors: BTreeMap<String, weights::Tensor>,
        device: &Device,
        tile: Tile,
    ) -> Result<Self, PackedError> {
        client(device)?;
        let device = device.clone().inner();
        let plan = graph.plan(graph.smallest(), Fusion::SEPARATE)?;
        let mut tensors = Tensors { network: graph.name().to_owned(), untaken: tensors };
        let take = |step| Parameters::take(&device, &graph, step, tile, &mut tensors);
        let parameters = plan.steps.iter().map(take).collect::<Result<_, _>>()?;
        let head = Head::take(&graph, &plan, &mut tensors)?;
        tensors.finish()?;
        Ok(Self { parameters, head, graph, tile, device })
    }

    /// Images `[batch, 1, side, side]` in [-1, 1] to pooled features `[batch, features]`.
    ///
    /// # Errors
    /// The images are too small or too large.
    pub fn pooled(&self, images: Tensor<4>) -> Result<Tensor<2>, PackedError> {
        self.pooled_seen(images, &mut |_, _| ())
    }

    /// As [`PackedNetwork::pooled`], and shows the output of every stage, `[batch, channels, height, width]`, to `observe`.
    ///
    /// # Errors
    /// As [`PackedNetwork::pooled`].
    pub fn observed(
        &self,
        images: Tensor<4>,
        observe: &mut dyn FnMut(&str, &Tensor<4>),
    ) -> Result<Tensor<2>, PackedError> {
        self.pooled_seen(images, &mut |step, output| {
            if let Some(stage) = self.stage_of(step) {
                observe(stage, &output.clone().permute([0, 3, 1, 2]));
            }
        })
    }

    /// As [`PackedNetwork::pooled`], and shows the output of every step, channels last, to `see`.
    fn pooled_seen(&self, images: Tensor<4>, see: &mut dyn FnMut(&Step, &Tensor<4>)) -> Result<Tensor<2>, PackedError> {
        let [count, _, side, _] = images.dims();
        let plan = self.graph.plan(side, Fusion::SEPARATE)?;
        let mut values = Values::new(images.reshape([count, side, side, 1]), &plan);
        for (index, step) in plan.steps.iter().enumerate() {
            let output = self.compute(index, step, &mut values);
            see(step, &output);
            values.slots[step.output] = output;
        }
        let classes = plan.outputs.iter().find_map(|output| match *output {
            Output::Classes { from, shape, .. } => Some((from, shape)),
            Output::Map { .. } => None,
        });
        // Checked when the head was taken.
        let (from, shape) = classes.unwrap_or_else(|| (0, plan.steps[0].to));
        Ok(operations::average(values.slots.swap_remove(from), self.means(count, shape)))
    }

    /// One step; the buffer that it writes is let go of first, so that its memory can be used again.
    fn compute(&self, index: usize, step: &Step, values: &mut Values) -> Tensor<4> {
        values.slots[step.output] = values.images.clone();
        let input = match step.input {
            Place::Image => values.images.clone(),
            Place::Slot(slot) => values.slots[slot].clone(),
        };
        let residual = step.added.map(|slot| values.slots[slot].clone());
        let op = &self.graph.nodes()[step.node].op;
        let (Op::Convolution(Convolution { window, .. }) | Op::MaxPool(window)) = op else { return input };
        let &Step { from, to, before, activation, .. } = step;
        let images = input.dims()[0];
        let launch = Launch { tile: self.tile, images, from, to, window: *window, before, activation };
        match (op, &self.parameters[index]) {
            (Op::Convolution(convolution), Some(Parameters::Plain(weights))) if convolution.is_depthwise() => {
                operations::depthwise(input, weights.val(), convolution.bias, launch)
            }
            (_, Some(Parameters::Plain(weights))) => operations::grey(input, weights.val(), launch),
            (_, Some(Parameters::Mixing(mixing))) => {
                operations::mix(input, (mixing.words.val(), mixing.format), mixing.ends.val(), residual, launch)
            }
            (_, None) => operations::pool(input, launch),
        }
    }

    /// The launch that averages features of a shape.
    fn means(&self, images: usize, shape: graph::Shape) -> Launch {
        let to = graph::Shape { height: 1, width: 1, ..shape };
        let (window, none) = (graph::Window::valid(1), graph::Activation::None);
        Launch { tile: self.tile, images, from: shape, to, window, before: none, activation: none }
    }

    /// The stage that a step's output is.
    fn stage_of(&self, step: &Step) -> Option<&str> {
        let node = &self.graph.nodes()[step.value];
        node.stage.then_some(node.name.as_str())
    }
}

/// Values on the way. A plan writes every slot before it reads it; until then a slot holds the images.
struct Values {
    images: Tensor<4>,
    slots: Vec<Tensor<4>>,
}

impl Values {
    fn new(images: Tensor<4>, plan: &Plan) -> Self {
        Self { slots: vec![images.clone(); plan.slots.len()], images }
    }
}

impl Head {
    /// Takes kernel and bias of the one head.
    fn take(graph: &Graph, plan: &Plan, tensors: &mut Tensors) -> Result<Self, PackedError> {
        let &[Output::Classes { layer, shape, .. }] = plan.outputs.as_slice() else {
            let node = plan.outputs.last().map_or(0, |output| output.node());
            return Err(graph.refuse(node, "the WebGPU engine gives one answer, which are classes").into());
        };
        let (name, classes) = (&graph.nodes()[layer].name, graph.channels()[layer]);
        let kernel = tensors.take(&format!("{name}.kernel"), &[classes, shape.channels])?.to_f32();
        Ok(Self { kernel, bias: tensors.take(&format!("{name}.bias"), &[classes])?.to_f32() })
    }

    fn features(&self) -> usize {
        self.kernel.len() / self.bias.len()
    }

    fn logits(&self, features: &[f32]) -> Vec<f32> {
        let logit = |(weights, bias): (&[f32], &f32)| {
            let product: f32 = weights.iter().zip(features).map(|(weight, feature)| weight * feature).sum();
            product + bias
        };
        self.kernel.chunks(features.len()).zip(&self.bias).map(logit).collect()
    }
}

/// What launches kernels on a device, which must be a graphics adapter.
fn client(device: &Device) -> Result<Client, PackedError> {
    match device.clone().inner().as_dispatch() {
        DispatchDevice::Cube(device) => Ok(device.client()),
        #[allow(unreachable_patterns, reason = "in a browser Burn has no other device")]
        _ => Err(PackedError::Device { reason: "int8 kernels run on graphics adapters alone".to_owned() }),
    }
}

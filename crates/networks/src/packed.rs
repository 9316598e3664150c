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
use std::sync::{Arc, Mutex, PoisonError};

use burn::backend::DispatchDevice;
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use gpu::{Client, Launch, READ, Tile};
use graph::{Convolution, Fusion, Graph, Head, Op, Place, Plan, Pooling, Read, Shape, Step};

pub use answers::{Answer, Timing};
pub use error::PackedError;
use parameters::{Parameters, Tensors};

/// The plan for the side that was asked for last, with that side.
type LastPlan = Arc<Mutex<Option<(usize, Arc<Plan>)>>>;

/// A network in its inference form with its weights on a graphics adapter.
#[derive(Module, Debug)]
pub struct PackedNetwork {
    /// One a step of the plan; `None` for pools and resizings.
    parameters: Vec<Option<Parameters>>,
    #[module(skip)]
    head: Head,
    #[module(skip)]
    graph: Graph,
    #[module(skip)]
    tile: Tile,
    #[module(skip)]
    device: Device,
    /// To lay one down takes as long as some kernels.
    #[module(skip)]
    plan: LastPlan,
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
        let head = Head::take(&graph, |name, shape| tensors.take(name, shape).map(|tensor| tensor.to_f32()))?;
        tensors.finish()?;
        Ok(Self { parameters, head, graph, tile, device, plan: Arc::default() })
    }

    /// The plan for images of `side` x `side` pixels.
    fn plan(&self, side: usize) -> Result<Arc<Plan>, PackedError> {
        let mut last = self.plan.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, plan)) = last.as_ref().filter(|(of, _)| *of == side) {
            return Ok(Arc::clone(plan));
        }
        let plan = Arc::new(self.graph.plan(side, Fusion::SEPARATE)?);
        *last = Some((side, Arc::clone(&plan)));
        Ok(plan)
    }

    /// Shows the output of every stage for images `[batch, 1, side, side]` in [-1, 1], `[batch, channels, height, width]`, to
    /// `observe`.
    ///
    /// # Errors
    /// The images are too small or too large.
    pub fn observed(&self, images: Tensor<4>, observe: &mut dyn FnMut(&str, &Tensor<4>)) -> Result<(), PackedError> {
        let plan = self.plan(images.dims()[2])?;
        let _reads = self.run(images, &plan, &mut |step, output| {
            if let Some(stage) = self.stage_of(step) {
                observe(stage, &output.clone().permute([0, 3, 1, 2]));
            }
        });
        Ok(())
    }

    /// What the head reads of images, in the order of the plan's reads, `[batch, values]`; and shows the output of every step,
    /// channels last, to `see`.
    fn run(&self, images: Tensor<4>, plan: &Plan, see: &mut dyn FnMut(&Step, &Tensor<4>)) -> Vec<Tensor<2>> {
        let [count, _, side, _] = images.dims();
        let mut values = Values::new(images.reshape([count, side, side, 1]), plan);
        for (index, step) in plan.steps.iter().enumerate() {
            let output = self.compute(index, step, &mut values);
            see(step, &output);
            values.slots[step.output] = output;
        }
        plan.reads.iter().map(|read| self.pooled(read, count, &values)).collect()
    }

    fn pooled(&self, read: &Read, count: usize, values: &Values) -> Tensor<2> {
        let from = values.slots[read.from].clone();
        match read.pooling {
            Pooling::None => from.flatten(1, 3),
            Pooling::Average => operations::average(from, self.means(count, read.shape)),
            Pooling::Weighted(map) => {
                operations::weighted_average(from, values.slots[map].clone(), self.means(count, read.shape))
            }
        }
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
        let window = match op {
            Op::Convolution(Convolution { window, .. }) | Op::MaxPool(window) => *window,
            _ => graph::Window::valid(1),
        };
        let &Step { before, activation, .. } = step;
        let from = if step.input == Place::Image { step.from } else { in_memory(step.from) };
        let to = in_memory(step.to);
        let launch = Launch { tile: self.tile, images: input.dims()[0], from, to, window, before, activation };
        match (op, &self.parameters[index]) {
            (Op::Convolution(convolution), Some(Parameters::Plain(weights))) if convolution.is_depthwise() => {
                operations::depthwise(input, weights.val(), convolution.bias, launch)
            }
            (_, Some(Parameters::Plain(weights))) => operations::grey(input, weights.val(), launch),
            (_, Some(Parameters::Mixing(mixing))) => operations::mix(input, mixing, residual, launch),
            (Op::Resize, None) => operations::resize(input, launch),
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

/// The shape of features as they lie in memory: channels in fours.
fn in_memory(shape: Shape) -> Shape {
    Shape { channels: shape.channels.next_multiple_of(READ), ..shape }
}

/// What launches kernels on a device, which must be a graphics adapter.
fn client(device: &Device) -> Result<Client, PackedError> {
    match device.clone().inner().as_dispatch() {
        DispatchDevice::Cube(device) => Ok(device.client()),
        #[allow(unreachable_patterns, reason = "in a browser Burn has no other device")]
        _ => Err(PackedError::Device { reason: "int8 kernels run on graphics adapters alone".to_owned() }),
    }
}

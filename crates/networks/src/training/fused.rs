//! Layers of a trainable network as one operation each, with backward passes of their own.
//!
//! Burn differentiates a depthwise convolution by one small convolution a channel, a 1x1 convolution by one matrix
//! product a slice of which each leaves a whole kernel behind, and a batch normalisation by a dozen passes over the
//! activations. Together they take several times as long as the arithmetic. Here each is one pass forward and one back:
//! loops on the CPU, kernels on graphics adapters.
//!
//! Activations may be of 16 bits on an adapter, and matrix products are then too; kernels, statistics and the sums of our
//! own loops are of 32.

pub mod adapter;
mod channels_first;
mod channels_last;
pub mod processor;
pub mod steps;
#[cfg(test)]
mod tests;

use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::ops::FloatTensorOps;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, TensorMetadata, backend_extension};
use burn::tensor::{Shape, Tensor};
use burn_cubecl::CubeBackend;
use graph::{Activation, Window};

use self::channels_last::products;

/// A 3x3 convolution of every channel by itself, zeros around the picture.
///
/// `[batch, channels, height, width]` and `[channels, 1, 3, 3]` to the shape of the input.
pub fn depthwise(input: Tensor<4>, kernel: Tensor<4>) -> Tensor<4> {
    if !adapter::has_kernels(&input.device()) {
        return processor::activated_depthwise(input, kernel, Activation::None, Window::same(3));
    }
    Tensor::from_dispatch(Dispatch::depthwise(input.into_dispatch(), kernel.into_dispatch()))
}

/// A 1x1 convolution: `[batch, in, height, width]` and `[out, in]` to `[batch, out, height, width]`.
pub fn pointwise(input: Tensor<4>, kernel: Tensor<2>) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::pointwise(input.into_dispatch(), kernel.into_dispatch()))
}

/// Batch normalisation by the statistics of the batch itself; with the result come its mean and its biased variance,
/// one value a channel.
pub fn normalise(
    input: Tensor<4>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    epsilon: f64,
) -> (Tensor<4>, Tensor<1>, Tensor<1>) {
    if !adapter::has_kernels(&input.device()) {
        return processor::normalised(input, [gamma, beta], epsilon, Activation::None, None);
    }
    let (output, mean, variance) =
        Dispatch::normalise(input.into_dispatch(), gamma.into_dispatch(), beta.into_dispatch(), epsilon);
    (Tensor::from_dispatch(output), Tensor::from_dispatch(mean), Tensor::from_dispatch(variance))
}

/// The 1x1 convolution and what its backward pass needs.
#[backend_extension(Flex, Cube, Autodiff)]
trait ProductBackend: Backend {
    fn pointwise(input: FloatTensor<Self>, kernel: FloatTensor<Self>) -> FloatTensor<Self>;

    fn pointwise_kernel_gradient(input: FloatTensor<Self>, gradient: FloatTensor<Self>) -> FloatTensor<Self>;
}

/// The other operations on adapters, and what their backward passes need.
#[backend_extension(Cube, Autodiff)]
trait FusedBackend: Backend {
    fn depthwise(input: FloatTensor<Self>, kernel: FloatTensor<Self>) -> FloatTensor<Self>;

    fn depthwise_kernel_gradient(input: FloatTensor<Self>, gradient: FloatTensor<Self>) -> FloatTensor<Self>;

    /// Output, mean and variance.
    fn normalise(
        input: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);

    /// The gradients of input, gamma and beta.
    fn normalise_gradients(
        input: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        epsilon: f64,
        gradient: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);
}

type Triple<B> = (FloatTensor<B>, FloatTensor<B>, FloatTensor<B>);

impl ProductBackend for Flex {
    fn pointwise(input: FloatTensor<Self>, kernel: FloatTensor<Self>) -> FloatTensor<Self> {
        channels_first::pointwise(&input, &kernel)
    }

    fn pointwise_kernel_gradient(input: FloatTensor<Self>, gradient: FloatTensor<Self>) -> FloatTensor<Self> {
        channels_first::pointwise_kernel_gradient(&input, &gradient)
    }
}

impl ProductBackend for CubeBackend {
    fn pointwise(input: FloatTensor<Self>, kernel: FloatTensor<Self>) -> FloatTensor<Self> {
        let [batch, _, height, width] = input.shape().dims();
        let [outputs, _] = kernel.shape().dims();
        let output = products::pointwise(by_pixel(input), kernel);
        Self::float_reshape(output, Shape::new([batch, outputs, height, width]))
    }

    fn pointwise_kernel_gradient(input: FloatTensor<Self>, gradient: FloatTensor<Self>) -> FloatTensor<Self> {
        products::pointwise_kernel_gradient(by_pixel(input), by_pixel(gradient))
    }
}

/// `[batch, channels, height, width]` to `[batch, channels, pixels]`.
fn by_pixel(tensor: FloatTensor<CubeBackend>) -> FloatTensor<CubeBackend> {
    let [batch, channels, height, width] = tensor.shape().dims();
    CubeBackend::float_reshape(tensor, Shape::new([batch, channels, height * width]))
}

impl FusedBackend for CubeBackend {
    fn depthwise(input: FloatTensor<Self>, kernel: FloatTensor<Self>) -> FloatTensor<Self> {
        channels_last::depthwise(input, kernel)
    }

    fn depthwise_kernel_gradient(input: FloatTensor<Self>, gradient: FloatTensor<Self>) -> FloatTensor<Self> {
        channels_last::depthwise_kernel_gradient(input, gradient)
    }

    fn normalise(
        input: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
    ) -> Triple<Self> {
        channels_last::normalise(input, gamma, beta, epsilon)
    }

    fn normalise_gradients(
        input: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        epsilon: f64,
        gradient: FloatTensor<Self>,
    ) -> Triple<Self> {
        channels_last::normalise_gradients(input, gamma, (mean, variance), epsilon, gradient)
    }
}

#[derive(Debug)]
struct Depthwise;

impl<B: FusedBackend> Backward<B, 2> for Depthwise {
    type State = (NodeId, NodeId);

    fn backward(self, ops: Ops<Self::State, 2>, gradients: &mut Gradients, checkpointer: &mut Checkpointer) {
        let [input_node, kernel_node] = ops.parents;
        let gradient = gradients.consume::<B>(&ops.node);
        let (input, kernel) = ops.state;
        if let Some(node) = input_node {
            let kernel = checkpointer.retrieve_node_output::<FloatTensor<B>>(kernel);
            // Each output was read through the kernel from the other side.
            let turned = B::float_flip(kernel, &[2, 3]);
            gradients.register::<B>(node.id, B::depthwise(gradient.clone(), turned));
        }
        if let Some(node) = kernel_node {
            let input = checkpointer.retrieve_node_output::<FloatTensor<B>>(input);
            gradients.register::<B>(node.id, B::depthwise_kernel_gradient(input, gradient));
        }
    }
}

#[derive(Debug)]
struct Pointwise;

impl<B: ProductBackend> Backward<B, 2> for Pointwise {
    type State = (NodeId, NodeId);

    fn backward(self, ops: Ops<Self::State, 2>, gradients: &mut Gradients, checkpointer: &mut Checkpointer) {
        let [input_node, kernel_node] = ops.parents;
        let gradient = gradients.consume::<B>(&ops.node);
        let (input, kernel) = ops.state;
        if let Some(node) = input_node {
            let kernel = checkpointer.retrieve_node_output::<FloatTensor<B>>(kernel);
            gradients.register::<B>(node.id, B::pointwise(gradient.clone(), B::float_transpose(kernel)));
        }
        if let Some(node) = kernel_node {
            let input = checkpointer.retrieve_node_output::<FloatTensor<B>>(input);
            gradients.register::<B>(node.id, B::pointwise_kernel_gradient(input, gradient));
        }
    }
}

/// The output of a convolution, with the step back to its input and kernel where a gradient is wanted.
fn recorded<B, C, S>(
    step: S,
    input: &FloatTensor<Autodiff<B, C>>,
    kernel: &FloatTensor<Autodiff<B, C>>,
    output: FloatTensor<B>,
) -> FloatTensor<Autodiff<B, C>>
where
    B: Backend,
    C: CheckpointStrategy,
    S: Backward<B, 2, State = (NodeId, NodeId)>,
{
    match step.prepare::<C>([input.node(), kernel.node()]).compute_bound().stateful() {
        OpsKind::Tracked(mut step) => {
            let state = (step.checkpoint(input), step.checkpoint(kernel));
            step.finish(state, output)
        }
        OpsKind::UnTracked(step) => step.finish(output),
    }
}

#[derive(Debug)]
struct Normalise;

impl<B: FusedBackend> Backward<B, 3> for Normalise {
    type State = (NodeId, NodeId, FloatTensor<B>, FloatTensor<B>, f64);

    fn backward(self, ops: Ops<Self::State, 3>, gradients: &mut Gradients, checkpointer: &mut Checkpointer) {
        let gradient = gradients.consume::<B>(&ops.node);
        let (input, gamma, mean, variance, epsilon) = ops.state;
        let input = checkpointer.retrieve_node_output::<FloatTensor<B>>(input);
        let gamma = checkpointer.retrieve_node_output::<FloatTensor<B>>(gamma);
        let (of_input, of_gamma, of_beta) = B::normalise_gradients(input, gamma, mean, variance, epsilon, gradient);
        for (node, gradient) in ops.parents.into_iter().zip([of_input, of_gamma, of_beta]) {
            if let Some(node) = node {
                gradients.register::<B>(node.id, gradient);
            }
        }
    }
}

impl<B: ProductBackend, C: CheckpointStrategy> ProductBackend for Autodiff<B, C> {
    fn pointwise(input: FloatTensor<Self>, kernel: FloatTensor<Self>) -> FloatTensor<Self> {
        let output = B::pointwise(input.primitive().clone(), kernel.primitive().clone());
        recorded::<B, C, _>(Pointwise, &input, &kernel, output)
    }

    fn pointwise_kernel_gradient(input: FloatTensor<Self>, gradient: FloatTensor<Self>) -> FloatTensor<Self> {
        FloatTensor::<Self>::new(B::pointwise_kernel_gradient(input.into_primitive(), gradient.into_primitive()))
    }
}

impl<B: FusedBackend, C: CheckpointStrategy> FusedBackend for Autodiff<B, C> {
    fn depthwise(input: FloatTensor<Self>, kernel: FloatTensor<Self>) -> FloatTensor<Self> {
        let output = B::depthwise(input.primitive().clone(), kernel.primitive().clone());
        recorded::<B, C, _>(Depthwise, &input, &kernel, output)
    }

    fn depthwise_kernel_gradient(input: FloatTensor<Self>, gradient: FloatTensor<Self>) -> FloatTensor<Self> {
        FloatTensor::<Self>::new(B::depthwise_kernel_gradient(input.into_primitive(), gradient.into_primitive()))
    }

    fn normalise(
        input: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
    ) -> Triple<Self> {
        let primitives = (input.primitive().clone(), gamma.primitive().clone(), beta.primitive().clone());
        let (output, mean, variance) = B::normalise(primitives.0, primitives.1, primitives.2, epsilon);
        let nodes = [input.node(), gamma.node(), beta.node()];
        let output = match Normalise.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(mut step) => {
                let state = (step.checkpoint(&input), step.checkpoint(&gamma), mean.clone(), variance.clone(), epsilon);
                step.finish(state, output)
            }
            OpsKind::UnTracked(step) => step.finish(output),
        };
        (output, FloatTensor::<Self>::new(mean), FloatTensor::<Self>::new(variance))
    }

    fn normalise_gradients(
        input: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        epsilon: f64,
        gradient: FloatTensor<Self>,
    ) -> Triple<Self> {
        let [input, gamma, mean, variance, gradient] =
            [input, gamma, mean, variance, gradient].map(FloatTensor::<Self>::into_primitive);
        let (of_input, of_gamma, of_beta) = B::normalise_gradients(input, gamma, mean, variance, epsilon, gradient);
        (FloatTensor::<Self>::new(of_input), FloatTensor::<Self>::new(of_gamma), FloatTensor::<Self>::new(of_beta))
    }
}

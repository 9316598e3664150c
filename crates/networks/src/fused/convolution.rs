//! Convolutions on graphics adapters, as matrix products. Burn has kernels of its own for them, but chooses good ones only
//! by trying many out, which takes minutes each time a program starts.

use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, DispatchDevice, TensorMetadata, backend_extension};
use burn::tensor::{Device, Tensor};
use burn_cubecl::CubeBackend;

use super::{channels_last, recorded};

/// Whether [`convolution`] runs on a device.
pub fn runs_on(device: &Device) -> bool {
    matches!(device.clone().inner().as_dispatch(), DispatchDevice::Cube(_))
}

/// Where a kernel is placed: pixels from one place to the next, and zeros around the picture.
#[derive(Debug, Clone, Copy)]
pub struct Placing {
    pub stride: usize,
    pub padding: usize,
}

impl Placing {
    /// The output's extent, of an input's.
    pub fn of(self, extent: usize, side: usize) -> usize {
        (extent + 2 * self.padding - side) / self.stride + 1
    }
}

/// `[batch, channels, height, width]` and `[output, channels, side, side]` to `[batch, output, height, width]`.
pub fn convolution(input: Tensor<4>, kernel: Tensor<4>, placing: Placing) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::convolution(input.into_dispatch(), kernel.into_dispatch(), placing))
}

#[backend_extension(Cube, Autodiff)]
trait ConvolutionBackend: Backend {
    fn convolution(input: FloatTensor<Self>, kernel: FloatTensor<Self>, placing: Placing) -> FloatTensor<Self>;

    fn convolution_input_gradient(
        gradient: FloatTensor<Self>,
        kernel: FloatTensor<Self>,
        extent: [usize; 2],
        placing: Placing,
    ) -> FloatTensor<Self>;

    fn convolution_kernel_gradient(
        input: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        side: usize,
        placing: Placing,
    ) -> FloatTensor<Self>;
}

impl ConvolutionBackend for CubeBackend {
    fn convolution(input: FloatTensor<Self>, kernel: FloatTensor<Self>, placing: Placing) -> FloatTensor<Self> {
        channels_last::convolution(input, kernel, placing)
    }

    fn convolution_input_gradient(
        gradient: FloatTensor<Self>,
        kernel: FloatTensor<Self>,
        extent: [usize; 2],
        placing: Placing,
    ) -> FloatTensor<Self> {
        channels_last::convolution_input_gradient(gradient, kernel, extent, placing)
    }

    fn convolution_kernel_gradient(
        input: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        side: usize,
        placing: Placing,
    ) -> FloatTensor<Self> {
        channels_last::convolution_kernel_gradient(input, gradient, side, placing)
    }
}

#[derive(Debug)]
struct Convolution(Placing);

impl<B: ConvolutionBackend> Backward<B, 2> for Convolution {
    type State = (NodeId, NodeId);

    fn backward(self, ops: Ops<Self::State, 2>, gradients: &mut Gradients, checkpointer: &mut Checkpointer) {
        let [input_node, kernel_node] = ops.parents;
        let gradient = gradients.consume::<B>(&ops.node);
        let input = checkpointer.retrieve_node_output::<FloatTensor<B>>(ops.state.0);
        let kernel = checkpointer.retrieve_node_output::<FloatTensor<B>>(ops.state.1);
        let [_, _, height, width] = input.shape().dims();
        let [_, _, side, _] = kernel.shape().dims();
        if let Some(node) = input_node {
            let gradient = B::convolution_input_gradient(gradient.clone(), kernel, [height, width], self.0);
            gradients.register::<B>(node.id, gradient);
        }
        if let Some(node) = kernel_node {
            gradients.register::<B>(node.id, B::convolution_kernel_gradient(input, gradient, side, self.0));
        }
    }
}

impl<B: ConvolutionBackend, C: CheckpointStrategy> ConvolutionBackend for Autodiff<B, C> {
    fn convolution(input: FloatTensor<Self>, kernel: FloatTensor<Self>, placing: Placing) -> FloatTensor<Self> {
        let output = B::convolution(input.primitive().clone(), kernel.primitive().clone(), placing);
        recorded::<B, C, _>(Convolution(placing), &input, &kernel, output)
    }

    fn convolution_input_gradient(
        gradient: FloatTensor<Self>,
        kernel: FloatTensor<Self>,
        extent: [usize; 2],
        placing: Placing,
    ) -> FloatTensor<Self> {
        let [gradient, kernel] = [gradient, kernel].map(FloatTensor::<Self>::into_primitive);
        FloatTensor::<Self>::new(B::convolution_input_gradient(gradient, kernel, extent, placing))
    }

    fn convolution_kernel_gradient(
        input: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        side: usize,
        placing: Placing,
    ) -> FloatTensor<Self> {
        let [input, gradient] = [input, gradient].map(FloatTensor::<Self>::into_primitive);
        FloatTensor::<Self>::new(B::convolution_kernel_gradient(input, gradient, side, placing))
    }
}

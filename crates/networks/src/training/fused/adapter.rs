//! Layers for which Burn's own operations are the right ones on the processor, and slow on graphics adapters: it chooses
//! good kernels for convolutions only by trying many out, which takes minutes; it rectifies by a mask, and fills the rim
//! of a pool on the host.

use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, DispatchDevice, TensorMetadata, backend_extension};
use burn::tensor::{Device, Tensor};
use burn_cubecl::CubeBackend;

use super::channels_last::{self, windows};
use super::recorded;

/// Whether a device has kernels of our own for training: whether it is a graphics adapter.
#[must_use]
pub fn has_kernels(device: &Device) -> bool {
    matches!(device.clone().inner().as_dispatch(), DispatchDevice::Cube(_))
}

/// Where a window is placed: pixels from one place to the next, and what lies around the picture.
#[derive(Debug, Clone, Copy)]
pub struct WindowGeometry {
    pub stride: usize,
    /// Rows above and columns before the picture.
    pub padding: [usize; 2],
    /// Whether as many lie below and behind it; if not, as many as the last window needs that begins in the picture.
    pub even: bool,
}

impl WindowGeometry {
    /// The output's height and width, of an input's, for a window of `side` pixels.
    pub fn output(self, extent: [usize; 2], side: usize) -> [usize; 2] {
        std::array::from_fn(|axis| {
            let even = (extent[axis] + 2 * self.padding[axis]).saturating_sub(side) / self.stride + 1;
            if self.even { even } else { extent[axis].div_ceil(self.stride) }
        })
    }
}

/// `[batch, channels, height, width]` and `[output, channels, side, side]` to `[batch, output, height, width]`.
pub fn convolution(input: Tensor<4>, kernel: Tensor<4>, geometry: WindowGeometry) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::convolution(input.into_dispatch(), kernel.into_dispatch(), geometry))
}

/// The largest value under every window of `side` pixels a side.
pub fn pool(input: Tensor<4>, side: usize, geometry: WindowGeometry) -> Tensor<4> {
    let (output, _) = Dispatch::pool(input.into_dispatch(), side, geometry);
    Tensor::from_dispatch(output)
}

/// Everything below 0 as 0.
pub fn relu(input: Tensor<4>) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::adapter_relu(input.into_dispatch()))
}

#[backend_extension(Cube, Autodiff)]
trait AdapterBackend: Backend {
    fn convolution(input: FloatTensor<Self>, kernel: FloatTensor<Self>, geometry: WindowGeometry) -> FloatTensor<Self>;

    fn convolution_input_gradient(
        gradient: FloatTensor<Self>,
        kernel: FloatTensor<Self>,
        extent: [usize; 2],
        geometry: WindowGeometry,
    ) -> FloatTensor<Self>;

    fn convolution_kernel_gradient(
        input: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        side: usize,
        geometry: WindowGeometry,
    ) -> FloatTensor<Self>;

    /// With the largest values come their places in the windows.
    fn pool(input: FloatTensor<Self>, side: usize, geometry: WindowGeometry) -> (FloatTensor<Self>, FloatTensor<Self>);

    fn pool_gradient(
        gradient: FloatTensor<Self>,
        places: FloatTensor<Self>,
        extent: [usize; 2],
        side: usize,
        geometry: WindowGeometry,
    ) -> FloatTensor<Self>;

    fn adapter_relu(input: FloatTensor<Self>) -> FloatTensor<Self>;

    fn relu_gradient(rectified: FloatTensor<Self>, gradient: FloatTensor<Self>) -> FloatTensor<Self>;
}

impl AdapterBackend for CubeBackend {
    fn convolution(input: FloatTensor<Self>, kernel: FloatTensor<Self>, geometry: WindowGeometry) -> FloatTensor<Self> {
        windows::convolution(input, kernel, geometry)
    }

    fn convolution_input_gradient(
        gradient: FloatTensor<Self>,
        kernel: FloatTensor<Self>,
        extent: [usize; 2],
        geometry: WindowGeometry,
    ) -> FloatTensor<Self> {
        windows::convolution_input_gradient(gradient, kernel, extent, geometry)
    }

    fn convolution_kernel_gradient(
        input: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        side: usize,
        geometry: WindowGeometry,
    ) -> FloatTensor<Self> {
        windows::convolution_kernel_gradient(input, gradient, side, geometry)
    }

    fn pool(input: FloatTensor<Self>, side: usize, geometry: WindowGeometry) -> (FloatTensor<Self>, FloatTensor<Self>) {
        windows::pool(input, side, geometry)
    }

    fn pool_gradient(
        gradient: FloatTensor<Self>,
        places: FloatTensor<Self>,
        extent: [usize; 2],
        side: usize,
        geometry: WindowGeometry,
    ) -> FloatTensor<Self> {
        windows::pool_gradient(gradient, places, extent, side, geometry)
    }

    fn adapter_relu(input: FloatTensor<Self>) -> FloatTensor<Self> {
        channels_last::relu(input)
    }

    fn relu_gradient(rectified: FloatTensor<Self>, gradient: FloatTensor<Self>) -> FloatTensor<Self> {
        channels_last::relu_gradient(rectified, gradient)
    }
}

#[derive(Debug)]
struct Convolution(WindowGeometry);

impl<B: AdapterBackend> Backward<B, 2> for Convolution {
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

#[derive(Debug)]
struct Pool {
    extent: [usize; 2],
    side: usize,
    geometry: WindowGeometry,
}

impl<B: AdapterBackend> Backward<B, 1> for Pool {
    /// The places of the largest values.
    type State = FloatTensor<B>;

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let [input] = ops.parents;
        let gradient = gradients.consume::<B>(&ops.node);
        if let Some(node) = input {
            let Self { extent, side, geometry } = self;
            gradients.register::<B>(node.id, B::pool_gradient(gradient, ops.state, extent, side, geometry));
        }
    }
}

#[derive(Debug)]
struct Rectify;

impl<B: AdapterBackend> Backward<B, 1> for Rectify {
    /// The output, which the next layer keeps as well.
    type State = FloatTensor<B>;

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let [input] = ops.parents;
        let gradient = gradients.consume::<B>(&ops.node);
        if let Some(node) = input {
            gradients.register::<B>(node.id, B::relu_gradient(ops.state, gradient));
        }
    }
}

impl<B: AdapterBackend, C: CheckpointStrategy> AdapterBackend for Autodiff<B, C> {
    fn convolution(input: FloatTensor<Self>, kernel: FloatTensor<Self>, geometry: WindowGeometry) -> FloatTensor<Self> {
        let output = B::convolution(input.primitive().clone(), kernel.primitive().clone(), geometry);
        recorded::<B, C, _>(Convolution(geometry), &input, &kernel, output)
    }

    fn convolution_input_gradient(
        gradient: FloatTensor<Self>,
        kernel: FloatTensor<Self>,
        extent: [usize; 2],
        geometry: WindowGeometry,
    ) -> FloatTensor<Self> {
        let [gradient, kernel] = [gradient, kernel].map(FloatTensor::<Self>::into_primitive);
        FloatTensor::<Self>::new(B::convolution_input_gradient(gradient, kernel, extent, geometry))
    }

    fn convolution_kernel_gradient(
        input: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        side: usize,
        geometry: WindowGeometry,
    ) -> FloatTensor<Self> {
        let [input, gradient] = [input, gradient].map(FloatTensor::<Self>::into_primitive);
        FloatTensor::<Self>::new(B::convolution_kernel_gradient(input, gradient, side, geometry))
    }

    fn pool(input: FloatTensor<Self>, side: usize, geometry: WindowGeometry) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let [_, _, height, width] = input.primitive().shape().dims();
        let (output, places) = B::pool(input.primitive().clone(), side, geometry);
        let step = Pool { extent: [height, width], side, geometry };
        let output = match step.prepare::<C>([input.node()]).compute_bound().stateful() {
            OpsKind::Tracked(step) => step.finish(places.clone(), output),
            OpsKind::UnTracked(step) => step.finish(output),
        };
        (output, FloatTensor::<Self>::new(places))
    }

    fn pool_gradient(
        gradient: FloatTensor<Self>,
        places: FloatTensor<Self>,
        extent: [usize; 2],
        side: usize,
        geometry: WindowGeometry,
    ) -> FloatTensor<Self> {
        let [gradient, places] = [gradient, places].map(FloatTensor::<Self>::into_primitive);
        FloatTensor::<Self>::new(B::pool_gradient(gradient, places, extent, side, geometry))
    }

    fn adapter_relu(input: FloatTensor<Self>) -> FloatTensor<Self> {
        let output = B::adapter_relu(input.primitive().clone());
        match Rectify.prepare::<C>([input.node()]).compute_bound().stateful() {
            OpsKind::Tracked(step) => step.finish(output.clone(), output),
            OpsKind::UnTracked(step) => step.finish(output),
        }
    }

    fn relu_gradient(rectified: FloatTensor<Self>, gradient: FloatTensor<Self>) -> FloatTensor<Self> {
        let [rectified, gradient] = [rectified, gradient].map(FloatTensor::<Self>::into_primitive);
        FloatTensor::<Self>::new(B::relu_gradient(rectified, gradient))
    }
}

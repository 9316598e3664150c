//! The operations of the processor where gradients are wanted: what is kept on the way forward, and the steps back.

use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Flex};
use graph::{Activation, Window};

use super::{Fixed, ProcessorBackend, Triple, before, before_normalised};
use crate::training::fused::channels_first::{self, Limits, Norm, Values};
use crate::training::fused::recorded;

/// The steps back of an [`Activation`] alone.
#[derive(Debug)]
struct Activate(Activation);

impl Backward<Flex, 1> for Activate {
    /// The output, which the next layer keeps as well.
    type State = Values;

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let [input] = ops.parents;
        let gradient = gradients.consume::<Flex>(&ops.node);
        if let Some(node) = input {
            let gradient = channels_first::limited_gradient(&ops.state, &gradient, Limits::new(self.0));
            gradients.register::<Flex>(node.id, gradient);
        }
    }
}

#[derive(Debug)]
struct Sum;

impl Backward<Flex, 2> for Sum {
    type State = ();

    fn backward(self, ops: Ops<Self::State, 2>, gradients: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let gradient = gradients.consume::<Flex>(&ops.node);
        for node in ops.parents.into_iter().flatten() {
            gradients.register::<Flex>(node.id, gradient.clone());
        }
    }
}

#[derive(Debug)]
struct Shift;

impl Backward<Flex, 2> for Shift {
    type State = ();

    fn backward(self, ops: Ops<Self::State, 2>, gradients: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let gradient = gradients.consume::<Flex>(&ops.node);
        let [input, shift] = ops.parents;
        if let Some(node) = shift {
            gradients.register::<Flex>(node.id, channels_first::channel_sums(&gradient));
        }
        if let Some(node) = input {
            gradients.register::<Flex>(node.id, gradient);
        }
    }
}

/// Of a convolution over all channels.
#[derive(Debug)]
struct Windowed(Window);

impl Backward<Flex, 2> for Windowed {
    type State = (NodeId, NodeId);

    fn backward(self, ops: Ops<Self::State, 2>, gradients: &mut Gradients, checkpointer: &mut Checkpointer) {
        let [input_node, kernel_node] = ops.parents;
        let gradient = gradients.consume::<Flex>(&ops.node);
        let input = checkpointer.retrieve_node_output::<Values>(ops.state.0);
        let kernel = checkpointer.retrieve_node_output::<Values>(ops.state.1);
        let (of_input, of_kernel) =
            channels_first::convolution_gradients(&input, &kernel, self.0, &gradient, input_node.is_some());
        if let Some((node, of_input)) = input_node.zip(of_input) {
            gradients.register::<Flex>(node.id, of_input);
        }
        if let Some(node) = kernel_node {
            gradients.register::<Flex>(node.id, of_kernel);
        }
    }
}

/// Of an input that may be scaled and shifted, is activated, and may be pooled.
#[derive(Debug)]
struct Scaled(Activation, Option<Window>);

impl Backward<Flex, 1> for Scaled {
    type State = (NodeId, Option<Fixed>);

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, checkpointer: &mut Checkpointer) {
        let [input_node] = ops.parents;
        let gradient = gradients.consume::<Flex>(&ops.node);
        let (input, fixed) = ops.state;
        let input = checkpointer.retrieve_node_output::<Values>(input);
        if let Some(node) = input_node {
            let before = before(fixed.as_ref(), self.0);
            let (of_input, _) = channels_first::normalise_gradients(&input, before, None, self.1, &gradient);
            gradients.register::<Flex>(node.id, of_input);
        }
    }
}

/// Of an input that may be scaled and shifted, is activated, and convolved.
#[derive(Debug)]
struct ActivatedDepthwise(Activation, Window);

impl Backward<Flex, 2> for ActivatedDepthwise {
    type State = (NodeId, NodeId, Option<Fixed>);

    fn backward(self, ops: Ops<Self::State, 2>, gradients: &mut Gradients, checkpointer: &mut Checkpointer) {
        let gradient = gradients.consume::<Flex>(&ops.node);
        let parents = ops.parents.map(|parent| parent.map(|node| node.id));
        let (input, kernel, fixed) = ops.state;
        let input = checkpointer.retrieve_node_output::<Values>(input);
        let kernel = checkpointer.retrieve_node_output::<Values>(kernel);
        let before = before(fixed.as_ref(), self.0);
        let (of_input, _, of_kernel) =
            channels_first::depthwise_gradients(&input, before, None, (&kernel, self.1), &gradient);
        register(gradients, parents, [of_input, of_kernel]);
    }
}

/// Of an input that is normalised, activated, and may be pooled.
#[derive(Debug)]
struct Normalised(Activation, Option<Window>);

impl Backward<Flex, 3> for Normalised {
    /// Nodes of input, gamma and beta; mean and variance; epsilon.
    type State = ([NodeId; 3], Fixed, f64);

    fn backward(self, ops: Ops<Self::State, 3>, gradients: &mut Gradients, checkpointer: &mut Checkpointer) {
        let gradient = gradients.consume::<Flex>(&ops.node);
        let parents = ops.parents.map(|parent| parent.map(|node| node.id));
        let (nodes, (mean, variance), epsilon) = ops.state;
        let [input, gamma, beta] = nodes.map(|node| checkpointer.retrieve_node_output::<Values>(node));
        let norm = Norm { gamma, beta, epsilon };
        let before = before_normalised(&norm, self.0);
        let (of_input, of_norm) =
            channels_first::normalise_gradients(&input, before, Some((&mean, &variance)), self.1, &gradient);
        register(gradients, parents, [of_input, of_norm.gamma, of_norm.beta]);
    }
}

/// Of an input that is normalised, activated and convolved.
#[derive(Debug)]
struct NormalisedDepthwise(Activation, Window);

impl Backward<Flex, 4> for NormalisedDepthwise {
    /// Nodes of input, gamma, beta and kernel; mean and variance; epsilon.
    type State = ([NodeId; 4], Fixed, f64);

    fn backward(self, ops: Ops<Self::State, 4>, gradients: &mut Gradients, checkpointer: &mut Checkpointer) {
        let gradient = gradients.consume::<Flex>(&ops.node);
        let parents = ops.parents.map(|parent| parent.map(|node| node.id));
        let (nodes, (mean, variance), epsilon) = ops.state;
        let [input, gamma, beta, kernel] = nodes.map(|node| checkpointer.retrieve_node_output::<Values>(node));
        let norm = Norm { gamma, beta, epsilon };
        let before = before_normalised(&norm, self.0);
        let (of_input, of_norm, of_kernel) =
            channels_first::depthwise_gradients(&input, before, Some((&mean, &variance)), (&kernel, self.1), &gradient);
        register(gradients, parents, [of_input, of_norm.gamma, of_norm.beta, of_kernel]);
    }
}

/// Hands every parent that wants one its gradient.
fn register<const N: usize>(gradients: &mut Gradients, parents: [Option<NodeId>; N], of_parents: [Values; N]) {
    for (node, gradient) in parents.into_iter().zip(of_parents) {
        if let Some(node) = node {
            gradients.register::<Flex>(node, gradient);
        }
    }
}

type Tracked<C> = FloatTensor<Autodiff<Flex, C>>;

impl<C: CheckpointStrategy> ProcessorBackend for Autodiff<Flex, C> {
    fn activate(input: FloatTensor<Self>, activation: Activation) -> FloatTensor<Self> {
        let output = Flex::activate(input.primitive().clone(), activation);
        match Activate(activation).prepare::<C>([input.node()]).compute_bound().stateful() {
            OpsKind::Tracked(step) => step.finish(output.clone(), output),
            OpsKind::UnTracked(step) => step.finish(output),
        }
    }

    fn sum(left: FloatTensor<Self>, right: FloatTensor<Self>) -> FloatTensor<Self> {
        let output = Flex::sum(left.primitive().clone(), right.primitive().clone());
        match Sum.prepare::<C>([left.node(), right.node()]).compute_bound().stateful() {
            OpsKind::Tracked(step) => step.finish((), output),
            OpsKind::UnTracked(step) => step.finish(output),
        }
    }

    fn shifted(input: FloatTensor<Self>, shift: FloatTensor<Self>) -> FloatTensor<Self> {
        let nodes = [input.node(), shift.node()];
        let output = Flex::shifted(input.into_primitive(), shift.into_primitive());
        match Shift.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(step) => step.finish((), output),
            OpsKind::UnTracked(step) => step.finish(output),
        }
    }

    fn windowed(input: FloatTensor<Self>, kernel: FloatTensor<Self>, window: Window) -> FloatTensor<Self> {
        let output = Flex::windowed(input.primitive().clone(), kernel.primitive().clone(), window);
        recorded::<Flex, C, _>(Windowed(window), &input, &kernel, output)
    }

    fn activated_depthwise(
        input: FloatTensor<Self>,
        kernel: FloatTensor<Self>,
        activation: Activation,
        window: Window,
    ) -> FloatTensor<Self> {
        let primitives = (input.primitive().clone(), kernel.primitive().clone());
        let output = Flex::activated_depthwise(primitives.0, primitives.1, activation, window);
        recorded_depthwise::<C>(&input, &kernel, None, ActivatedDepthwise(activation, window), output)
    }

    fn scaled(
        input: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        shift: FloatTensor<Self>,
        activation: Activation,
        pool: Option<Window>,
    ) -> FloatTensor<Self> {
        let fixed = (scale.into_primitive(), shift.into_primitive());
        let output = Flex::scaled(input.primitive().clone(), fixed.0.clone(), fixed.1.clone(), activation, pool);
        recorded_scaled::<C>(&input, Some(fixed), Scaled(activation, pool), output)
    }

    fn pooled(input: FloatTensor<Self>, activation: Activation, window: Window) -> FloatTensor<Self> {
        let output = Flex::pooled(input.primitive().clone(), activation, window);
        recorded_scaled::<C>(&input, None, Scaled(activation, Some(window)), output)
    }

    fn scaled_depthwise(
        input: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        shift: FloatTensor<Self>,
        kernel: FloatTensor<Self>,
        activation: Activation,
        window: Window,
    ) -> FloatTensor<Self> {
        let fixed = (scale.into_primitive(), shift.into_primitive());
        let primitives = (input.primitive().clone(), kernel.primitive().clone());
        let (scale, shift) = fixed.clone();
        let output = Flex::scaled_depthwise(primitives.0, scale, shift, primitives.1, activation, window);
        recorded_depthwise::<C>(&input, &kernel, Some(fixed), ActivatedDepthwise(activation, window), output)
    }

    fn normalised(
        input: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
        activation: Activation,
        pool: Option<Window>,
    ) -> Triple<Self> {
        let primitives = (input.primitive().clone(), gamma.primitive().clone(), beta.primitive().clone());
        let (output, mean, variance) =
            Flex::normalised(primitives.0, primitives.1, primitives.2, epsilon, activation, pool);
        let parents = [input.node(), gamma.node(), beta.node()];
        let output = match Normalised(activation, pool).prepare::<C>(parents).compute_bound().stateful() {
            OpsKind::Tracked(mut step) => {
                let nodes = [&input, &gamma, &beta].map(|tensor| step.checkpoint(tensor));
                step.finish((nodes, (mean.clone(), variance.clone()), epsilon), output)
            }
            OpsKind::UnTracked(step) => step.finish(output),
        };
        (output, FloatTensor::<Self>::new(mean), FloatTensor::<Self>::new(variance))
    }

    fn normalised_depthwise(
        input: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        kernel: FloatTensor<Self>,
        epsilon: f64,
        activation: Activation,
        window: Window,
    ) -> Triple<Self> {
        let primitives = (input.primitive().clone(), gamma.primitive().clone(), beta.primitive().clone());
        let (output, mean, variance) = Flex::normalised_depthwise(
            primitives.0,
            primitives.1,
            primitives.2,
            kernel.primitive().clone(),
            epsilon,
            activation,
            window,
        );
        let parents = [input.node(), gamma.node(), beta.node(), kernel.node()];
        let output = match NormalisedDepthwise(activation, window).prepare::<C>(parents).compute_bound().stateful() {
            OpsKind::Tracked(mut step) => {
                let nodes = [&input, &gamma, &beta, &kernel].map(|tensor| step.checkpoint(tensor));
                step.finish((nodes, (mean.clone(), variance.clone()), epsilon), output)
            }
            OpsKind::UnTracked(step) => step.finish(output),
        };
        (output, FloatTensor::<Self>::new(mean), FloatTensor::<Self>::new(variance))
    }
}

fn recorded_scaled<C: CheckpointStrategy>(
    input: &Tracked<C>,
    fixed: Option<Fixed>,
    scaled: Scaled,
    output: Values,
) -> Tracked<C> {
    match scaled.prepare::<C>([input.node()]).compute_bound().stateful() {
        OpsKind::Tracked(mut step) => {
            let state = (step.checkpoint(input), fixed);
            step.finish(state, output)
        }
        OpsKind::UnTracked(step) => step.finish(output),
    }
}

fn recorded_depthwise<C: CheckpointStrategy>(
    input: &Tracked<C>,
    kernel: &Tracked<C>,
    fixed: Option<Fixed>,
    depthwise: ActivatedDepthwise,
    output: Values,
) -> Tracked<C> {
    let parents = [input.node(), kernel.node()];
    match depthwise.prepare::<C>(parents).compute_bound().stateful() {
        OpsKind::Tracked(mut step) => {
            let state = (step.checkpoint(input), step.checkpoint(kernel), fixed);
            step.finish(state, output)
        }
        OpsKind::UnTracked(step) => step.finish(output),
    }
}

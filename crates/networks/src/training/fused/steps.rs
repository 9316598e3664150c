//! What is done to every parameter after every step, as one operation each: in Burn's a step of AdamW is a dozen launches
//! for each of 154 tensors on graphics adapters, and as many passes over the parameters on one core of the processor.
#![allow(unsafe_code, reason = "kernels run without bounds checks; every buffer is as long as its shape says")]

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, Flex, backend_extension};
use burn::tensor::Tensor;
use burn_cubecl::CubeBackend;
use burn_cubecl::kernel::into_contiguous;

use super::channels_first;
use super::channels_last::kernels::{self, AdamStepLaunch};
use super::channels_last::{argument, empty_like, grid};

/// A step of AdamW (Loshchilov and Hutter 2019).
#[derive(Debug, Clone, Copy)]
pub struct AdamStep {
    /// Learning rate.
    pub rate: f64,
    /// Weight decay.
    pub decay: f64,
    /// Decay of the mean of gradients, and of their squares.
    pub betas: [f64; 2],
    /// Added to the root of the mean of squares.
    pub epsilon: f64,
    /// Which step it is, from 1.
    pub number: i32,
}

/// The parameter and both moments after a step.
pub fn adamw<const D: usize>(
    parameter: Tensor<D>,
    gradient: Tensor<D>,
    moments: [Tensor<D>; 2],
    step: AdamStep,
) -> (Tensor<D>, [Tensor<D>; 2]) {
    let [first, second] = moments.map(Tensor::into_dispatch);
    let (parameter, first, second) =
        Dispatch::adamw(parameter.into_dispatch(), gradient.into_dispatch(), first, second, step);
    (Tensor::from_dispatch(parameter), [first, second].map(Tensor::from_dispatch))
}

/// `from`, moved by `share` of the way to `to`.
pub fn lerp<const D: usize>(from: Tensor<D>, to: Tensor<D>, share: f64) -> Tensor<D> {
    Tensor::from_dispatch(Dispatch::lerp(from.into_dispatch(), to.into_dispatch(), share))
}

#[backend_extension(Flex, Cube)]
trait StepsBackend: Backend {
    fn adamw(
        parameter: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        first: FloatTensor<Self>,
        second: FloatTensor<Self>,
        step: AdamStep,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);

    fn lerp(from: FloatTensor<Self>, to: FloatTensor<Self>, share: f64) -> FloatTensor<Self>;
}

impl AdamStep {
    /// What corrects a mean of that decay, which began with 0.
    fn correction(&self, beta: f64) -> f32 {
        (1.0 - beta.powi(self.number)) as f32
    }
}

impl StepsBackend for Flex {
    fn adamw(
        parameter: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        first: FloatTensor<Self>,
        second: FloatTensor<Self>,
        step: AdamStep,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let [beta_1, beta_2] = step.betas.map(|beta| beta as f32);
        let [correction_1, correction_2] = step.betas.map(|beta| step.correction(beta));
        let (rate, epsilon) = (step.rate as f32, step.epsilon as f32);
        let kept = (1.0 - step.rate * step.decay) as f32;
        let mut after = [parameter, first, second];
        channels_first::update(&mut after, &gradient, |[parameter, first, second], gradient| {
            let first = first * beta_1 + gradient * (1.0 - beta_1);
            let second = second * beta_2 + gradient * gradient * (1.0 - beta_2);
            let direction = first / correction_1 / ((second / correction_2).sqrt() + epsilon);
            [parameter * kept - direction * rate, first, second]
        });
        after.into()
    }

    fn lerp(from: FloatTensor<Self>, to: FloatTensor<Self>, share: f64) -> FloatTensor<Self> {
        let (kept, share) = ((1.0 - share) as f32, share as f32);
        let mut after = [from];
        channels_first::update(&mut after, &to, |[from], to| [from * kept + to * share]);
        let [after] = after;
        after
    }
}

impl StepsBackend for CubeBackend {
    fn adamw(
        parameter: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        first: FloatTensor<Self>,
        second: FloatTensor<Self>,
        step: AdamStep,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let before = [parameter, gradient, first, second].map(into_contiguous);
        let after = [0, 2, 3].map(|place: usize| empty_like(&before[place]));
        let units = before[0].meta.num_elements();
        let (cubes, dim) = grid(&before[0], units);
        let [beta_1, beta_2] = step.betas;
        unsafe {
            kernels::adamw::launch_unchecked(
                &before[0].client,
                cubes,
                dim,
                argument(&before[0], 1),
                argument(&before[1], 1),
                argument(&before[2], 1),
                argument(&before[3], 1),
                argument(&after[0], 1),
                argument(&after[1], 1),
                argument(&after[2], 1),
                AdamStepLaunch::new(
                    step.rate as f32,
                    step.decay as f32,
                    beta_1 as f32,
                    beta_2 as f32,
                    step.epsilon as f32,
                    step.correction(beta_1),
                    step.correction(beta_2),
                ),
                units,
            );
        }
        after.into()
    }

    fn lerp(from: FloatTensor<Self>, to: FloatTensor<Self>, share: f64) -> FloatTensor<Self> {
        let [from, to] = [from, to].map(into_contiguous);
        let output = empty_like(&from);
        let units = from.meta.num_elements();
        let (cubes, dim) = grid(&from, units);
        unsafe {
            kernels::lerp::launch_unchecked(
                &from.client,
                cubes,
                dim,
                argument(&from, 1),
                argument(&to, 1),
                argument(&output, 1),
                share as f32,
                units,
            );
        }
        output
    }
}

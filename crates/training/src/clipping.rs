//! Gradient clipping by the norm over all parameters (Pascanu et al. 2013): a step that would be too long is shortened and
//! keeps its direction.

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::Tensor;
use networks::Network;

/// The gradients of a network, scaled down together where their norm is above `largest`.
#[must_use]
pub fn clipped(gradients: GradientsParams, network: &Network, largest: f32) -> GradientsParams {
    let mut squares = Squares { gradients: &gradients, sum: None };
    network.visit(&mut squares);
    let Some(sum) = squares.sum else { return gradients };
    // It stays on the device: reading it would make a GPU wait.
    let factor = (sum.sqrt() + f32::MIN_POSITIVE).recip().mul_scalar(largest).clamp_max(1.0);
    let mut scaling = Scaling { gradients, factor };
    network.visit(&mut scaling);
    scaling.gradients
}

/// Adds up the squares of all gradients.
struct Squares<'a> {
    gradients: &'a GradientsParams,
    sum: Option<Tensor<1>>,
}

impl ModuleVisitor for Squares<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let Some(gradient) = self.gradients.get::<D>(param.id) else { return };
        let square = gradient.square().sum();
        self.sum = Some(match self.sum.take() {
            Some(sum) => sum + square,
            None => square,
        });
    }
}

/// Multiplies every gradient.
struct Scaling {
    gradients: GradientsParams,
    factor: Tensor<1>,
}

impl ModuleVisitor for Scaling {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.gradients.remove::<D>(param.id) {
            self.gradients.register(param.id, gradient * self.factor.clone().unsqueeze());
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;
    use networks::{Architecture, Form, NetworkConfig};

    use super::*;

    /// A network of which the head alone is trained, and its gradients: 3 in the bias, 4 in one value of the kernel.
    fn example() -> (Network, GradientsParams) {
        let device = Device::flex();
        let network = NetworkConfig::new(Architecture::Vgg16, 2, Form::Trainable).init(&device).identified();
        let ids = network.parameters_by_block().remove(&6).unwrap_or_default();
        let mut gradients = GradientsParams::new();
        let mut kernel = vec![0.0; 1024];
        kernel[7] = 4.0;
        gradients.register(ids[0], Tensor::<1>::from_floats(kernel.as_slice(), &device).reshape([2, 512]));
        gradients.register(ids[1], Tensor::<1>::from_floats([0.0, 3.0], &device));
        (network, gradients)
    }

    fn values(network: &Network, gradients: &GradientsParams) -> [f32; 2] {
        let ids = network.parameters_by_block().remove(&6).unwrap_or_default();
        let kernel = gradients.get::<2>(ids[0]).unwrap().max().into_scalar();
        [kernel, gradients.get::<1>(ids[1]).unwrap().max().into_scalar()]
    }

    #[test]
    fn a_long_step_is_shortened_in_all_parameters_alike() {
        let (network, gradients) = example();
        // The norm over both tensors is 5.
        let [kernel, bias] = values(&network, &clipped(gradients, &network, 2.5));
        assert!((kernel - 2.0).abs() < 1e-6 && (bias - 1.5).abs() < 1e-6, "{kernel} {bias}");
    }

    #[test]
    fn a_short_step_stays_as_it_is() {
        let (network, gradients) = example();
        let found = values(&network, &clipped(gradients, &network, 5.1));
        assert_eq!(found.map(f32::to_bits), [4.0_f32, 3.0].map(f32::to_bits), "{found:?}");
    }
}

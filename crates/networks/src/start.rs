//! Where ImageNet weights expect another input than [-1, 1].

use std::collections::BTreeMap;

use crate::keras::FIRST_KERNEL;
use crate::{Architecture, NamedTensor, head};

/// What Keras's VGG16 takes off blue, green and red, in the order of its input channels, from 0 to 255.
const CAFFE_MEAN: [f32; 3] = [103.939, 116.779, 123.68];
/// Half of 255: a pixel is `x * HALF + HALF` for x in [-1, 1].
const HALF: f32 = 127.5;
const BIAS: &str = "block1_conv1.bias";

/// ImageNet weights, in the networks' layout, that take [-1, 1]: VGG16's first convolution takes over the scale and the
/// means that its own preprocessing has. It comes to the same but for the outermost pixels, where the padding is grey
/// instead of ImageNet's mean. Weights with a head have been trained on [-1, 1] and stay as they are.
#[must_use]
pub fn for_unit_input(
    architecture: Architecture,
    mut tensors: BTreeMap<String, NamedTensor>,
) -> BTreeMap<String, NamedTensor> {
    if architecture != Architecture::Vgg16 || tensors.contains_key(head::KERNEL) {
        return tensors;
    }
    let Some(mut kernel) = tensors.remove(FIRST_KERNEL) else { return tensors };
    if let (Some(bias), &[_, channels, height, width]) = (tensors.get_mut(BIAS), kernel.shape.as_slice()) {
        let area = height * width;
        for (bias, weights) in bias.values.iter_mut().zip(kernel.values.chunks_exact(channels * area)) {
            let shifted = weights.chunks_exact(area).zip(CAFFE_MEAN);
            *bias += shifted.map(|(plane, mean)| (HALF - mean) * plane.iter().sum::<f32>()).sum::<f32>();
        }
        kernel.values.iter_mut().for_each(|weight| *weight *= HALF);
    }
    tensors.insert(FIRST_KERNEL.to_owned(), kernel);
    tensors
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Tensor, TensorData};

    use super::*;
    use crate::{Form, NetworkConfig};

    /// Block 1 of a network that takes `tensors`, on grey pixels, at the centre of the picture.
    fn centre(tensors: &BTreeMap<String, NamedTensor>, input: impl Fn(usize) -> f32) -> Vec<f32> {
        let device = Device::flex();
        let network = NetworkConfig::new(Architecture::Vgg16, 2, Form::Trainable).init(&device);
        let network = network.load_trunk(tensors).unwrap();
        let pixels: Vec<f32> = (0..3 * 32 * 32).map(input).collect();
        let images = Tensor::<4>::from_data(TensorData::new(pixels, [1, 3, 32, 32]), &device);
        let features = network.forward_to(2, images).slice([0..1, 0..64, 4..12, 4..12]);
        features.into_data().try_to_vec().unwrap()
    }

    #[test]
    fn vgg16_sees_in_unit_range_what_it_saw_in_bytes() {
        let device = Device::flex();
        device.seed(5);
        let network = NetworkConfig::new(Architecture::Vgg16, 2, Form::Trainable).init(&device);
        let mut tensors = network.named_tensors().unwrap();
        tensors.retain(|name, _| !name.starts_with("predictions"));
        let byte = |index: usize| ((index % 1024) * 7 % 256) as f32;
        let in_bytes = centre(&tensors, |index| byte(index) - CAFFE_MEAN[index / 1024]);
        let unit = for_unit_input(Architecture::Vgg16, tensors.clone());
        let in_unit = centre(&unit, |index| byte(index) / HALF - 1.0);
        let largest = in_bytes.iter().copied().fold(0.0, f32::max);
        assert!(largest > 1.0);
        assert!(in_bytes.iter().zip(&in_unit).all(|(a, b)| (a - b).abs() < 1e-4 * largest));
    }

    #[test]
    fn what_was_trained_on_unit_range_stays_as_it_is() {
        let trained = NetworkConfig::new(Architecture::Vgg16, 2, Form::Trainable).init(&Device::flex());
        let tensors = trained.named_tensors().unwrap();
        assert_eq!(for_unit_input(Architecture::Vgg16, tensors.clone()), tensors);
    }
}

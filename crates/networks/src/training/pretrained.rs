//! Where ImageNet weights expect another input than [-1, 1].

use std::collections::BTreeMap;

use graph::{Architecture, Convolution, ImagenetInput, Op};

use crate::NamedTensor;

type Tensors = BTreeMap<String, NamedTensor>;

/// ImageNet weights, in the networks' layout, that take [-1, 1]: the first convolution takes over the scale and the shift
/// that the original's preprocessing has. It comes to the same but for the outermost pixels, where the padding is grey
/// instead of what it was in training. Weights with a head have been trained on [-1, 1] and stay as they are.
#[must_use]
pub fn for_unit_input(architecture: Architecture, mut tensors: Tensors) -> Tensors {
    let input = architecture.spec().imagenet;
    let graph = architecture.graph(1);
    let is_trained =
        graph.outputs().iter().any(|&output| tensors.contains_key(&format!("{}.kernel", graph.nodes()[output].name)));
    if input == ImagenetInput::UNIT || is_trained {
        return tensors;
    }
    let [first, second] = [1, 2].map(|id| graph.nodes().get(id));
    let Some(Op::Convolution(convolution)) = first.map(|node| &node.op) else { return tensors };
    let Some(mut kernel) = tensors.remove(&convolution.kernel()) else { return tensors };
    let shifts = shifts(&kernel, input);
    match second.filter(|_| !convolution.bias) {
        // A shift of what is normalised is one of its mean.
        Some(norm) => add(&mut tensors, &format!("{}.moving_mean", norm.name), shifts.into_iter().map(|shift| -shift)),
        None => add(&mut tensors, &Convolution::bias(convolution), shifts.into_iter()),
    }
    kernel.values.iter_mut().for_each(|weight| *weight *= input.scale);
    tensors.insert(convolution.kernel(), kernel);
    tensors
}

/// What the shift of the input adds to each output of a kernel `[out, in, height, width]`.
fn shifts(kernel: &NamedTensor, input: ImagenetInput) -> Vec<f32> {
    let &[_, channels, height, width] = kernel.shape.as_slice() else { return Vec::new() };
    let area = height * width;
    let of_output = |weights: &[f32]| {
        let planes = weights.chunks_exact(area).zip(input.shift);
        planes.map(|(plane, shift)| shift * plane.iter().sum::<f32>()).sum()
    };
    kernel.values.chunks_exact(channels * area).map(of_output).collect()
}

fn add(tensors: &mut Tensors, name: &str, shifts: impl Iterator<Item = f32>) {
    if let Some(tensor) = tensors.get_mut(name) {
        tensor.values.iter_mut().zip(shifts).for_each(|(value, shift)| *value += shift);
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Tensor, TensorData};

    use super::*;
    use crate::{Form, NetworkConfig};

    /// What Keras's VGG16 takes off blue, green and red, from 0 to 255.
    const CAFFE_MEAN: [f32; 3] = [103.939, 116.779, 123.68];
    /// Half of 255.
    const HALF: f32 = 127.5;

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

//! Keras's layout of kernels, `[height, width, in, out]`, to the networks' own, `[out, in, height, width]`, and back.

use std::collections::BTreeMap;

use crate::NamedTensor;

/// Tensors in the networks' own layout, whichever of the two they come in.
///
/// Kernels are square, so a convolution tells: `[3, 3, in, out]` is Keras's layout, `[out, in, 3, 3]` the networks' own.
#[must_use]
pub fn in_network_layout(tensors: BTreeMap<String, NamedTensor>) -> BTreeMap<String, NamedTensor> {
    let is_keras = tensors.iter().any(|(name, tensor)| name.ends_with(".kernel") && is_square_first(&tensor.shape));
    if is_keras { from_keras(tensors) } else { tensors }
}

/// Whether the first two sides of four are equal and the last two are not.
fn is_square_first(shape: &[usize]) -> bool {
    matches!(shape, [height, width, input, output] if height == width && input != output)
}

/// Turns every kernel of a network from its own layout to Keras's.
///
/// Depthwise kernels are `[channels, 1, height, width]` here and `[height, width, channels, 1]` in Keras; pointwise
/// kernels `[out, in]` and `[1, 1, in, out]`; dense ones `[outputs, inputs]` and `[inputs, outputs]`. Tensors that
/// are no kernels stay as they are. [`in_network_layout`] turns them back.
#[must_use]
pub fn in_keras_layout(tensors: BTreeMap<String, NamedTensor>) -> BTreeMap<String, NamedTensor> {
    tensors.into_iter().map(|(name, tensor)| (name.clone(), turn_back(&name, tensor))).collect()
}

fn from_keras(tensors: BTreeMap<String, NamedTensor>) -> BTreeMap<String, NamedTensor> {
    tensors.into_iter().map(|(name, tensor)| (name.clone(), turn(&name, tensor))).collect()
}

/// Whether a tensor is the kernel of a dense layer.
fn is_dense(name: &str, tensor: &NamedTensor) -> bool {
    name.ends_with(".kernel") && tensor.shape.len() == 2
}

fn turn(name: &str, tensor: NamedTensor) -> NamedTensor {
    if is_dense(name, &tensor) {
        return turn_matrix(tensor);
    }
    let &[height, width, input, output] = tensor.shape.as_slice() else { return tensor };
    if name.ends_with(".depthwise_kernel") {
        let values = transpose(&tensor.values, height * width, input * output);
        return NamedTensor { shape: vec![input, output, height, width], values };
    }
    // [pixels, in, out] to [out, in, pixels]: each input channel's [pixels, out] plane is turned by itself.
    let area = height * width;
    let mut values = vec![0.0; tensor.values.len()];
    for (index, &value) in tensor.values.iter().enumerate() {
        let (pixel, channel_in, channel_out) = (index / (input * output), index / output % input, index % output);
        values[(channel_out * input + channel_in) * area + pixel] = value;
    }
    let shape =
        if name.ends_with(".pointwise_kernel") { vec![output, input] } else { vec![output, input, height, width] };
    NamedTensor { shape, values }
}

fn turn_back(name: &str, tensor: NamedTensor) -> NamedTensor {
    if is_dense(name, &tensor) {
        return turn_matrix(tensor);
    }
    if name.ends_with(".pointwise_kernel") {
        let NamedTensor { shape, values } = turn_matrix(tensor);
        return NamedTensor { shape: [vec![1, 1], shape].concat(), values };
    }
    let &[output, input, height, width] = tensor.shape.as_slice() else { return tensor };
    if name.ends_with(".depthwise_kernel") {
        let values = transpose(&tensor.values, output, height * width);
        return NamedTensor { shape: vec![height, width, output, input], values };
    }
    // [out, in, pixels] to [pixels, in, out].
    let area = height * width;
    let mut values = vec![0.0; tensor.values.len()];
    for (index, &value) in tensor.values.iter().enumerate() {
        let (channel_out, channel_in, pixel) = (index / (input * area), index / area % input, index % area);
        values[(pixel * input + channel_in) * output + channel_out] = value;
    }
    NamedTensor { shape: vec![height, width, input, output], values }
}

/// A matrix turned; anything else as it is.
fn turn_matrix(tensor: NamedTensor) -> NamedTensor {
    let &[rows, columns] = tensor.shape.as_slice() else { return tensor };
    NamedTensor { shape: vec![columns, rows], values: transpose(&tensor.values, rows, columns) }
}

/// A `rows` x `columns` matrix turned.
fn transpose(values: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    (0..columns).flat_map(|column| (0..rows).map(move |row| values[row * columns + column])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turned(name: &str, shape: [usize; 4]) -> NamedTensor {
        let values = (0..shape.iter().product::<usize>()).map(|value| value as f32).collect();
        turn(name, NamedTensor { shape: shape.to_vec(), values })
    }

    #[test]
    fn a_kernel_keeps_each_weight_at_its_pixel_and_channels() {
        let kernel = turned("block1_conv1.kernel", [2, 3, 4, 5]);
        assert_eq!(kernel.shape, [5, 4, 2, 3]);
        // Keras [1, 2, 3, 4] is (((1 * 3 + 2) * 4) + 3) * 5 + 4 = 119, here at [4, 3, 1, 2].
        assert!((kernel.values[((4 * 4 + 3) * 2 + 1) * 3 + 2] - 119.0).abs() < f32::EPSILON);
    }

    #[test]
    fn a_depthwise_kernel_has_its_channels_first() {
        let kernel = turned("block2_sepconv1.depthwise_kernel", [3, 3, 2, 1]);
        assert_eq!(kernel.shape, [2, 1, 3, 3]);
        assert_eq!(kernel.values[..3], [0.0, 2.0, 4.0]);
    }

    #[test]
    fn the_layout_is_told_by_any_convolution_whatever_its_name() {
        let kernel = |shape: &[usize]| NamedTensor { shape: shape.to_vec(), values: vec![0.0; shape.iter().product()] };
        let layout = |name: &str, shape: &[usize]| {
            in_network_layout(BTreeMap::from([(name.to_owned(), kernel(shape))]))[name].shape.clone()
        };
        assert_eq!(layout("stem_conv.kernel", &[3, 3, 3, 32]), [32, 3, 3, 3], "EfficientNet in Keras");
        assert_eq!(layout("stem_conv.kernel", &[32, 3, 3, 3]), [32, 3, 3, 3]);
        assert_eq!(layout("block3_conv1.kernel", &[256, 256, 3, 3]), [256, 256, 3, 3]);
    }

    #[test]
    fn what_is_turned_to_the_layout_of_keras_comes_back() {
        let shapes: [(&str, &[usize]); 5] = [
            ("block1_conv1.kernel", &[5, 2, 3, 3]),
            ("block2_sepconv1.depthwise_kernel", &[4, 1, 3, 3]),
            ("block2_sepconv1.pointwise_kernel", &[6, 4]),
            ("predictions.kernel", &[2, 7]),
            ("predictions.bias", &[2]),
        ];
        let tensors: BTreeMap<String, NamedTensor> = shapes
            .iter()
            .map(|(name, shape)| {
                let values = (0..shape.iter().product::<usize>()).map(|value| value as f32).collect();
                ((*name).to_owned(), NamedTensor { shape: shape.to_vec(), values })
            })
            .collect();
        let keras = in_keras_layout(tensors.clone());
        let shape = |name: &str| keras[name].shape.clone();
        assert_eq!(shape("block1_conv1.kernel"), [3, 3, 2, 5]);
        assert_eq!(shape("block2_sepconv1.depthwise_kernel"), [3, 3, 4, 1]);
        assert_eq!(shape("block2_sepconv1.pointwise_kernel"), [1, 1, 4, 6]);
        assert_eq!(shape("predictions.kernel"), [7, 2]);
        assert_eq!(in_network_layout(keras), tensors);
    }
}

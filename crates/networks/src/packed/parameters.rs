//! A layer's weights on the device, in the layout its kernel reads.

use std::collections::BTreeMap;

use burn::module::{Module, Param};
use burn::tensor::{DType, Device, Int, Tensor, TensorData};
use gpu::{Format, READ, Tile};
use graph::{Activation, Convolution, Graph, Op, Padding, Place, Step, TensorError, Window};
use weights::Values;

use super::PackedError;
use crate::identity::identity;

/// The tensors of a weights file, and the network that takes them.
pub(crate) struct Tensors {
    pub(crate) network: String,
    pub(crate) untaken: BTreeMap<String, weights::Tensor>,
}

/// What a step multiplies by and adds.
#[derive(Module, Debug)]
pub(crate) enum Parameters {
    /// Of a depthwise kernel, or of the first convolution: a row a place of the kernel, then the bias.
    Plain(Param<Tensor<2>>),
    /// Of a convolution that mixes channels.
    Mixing(Mixing),
}

/// The weights of a convolution that mixes channels.
#[derive(Module, Debug)]
pub(crate) struct Mixing {
    /// `[size * size * inputs, padded outputs]`, or a quarter of the rows where a word has the weights of four inputs.
    pub(crate) words: Param<Tensor<2, Int>>,
    /// Scales and bias, `[2, padded outputs]`.
    pub(crate) scales_and_bias: Param<Tensor<2>>,
    #[module(skip)]
    pub(crate) format: Format,
}

impl Parameters {
    /// Takes a step's tensors out of `tensors`, and uploads them; nothing for a pool or a resizing.
    pub(crate) fn take(
        device: &Device,
        graph: &Graph,
        step: &Step,
        tile: Tile,
        tensors: &mut Tensors,
    ) -> Result<Option<Self>, PackedError> {
        let refuse = |accepted: &str| graph.refuse(step.node, &format!("the WebGPU engine takes {accepted}"));
        let convolution = match &graph.nodes()[step.node].op {
            Op::Convolution(convolution) => convolution,
            Op::MaxPool(_) | Op::Resize if step.input != Place::Image => return Ok(None),
            _ => return Err(refuse("convolutions, max pools and resizing").into()),
        };
        check(step, convolution).map_err(refuse)?;
        let outputs = convolution.outputs;
        let plain = |rows: Vec<f32>| Ok(Some(Self::Plain(floats(&convolution.kernel(), rows, outputs, device))));
        if convolution.is_depthwise() {
            let kernel = tensors.take(&convolution.kernel(), &convolution.kernel_shape(outputs))?.to_f32();
            let mut rows = outputs_last(&kernel, outputs, convolution.window.size.pow(2), outputs);
            let bias = if convolution.bias { take_bias(convolution, tensors)? } else { vec![0.0; outputs] };
            rows.extend(bias);
            plain(rows)
        } else if step.input == Place::Image {
            let kernel = tensors.take(&convolution.kernel(), &convolution.kernel_shape(1))?.to_f32();
            let mut rows = outputs_last(&kernel, outputs, 9, outputs);
            rows.extend(take_bias(convolution, tensors)?);
            plain(rows)
        } else {
            Mixing::take(device, convolution, step.from.channels, tile, tensors).map(Self::Mixing).map(Some)
        }
    }
}

/// Whether there is a kernel for a convolution; else what is taken.
fn check(step: &Step, convolution: &Convolution) -> Result<(), &'static str> {
    let Window { size, stride, padding } = convolution.window;
    if step.before == Activation::Relu6 || step.before != Activation::None && !convolution.is_depthwise() {
        return Err("ReLU before depthwise convolutions alone");
    }
    let (of_image, mixes) = (step.input == Place::Image, convolution.groups == 1);
    // What mixes channels writes them in fours, of which nobody reads the last; others come as they are.
    if !of_image && !step.from.channels.is_multiple_of(READ) || of_image && !convolution.outputs.is_multiple_of(READ) {
        return Err("channels in fours");
    }
    let fits = if of_image {
        size == 3 && step.from.channels == 1 && convolution.bias
    } else {
        convolution.is_depthwise() || mixes && convolution.bias && (size == 1 || stride == 1)
    };
    if !fits || matches!(padding, Padding::Explicit { .. }) {
        return Err(
            "convolutions with a bias, at a stride of 1 or of one pixel, of a grey image of 3x3, and depthwise",
        );
    }
    Ok(())
}

impl Mixing {
    fn take(
        device: &Device,
        convolution: &Convolution,
        inputs: usize,
        tile: Tile,
        tensors: &mut Tensors,
    ) -> Result<Self, PackedError> {
        let (outputs, area) = (convolution.outputs, convolution.window.size.pow(2));
        let kernel = tensors.take(&convolution.kernel(), &convolution.kernel_shape(inputs))?;
        let padded = tile.padded(outputs);
        let (words, format, mut scales_and_bias) = words_and_scales(&kernel.values, outputs, area, padded);
        let rows = words.len() / padded;
        scales_and_bias.extend(take_bias(convolution, tensors)?);
        scales_and_bias.resize(2 * padded, 0.0);
        let words = TensorData::new(words, [rows, padded]);
        let words = Tensor::from_data(words, (device, DType::I32));
        let words = Param::initialized(identity(&convolution.kernel()), words);
        Ok(Self { words, scales_and_bias: floats(&convolution.bias(), scales_and_bias, padded, device), format })
    }
}

/// Rows of `width` values, under a tensor's name.
fn floats(name: &str, values: Vec<f32>, width: usize, device: &Device) -> Param<Tensor<2>> {
    let shape = [values.len() / width, width];
    Param::initialized(identity(name), Tensor::from_data(TensorData::new(values, shape), (device, DType::F32)))
}

fn take_bias(convolution: &Convolution, tensors: &mut Tensors) -> Result<Vec<f32>, PackedError> {
    Ok(tensors.take(&convolution.bias(), &[convolution.outputs])?.to_f32())
}

/// A convolution's weights as the device reads them, and a row of scales.
fn words_and_scales(values: &Values, outputs: usize, area: usize, padded: usize) -> (Vec<i32>, Format, Vec<f32>) {
    let (words, format, mut scales) = match values {
        Values::Float(values) => {
            let bits = |value: f32| value.to_bits().cast_signed();
            let words = outputs_last(values, outputs, area, padded).into_iter().map(bits).collect();
            (words, Format::Float, vec![1.0; outputs])
        }
        Values::Int8 { values, scales } => {
            (packed(&outputs_last(values, outputs, area, padded), padded), Format::Int8, scales.clone())
        }
    };
    scales.resize(padded, 0.0);
    (words, format, scales)
}

impl Tensors {
    /// Takes a tensor if it has the shape.
    pub(crate) fn take(&mut self, name: &str, shape: &[usize]) -> Result<weights::Tensor, TensorError> {
        let missing = || TensorError::Missing { name: name.to_owned(), network: self.network.clone() };
        let tensor = self.untaken.remove(name).ok_or_else(missing)?;
        let values = match &tensor.values {
            Values::Float(values) => values.len(),
            Values::Int8 { values, .. } => values.len(),
        };
        if tensor.shape != shape || values != shape.iter().product::<usize>() {
            let (found, expected) = (tensor.shape, shape.to_vec());
            return Err(TensorError::Shape { name: name.to_owned(), found, values, expected });
        }
        Ok(tensor)
    }

    /// Refuses tensors that no layer took.
    pub(crate) fn finish(self) -> Result<(), TensorError> {
        match self.untaken.into_keys().next() {
            Some(name) => Err(TensorError::Unknown { name, network: self.network }),
            None => Ok(()),
        }
    }
}

/// `[outputs, inputs, area]` to `[area, inputs, padded]`, with zeros past the outputs.
fn outputs_last<T: Copy + Default>(values: &[T], outputs: usize, area: usize, padded: usize) -> Vec<T> {
    let inputs = values.len() / outputs / area;
    let mut turned = vec![T::default(); area * inputs * padded];
    for (output, kernel) in values.chunks_exact(inputs * area).enumerate() {
        for (input, places) in kernel.chunks_exact(area).enumerate() {
            for (place, &value) in places.iter().enumerate() {
                turned[(place * inputs + input) * padded + output] = value;
            }
        }
    }
    turned
}

/// Rows of `padded` bytes to rows of words, each from [`READ`] rows, the first in the lowest byte.
fn packed(rows: &[i8], padded: usize) -> Vec<i32> {
    let word = |rows: &[i8], column: usize| {
        i32::from_le_bytes([0, 1, 2, 3].map(|row| rows[row * padded + column].cast_unsigned()))
    };
    rows.chunks_exact(READ * padded).flat_map(|rows| (0..padded).map(move |column| word(rows, column))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_come_last_and_are_padded_with_zeros() {
        // Two outputs of two inputs of one place.
        assert_eq!(outputs_last(&[1, 2, 3, 4], 2, 1, 3), [1, 3, 0, 2, 4, 0]);
        // One output of two inputs of two places.
        assert_eq!(outputs_last(&[1, 2, 3, 4], 1, 2, 1), [1, 3, 2, 4]);
    }

    #[test]
    fn four_rows_of_bytes_become_one_row_of_words() {
        assert_eq!(packed(&[1, -1, 2, 0, 3, 0, -4, 0], 2), [0xfc03_0201_u32.cast_signed(), 0xff]);
    }
}

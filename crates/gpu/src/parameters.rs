//! A layer's weights on the device, in the layout its kernel reads.

use std::collections::BTreeMap;

use cubecl::prelude::*;
use cubecl::server::Handle;
use weights::{Tensor, Values};

use crate::GpuError;
use crate::kernels::{Format, READ};
use crate::plan::{Kernel, Step};
use crate::tile::Tile;

/// The tensors of a weights file.
pub(crate) type Tensors = BTreeMap<String, Tensor>;

/// What a step multiplies by and adds.
#[derive(Debug)]
pub(crate) enum Parameters {
    /// Of a depthwise kernel, or of the first convolution with its bias.
    Plain(Handle),
    /// Of a convolution that mixes channels.
    Mixing(Mixing),
}

/// The weights of a convolution that mixes channels.
#[derive(Debug)]
pub(crate) struct Mixing {
    pub(crate) kernel: Handle,
    pub(crate) format: Format,
    /// Scales and bias, one row each.
    pub(crate) ends: Handle,
}

impl Parameters {
    /// Takes a step's tensors out of `tensors`, and uploads them; nothing for a pool.
    pub(crate) fn take(
        client: &Client,
        step: &Step,
        tile: Tile,
        tensors: &mut Tensors,
    ) -> Result<Option<Self>, GpuError> {
        let outputs = step.to.channels;
        let plain = |kernel: &[f32]| Ok(Some(Self::Plain(client.create_from_slice(f32::as_bytes(kernel)))));
        match step.kernel {
            Kernel::Pool { .. } => Ok(None),
            Kernel::Depthwise { .. } => {
                let kernel = take(tensors, &step.name, &[outputs, 1, 3, 3])?.to_f32();
                plain(&outputs_last(&kernel, outputs, 9, outputs))
            }
            Kernel::Grey(_) => {
                let kernel = take(tensors, &step.name, &[outputs, 1, 3, 3])?.to_f32();
                let mut rows = outputs_last(&kernel, outputs, 9, outputs);
                rows.extend(take_bias(step, tensors)?);
                plain(&rows)
            }
            Kernel::Convolution(filter) => {
                Mixing::take(client, step, filter.kernel, tile, tensors).map(Self::Mixing).map(Some)
            }
        }
    }
}

impl Mixing {
    fn take(client: &Client, step: &Step, size: usize, tile: Tile, tensors: &mut Tensors) -> Result<Self, GpuError> {
        let (inputs, outputs) = (step.from.channels, step.to.channels);
        let pointwise = step.name.ends_with("pointwise_kernel");
        let shape = if pointwise { vec![outputs, inputs] } else { vec![outputs, inputs, size, size] };
        let kernel = take(tensors, &step.name, &shape)?;
        let padded = outputs.next_multiple_of(tile.channels());
        let (words, format, mut ends) = words_and_scales(&kernel.values, outputs, size * size, padded);
        ends.extend(take_bias(step, tensors)?);
        ends.resize(2 * padded, 0.0);
        let kernel = client.create_from_slice(i32::as_bytes(&words));
        Ok(Self { kernel, format, ends: client.create_from_slice(f32::as_bytes(&ends)) })
    }
}

fn take_bias(step: &Step, tensors: &mut Tensors) -> Result<Vec<f32>, GpuError> {
    Ok(take(tensors, &format!("{}.bias", step.layer()), &[step.to.channels])?.to_f32())
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

/// Takes a tensor if it has the shape.
pub(crate) fn take(tensors: &mut Tensors, name: &str, shape: &[usize]) -> Result<Tensor, GpuError> {
    let tensor = tensors.remove(name).ok_or_else(|| GpuError::Missing { name: name.to_owned() })?;
    if tensor.shape != shape {
        return Err(GpuError::Shape { name: name.to_owned(), found: tensor.shape, expected: shape.to_vec() });
    }
    Ok(tensor)
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

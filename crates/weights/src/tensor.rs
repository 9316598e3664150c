//! A tensor: a shape, and its values as floats or as int8 with one scale an output channel.

use crate::WeightsError;

/// The values of a tensor, row-major.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// `value = values[i] * scales[channel]`, where the channel is the index along axis 0.
    Int8 {
        /// One byte a value; [`quantise`](crate::quantise) keeps to -127..=127.
        values: Vec<i8>,
        /// One scale an output channel (axis 0): not negative, and small enough for -128 times it to be finite.
        scales: Vec<f32>,
    },
    /// Plain floats, all finite. F16 becomes this on reading.
    Float(Vec<f32>),
}

/// A tensor of a weights file.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    /// Dimensions, outermost first; kernels have the output channel first. None is zero.
    pub shape: Vec<usize>,
    /// The values, as many as the product of the dimensions.
    pub values: Values,
}

impl Tensor {
    /// A tensor of floats. It is checked when it is written.
    #[must_use]
    pub fn float(shape: Vec<usize>, values: Vec<f32>) -> Self {
        Self { shape, values: Values::Float(values) }
    }

    /// The values as floats, row-major; int8 values times their channel's scale.
    #[must_use]
    pub fn to_f32(&self) -> Vec<f32> {
        match &self.values {
            Values::Float(values) => values.clone(),
            Values::Int8 { values, scales } => dequantise(values, scales),
        }
    }

    /// Checks what a file promises of a tensor: shape against values, scales against channels, all numbers finite.
    ///
    /// # Errors
    /// [`WeightsError::Shape`], [`ScaleCount`](WeightsError::ScaleCount), [`Scale`](WeightsError::Scale) or
    /// [`NotFinite`](WeightsError::NotFinite), with `name` in the message.
    pub fn check(&self, name: &str) -> Result<(), WeightsError> {
        match &self.values {
            Values::Float(values) => {
                check_shape(name, &self.shape, values.len())?;
                check_finite(name, values)
            }
            Values::Int8 { values, scales } => {
                check_shape(name, &self.shape, values.len())?;
                if self.shape.first() != Some(&scales.len()) {
                    return Err(WeightsError::ScaleCount {
                        name: name.to_owned(),
                        shape: self.shape.clone(),
                        scales: vec![scales.len()],
                    });
                }
                check_scales(name, scales)
            }
        }
    }
}

/// Each output channel's run of int8 values times its scale.
fn dequantise(values: &[i8], scales: &[f32]) -> Vec<f32> {
    let per_channel = values.len() / scales.len().max(1);
    let mut floats = Vec::with_capacity(values.len());
    for (channel, &scale) in values.chunks_exact(per_channel.max(1)).zip(scales) {
        floats.extend(channel.iter().map(|&value| f32::from(value) * scale));
    }
    floats
}

/// The shape gives exactly `values` values and none of its dimensions is zero.
pub(crate) fn check_shape(name: &str, shape: &[usize], values: usize) -> Result<(), WeightsError> {
    let product = shape.iter().try_fold(1_usize, |product, &dimension| product.checked_mul(dimension));
    if values > 0 && product == Some(values) {
        return Ok(());
    }
    Err(WeightsError::Shape { name: name.to_owned(), shape: shape.to_vec(), values })
}

/// Every value is a finite number.
pub(crate) fn check_finite(name: &str, values: &[f32]) -> Result<(), WeightsError> {
    match values.iter().position(|value| !value.is_finite()) {
        None => Ok(()),
        Some(index) => Err(WeightsError::NotFinite { name: name.to_owned(), index, value: values[index] }),
    }
}

/// The largest scale of an int8 tensor: every int8 value times it is finite.
pub(crate) const LARGEST_SCALE: f32 = f32::MAX / 128.0;

/// Every scale is between 0 and [`LARGEST_SCALE`].
fn check_scales(name: &str, scales: &[f32]) -> Result<(), WeightsError> {
    match scales.iter().position(|&scale| !(0.0..=LARGEST_SCALE).contains(&scale)) {
        None => Ok(()),
        Some(channel) => Err(WeightsError::Scale { name: name.to_owned(), channel, value: scales[channel] }),
    }
}

//! What every kernel of a network meets on slices of the training part: the Hessians that rounding goes by.

use std::collections::BTreeMap;

use anyhow::anyhow;
use burn::tensor::ops::PadMode;
use burn::tensor::{Device, Tensor, s};
use imaging::InputSpec;
use networks::{KernelInput, Network};
use scans::{Scans, Slices, progress_bar};

use crate::comparison::images;
use crate::hessian::Hessian;

/// Slices at once: more gain nothing, and the pixels under a 3x3 kernel take nine times the memory of the features.
const BATCH: usize = 4;
/// Rows and columns of places looked at in a slice, at most. Neighbouring places are much alike.
const PLACES: usize = 24;

/// Hessians by kernel name, over `slices` of a data set.
///
/// # Errors
/// A device could not be read back, or the cache can't be written.
pub fn hessians(
    network: &Network,
    scans: &Scans,
    slices: &[usize],
    spec: &InputSpec,
) -> anyhow::Result<BTreeMap<String, Hessian>> {
    let device = Device::flex();
    let prepared = Slices::prepare(scans, slices, spec)?;
    let readable = prepared.readable(slices);
    let bar = progress_bar(readable.len(), "calibrating");
    let mut hessians = BTreeMap::new();
    for chunk in readable.chunks(BATCH) {
        let batch: Vec<_> = chunk.iter().filter_map(|&index| prepared.get(index).cloned()).collect();
        let mut outcome = Ok(());
        network.kernel_inputs(images(&batch, &device), &mut |name, input| {
            if outcome.is_ok() {
                outcome = add(&mut hessians, name, input);
            }
        });
        outcome?;
        bar.inc(chunk.len() as u64);
    }
    bar.finish_and_clear();
    Ok(hessians)
}

/// Adds to the Hessian of one kernel's inputs.
fn add(hessians: &mut BTreeMap<String, Hessian>, name: &str, input: KernelInput<'_>) -> anyhow::Result<()> {
    let pixels = pixels_under_kernel(input);
    let [channels, area, places] = pixels.dims();
    let (groups, size) = if input.depthwise { (channels, area) } else { (1, channels * area) };
    let pixels = pixels.reshape([groups, size, places]);
    let sums: Vec<f32> = pixels
        .clone()
        .matmul(pixels.swap_dims(1, 2))
        .into_data()
        .try_to_vec()
        .map_err(|error| anyhow!("cannot read the device: {error}"))?;
    hessians.entry(name.to_owned()).or_insert_with(|| Hessian::new(groups, size)).add(&sums)?;
    Ok(())
}

/// `[channels, pixels of the kernel, places]`: what lies under the kernel's pixels, at places spread over the features.
fn pixels_under_kernel(input: KernelInput<'_>) -> Tensor<3> {
    let KernelInput { kernel, stride, padding, .. } = input;
    let border = (padding, padding, padding, padding);
    let features =
        if padding == 0 { input.features.clone() } else { input.features.clone().pad(border, PadMode::Constant(0.0)) };
    let [_, channels, height, width] = features.dims();
    let along = |side: usize| {
        let last = side - kernel;
        let step = stride * (last / stride + 1).div_ceil(PLACES);
        (last, step)
    };
    let ((rows, row_step), (columns, column_step)) = (along(height), along(width));
    let under = |row: usize, column: usize| {
        let place = s![.., .., row..=row + rows; row_step, column..=column + columns; column_step];
        features.clone().slice(place).swap_dims(0, 1).reshape([channels as i32, 1, -1])
    };
    let pixels = (0..kernel).flat_map(|row| (0..kernel).map(move |column| (row, column)));
    Tensor::cat(pixels.map(|(row, column)| under(row, column)).collect(), 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::TensorData;
    use burn::tensor::module::conv2d;
    use burn::tensor::ops::ConvOptions;

    /// Two slices of three channels.
    fn features(side: usize) -> Tensor<4> {
        let values = (0..6 * side * side).map(|index| (index as f32 * 0.37).sin()).collect();
        Tensor::from_data(TensorData::new(values, [2, 3, side, side]), &Device::flex())
    }

    /// Kernel values times what lies under them is what the convolution gives.
    fn check(kernel: usize, stride: usize, padding: usize) {
        let features = features(9);
        let input = KernelInput { features: &features, kernel, stride, padding, depthwise: false };
        let weight = (0..3 * kernel * kernel).map(|index| (index as f32).cos()).collect();
        let weight = Tensor::<4>::from_data(TensorData::new(weight, [1, 3, kernel, kernel]), &Device::flex());
        let options =
            ConvOptions { stride: [stride; 2], padding: [(padding, padding); 2], dilation: [1, 1], groups: 1 };
        let expected: Vec<f32> =
            conv2d(features.clone(), weight.clone(), None, options).into_data().try_to_vec().unwrap();
        let pixels = pixels_under_kernel(input);
        let [channels, area, places] = pixels.dims();
        let weight = weight.reshape([1, channels * area]);
        let found = weight.matmul(pixels.reshape([channels * area, places]));
        let found: Vec<f32> = found.into_data().try_to_vec().unwrap();
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-4, "{found} instead of {expected}");
        }
    }

    #[test]
    fn the_pixels_under_a_kernel_are_those_that_the_convolution_takes() {
        check(3, 1, 1);
        check(3, 2, 0);
        check(1, 2, 0);
        check(1, 1, 0);
    }

    #[test]
    fn large_features_are_looked_at_in_few_places() {
        let features = features(100);
        let input = KernelInput { features: &features, kernel: 3, stride: 1, padding: 1, depthwise: true };
        let [channels, area, places] = pixels_under_kernel(input).dims();
        assert_eq!((channels, area), (3, 9));
        assert!(places <= 2 * PLACES * PLACES, "{places}");
    }
}

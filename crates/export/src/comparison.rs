//! The int8 file beside the float network, on the run's held-out slices.

use burn::tensor::activation::softmax;
use burn::tensor::{Device, Tensor, TensorData};
use classifier::{Classifier, Engine};
use imaging::PreparedSlice;
use networks::Form;
use scans::{Scans, Slices, progress_bar};
use serde::Serialize;
use training::{largest, rows};

use crate::rounding::Rounding;
use crate::trained_run::TrainedRun;

/// Slices compared at once.
const BATCH: usize = 8;

/// How the int8 file's answers differ from the float network's on the run's held-out part.
pub type Comparison = reports::Rounding<Details>;

/// What the report has besides what every reader knows.
#[derive(Debug, Serialize)]
pub struct Details {
    /// How the kernels were rounded.
    rounding: Rounding,
    /// Largest difference of a probability.
    largest_difference: f32,
    /// Mean over the slices of their largest difference of a probability.
    mean_difference: f64,
    /// Accuracy of the float network.
    float_accuracy: f64,
    /// Accuracy of the int8 file.
    int8_accuracy: f64,
}

/// Both networks over the slices of `test`; the int8 one is read from `bytes`, as whoever gets the file reads it.
///
/// # Errors
/// The file can't be used, or an engine failed.
pub fn compare(
    run: &TrainedRun,
    scans: &Scans,
    test: &[usize],
    bytes: &[u8],
    rounding: Rounding,
) -> anyhow::Result<Comparison> {
    let device = Device::flex();
    let float = run.recipe.network(&run.classes, Form::Trainable)?.init(&device).load(&run.tensors)?;
    let int8 = pollster::block_on(Classifier::load(bytes, Engine::Cpu))?;
    let slices = Slices::prepare(scans, test, &run.recipe.input)?;
    let test = slices.readable(test);
    let bar = progress_bar(test.len(), "comparing int8 with float");
    let mut tally = Tally::default();
    for chunk in test.chunks(BATCH) {
        let prepared: Vec<_> = chunk.iter().filter_map(|&index| slices.get(index).cloned()).collect();
        let logits = float.forward(images(&prepared, &device).repeat_dim(1, Form::Trainable.channels()));
        let predictions = pollster::block_on(int8.predict(&prepared))?;
        for ((row, prediction), &index) in rows(softmax(logits, 1))?.iter().zip(&predictions).zip(chunk) {
            tally.add(row, &prediction.probabilities, scans.dataset().records[index].label);
        }
        bar.inc(chunk.len() as u64);
    }
    bar.finish_and_clear();
    Ok(tally.comparison(rounding, weights::sha256(bytes)))
}

/// What the comparison found, in a sentence.
pub fn sentence(Comparison { n, same_class, more, .. }: &Comparison) -> String {
    let Details { largest_difference, float_accuracy, int8_accuracy, .. } = more;
    format!(
        "int8 against float on {n} held-out slices: same class {same_class:.4}, largest difference of a probability \
         {largest_difference:.4}, accuracy {int8_accuracy:.4} against {float_accuracy:.4}"
    )
}

/// Prepared slices of one size as `[batch, 1, size, size]`.
pub fn images(slices: &[PreparedSlice], device: &Device) -> Tensor<4> {
    let side = slices.first().map_or(1, |slice| slice.size() as usize);
    let pixels: Vec<f32> = slices.iter().flat_map(PreparedSlice::pixels).copied().collect();
    Tensor::from_data(TensorData::new(pixels, [slices.len(), 1, side, side]), device)
}

#[derive(Default)]
struct Tally {
    n: usize,
    same: usize,
    float_right: usize,
    int8_right: usize,
    largest_difference: f32,
    sum_of_differences: f64,
}

impl Tally {
    fn add(&mut self, float: &[f32], int8: &[f32], label: usize) {
        self.n += 1;
        self.same += usize::from(largest(float) == largest(int8));
        self.float_right += usize::from(largest(float) == label);
        self.int8_right += usize::from(largest(int8) == label);
        let difference = float.iter().zip(int8).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        self.largest_difference = self.largest_difference.max(difference);
        self.sum_of_differences += f64::from(difference);
    }

    fn comparison(&self, rounding: Rounding, weights_sha256: String) -> Comparison {
        let share = |count: usize| count as f64 / self.n.max(1) as f64;
        Comparison {
            weights_sha256,
            n: self.n,
            same_class: share(self.same),
            more: Details {
                rounding,
                largest_difference: self.largest_difference,
                mean_difference: self.sum_of_differences / self.n.max(1) as f64,
                float_accuracy: share(self.float_right),
                int8_accuracy: share(self.int8_right),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comparison_counts_classes_answers_and_differences() {
        let mut tally = Tally::default();
        // The same class and right, twice; float alone is right; the same wrong class, twice.
        tally.add(&[0.75, 0.25], &[0.5625, 0.4375], 0);
        tally.add(&[0.25, 0.75], &[0.25, 0.75], 1);
        tally.add(&[0.75, 0.25], &[0.25, 0.75], 0);
        tally.add(&[0.25, 0.75], &[0.125, 0.875], 0);
        tally.add(&[0.75, 0.25], &[0.625, 0.375], 1);
        let found = tally.comparison(Rounding::by_gptq(3), "ab".to_owned());
        assert_eq!((found.n, found.weights_sha256.as_str()), (5, "ab"));
        for (figure, expected) in [
            (found.same_class, 4.0 / 5.0),
            (found.more.float_accuracy, 3.0 / 5.0),
            (found.more.int8_accuracy, 2.0 / 5.0),
            (found.more.largest_difference.into(), 0.5),
            (found.more.mean_difference, (0.1875 + 0.5 + 0.125 + 0.125) / 5.0),
        ] {
            assert!((figure - expected).abs() < 1e-12, "{found:?}");
        }
    }
}

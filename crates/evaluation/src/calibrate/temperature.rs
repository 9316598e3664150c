//! One number that makes probabilities mean what they say (Guo et al. 2017).

/// Temperatures that are looked at: from far too unsure to far too sure.
const RANGE: (f64, f64) = (0.05, 20.0);
/// Steps of the search; each leaves 62 % of the range of logarithms.
const STEPS: usize = 60;

/// The softmax of `logits / temperature`.
#[must_use]
pub fn softmax(logits: &[f32], temperature: f64) -> Vec<f32> {
    let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f64> = logits.iter().map(|logit| (f64::from(logit - highest) / temperature).exp()).collect();
    let total: f64 = powers.iter().sum();
    powers.into_iter().map(|power| (power / total) as f32).collect()
}

/// The temperature at which the labels are most likely, by golden-section search: the likelihood has one maximum.
#[must_use]
pub fn fit_temperature(logits: &[&[f32]], labels: &[usize]) -> f64 {
    let ratio = (5.0_f64.sqrt() - 1.0) / 2.0;
    let (mut low, mut high) = (RANGE.0.ln(), RANGE.1.ln());
    for _ in 0..STEPS {
        let (left, right) = (high - ratio * (high - low), low + ratio * (high - low));
        if log_loss(logits, labels, left.exp()) < log_loss(logits, labels, right.exp()) {
            high = right;
        } else {
            low = left;
        }
    }
    f64::midpoint(low, high).exp()
}

/// Sum of the negative log-likelihoods.
fn log_loss(logits: &[&[f32]], labels: &[usize], temperature: f64) -> f64 {
    let of = |(row, &label): (&&[f32], &usize)| {
        let highest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let powers: f64 = row.iter().map(|logit| (f64::from(logit - highest) / temperature).exp()).sum();
        powers.ln() - f64::from(row[label] - highest) / temperature
    };
    logits.iter().zip(labels).map(of).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_overconfident_model_is_cooled_to_its_accuracy() {
        // Right in three of four cases, whatever the logits claim: at the best temperature it says 0.75.
        let rows: [&[f32]; 4] = [&[8.0, 0.0]; 4];
        let temperature = fit_temperature(&rows, &[0, 0, 0, 1]);
        assert!((f64::from(softmax(rows[0], temperature)[0]) - 0.75).abs() < 1e-4, "{temperature}");
    }

    #[test]
    fn a_model_that_is_always_right_gets_the_lowest_temperature() {
        let rows: [&[f32]; 2] = [&[1.0, 0.0], &[0.0, 1.0]];
        assert!(fit_temperature(&rows, &[0, 1]) < 0.06);
    }
}

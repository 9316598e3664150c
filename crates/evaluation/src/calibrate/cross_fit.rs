//! Temperature and threshold, fitted on every slice that training did not see, and still measured on slices that the
//! fit did not see.
//!
//! Few patients are held out, and a fit on some of them depends on which. So what ships is fitted on all; what is reported
//! comes of fits that leave out a fifth of the patients in turn and are measured on that fifth.

use metrics::{FOLDS, Predictions, risk_coverage};

use crate::calibrate::temperature::{fit_temperature, softmax};

/// No class is named with a lower probability than this.
const LEAST_PROBABILITY: f32 = 0.5;

/// What a network answers to some slices.
pub struct Answers<'a> {
    /// One value a class.
    pub logits: Vec<&'a [f32]>,
    pub labels: Vec<usize>,
    /// Of patients and copies.
    pub clusters: Vec<usize>,
}

impl Answers<'_> {
    /// These answers, then others.
    pub fn joined(&self, others: &Self) -> Self {
        Self {
            logits: [&self.logits[..], &others.logits].concat(),
            labels: [&self.labels[..], &others.labels].concat(),
            clusters: [&self.clusters[..], &others.clusters].concat(),
        }
    }

    /// Those of the answers that are wanted.
    fn only(&self, wanted: impl Fn(usize) -> bool) -> Self {
        let places: Vec<usize> = (0..self.labels.len()).filter(|&place| wanted(place)).collect();
        Self {
            logits: places.iter().map(|&place| self.logits[place]).collect(),
            labels: places.iter().map(|&place| self.labels[place]).collect(),
            clusters: places.iter().map(|&place| self.clusters[place]).collect(),
        }
    }
}

/// How a fit is made.
#[derive(Clone, Copy)]
pub struct Aim {
    /// Taken as it is instead of fitted.
    pub temperature: Option<f64>,
    /// The share of wrong answers that is kept to.
    pub risk: f64,
}

/// What was fitted.
#[derive(Clone, Copy)]
pub struct Fit {
    pub temperature: f64,
    /// The model abstains where no probability is as high as this.
    pub abstain_below: f32,
}

/// What fits to four fifths of the patients give on the last fifth, all fifths together.
pub struct Measured {
    /// Without a temperature.
    pub before: Predictions,
    /// Each slice with the temperature of the fit that left its patient out.
    pub after: Predictions,
    /// The part of the slices that is answered, each by the threshold of its fit.
    pub coverage: f64,
    /// The part of these answers that is wrong.
    pub risk: f64,
}

impl Aim {
    /// Fits temperature, then threshold: the lowest at which these slices are answered at the wanted risk.
    ///
    /// # Errors
    /// The model's output is no distribution.
    pub fn fit(self, classes: &[String], answers: &Answers<'_>) -> anyhow::Result<Fit> {
        let temperature = self.temperature.unwrap_or_else(|| fit_temperature(&answers.logits, &answers.labels));
        let sure = predictions(classes, answers, &vec![temperature; answers.labels.len()])?;
        let allowed = risk_coverage(&sure).into_iter().rev().find(|point| point.risk <= self.risk);
        let abstain_below = allowed.map_or(1.0, |point| point.confidence as f32).max(LEAST_PROBABILITY);
        Ok(Fit { temperature, abstain_below })
    }

    /// Fits to four fifths of all clusters at a time, and measures on the slices of `held_out` in the last fifth.
    ///
    /// # Errors
    /// All slices are of one cluster, or the model's output is no distribution.
    pub fn measure(
        self,
        classes: &[String],
        validation: &Answers<'_>,
        held_out: &Answers<'_>,
    ) -> anyhow::Result<Measured> {
        let all = validation.joined(held_out);
        let folds = metrics::folds(&all.labels, &all.clusters);
        let fits: Vec<Fit> = (0..FOLDS)
            .map(|fold| self.fit(classes, &all.only(|item| folds[item] != fold)))
            .collect::<anyhow::Result<_>>()?;
        let fit_of = |item: usize| fits[folds[validation.labels.len() + item]];
        let temperatures: Vec<f64> = (0..held_out.labels.len()).map(|item| fit_of(item).temperature).collect();
        let after = predictions(classes, held_out, &temperatures)?;
        let (mut answered, mut wrong) = (0, 0);
        for (item, (verdict, confidence)) in after.verdicts().enumerate() {
            if confidence >= f64::from(fit_of(item).abstain_below) {
                answered += 1;
                wrong += u32::from(verdict != held_out.labels[item]);
            }
        }
        let coverage = f64::from(answered) / held_out.labels.len() as f64;
        let risk = f64::from(wrong) / f64::from(answered.max(1));
        let before = predictions(classes, held_out, &vec![1.0; held_out.labels.len()])?;
        Ok(Measured { before, after, coverage, risk })
    }
}

/// A temperature a slice.
fn predictions(classes: &[String], answers: &Answers<'_>, temperatures: &[f64]) -> anyhow::Result<Predictions> {
    let rows = answers.logits.iter().zip(temperatures);
    let probabilities: Vec<Vec<f32>> = rows.map(|(row, &temperature)| softmax(row, temperature)).collect();
    Ok(Predictions::new(classes, &answers.labels, &probabilities, &answers.clusters)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Slices of two classes, each a patient of its own, all as sure of a class; every `wrong`-th is another's.
    fn seen(count: usize, wrong: usize, first: usize) -> Answers<'static> {
        let truth = |item: usize| item % 2;
        let said = |item: usize| if item.is_multiple_of(wrong) { 1 - truth(item) } else { truth(item) };
        let logits = |item: usize| -> &'static [f32] { if said(item) == 0 { &[4.0, 0.0] } else { &[0.0, 4.0] } };
        Answers {
            logits: (0..count).map(logits).collect(),
            labels: (0..count).map(truth).collect(),
            clusters: (first..first + count).collect(),
        }
    }

    #[test]
    fn what_ships_is_fitted_on_all_and_what_is_reported_on_others() {
        let classes = ["a", "b"].map(str::to_owned);
        let aim = Aim { temperature: None, risk: 0.3 };
        // Right in six of seven cases wherever one looks: every fifth of the patients is told 6/7 by the other four.
        let (validation, held_out) = (seen(700, 7, 0), seen(1400, 7, 700));
        let fit = aim.fit(&classes, &validation.joined(&held_out)).unwrap();
        assert!((4.0 / fit.temperature - 6.0_f64.ln()).abs() < 1e-3, "{}", fit.temperature);
        let measured = aim.measure(&classes, &validation, &held_out).unwrap();
        assert_eq!(measured.after.truth().len(), 1400);
        let apart = metrics::expected_calibration_error(&metrics::reliability(&measured.after, 15));
        assert!(apart < 0.01, "{apart}");
        assert!((measured.coverage - 1.0).abs() < 1e-12 && (measured.risk - 1.0 / 7.0).abs() < 1e-12);
    }

    #[test]
    fn where_no_threshold_keeps_to_the_risk_almost_nothing_is_answered() {
        let classes = ["a", "b"].map(str::to_owned);
        let aim = Aim { temperature: Some(1.0), risk: 0.05 };
        let measured = aim.measure(&classes, &seen(100, 5, 0), &seen(200, 5, 100)).unwrap();
        assert!(measured.coverage.abs() < 1e-12, "{}", measured.coverage);
    }

    #[test]
    fn slices_of_one_patient_are_refused() {
        let classes = ["a", "b"].map(str::to_owned);
        let aim = Aim { temperature: None, risk: 0.05 };
        let mut patient = seen(4, 5, 0);
        patient.clusters = vec![0; 4];
        assert!(aim.measure(&classes, &patient, &patient).is_err());
    }
}

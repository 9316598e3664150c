//! Tumour or none, on scans whose labels say no more than that.

use std::collections::BTreeMap;
use std::str::FromStr;

use anyhow::{Context, ensure};
use classifier::{Classifier, Prediction};
use metrics::{Bootstrap, Detected, DetectionReport};
use model::Hinted;
use reports::{Detection, DetectionGroup};
use scans::{Scans, Slices};
use training::Recipe;

use crate::evaluate::{Details, EvaluateConfig, answers, header};

/// The model's class of slices without a tumour where its recipe does not name it.
const NONE: &str = "notumor";
/// Labels that mean a tumour of any class.
const TUMOUR: [&str; 2] = ["tumour", "tumor"];
/// Columns of the CSV of labels by which figures are given.
const COLUMNS: [&str; 3] = ["source", "sequence", "plane"];

/// Which label means a tumour, and which none: `tumour,notumor`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TumourOrNone {
    tumour: String,
    none: String,
}

impl FromStr for TumourOrNone {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split(',').map(str::trim).collect::<Vec<_>>()[..] {
            [tumour, none] if !tumour.is_empty() && !none.is_empty() && tumour != none => {
                Ok(Self { tumour: tumour.to_owned(), none: none.to_owned() })
            }
            _ => Err(format!("\"{text}\" is no pair of labels; accepted are two, such as tumour,notumor")),
        }
    }
}

/// Measures a model on all slices of scans whose labels say whether there is a tumour.
pub(crate) fn detect(
    bytes: &[u8],
    classifier: &Classifier,
    recipe: &Recipe,
    (scans, labels): (&Scans, Option<&TumourOrNone>),
    config: &EvaluateConfig,
) -> anyhow::Result<Detection<Details>> {
    ensure!(
        config.split.is_none(),
        Hinted::new(
            "these labels are not the model's classes, and such scans are measured as a whole.",
            "leave --split out"
        )
    );
    let classes = &classifier.manifest().classes;
    let named = recipe.map.as_ref().and_then(|map| map.none.as_deref()).unwrap_or(NONE);
    let none = classes.iter().position(|class| class == named);
    let none = none.with_context(|| format!("the model has no class \"{named}\": it tells no tumour from a tumour"))?;
    let has_tumour = has_tumour(&scans.dataset().classes, classes, none, labels)?;

    let all: Vec<usize> = (0..scans.dataset().records.len()).collect();
    let slices = Slices::prepare(scans, &all, &classifier.input_spec())?;
    let readable = slices.readable(&all);
    let clusters = dataset::clusters(scans.dataset());
    let said = answers(classifier, &slices, &readable)?;
    let detected: Vec<Detected> = readable
        .iter()
        .zip(&said)
        .map(|(&index, answer)| {
            detected(answer, none, has_tumour[scans.dataset().records[index].label], clusters[index])
        })
        .collect();
    Ok(Detection {
        header: header(bytes, recipe, scans, config),
        none: named.to_owned(),
        without_patient: readable
            .iter()
            .filter(|&&index| scans.dataset().records[index].patient_group.is_none())
            .count(),
        figures: DetectionReport::new(&detected, Bootstrap::default()),
        groups: groups(scans, &readable, &detected)?,
        more: Details::new(classifier, false, &slices),
    })
}

fn detected(answer: &Prediction, none: usize, is_there: bool, cluster: usize) -> Detected {
    Detected {
        is_there,
        score: 1.0 - f64::from(answer.probabilities[none]),
        is_called: answer.class != none,
        is_answered: matches!(answer.verdict, model::Verdict::Class(_)),
        cluster,
    }
}

/// Of every label, whether it means a tumour.
fn has_tumour(
    found: &[String],
    classes: &[String],
    none: usize,
    labels: Option<&TumourOrNone>,
) -> anyhow::Result<Vec<bool>> {
    let meaning = |label: &String| match labels {
        Some(labels) if dataset::same_class(label, &labels.none) => Some(false),
        Some(labels) if dataset::same_class(label, &labels.tumour) => Some(true),
        None if *label == classes[none] => Some(false),
        None if classes.contains(label) || TUMOUR.iter().any(|tumour| label.eq_ignore_ascii_case(tumour)) => Some(true),
        _ => None,
    };
    let unknown = |label: &String| {
        let accepted = match labels {
            Some(TumourOrNone { tumour, none }) => format!("{tumour} and {none}"),
            None => format!("{}, and tumour", classes.join(", ")),
        };
        Hinted::new(
            format!("the scans have the label \"{label}\"; accepted are {accepted}."),
            "say which label means a tumour and which none: --labels tumour,notumor",
        )
    };
    found.iter().map(|label| meaning(label).ok_or_else(|| unknown(label).into())).collect()
}

/// The figures of every value of every column that the CSV of labels has.
fn groups(scans: &Scans, indices: &[usize], detected: &[Detected]) -> anyhow::Result<Vec<DetectionGroup>> {
    let mut groups = Vec::new();
    for column in COLUMNS {
        let values = scans.dataset().column(column)?;
        let mut slices: BTreeMap<&str, Vec<Detected>> = BTreeMap::new();
        for (&index, &detected) in indices.iter().zip(detected) {
            slices.entry(values[index].as_deref().unwrap_or_default()).or_default().push(detected);
        }
        slices.retain(|value, _| !value.is_empty() || values.iter().any(Option::is_some));
        groups.extend(slices.into_iter().map(|(value, slices)| DetectionGroup {
            column: column.to_owned(),
            value: value.to_owned(),
            figures: DetectionReport::new(&slices, Bootstrap::default()),
        }));
    }
    Ok(groups)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn labels_mean_a_tumour_or_none_and_what_means_neither_is_named() {
        let classes = names(&["glioma", "notumor", "pituitary"]);
        let read = |found: &[&str], labels: Option<&str>| {
            let labels = labels.map(|labels| labels.parse().unwrap());
            has_tumour(&names(found), &classes, 1, labels.as_ref())
        };
        assert_eq!(read(&["notumor", "Tumour"], None).unwrap(), [false, true]);
        assert_eq!(read(&["glioma", "notumor", "tumor"], None).unwrap(), [true, false, true]);
        assert_eq!(read(&["no", "yes"], Some("yes,no")).unwrap(), [false, true]);
        assert_eq!(read(&["notumor", "yes"], Some("yes, no tumour")).unwrap(), [false, true]);
        for (found, labels, named) in [("stroke", None, "\"stroke\""), ("glioma", Some("yes,no"), "yes and no")] {
            let error = read(&["notumor", found], labels).unwrap_err();
            assert!(error.to_string().contains(named), "{error}");
        }
    }

    #[test]
    fn a_pair_of_labels_is_two_that_differ() {
        for text in ["tumour", "a,b,c", "a,", "a,a"] {
            assert!(text.parse::<TumourOrNone>().unwrap_err().contains(text));
        }
    }
}

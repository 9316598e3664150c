//! Whether the classes can be told apart by what is not anatomy.
//!
//! Where "no tumour" comes from another source than the tumours, a network can learn the source: the frame, the
//! program that saved the file, the noise of the scanner. A held-out part of the same folder does not show it, since it
//! has the same sources. So a probe of a few numbers is asked what it can tell without looking at a brain.

use dataset::Dataset;
use imaging::InputSpec;
use metrics::FOLDS;
use rayon::prelude::*;
use serde::Serialize;

use crate::acquisition_features::AcquisitionFeatures;
use crate::inspect::{Inspected, network_input};
use crate::linear_probe::{self, ProbeReport, ProbedClass};
use crate::numbers::percent;

/// What probes found.
#[derive(Serialize)]
pub struct Shortcuts {
    /// Different pictures that were probed: one of each group of copies, none with conflicting labels.
    pub slices: usize,
    /// Clusters of patients and copies they come in; none is torn by a fold.
    pub clusters: usize,
    /// Parts that each probe was cross-validated in.
    pub folds: usize,
    /// Balanced accuracy of a guess.
    pub chance: f64,
    /// What files tell; empty where they could not be probed.
    pub files: Vec<Probed>,
    /// What is left of it in the network's input.
    pub prepared: Vec<Probed>,
    /// That input.
    pub input: InputSpec,
    /// The findings in words.
    pub says: Vec<String>,
}

/// What one group of numbers tells.
#[derive(Serialize)]
pub struct Probed {
    pub group: Group,
    #[serde(flatten)]
    pub report: ProbeReport,
}

/// Numbers that belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    Frame,
    ColourMode,
    Jpeg,
    Borders,
    Air,
    Sharpness,
    All,
}

impl Group {
    const OF_FILES: [Self; 7] =
        [Self::Frame, Self::ColourMode, Self::Jpeg, Self::Borders, Self::Air, Self::Sharpness, Self::All];
    const OF_INPUTS: [Self; 4] = [Self::Borders, Self::Air, Self::Sharpness, Self::All];

    /// Its name in a table.
    pub fn title(self) -> &'static str {
        match self {
            Self::Frame => "frame size",
            Self::ColourMode => "colour mode",
            Self::Jpeg => "JPEG tables",
            Self::Borders => "borders",
            Self::Air => "air",
            Self::Sharpness => "sharpness",
            Self::All => "all together",
        }
    }

    /// What is measured.
    pub fn measures(self) -> &'static str {
        match self {
            Self::Frame => "width, height and their ratio",
            Self::ColourMode => "how the file stores a pixel: grey, YCbCr, RGB, palette, and bits",
            Self::Jpeg => "quality, standard table or not, colour sampling, JPEG or not",
            Self::Borders => {
                "margins around the head's box, its share of the frame, brightness of the outermost pixels"
            }
            Self::Air => "mean, spread and grain of the two darkest corners, and how much of them is exactly empty",
            Self::Sharpness => "how far pixels of the head stand out from neighbours 1, 2 and 4 pixels away",
            Self::All => "every number above",
        }
    }
}

/// Probes one slice of every group of copies.
pub fn shortcuts(dataset: &Dataset, seen: &[Result<Inspected, String>]) -> Shortcuts {
    let readable: Vec<usize> = (0..seen.len()).filter(|&index| seen[index].is_ok()).collect();
    let unique = dataset::unique(dataset, &readable);
    let clusters = dataset::clusters(dataset);
    let seen: Vec<&Inspected> = unique.iter().filter_map(|&index| seen[index].as_ref().ok()).collect();
    let sample = Sample {
        classes: &dataset.classes,
        labels: unique.iter().map(|&index| dataset.records[index].label).collect(),
        clusters: unique.iter().map(|&index| clusters[index]).collect(),
    };
    let prepared: Vec<&AcquisitionFeatures> = seen.iter().map(|seen| &seen.prepared).collect();
    let probed = sample
        .probe(&Group::OF_FILES, |group| of_files(group, &seen))
        .and_then(|files| Ok((files, sample.probe_inputs(&prepared)?)));
    let mut distinct = sample.clusters.clone();
    distinct.sort_unstable();
    distinct.dedup();
    let chance = 1.0 / dataset.classes.len() as f64;
    let (files, prepared, says) = match probed {
        Ok((files, prepared)) => {
            let says = in_words(&files, &prepared, chance);
            (files, prepared, says)
        }
        Err(error) => (Vec::new(), Vec::new(), vec![format!("Shortcuts were not looked for: {error}")]),
    };
    let (slices, clusters) = (unique.len(), distinct.len());
    Shortcuts { slices, clusters, folds: FOLDS, chance, files, prepared, input: network_input(), says }
}

/// What is probed.
pub struct Sample<'a> {
    /// Names of the classes.
    pub classes: &'a [String],
    /// The class of each slice.
    pub labels: Vec<usize>,
    /// The cluster of patients and copies of each slice.
    pub clusters: Vec<usize>,
}

impl Sample<'_> {
    /// What network inputs tell, one a slice.
    ///
    /// # Errors
    /// A class has too few clusters.
    pub fn probe_inputs(&self, features: &[&AcquisitionFeatures]) -> anyhow::Result<Vec<Probed>> {
        self.probe(&Group::OF_INPUTS, |group| of_inputs(group, features))
    }

    fn probe(&self, groups: &[Group], rows: impl Fn(Group) -> Vec<Vec<f64>> + Sync) -> anyhow::Result<Vec<Probed>> {
        let probe = |&group: &Group| {
            let report = linear_probe::probe(self.classes, &rows(group), &self.labels, &self.clusters)?;
            Ok(Probed { group, report })
        };
        groups.par_iter().map(probe).collect()
    }
}

/// A row of numbers for every file.
fn of_files(group: Group, seen: &[&Inspected]) -> Vec<Vec<f64>> {
    match group {
        Group::Frame => with_squares(seen.iter().map(|seen| frame(seen.size)).collect()),
        Group::ColourMode => colour_modes(seen),
        Group::Jpeg => seen.iter().map(|seen| jpeg(seen)).collect(),
        Group::All => side_by_side(&Group::OF_FILES, |group| of_files(group, seen)),
        _ => with_squares(seen.iter().map(|seen| of_slice(group, &seen.features)).collect()),
    }
}

/// A row of numbers for every network input.
fn of_inputs(group: Group, inputs: &[&AcquisitionFeatures]) -> Vec<Vec<f64>> {
    match group {
        Group::All => side_by_side(&Group::OF_INPUTS, |group| of_inputs(group, inputs)),
        _ => with_squares(inputs.iter().map(|features| of_slice(group, features)).collect()),
    }
}

fn of_slice(group: Group, features: &AcquisitionFeatures) -> Vec<f64> {
    match group {
        Group::Borders => features.borders.to_vec(),
        Group::Air => features.air.to_vec(),
        _ => features.sharpness.to_vec(),
    }
}

/// Rows of every group but the last, which is all of them.
fn side_by_side(groups: &[Group], rows: impl Fn(Group) -> Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let single = groups.iter().filter(|group| **group != Group::All);
    single
        .map(|&group| rows(group))
        .reduce(|left, right| left.into_iter().zip(right).map(joined).collect())
        .unwrap_or_default()
}

fn joined((mut left, right): (Vec<f64>, Vec<f64>)) -> Vec<f64> {
    left.extend(right);
    left
}

/// Logarithms of width, height and their ratio.
fn frame((width, height): (u32, u32)) -> Vec<f64> {
    let (width, height) = (f64::from(width).log2(), f64::from(height).log2());
    vec![width, height, width - height]
}

/// A column for each mode that occurs.
fn colour_modes(seen: &[&Inspected]) -> Vec<Vec<f64>> {
    let mut modes: Vec<&str> = seen.iter().map(|seen| seen.mode.as_str()).collect();
    modes.sort_unstable();
    modes.dedup();
    let row = |seen: &&Inspected| modes.iter().map(|mode| f64::from(u8::from(*mode == seen.mode))).collect();
    seen.iter().map(row).collect()
}

fn jpeg(seen: &Inspected) -> Vec<f64> {
    let is = |yes: bool| f64::from(u8::from(yes));
    match &seen.compression {
        None => vec![0.0, 100.0, 0.0, 0.0],
        Some(found) => {
            let full = matches!(found.sampling.as_str(), "grey" | "4:4:4");
            vec![1.0, f64::from(found.quality), is(found.standard), is(!full)]
        }
    }
}

/// Adds to every number the square of its distance from the mean, so that a probe may find a class in the middle.
fn with_squares(mut rows: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let (count, width) = (rows.len() as f64, rows.first().map_or(0, Vec::len));
    let means: Vec<f64> = (0..width).map(|column| rows.iter().map(|row| row[column]).sum::<f64>() / count).collect();
    for row in &mut rows {
        let squares: Vec<f64> = row.iter().zip(&means).map(|(value, mean)| (value - mean).powi(2)).collect();
        row.extend(squares);
    }
    rows
}

/// The class that a probe tells best from the rest, and the area under its curve.
pub fn best_told(report: &ProbeReport) -> Option<(&ProbedClass, f64)> {
    let areas = report.per_class.iter().filter_map(|class| Some((class, class.roc_auc?)));
    areas.max_by(|a, b| a.1.total_cmp(&b.1))
}

/// Whether the figure is more than a guess, by the lower end of its interval.
pub fn tells(report: &ProbeReport, chance: f64) -> bool {
    report.balanced_accuracy_ci95[0] > chance
}

fn in_words(files: &[Probed], prepared: &[Probed], chance: f64) -> Vec<String> {
    let nothing = "Among what was measured, a network finds no such shortcut.";
    let left = "Among what was measured, preparation leaves no such shortcut.";
    let mut says = Vec::new();
    says.extend(sentence("In the files", files, chance, nothing));
    says.extend(sentence("In the network's input", prepared, chance, left));
    says
}

/// What all numbers tell together, and which tell something by themselves.
fn sentence(place: &str, probed: &[Probed], chance: f64, nothing: &str) -> Option<String> {
    let (all, single) = probed.split_last()?;
    let telling: Vec<&str> =
        single.iter().filter(|probed| tells(&probed.report, chance)).map(|probed| probed.group.title()).collect();
    let (share, guess) = (percent(all.report.balanced_accuracy), percent(chance));
    if telling.is_empty() && !tells(&all.report, chance) {
        let figure = format!("balanced accuracy {share}, where a guess has {guess}");
        return Some(format!("{place}, what is not anatomy tells no more than a guess: {figure}. {nothing}"));
    }
    let (class, area) = best_told(&all.report)?;
    let alone = if telling.is_empty() { "none".to_owned() } else { telling.join(", ") };
    Some(format!(
        "{place}, what is not anatomy tells the classes apart: balanced accuracy {share}, where a guess has {guess}. \
         Told best is \"{}\", with an AUROC of {area:.3} against the rest, where a guess has 0.5. \
         Groups that tell more than a guess by themselves: {alone}.",
        class.class
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_in_the_middle_is_told_by_the_squares() {
        let rows = with_squares(vec![vec![1.0], vec![2.0], vec![3.0]]);
        assert_eq!(rows, [[1.0, 1.0], [2.0, 0.0], [3.0, 1.0]]);
    }

    #[test]
    fn frames_of_one_shape_have_one_ratio() {
        let (small, large) = (frame((256, 128)), frame((1024, 512)));
        assert!((small[2] - 1.0).abs() < 1e-12 && (large[2] - 1.0).abs() < 1e-12 && small[0] < large[0]);
    }
}

//! A run folder to its report, as a page, as JSON and as the predictions behind both.

use std::path::Path;

use anyhow::{Context, ensure};
use burn::tensor::Device;
use dataset::{Dataset, Split};
use metrics::{Bootstrap, Report};
use networks::{Form, Network};
use reports::{Header, tagged};
use scans::{Scans, Slices};
use training::{Environment, Recipe, RunFolder, Source, SplitFile, TumourMasks, largest, predict, read_tensors};

use crate::map_figures::{MapFigures, Maps};
use crate::map_pictures;
use crate::measured::Curves;
use crate::predictions_file::{self, HeldOut, Part};
use crate::report_page::{self, Pictures};
use crate::run_report::{Mistake, RunDetails, RunReport, Sizes};
use crate::truth::against_truth;

/// Mistakes shown as pictures.
const PICTURES: usize = 24;

/// As [`write`], for a run of another day: the scans must be those it was trained on.
///
/// # Errors
/// The run folder is incomplete, the data are not those it was trained on, or the disk refuses.
pub fn again(run: &Path, scans: &Scans, outlines: &TumourMasks, device: &Device) -> anyhow::Result<()> {
    let folder = RunFolder::open(run)?;
    scans.check_of_run(&folder.read::<String>("data.json")?)?;
    write(run, scans, outlines, device)
}

/// Classifies what the run held out, and writes `predictions.csv`, `report.json` and `report.html` into its folder. The map of
/// a network that has one is measured by `outlines`.
///
/// # Errors
/// The run folder is incomplete, nothing of the held-out part can be read, or the disk refuses.
pub fn write(run: &Path, scans: &Scans, outlines: &TumourMasks, device: &Device) -> anyhow::Result<()> {
    let folder = RunFolder::open(run)?;
    let recipe = Recipe::open(&folder.file("recipe.toml"))?;
    let split = read_split(&folder, scans.dataset())?;
    let network = recipe
        .network(&scans.dataset().classes, Form::Trainable)?
        .init(device)
        .load(&read_tensors(&folder.file("network.safetensors"))?)?;
    let wanted = [&split.validation[..], &split.test].concat();
    let slices = Slices::prepare(scans, &wanted, &recipe.input)?;
    let predicted = predict_parts(&network, scans.dataset(), &split, &slices, recipe.batch, device)?;
    let last = predicted.iter().rev().find(|predicted| !predicted.part.indices.is_empty());
    let last = last.context("no held-out slice can be read")?;
    let mut report = measure(&folder, scans.dataset(), split, &last.part, &slices, recipe)?;
    report.more.map = MapFigures::of(scans.dataset(), &slices, outlines, predicted[0].maps(), last.maps());
    let shown = map_pictures::of(scans.dataset(), &slices, outlines, &last.part, last.maps())?;
    let pictures = Pictures { mistakes: pictures(&report, &slices)?, maps: shown };
    let page = report_page::whole_page(&report, &folder.epochs()?, &pictures);
    let parts: Vec<&Part> = predicted.iter().map(|predicted| &predicted.part).collect();
    folder.write("predictions.csv", &predictions_file::to_csv(scans.dataset(), &parts)?)?;
    folder.write("report.html", page.as_bytes())?;
    // The last of the three, so that where it is the report is whole.
    folder.write("report.json", &serde_json::to_vec_pretty(&tagged(&report))?)?;
    log::info!("wrote {}", folder.file("report.html").display());
    Ok(())
}

/// What a network says of one part.
struct Predicted {
    part: Part,
    /// One a record; none where the network has no map.
    maps: Vec<Vec<f32>>,
}

impl Predicted {
    fn maps(&self) -> Maps<'_> {
        Maps { indices: &self.part.indices, maps: &self.maps }
    }
}

/// Validation, then test.
fn predict_parts(
    network: &Network,
    dataset: &Dataset,
    split: &Split,
    slices: &Slices,
    batch: usize,
    device: &Device,
) -> anyhow::Result<Vec<Predicted>> {
    let labels: Vec<usize> = dataset.records.iter().map(|record| record.label).collect();
    let source = Source { slices, labels: &labels, size: batch, map: None };
    let predict = |(part, indices): (HeldOut, &[usize])| {
        let indices = slices.readable(indices);
        let said = predict(network, source, &indices, device)?;
        let maps = said.iter().filter_map(|said| said.map.clone()).collect();
        let probabilities = said.into_iter().map(|said| said.probabilities).collect();
        Ok(Predicted { part: Part { held_out: part, indices, probabilities }, maps })
    };
    [(HeldOut::Validation, &split.validation[..]), (HeldOut::Test, &split.test)].into_iter().map(predict).collect()
}

fn measure(
    folder: &RunFolder,
    dataset: &Dataset,
    split: Split,
    part: &Part,
    slices: &Slices,
    recipe: Recipe,
) -> anyhow::Result<RunReport> {
    let predictions = against_truth(dataset, &part.indices, &part.probabilities)?;
    let counts = |indices: &[usize]| dataset.class_counts(indices);
    let sizes = Sizes { train: counts(&split.train), validation: counts(&split.validation), test: counts(&split.test) };
    let measured_split = match part.held_out {
        HeldOut::Test => split,
        HeldOut::Validation => Split { train: split.train, validation: Vec::new(), test: split.validation },
    };
    let leakage = dataset::leakage(dataset, &measured_split);
    let network = std::fs::read(folder.file("network.safetensors"))?;
    let environment = environment(folder)?;
    Ok(RunReport {
        header: Header {
            protocol: recipe.data.protocol.to_string(),
            leaky: Some(leakage.leaky),
            leakage: Some(leakage),
            architecture: recipe.architecture.to_string(),
            input_size: recipe.input.size,
            weights_sha256: weights::sha256(&network),
            trained_on_these_data: true,
            data_fingerprint: folder.read("data.json")?,
            command: command(environment.as_ref(), &recipe, ""),
        },
        classes: predictions.classes().to_vec(),
        report: Report::new(&predictions, Bootstrap::default()),
        more: RunDetails {
            measured_on: part.held_out,
            curves: Curves::new(&predictions),
            split: sizes,
            map: None,
            mistakes: mistakes(dataset, part),
            environment,
            recipe,
            unreadable: slices
                .unreadable
                .iter()
                .map(|file| format!("{}: {}", file.path.display(), file.reason))
                .collect(),
        },
    })
}

fn mistakes(dataset: &Dataset, part: &Part) -> Vec<Mistake> {
    let mistake = |(&index, row): (&usize, &Vec<f32>)| {
        let record = &dataset.records[index];
        let verdict = largest(row);
        (verdict != record.label).then(|| Mistake {
            path: record.path.clone(),
            truth: dataset.classes[record.label].clone(),
            verdict: dataset.classes[verdict].clone(),
            probability: row[verdict],
            probability_of_truth: row[record.label],
            index,
        })
    };
    let mut mistakes: Vec<Mistake> = part.indices.iter().zip(&part.probabilities).filter_map(mistake).collect();
    mistakes.sort_by(|a, b| b.probability.total_cmp(&a.probability).then_with(|| a.path.cmp(&b.path)));
    mistakes
}

/// The surest mistakes as the network saw them.
fn pictures(report: &RunReport, slices: &Slices) -> anyhow::Result<Vec<maud::Markup>> {
    let picture = |mistake: &Mistake| {
        let slice = slices.get(mistake.index).context("a slice that was classified is gone")?;
        let description = format!("{}: {} taken for {}", mistake.path, mistake.truth, mistake.verdict);
        pages::picture(slice.pixels(), slice.size() as usize, &description)
    };
    report.more.mistakes.iter().take(PICTURES).map(picture).collect()
}

fn read_split(folder: &RunFolder, dataset: &Dataset) -> anyhow::Result<Split> {
    let classes: Vec<String> = folder.read("classes.json")?;
    ensure!(
        dataset.classes == classes,
        "the scans have the classes {}; the run has {}",
        dataset.classes.join(", "),
        classes.join(", ")
    );
    folder.read::<SplitFile>("split.json")?.find_in(dataset)
}

/// What repeats a run: what it notes of itself or, where it is older than that note, the recipe and `options`.
pub fn command(environment: Option<&Environment>, recipe: &Recipe, options: &str) -> String {
    let noted = environment.and_then(|environment| environment.command.clone());
    noted.unwrap_or_else(|| format!("sulcus train --recipe {}.toml --data DIR --out RUN{options}", recipe.name))
}

/// What a run was trained on; `None` for a run folder that is older than its note of it.
///
/// # Errors
/// The note is damaged.
pub fn environment(folder: &RunFolder) -> anyhow::Result<Option<Environment>> {
    folder.file("environment.json").exists().then(|| folder.read("environment.json")).transpose()
}

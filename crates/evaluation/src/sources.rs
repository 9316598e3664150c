//! Leaving sources out: for every source a network that has seen nothing of it, and what it says of that source.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use burn::tensor::Device;
use metrics::{Bootstrap, Detected, DetectionReport, risk_coverage};
use networks::{Form, Network};
use reports::{Detection, DetectionGroup, Header, Summary, tagged};
use scans::{Scans, Slices};
use serde::Serialize;
use training::{
    Environment, Job, OtherScans, Recipe, RunFolder, Said, Source, Truth, TumourMasks, largest, predict, read_tensors,
    train,
};

use crate::predictions_file::{self, HeldOut};
use crate::truth::against_truth;
use crate::{report, sources_page};

/// Share of wrong answers among those given that a network abstains to keep to, on its validation slices.
const RISK: f64 = 0.05;

/// What `sources.json` holds: all sources together, then each by the network that has not seen it.
pub type SourcesReport = Detection<SourcesDetails>;

/// What the report has besides what every reader knows.
#[derive(Serialize)]
pub struct SourcesDetails {
    /// Share of wrong answers on validation slices that decides what is answered.
    pub risk: f64,
    /// The networks, in the order of `groups`.
    pub networks: Vec<Left>,
    /// What the first network was trained on; unknown where it is not noted.
    pub environment: Option<Environment>,
    /// Of the first network; the others differ in the source that is left out.
    pub recipe: Recipe,
}

/// A network that has not seen a source.
#[derive(Serialize)]
pub struct Left {
    /// The source.
    pub source: String,
    /// What the network is worth on the held-out slices of the data set, but for classes of that source.
    pub home: Summary,
    /// Below this highest probability it abstains; always where there is none.
    pub abstain_below: Option<f64>,
    /// Of its `network.safetensors`.
    pub network_sha256: String,
}

/// The data set and the other sources.
#[derive(Clone, Copy)]
struct Everything<'a> {
    scans: &'a Scans,
    others: &'a [OtherScans],
}

/// Trains a network for every source of `job` into its own folder of `job.out`, or goes on with the one it was in, and sums
/// up.
///
/// # Errors
/// A run in the folder is by another recipe, or training failed.
pub fn train_all(job: &Job, device: &Device) -> anyhow::Result<()> {
    let sources: BTreeSet<&str> = job.others.iter().flat_map(OtherScans::sources).collect();
    let unknown = job.recipe.data.source_of.values().find(|source| !sources.contains(source.as_str()));
    ensure!(
        unknown.is_none(),
        "`data.source_of` names the source \"{}\"; there are {}",
        unknown.map_or("", String::as_str),
        sources.into_iter().collect::<Vec<_>>().join(", ")
    );
    for (number, source) in (1..).zip(&sources) {
        let mut recipe = job.recipe.clone();
        recipe.data.leave_out = Some((*source).to_owned());
        let run = Job { recipe, out: run_folder(&job.out, number), preview: None, ..job.clone() };
        if run.out.join("report.json").exists() {
            log::info!("the network without {source} is done");
            continue;
        }
        log::info!("without {source}: network {number} of {}", sources.len());
        train(&run, device)?;
        report::write(&run.out, &run.scans, &run.outlines, device)?;
    }
    sum_up(&job.out, Everything { scans: &job.scans, others: &job.others }, device)
}

/// Makes the reports of all networks again, and sums up.
///
/// # Errors
/// A network is not done, the data are not those it was trained on, or the disk refuses.
pub fn report_again(
    run: &Path,
    scans: &Scans,
    others: &[OtherScans],
    outlines: &TumourMasks,
    device: &Device,
) -> anyhow::Result<()> {
    folders(run).iter().try_for_each(|folder| report::again(folder, scans, outlines, device))?;
    sum_up(run, Everything { scans, others }, device)
}

/// The folders of the networks in a run folder, in order; none in that of a single run.
#[must_use]
pub fn folders(run: &Path) -> Vec<PathBuf> {
    (1..=u8::MAX.into()).map(|number| run_folder(run, number)).take_while(|folder| folder.exists()).collect()
}

/// Sources are called as a CSV calls them, so folders are numbered.
fn run_folder(run: &Path, number: usize) -> PathBuf {
    run.join(format!("source-{number}"))
}

fn sum_up(run: &Path, everything: Everything<'_>, device: &Device) -> anyhow::Result<()> {
    let (mut networks, mut groups, mut all) = (Vec::new(), Vec::new(), Vec::new());
    let (mut without_patient, mut clusters) = (0, 0);
    for folder in folders(run) {
        let measured = measure(&folder, everything, device)?;
        let figures = DetectionReport::new(&measured.detected, Bootstrap::default());
        groups.push(DetectionGroup { column: "source".to_owned(), value: measured.network.source.clone(), figures });
        // No two sources share a patient.
        all.extend(measured.detected.iter().map(|one| Detected { cluster: one.cluster + clusters, ..*one }));
        clusters += 1 + measured.detected.iter().map(|one| one.cluster).max().unwrap_or(0);
        without_patient += measured.without_patient;
        networks.push(measured.network);
    }
    let first = RunFolder::open(&run_folder(run, 1))?;
    let (recipe, environment) = (Recipe::open(&first.file("recipe.toml"))?, report::environment(&first)?);
    let sha256: Vec<&str> = networks.iter().map(|network| network.network_sha256.as_str()).collect();
    let report = SourcesReport {
        header: Header {
            protocol: recipe.data.protocol.to_string(),
            leaky: Some(false),
            leakage: None,
            architecture: recipe.architecture.to_string(),
            input_size: recipe.input.size,
            weights_sha256: weights::sha256(sha256.join("\n").as_bytes()),
            trained_on_these_data: false,
            data_fingerprint: everything.scans.fingerprint().to_owned(),
            command: report::command(environment.as_ref(), &recipe, ""),
        },
        none: recipe.map.as_ref().and_then(|map| map.none.clone()).unwrap_or_default(),
        without_patient,
        figures: DetectionReport::new(&all, Bootstrap::default()),
        groups,
        more: SourcesDetails { risk: RISK, networks, environment, recipe },
    };
    let folder = RunFolder::open(run)?;
    folder.write("sources.html", sources_page::whole_page(&report).as_bytes())?;
    folder.write("sources.json", &serde_json::to_vec_pretty(&tagged(&report))?)?;
    log::info!("wrote {}", folder.file("sources.html").display());
    Ok(())
}

/// What one network said of the source that it has not seen.
struct Measured {
    network: Left,
    detected: Vec<Detected>,
    without_patient: usize,
}

fn measure(folder: &Path, everything: Everything<'_>, device: &Device) -> anyhow::Result<Measured> {
    let classes = &everything.scans.dataset().classes;
    let run = RunFolder::open(folder)?;
    let recipe = Recipe::open(&run.file("recipe.toml"))?;
    let source = recipe.data.leave_out.clone();
    let source = source.with_context(|| format!("\"{}\" leaves no source out", folder.display()))?;
    let none = recipe.map.as_ref().map(|map| map.none_of(classes)).transpose()?.flatten();
    let none = none.context("the recipe names no class of slices without a tumour")?;
    let file = run.file("network.safetensors");
    let network = recipe.network(classes, Form::Trainable)?.init(device).load(&read_tensors(&file)?)?;
    let (home, abstain_below) = at_home(&run, everything.scans)?;
    let mut measured = Measured {
        network: Left { source, home, abstain_below, network_sha256: weights::sha256(&std::fs::read(&file)?) },
        detected: Vec::new(),
        without_patient: 0,
    };
    let mut offset = 0;
    for (scans, slices) in unseen(&measured.network.source, &recipe, everything) {
        let clusters = dataset::clusters(scans.dataset());
        for ((index, truth), Said { probabilities, .. }) in answers(&network, scans, &slices, &recipe, device)? {
            let called = largest(&probabilities);
            measured.without_patient += usize::from(scans.dataset().records[index].patient_group.is_none());
            measured.detected.push(Detected {
                is_there: truth != Truth::Class(none),
                score: 1.0 - f64::from(probabilities[none]),
                is_called: called != none,
                is_answered: abstain_below.is_some_and(|limit| f64::from(probabilities[called]) >= limit),
                cluster: offset + clusters[index],
            });
        }
        offset += scans.dataset().records.len();
    }
    Ok(measured)
}

/// The slices of a source: one of every group of copies of those in the data set, and those of the other scans.
fn unseen<'a>(
    source: &'a str,
    recipe: &Recipe,
    Everything { scans, others }: Everything<'a>,
) -> Vec<(&'a Scans, Vec<(usize, Truth)>)> {
    let own = (0..scans.dataset().records.len())
        .filter(|&index| recipe.data.leaves_out(scans.dataset().class(&scans.dataset().records[index])));
    let own = dataset::unique(scans.dataset(), &own.collect::<Vec<_>>()).into_iter();
    let own = own.map(|index| (index, Truth::Class(scans.dataset().records[index].label))).collect();
    let elsewhere = others.iter().map(|other| (other.scans(), other.of_source(source).collect()));
    std::iter::once((scans, own)).chain(elsewhere).collect()
}

/// What a network is worth on what it held out of the data set, and below which probability it abstains.
fn at_home(run: &RunFolder, scans: &Scans) -> anyhow::Result<(Summary, Option<f64>)> {
    let predictions = |part| {
        let part = predictions_file::read(&run.file("predictions.csv"), scans.dataset(), part)?;
        against_truth(scans.dataset(), &part.indices, &part.probabilities)
    };
    let curve = risk_coverage(&predictions(HeldOut::Validation)?);
    let kept = curve.iter().rfind(|point| point.risk <= RISK);
    let summary = Summary::from(&metrics::Report::new(&predictions(HeldOut::Test)?, Bootstrap::default()));
    Ok((summary, kept.map(|point| point.confidence)))
}

/// What a network says of the slices that can be read.
fn answers(
    network: &Network,
    scans: &Scans,
    slices: &[(usize, Truth)],
    recipe: &Recipe,
    device: &Device,
) -> anyhow::Result<Vec<((usize, Truth), Said)>> {
    let indices: Vec<usize> = slices.iter().map(|(index, _)| *index).collect();
    let prepared = Slices::prepare(scans, &indices, &recipe.input)?;
    let readable: Vec<(usize, Truth)> =
        slices.iter().copied().filter(|&(index, _)| prepared.get(index).is_some()).collect();
    let indices: Vec<usize> = readable.iter().map(|(index, _)| *index).collect();
    // What is known of a slice plays no part in what a network says of it.
    let labels = vec![0; scans.dataset().records.len()];
    let source = Source { slices: &prepared, labels: &labels, size: recipe.batch, map: None };
    Ok(readable.into_iter().zip(predict(network, source, &indices, device)?).collect())
}

//! A recipe and a folder of scans to a run folder.

use anyhow::{bail, ensure};
use burn::tensor::Device;
use dataset::{Record, Split, SplitProtocol};
use model::Hinted;
use scans::Slices;

use self::trainer::Trainer;
use crate::allocator::keep_freed_memory;
use crate::checkpoint::{RunFolder, has_state};
use crate::environment::Environment;
use crate::feature_cache::Kept;
use crate::job::Job;
use crate::loss::Loss;
use crate::recipe::Recipe;
use crate::split_file::SplitFile;

mod epoch;
mod map_material;
mod material;
mod running_metrics;
mod trainer;

/// Trains by the recipe and leaves a run folder.
///
/// # Errors
/// The data can't be split as asked, the starting weights don't fit, the loss is no longer a number, the device is out
/// of memory, or the disk refuses. The last whole epoch stays in the run folder.
pub fn train(job: &Job, device: &Device) -> anyhow::Result<()> {
    keep_freed_memory();
    warn_of_unknown_groups(job);
    let split = prepare_split(job)?;
    check_begun(job, &split)?;
    let kept = job.kept.clone();
    let kept = kept.unwrap_or_else(|| Kept { train: split.train.clone(), validation: split.validation.clone() });
    let wanted = [&split.train[..], &split.validation, &kept.train, &kept.validation].concat();
    let slices = Slices::prepare(&job.scans, &wanted, &job.recipe.input)?;
    for file in &slices.unreadable {
        log::warn!("left out \"{}\": {}", file.path.display(), file.reason);
    }
    let split = Split {
        train: slices.readable(&split.train),
        validation: slices.readable(&split.validation),
        test: split.test,
    };
    let kept = Kept { train: slices.readable(&kept.train), validation: slices.readable(&kept.validation) };
    ensure!(!split.train.is_empty() && !split.validation.is_empty(), "no slice is left to train or to validate on");
    let folder = RunFolder::open(&job.out)?;
    write_inputs(&folder, job, &split)?;
    let environment = Environment::of(device).training_in(job.precision);
    folder.write(
        "environment.json",
        &serde_json::to_vec(&Environment { command: Some(job.command.clone()), ..environment })?,
    )?;
    let labels: Vec<usize> = job.scans.dataset().records.iter().map(|record| record.label).collect();
    let counts = job.scans.dataset().class_counts(&split.train);
    let loss = if job.recipe.data.class_weights {
        Loss::balanced(&counts, job.recipe.label_smoothing)
    } else {
        Loss::new(counts.len(), job.recipe.label_smoothing)
    };
    let none = job.recipe.map.as_ref().map(|map| map.none_of(&job.scans.dataset().classes)).transpose()?.flatten();
    let loss = loss.with_none(none);
    let counts = job.scans.dataset().classes.iter().zip(&counts).map(|(class, count)| format!("{class} {count}"));
    let (train, validation) = (split.train.len(), split.validation.len());
    log::info!("{train} slices to train on ({}), {validation} to validate", counts.collect::<Vec<_>>().join(", "));
    let device = device.clone().autodiff();
    let trainer = Trainer { job, slices: &slices, labels: &labels, split: &split, kept, loss, none, device, folder };
    match &job.preview {
        Some(file) => trainer.preview(file),
        None => trainer.run(),
    }
}

/// A grouped split of slices whose patients are not known keeps none of them together.
fn warn_of_unknown_groups(job: &Job) {
    let has = |group: fn(&Record) -> &Option<String>| {
        job.scans.dataset().records.iter().any(|record| group(record).is_some())
    };
    let (patients, copies) = (has(|record| &record.patient_group), has(|record| &record.dup_group));
    let grouped = [SplitProtocol::Grouped, SplitProtocol::LeaveSourceOut].contains(&job.recipe.data.protocol);
    if grouped && !patients {
        let known = if copies { "copies are known, but no patients" } else { "neither patients nor copies are known" };
        log::warn!(
            "warning: {known}: slices of one patient can be on both sides.\n\
             hint: name patients in a CSV with --groups"
        );
    }
}

/// The split by the recipe, without copies in its training part where it says so.
///
/// # Errors
/// The data can't be divided as asked.
pub fn prepare_split(job: &Job) -> anyhow::Result<Split> {
    let mut split = dataset::split(job.scans.dataset(), &job.recipe.split_spec())?;
    let seen =
        |&index: &usize| !job.recipe.data.leaves_out(job.scans.dataset().class(&job.scans.dataset().records[index]));
    for part in [&mut split.train, &mut split.validation, &mut split.test] {
        part.retain(seen);
    }
    if job.recipe.data.unique {
        // Of copies, the one whose outline is known is the one to keep.
        let outlined = |&index: &usize| job.outlines.has(&job.scans.dataset().records[index].path);
        split.train.sort_by_key(|index| (!outlined(index), *index));
        split.train = dataset::unique(job.scans.dataset(), &split.train);
        split.train.sort_unstable();
    }
    Ok(split)
}

/// Refuses to go on with a run that was begun otherwise: what it has seen would not be what its report says.
///
/// # Errors
/// The run in `job.out`, if there is one, is by another recipe, of other scans or divided otherwise, or can't be read.
pub fn check_begun(job: &Job, split: &Split) -> anyhow::Result<()> {
    if !has_state(&job.out) {
        return Ok(());
    }
    let folder = RunFolder::open(&job.out)?;
    let now = SplitFile::of(job.scans.dataset(), split);
    let differs = if Recipe::open(&folder.file("recipe.toml"))? != job.recipe {
        "by another recipe, or as one of another number of folds"
    } else if folder.read::<String>("data.json")? != job.scans.fingerprint() {
        "on other scans"
    } else if !folder.read::<SplitFile>("split.json")?.goes_on_with(&now) {
        "on slices that were divided otherwise, by other --groups perhaps"
    } else {
        return Ok(());
    };
    bail!(Hinted::new(
        format!("\"{}\" was trained {differs}.", job.out.display()),
        "go on with what it was begun with, or name another folder with --out"
    ))
}

/// What a run was trained with, for whoever evaluates, exports or repeats it.
fn write_inputs(folder: &RunFolder, job: &Job, split: &Split) -> anyhow::Result<()> {
    folder.write("classes.json", &serde_json::to_vec(&job.scans.dataset().classes)?)?;
    folder.write("data.json", &serde_json::to_vec(job.scans.fingerprint())?)?;
    folder.write("split.json", &serde_json::to_vec_pretty(&SplitFile::of(job.scans.dataset(), split))?)?;
    // The last, since where it is the others are.
    folder.write("recipe.toml", job.recipe.to_toml()?.as_bytes())
}

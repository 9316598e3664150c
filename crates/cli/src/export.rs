//! `sulcus export`: a training run to the weights file that the page serves, or to a file for other runtimes.

use anyhow::bail;
use export::{ExportConfig, Listing, Source, export};
use model::Hinted;
use scans::ScansConfig;

use crate::arguments::ExportArguments;

/// Runs `sulcus export`.
///
/// # Errors
/// The run folder is incomplete, the data are not those it was trained on, or the file can't be written.
pub fn run(arguments: &ExportArguments) -> anyhow::Result<()> {
    export(&config(arguments)?)
}

fn config(arguments: &ExportArguments) -> anyhow::Result<ExportConfig> {
    let ExportArguments { run, weights, format, data, labels, cache, out, catalogue, title, .. } = arguments.clone();
    let source = match (weights, run) {
        (Some(weights), _) => Source::Weights(weights),
        (None, Some(run)) => Source::Run(run),
        (None, None) => bail!(Hinted::new("nothing to export was named.", "name a run folder with --run")),
    };
    Ok(ExportConfig {
        source,
        format,
        // Which slices were held out stands in the run folder: groups are not asked again.
        scans: data.map(|folder| ScansConfig { folder, labels, one_class: false, groups: None, cache }),
        out,
        listing: catalogue.zip(title).map(|(catalogue, title)| Listing { catalogue, title }),
        licence: arguments.licence.clone(),
        credit: arguments.credit.clone(),
        comparison: arguments.json.clone(),
    })
}

//! `sulcus audit`: what a folder of scans holds, which files are copies of which, what a test on it would leak, and
//! what tells its classes apart besides anatomy.

mod acquisition_features;
mod charts;
mod classes;
mod findings;
mod inspect;
mod jpeg;
mod numbers;
mod page;
mod pairs;
mod patients;
mod pictures;
pub mod probe;
mod shortcuts;
mod shown;
mod text;

use scans::ScansConfig;
use storage::write_whole;

use self::findings::Audit;
use crate::cli::AuditArguments;

/// Runs `sulcus audit`.
///
/// # Errors
/// The folder holds no labelled scans, the CSV of groups can't be used, or a file can't be written.
pub fn run(arguments: &AuditArguments) -> anyhow::Result<()> {
    let (folder, labels, groups) = (arguments.folder.clone(), arguments.labels.clone(), arguments.groups.clone());
    let dataset = ScansConfig { folder, labels, groups, cache: None }.open()?;
    let seen = inspect::look_at_all(&dataset);
    let thumbnails: Vec<_> =
        seen.iter().map(|seen| seen.as_ref().ok().and_then(|seen| seen.thumbnail.clone())).collect();
    let found = dataset::copies(&thumbnails);
    let dataset = patients::with_patients(dataset.with_copies(&found), &seen);
    let audit = Audit::new(&dataset, &seen, &found);
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&audit)?);
    } else {
        text::print(&audit);
    }
    if let Some(path) = &arguments.html {
        let page = page::audit_page(&dataset, &seen, &audit)?;
        write_whole(path, page.as_bytes())?;
    }
    if let Some(path) = &arguments.write_groups {
        dataset.write_groups(path)?;
    }
    Ok(())
}

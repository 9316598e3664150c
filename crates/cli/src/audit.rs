//! `sulcus audit`: what a folder of scans holds.

use audit::audit;
use scans::ScansConfig;
use storage::write_whole;

use crate::arguments::AuditArguments;

/// Runs `sulcus audit`.
///
/// # Errors
/// The folder holds no labelled scans, the CSV of groups can't be used, or a file can't be written.
pub fn run(arguments: &AuditArguments) -> anyhow::Result<()> {
    let (folder, labels, groups) = (arguments.folder.clone(), arguments.labels.clone(), arguments.groups.clone());
    let audited = audit(&ScansConfig { folder, labels, one_class: false, groups, cache: None })?;
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&audited.findings)?);
    } else {
        print!("{}", audited.findings);
    }
    if let Some(path) = &arguments.html {
        write_whole(path, audited.page()?.as_bytes())?;
    }
    if let Some(path) = &arguments.write_groups {
        audited.write_groups(path)?;
    }
    Ok(())
}

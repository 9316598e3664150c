//! Reports of older versions in the form of today.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use tempfile::NamedTempFile;

/// Gives every file its kind that has none and is a report; says what it did of each. The exit status is 1 where a file
/// could not be read or written; the others are done.
pub fn run(files: &[PathBuf]) -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    for file in files {
        match migrate(file) {
            Ok(true) => println!("{}: has its kind now", file.display()),
            Ok(false) => println!("{}: left as it is", file.display()),
            Err(error) => {
                eprintln!("error: {error:#}");
                code = ExitCode::FAILURE;
            }
        }
    }
    code
}

fn migrate(file: &Path) -> Result<bool> {
    let text = fs::read_to_string(file).with_context(|| format!("cannot read \"{}\"", file.display()))?;
    let Some(new) = reports::migrate(&text) else { return Ok(false) };
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let written = || -> Result<()> {
        let mut whole = NamedTempFile::new_in(folder)?;
        whole.write_all(new.as_bytes())?;
        whole.as_file().sync_all()?;
        whole.persist(file)?;
        Ok(())
    };
    written().with_context(|| format!("cannot write \"{}\"", file.display()))?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_report_is_rewritten_once_and_other_files_never() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            path
        };
        let report =
            file("int8.json", "{\"rounding\":\"nearest\",\"weights_sha256\":\"ab\",\"n\":1,\"same_class\":1.0}");
        let speed = file("speed.json", "{\"contenders\":[]}");
        assert!(migrate(&report).unwrap());
        assert!(fs::read_to_string(&report).unwrap().starts_with("{\"kind\": \"rounding\""));
        assert!(!migrate(&report).unwrap() && !migrate(&speed).unwrap());
        assert!(migrate(&folder.path().join("missing.json")).is_err());
    }
}

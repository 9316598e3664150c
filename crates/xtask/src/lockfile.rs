//! Versions out of `Cargo.lock`: the program `wasm-bindgen` must be exactly the library's version.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use model::Hinted;
use serde::Deserialize;

#[derive(Deserialize)]
struct Lock {
    package: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
}

/// The locked version of a package that occurs once.
///
/// # Errors
/// If the file can't be read, or holds the package never or in several versions.
pub fn version_of(lock: &Path, package: &str) -> Result<String> {
    let text = fs::read_to_string(lock).with_context(|| format!("cannot read {}", lock.display()))?;
    version_in(&text, package).with_context(|| format!("in {}", lock.display()))
}

fn version_in(text: &str, name: &str) -> Result<String> {
    let lock: Lock = toml::from_str(text).context("not a lock file of cargo")?;
    let mut versions: Vec<String> =
        lock.package.into_iter().filter(|package| package.name == name).map(|package| package.version).collect();
    match versions.len() {
        1 => Ok(versions.remove(0)),
        0 => bail!(Hinted::new(format!("{name} is not in the lock file."), "run `cargo generate-lockfile`")),
        _ => bail!("{name} is locked in {} versions ({}); one is needed", versions.len(), versions.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = r#"
version = 4
[[package]]
name = "wasm-bindgen"
version = "0.2.130"
source = "registry+https://github.com/rust-lang/crates.io-index"
dependencies = ["cfg-if"]
[[package]]
name = "wasm-bindgen-macro"
version = "0.2.129"
[[package]]
name = "rand"
version = "0.8.5"
[[package]]
name = "rand"
version = "0.9.2"
"#;

    #[test]
    fn a_name_is_matched_whole() {
        assert_eq!(version_in(LOCK, "wasm-bindgen").unwrap(), "0.2.130");
    }

    #[test]
    fn a_missing_package_is_named() {
        assert!(version_in(LOCK, "trunk").unwrap_err().to_string().contains("trunk is not in the lock file"));
    }

    #[test]
    fn two_versions_are_both_named() {
        let error = version_in(LOCK, "rand").unwrap_err().to_string();
        assert!(error.contains("0.8.5") && error.contains("0.9.2"), "{error}");
    }

    #[test]
    fn a_broken_file_is_an_error() {
        assert!(version_in("[[package", "rand").is_err());
    }
}

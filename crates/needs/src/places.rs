//! Where tests and setup look for what is not in the repository.

use std::env;
use std::path::PathBuf;

use crate::Need;

/// A folder of `shared`, which may lie beside the clone. Tests start in their crate's folder.
#[track_caller]
#[must_use]
pub fn shared(name: &str) -> Option<PathBuf> {
    let folder = PathBuf::from("../../../shared").join(name);
    let found =
        if folder.is_dir() { Ok(folder) } else { Err(format!("there is no folder ../shared/{name} beside the clone")) };
    Need::Data.met(found)
}

/// Where setup keeps what it makes, outside the clone; `None` where no home folder is known.
#[must_use]
pub fn cache() -> Option<PathBuf> {
    let set = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let folder =
        set("XDG_CACHE_HOME").or_else(|| set("LOCALAPPDATA")).or_else(|| set("HOME").map(|home| home.join(".cache")));
    folder.map(|folder| folder.join("sulcus"))
}

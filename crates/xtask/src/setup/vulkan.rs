//! A Vulkan driver for the native WebGPU tests; Mesa's lavapipe runs on any processor.

use std::fs;
use std::path::Path;

use super::{State, Step, system};
use crate::workspace::Workspace;

/// The step that `setup` takes.
pub const STEP: Step = Step {
    name: "vulkan",
    why: "lets the WebGPU engine be tested natively, without a graphics card",
    find: |_: &Workspace| find(),
    install: |workspace| system::install(workspace, &["mesa-vulkan-drivers", "libvulkan1"]),
    without_it: Some("tests of the WebGPU engine are skipped, where no other driver is found"),
};

const FOLDERS: [&str; 3] = ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d", "/usr/local/share/vulkan/icd.d"];

fn find() -> State {
    if !cfg!(target_os = "linux") {
        return State::Present("not needed, the system brings one".into());
    }
    let drivers = FOLDERS.iter().flat_map(|folder| driver_names(Path::new(folder))).collect::<Vec<_>>();
    if drivers.is_empty() {
        State::Missing("no driver is registered".into())
    } else {
        State::Present(drivers.join(", "))
    }
}

/// The drivers that register themselves in a folder.
fn driver_names(folder: &Path) -> Vec<String> {
    let Ok(files) = fs::read_dir(folder) else { return Vec::new() }; // most systems have only one of the folders
    let mut names: Vec<String> =
        files.filter_map(|file| file.ok()?.file_name().to_str()?.strip_suffix(".json").map(str::to_owned)).collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drivers_are_the_json_files_of_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["lvp_icd.x86_64.json", "intel_icd.x86_64.json", "README"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        assert_eq!(driver_names(folder.path()), ["intel_icd.x86_64", "lvp_icd.x86_64"]);
        assert!(driver_names(&folder.path().join("absent")).is_empty());
    }
}

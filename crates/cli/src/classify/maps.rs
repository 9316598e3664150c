//! Maps of evidence on the disk.

use std::fs::create_dir_all;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, ensure};
use classifier::{Classifier, EvidenceMap};
use evaluation::ScanMap;
use imaging::Rect;
use model::Hinted;
use serde::Serialize;

/// A map of evidence and the files that it was written to.
#[derive(Serialize)]
pub struct MapFiles {
    /// Cells along each side of the square that the network was shown.
    side: usize,
    /// Row by row, 0 to 1.
    values: Vec<f32>,
    /// Left, top, width and height of that square, in the scan's pixels.
    shown: [i64; 4],
    png: PathBuf,
    nifti: PathBuf,
}

/// Where maps are written.
pub struct MapFolder<'a>(&'a Path);

impl<'a> MapFolder<'a> {
    /// Makes the folder.
    ///
    /// # Errors
    /// The network gives no map, or the disk refuses.
    pub fn make(folder: &'a Path, classifier: &Classifier) -> anyhow::Result<Self> {
        ensure!(
            classifier.manifest().network()?.map_output().is_some(),
            Hinted::new(
                "the network of this weights file says what it sees, not where",
                "leave --maps out, or name the weights file of a network with a map"
            )
        );
        make_folder(folder)?;
        Ok(Self(folder))
    }

    /// Writes the map of the part `shown` of a scan of `size` pixels. It lies under the scan's own path, so that no two scans
    /// have one name.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn write(&self, scan: &Path, map: EvidenceMap, shown: Rect, size: [u32; 2]) -> anyhow::Result<MapFiles> {
        let folder = self.0.join(parents(scan));
        make_folder(&folder)?;
        let name = scan.file_name().unwrap_or_default().to_string_lossy();
        let [png, nifti] = ScanMap::new(&map, shown, size).write(&folder, &name)?;
        let Rect { left, top, width, height } = shown;
        let shown = [left.into(), top.into(), width.into(), height.into()];
        Ok(MapFiles { side: map.side, values: map.values, shown, png, nifti })
    }
}

/// The folders of a path, with `__` for each that leads upwards.
fn parents(path: &Path) -> PathBuf {
    let folders = path.parent().into_iter().flat_map(Path::components);
    let name = |component| match component {
        Component::Normal(name) => Some(name),
        Component::ParentDir => Some("__".as_ref()),
        Component::CurDir | Component::RootDir | Component::Prefix(_) => None,
    };
    folders.filter_map(name).collect()
}

fn make_folder(folder: &Path) -> anyhow::Result<()> {
    create_dir_all(folder).with_context(|| format!("cannot make the folder \"{}\"", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_lies_within_the_folder_whatever_the_path_of_its_scan() {
        for (scan, expected) in [
            ("a.png", ""),
            ("scans/a.png", "scans"),
            ("./x/../a.png", "x/__"),
            ("../../a.png", "__/__"),
            ("/x/a.png", "x"),
        ] {
            assert_eq!(parents(Path::new(scan)), Path::new(expected), "{scan}");
        }
    }
}

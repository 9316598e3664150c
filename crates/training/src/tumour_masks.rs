//! Outlines of tumours, as someone drew them: where the training may cut a tumour out or put one in.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context, ensure};
use imaging::PreparedSlice;
use model::Hinted;
use scans::ScansConfig;
use serde::Deserialize;

use crate::map_targets::Polygon;
/// One line of a file of outlines.
#[derive(Deserialize)]
struct Line {
    /// Path of the scan below the data folder, with `/`.
    path: String,
    /// Corners in the scan's pixels.
    polygon_xy: Vec<[f32; 2]>,
}

/// The outlines of a data set: a polygon by path of the scan.
#[derive(Debug, Clone, Default)]
pub struct TumourMasks {
    polygons: HashMap<String, Vec<[f32; 2]>>,
}

impl TumourMasks {
    /// Reads a file of one JSON object a line: `{"path": "Training/glioma/1.jpg", "polygon_xy": [[x, y], ...]}`, in the
    /// pixels of the scan. Other fields are passed over.
    ///
    /// # Errors
    /// The file can't be read, or a line is none, or its polygon has fewer than three corners.
    pub(crate) fn open(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the outlines \"{}\"", path.display()))?;
        let mut polygons = HashMap::new();
        for (number, text) in text.lines().enumerate() {
            let place = || format!("\"{}\", line {}", path.display(), number + 1);
            let line: Line = serde_json::from_str(text).with_context(place)?;
            let corners = line.polygon_xy.len();
            ensure!(corners >= 3, "{}: the polygon has {corners} corners; at least 3 make an outline", place());
            polygons.insert(line.path, line.polygon_xy);
        }
        Ok(Self { polygons })
    }

    /// The file that was named, or the one that lies in the folder of scans or beside it.
    ///
    /// # Errors
    /// There is none, or as [`TumourMasks::open`].
    pub fn find(named: Option<&Path>, scans: &ScansConfig) -> anyhow::Result<Self> {
        let file = named.map(Path::to_owned).or_else(|| scans.beside("tumor_polygons.jsonl"));
        let nowhere = || Hinted::new("outlines of tumours are nowhere.", "name the file with --outlines");
        Self::open(&file.ok_or_else(nowhere)?)
    }

    /// A name for exactly these outlines: SHA-256 in hex.
    #[must_use]
    pub(crate) fn digest(&self) -> String {
        let mut lines: Vec<String> =
            self.polygons.iter().map(|(path, corners)| format!("{path} {corners:?}")).collect();
        lines.sort_unstable();
        weights::sha256(lines.join("\n").as_bytes())
    }

    /// Whether the scan at this path has an outline.
    #[must_use]
    pub(crate) fn has(&self, path: &str) -> bool {
        self.polygons.contains_key(path)
    }

    /// The corners of the outline, from -1 to 1 across the prepared slice; `None` where there is no outline.
    #[must_use]
    pub fn outline(&self, path: &str, slice: &PreparedSlice) -> Option<Polygon> {
        Some(in_prepared(self.polygons.get(path)?, slice))
    }

    /// The pixels of a prepared slice whose centre lies in the outline, row-major; `None` where there is no outline or
    /// no pixel in it.
    #[must_use]
    pub fn mask(&self, path: &str, slice: &PreparedSlice) -> Option<Vec<bool>> {
        let (side, corners) = (slice.size() as usize, self.outline(path, slice)?);
        let unit = |index: usize| (2.0 * index as f32 + 1.0) / side as f32 - 1.0;
        let centre = |index: usize| [unit(index % side), unit(index / side)];
        let mask: Vec<bool> = (0..side * side).map(|index| contains(&corners, centre(index))).collect();
        mask.contains(&true).then_some(mask)
    }
}

/// Points in a scan's pixels, from -1 to 1 across the prepared slice.
pub(crate) fn in_prepared(points: &[[f32; 2]], slice: &PreparedSlice) -> Polygon {
    let crop = slice.crop();
    let unit = |value: f32, start: i32| 2.0 * (value - start as f32) / crop.width as f32 - 1.0;
    points.iter().map(|[x, y]| [unit(*x, crop.left), unit(*y, crop.top)]).collect()
}

/// Whether a point lies in a polygon: a ray to the right crosses its edges an odd number of times.
pub(crate) fn contains(corners: &[[f32; 2]], [x, y]: [f32; 2]) -> bool {
    let edges = corners.iter().zip(corners.iter().cycle().skip(1));
    let crosses = |(a, b): (&[f32; 2], &[f32; 2])| {
        (a[1] > y) != (b[1] > y) && x < a[0] + (y - a[1]) / (b[1] - a[1]) * (b[0] - a[0])
    };
    edges.filter(|&edge| crosses(edge)).count() % 2 == 1
}

#[cfg(test)]
mod tests {
    use imaging::{Crop, InputSpec, Slice};

    use super::*;

    fn outlines(text: &str) -> anyhow::Result<TumourMasks> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        TumourMasks::open(file.path())
    }

    #[test]
    fn an_outline_follows_its_slice_through_preparation() {
        let outlines =
            outlines(r#"{"path": "a.png", "polygon_xy": [[10, 20], [20, 20], [20, 40], [10, 40]]}"#).unwrap();
        let slice = Slice::new(40, 80, (0..3200).map(|value| value as f32).collect()).unwrap();
        let spec = InputSpec { size: 40, crop: Crop::None, ..InputSpec::default() };
        // 40 x 80 pixels lie in the middle of a square of 80, which becomes 40 x 40.
        let mask = outlines.mask("a.png", &imaging::prepare(&slice, &spec)).unwrap();
        let inside = |x: usize, y: usize| (15..20).contains(&x) && (10..20).contains(&y);
        assert!((0..1600).all(|index| mask[index] == inside(index % 40, index / 40)));
        assert!(outlines.mask("b.png", &imaging::prepare(&slice, &spec)).is_none());
    }

    #[test]
    fn a_line_that_is_no_outline_is_named() {
        let error = outlines("{\"path\": \"a\", \"polygon_xy\": [[1, 2], [3, 4]]}").unwrap_err();
        assert!(error.to_string().contains("line 1") && error.to_string().contains("at least 3"), "{error}");
    }
}

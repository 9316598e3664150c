//! The prepared slices of a data set, decoded once and kept between runs.

use std::path::{Path, PathBuf};

use imaging::{InputSpec, PreparedSlice, Rect};
use rayon::prelude::*;
use storage::{CacheKind, CachedRows, RowWriter, RowsSize};

use crate::data::Scans;
use crate::decoding::{decode, read_scan};
use crate::hint::told;
use crate::progress::progress_bar;

/// Files prepared before their slices are written.
const AT_ONCE: usize = 256;
/// Files that are prepared again before kept slices are believed: the way of preparing may have changed.
const PROBED: usize = 4;

/// A record that could not be read, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub reason: String,
}

/// The prepared slices of some records of a data set.
pub struct Slices {
    /// By index of the record; `None` where it was not asked for or could not be read.
    slices: Vec<Option<PreparedSlice>>,
    /// What could not be read.
    pub unreadable: Vec<Unreadable>,
}

impl Slices {
    /// The records at `indices`. Where they are not kept yet, every record is decoded and prepared, on every core.
    ///
    /// # Errors
    /// The cache can't be written.
    pub fn prepare(scans: &Scans, indices: &[usize], spec: &InputSpec) -> anyhow::Result<Self> {
        let kept = Kept::of(scans, spec)?;
        let dataset = scans.dataset();
        let mut slices = vec![None; dataset.records.len()];
        let mut unreadable = Vec::new();
        for &index in indices {
            match kept.slice(index) {
                Ok(slice) => slices[index] = Some(slice),
                Err(reason) => unreadable.push(Unreadable { path: dataset.file(&dataset.records[index]), reason }),
            }
        }
        Ok(Self { slices, unreadable })
    }

    /// The prepared slice of a record.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&PreparedSlice> {
        self.slices[index].as_ref()
    }

    /// Those of `indices` that could be read.
    #[must_use]
    pub fn readable(&self, indices: &[usize]) -> Vec<usize> {
        indices.iter().copied().filter(|&index| self.slices[index].is_some()).collect()
    }
}

/// Slices that are prepared already, record by record.
impl FromIterator<PreparedSlice> for Slices {
    fn from_iter<I: IntoIterator<Item = PreparedSlice>>(slices: I) -> Self {
        Self { slices: slices.into_iter().map(Some).collect(), unreadable: Vec::new() }
    }
}

/// The prepared slices of every record, one a row.
struct Kept {
    /// With the crop of each record as left, top, width and height, or why it could not be read.
    rows: CachedRows<Vec<Result<[i64; 4], String>>>,
    size: u32,
}

impl Kept {
    fn of(scans: &Scans, spec: &InputSpec) -> anyhow::Result<Self> {
        let key = serde_json::json!({ "scans": scans.fingerprint(), "input": spec }).to_string();
        let entry = scans.cache().entry(CacheKind::Slices, &key);
        let kept = CachedRows::open(entry).map(|rows| Self { rows, size: spec.size });
        if let Some(kept) = kept.filter(|kept| kept.is_of_today(scans, spec)) {
            return Ok(kept);
        }
        let bar = progress_bar(scans.dataset().records.len(), "preparing slices");
        let make = |writer: &mut RowWriter| {
            let mut notes = Vec::with_capacity(scans.dataset().records.len());
            for records in scans.dataset().records.chunks(AT_ONCE) {
                let prepare = |record| prepare_file(&scans.dataset().file(record), spec);
                let prepared: Vec<_> = records.par_iter().map(prepare).inspect(|_| bar.inc(1)).collect();
                prepared.into_iter().try_for_each(|result| write(writer, &mut notes, result, spec.size))?;
            }
            Ok(notes)
        };
        let bytes_a_row = (spec.size as usize).pow(2) * size_of::<f32>();
        let rows = CachedRows::make(entry, RowsSize { rows: scans.dataset().records.len(), bytes_a_row }, make)?;
        bar.finish_and_clear();
        Ok(Self { rows, size: spec.size })
    }

    fn slice(&self, index: usize) -> Result<PreparedSlice, String> {
        let [left, top, width, height] = self.rows.notes[index].clone()?;
        let crop = Rect { left: left as i32, top: top as i32, width: width as u32, height: height as u32 };
        PreparedSlice::kept(self.size, self.rows.row(index).to_vec(), crop)
            .ok_or_else(|| "the kept slice is damaged".to_owned())
    }

    /// Whether the first slices come out again as they were kept.
    fn is_of_today(&self, scans: &Scans, spec: &InputSpec) -> bool {
        let prepare = |record| prepare_file(&scans.dataset().file(record), spec).map_err(|file| file.reason);
        let probed = scans.dataset().records.iter().take(PROBED).enumerate();
        probed.into_iter().all(|(index, record)| self.slice(index) == prepare(record))
    }
}

fn write(
    writer: &mut RowWriter,
    notes: &mut Vec<Result<[i64; 4], String>>,
    prepared: Result<PreparedSlice, Unreadable>,
    size: u32,
) -> anyhow::Result<()> {
    match prepared {
        Ok(slice) => {
            let Rect { left, top, width, height } = slice.crop();
            notes.push(Ok([left.into(), top.into(), width.into(), height.into()]));
            writer.write(slice.pixels())
        }
        Err(file) => {
            notes.push(Err(file.reason));
            writer.write(&vec![0.0_f32; (size as usize).pow(2)])
        }
    }
}

/// The first slice of a file, prepared.
///
/// # Errors
/// The file can't be read or decoded.
pub fn prepare_file(path: &Path, spec: &InputSpec) -> Result<PreparedSlice, Unreadable> {
    let refuse = |reason: String| Unreadable { path: path.to_owned(), reason };
    let bytes = read_scan(path).map_err(|error| refuse(told(&error)))?;
    let study = decode(&bytes).map_err(|error| refuse(told(&error)))?;
    let slice = study.slices.first().ok_or_else(|| refuse("the file holds no slice".to_owned()))?;
    Ok(imaging::prepare(slice, spec))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use dataset::Dataset;
    use storage::CacheFolder;

    use super::*;

    fn scans(folder: &Path) -> Scans {
        for (number, class) in ["glioma", "notumor"].into_iter().enumerate() {
            fs::create_dir_all(folder.join("scans").join(class)).unwrap();
            let grey = |x, y| image::Luma([(x * y / 8 + 40 * number as u32) as u8]);
            image::GrayImage::from_fn(40, 30, grey).save(folder.join("scans").join(class).join("1.png")).unwrap();
        }
        fs::write(folder.join("scans/glioma/2.png"), b"\x89PNG\r\n\x1a\nnothing").unwrap();
        let dataset = Dataset::open(&folder.join("scans")).unwrap();
        Scans::new(dataset, CacheFolder::new(Some(&folder.join("cache")))).unwrap()
    }

    fn spec() -> InputSpec {
        InputSpec { size: 16, ..InputSpec::default() }
    }

    #[test]
    fn kept_slices_are_those_that_were_prepared_and_the_files_are_not_decoded_again() {
        let folder = tempfile::tempdir().unwrap();
        let scans = scans(folder.path());
        for _ in 0..2 {
            let slices = Slices::prepare(&scans, &[0, 1, 2], &spec()).unwrap();
            assert_eq!(slices.readable(&[0, 1, 2]), [0, 2]);
            assert_eq!(slices.unreadable.len(), 1);
            for index in [0, 2] {
                let expected = prepare_file(&scans.dataset().file(&scans.dataset().records[index]), &spec()).unwrap();
                assert_eq!(slices.get(index), Some(&expected));
            }
        }
        assert_eq!(fs::read_dir(folder.path().join("cache")).unwrap().count(), 1);
    }

    #[test]
    fn slices_kept_by_another_way_of_preparing_are_made_again() {
        let folder = tempfile::tempdir().unwrap();
        let scans = scans(folder.path());
        let key = serde_json::json!({ "scans": scans.fingerprint(), "input": spec() }).to_string();
        let stale = |writer: &mut RowWriter| {
            (0..3).try_for_each(|_| writer.write(&[0.5_f32; 256]))?;
            Ok(vec![Result::<[i64; 4], String>::Ok([0, 0, 40, 30]); 3])
        };
        let entry = scans.cache().entry(CacheKind::Slices, &key);
        CachedRows::make(entry, RowsSize { rows: 3, bytes_a_row: 1024 }, stale).unwrap();
        let slices = Slices::prepare(&scans, &[0], &spec()).unwrap();
        assert_eq!(
            slices.get(0),
            prepare_file(&scans.dataset().file(&scans.dataset().records[0]), &spec()).ok().as_ref()
        );
    }
}

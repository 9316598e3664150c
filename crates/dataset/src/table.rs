//! A CSV about files, as people, programs and spreadsheets write it.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use crate::DatasetError;
use crate::names::letters;

/// What the text of a CSV is taken for where it can be read as none.
const NO_TEXT: &str = "it is no text in UTF-8 or UTF-16";
/// What separates cells: the first of these that is the most frequent in the header.
const SEPARATORS: [char; 3] = [',', ';', '\t'];

/// A CSV with a header, in whose column `path` files are named.
pub(crate) struct Table {
    pub(crate) path: PathBuf,
    header: Vec<String>,
    pub(crate) rows: Vec<Row>,
    files: usize,
}

/// A row below the header, with as many cells as that.
pub(crate) struct Row {
    /// Counted from 1, the header's included.
    pub(crate) line: u64,
    cells: Vec<String>,
}

impl Row {
    /// A cell without the space around it; nothing where it is empty.
    pub(crate) fn cell(&self, column: Option<usize>) -> Option<&str> {
        Some(self.cells[column?].trim()).filter(|cell| !cell.is_empty())
    }

    /// A cell as it is written.
    pub(crate) fn as_written(&self, column: usize) -> &str {
        &self.cells[column]
    }
}

impl Table {
    /// Reads UTF-8 and UTF-16, with commas, semicolons or tabs. `needed` says of which columns there must be one.
    pub(crate) fn read(path: &Path, needed: &'static str, columns: &[&'static str]) -> Result<Self, DatasetError> {
        let bytes = std::fs::read(path).map_err(|reason| DatasetError::Read { path: path.to_owned(), reason })?;
        let failed = |reason: String| DatasetError::Csv { path: path.to_owned(), reason };
        let text = text_of(&bytes).ok_or_else(|| failed(NO_TEXT.to_owned()))?;
        let mut reader =
            csv::ReaderBuilder::new().delimiter(separator(&text)).flexible(true).from_reader(text.as_bytes());
        let header = reader.headers().map_err(|error| failed(error.to_string()))?;
        let header: Vec<String> = header.iter().map(|name| name.trim().to_owned()).collect();
        let mut table = Self { path: path.to_owned(), header, rows: Vec::new(), files: 0 };
        let lacks =
            |column| DatasetError::NoColumn { path: path.to_owned(), column, found: table.header.clone(), needed };
        table.files = table.column("path").ok_or_else(|| lacks("path"))?;
        if columns.iter().all(|column| table.column(column).is_none()) {
            return Err(lacks(columns[0]));
        }
        for row in reader.records() {
            let row = row.map_err(|error| failed(error.to_string()))?;
            let line = row.position().map_or(0, csv::Position::line);
            if row.len() != table.header.len() {
                let (found, expected) = (row.len(), table.header.len());
                return Err(failed(format!("line {line} has {found} cells, and the header has {expected}")));
            }
            table.rows.push(Row { line, cells: row.iter().map(str::to_owned).collect() });
        }
        Ok(table)
    }

    /// The column of that name, whatever its case; spaces, hyphens and underscores in it don't count.
    pub(crate) fn column(&self, name: &str) -> Option<usize> {
        self.header.iter().position(|heading| letters(heading) == letters(name))
    }

    /// The rows by the file that each names, relative to `root`. `files` are those that lie there.
    ///
    /// # Errors
    /// [`DatasetError::RepeatedRow`], or [`DatasetError::NoRowMatches`] where no row names one of the files.
    pub(crate) fn by_file(&self, root: &Path, files: &HashSet<&str>) -> Result<BTreeMap<String, &Row>, DatasetError> {
        let place = CsvPlace::new(&self.path, root);
        let mut rows = BTreeMap::new();
        for row in &self.rows {
            let file = place.file(row.as_written(self.files), files);
            if rows.insert(file.clone(), row).is_some() {
                return Err(DatasetError::RepeatedRow { path: self.path.clone(), file, line: row.line });
            }
        }
        if rows.keys().any(|file| files.contains(file.as_str())) {
            return Ok(rows);
        }
        Err(DatasetError::NoRowMatches {
            path: self.path.clone(),
            rows: self.rows.len(),
            root: root.to_owned(),
            example: files.iter().min().copied().unwrap_or_default().to_owned(),
        })
    }
}

/// Where a CSV lies beside a data set: its paths may be relative to either folder.
enum CsvPlace {
    /// In a folder above: what must be taken off a path.
    Above(String),
    /// In a folder below: what must be put before it.
    Below(String),
    Elsewhere,
}

impl CsvPlace {
    fn new(csv: &Path, root: &Path) -> Self {
        let folder = csv.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let (Ok(folder), Ok(root)) = (folder.canonicalize(), root.canonicalize()) else { return Self::Elsewhere };
        let names = |path: &Path| path.iter().flat_map(|name| [name.to_string_lossy(), "/".into()]).collect();
        match (root.strip_prefix(&folder), folder.strip_prefix(&root)) {
            (Ok(down), _) => Self::Above(names(down)),
            (_, Ok(down)) => Self::Below(names(down)),
            _ => Self::Elsewhere,
        }
    }

    /// The file that a cell means: as it is written, else with `/` for `\` and without space around it; relative to the
    /// data set, else to the CSV.
    fn file(&self, cell: &str, files: &HashSet<&str>) -> String {
        let plain = cell.trim().replace('\\', "/");
        let plain = plain.strip_prefix("./").unwrap_or(&plain);
        let other = match self {
            Self::Above(folder) => plain.strip_prefix(folder.as_str()).map(str::to_owned),
            Self::Below(folder) => Some(format!("{folder}{plain}")),
            Self::Elsewhere => None,
        };
        let meant = [Some(cell.to_owned()), Some(plain.to_owned()), other];
        meant.into_iter().flatten().find(|path| files.contains(path.as_str())).unwrap_or_else(|| plain.to_owned())
    }
}

/// The text of a file in UTF-8 or UTF-16, without its byte order mark.
fn text_of(bytes: &[u8]) -> Option<String> {
    let text = match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes)?,
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes)?,
        [0xef, 0xbb, 0xbf, rest @ ..] | rest => String::from_utf8(rest.to_vec()).ok()?,
    };
    (!text.contains('\0')).then_some(text)
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<String> {
    let (units, rest) = bytes.as_chunks();
    if !rest.is_empty() {
        return None;
    }
    String::from_utf16(&units.iter().map(|&bytes| unit(bytes)).collect::<Vec<_>>()).ok()
}

fn separator(text: &str) -> u8 {
    let header = text.trim_start().lines().next().unwrap_or_default();
    let count = |separator: &&char| header.matches(**separator).count();
    // Of equals the last one wins.
    SEPARATORS.iter().rev().max_by_key(count).map_or(b',', |&separator| separator as u8)
}

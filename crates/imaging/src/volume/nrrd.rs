//! NRRD with its voxels in the same file.
//!
//! Source: "Definition of NRRD File Format", teem.sourceforge.net/nrrd/format.html.

use super::affine::Affine;
use super::element::Element;
use super::header::{Grid, Header, Refusal, counted};
use super::{Placement, VolumeFormat};

const MAGIC: &[u8] = b"NRRD000";
/// Longest header.
const LONGEST: usize = 1 << 20;

/// Whether a file begins like NRRD.
pub(super) fn is_nrrd(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// Reads the header that the bytes begin with.
pub(super) fn read(bytes: &[u8]) -> Result<Header, Refusal> {
    let (text, offset) = header_of(bytes)?;
    let fields = Fields { text: &text };
    fields.refuse_detached()?;
    let gzip = fields.is_gzip()?;
    let element = fields.element()?;
    let axes = fields.axes()?;
    let grid = axes.grid(element, fields.is_big(element)?)?;
    let (affine, placement) = fields.affine(&axes)?;
    let format = VolumeFormat::Nrrd;
    Ok(Header { format, grid, offset, gzip, scale: None, affine, placement, window: None })
}

/// The lines before the first empty one, and where the voxels begin.
fn header_of(bytes: &[u8]) -> Result<(String, usize), String> {
    let beginning = &bytes[..bytes.len().min(LONGEST)];
    let ends = [(b"\n\n".as_slice()), (b"\n\r\n")].map(|end| {
        let at = beginning.windows(end.len()).position(|bytes| bytes == end)?;
        Some((at, at + end.len()))
    });
    let (end, offset) = ends.into_iter().flatten().min().ok_or("its header has no end")?;
    Ok((String::from_utf8_lossy(&beginning[..end]).into_owned(), offset))
}

/// The fields of a header: lines with a name, a colon and a space.
struct Fields<'a> {
    text: &'a str,
}

/// The axes in space, and the one beside them.
struct Axes {
    sides: Vec<usize>,
    /// Which of them are in space.
    space: [usize; 3],
    other: Option<usize>,
    directions: Option<Vec<Option<[f64; 3]>>>,
}

impl<'a> Fields<'a> {
    fn get(&self, names: &[&str]) -> Option<&'a str> {
        let field = |line: &'a str| {
            let (name, value) = line.split_once(':')?;
            let is_it = names.iter().any(|wanted| name.trim().eq_ignore_ascii_case(wanted));
            (is_it && !value.starts_with('=')).then(|| value.trim())
        };
        self.text.lines().filter(|line| !line.starts_with('#')).find_map(field)
    }

    fn needed(&self, name: &str) -> Result<&'a str, String> {
        self.get(&[name]).ok_or_else(|| format!("its header has no field \"{name}\""))
    }

    fn refuse_detached(&self) -> Result<(), Refusal> {
        if let Some(file) = self.get(&["data file", "datafile"]) {
            return Err(Refusal::Unsupported(format!(
                "its voxels are in another file, \"{file}\"; accepted are headers with the voxels behind them"
            )));
        }
        for names in [["line skip", "lineskip"], ["byte skip", "byteskip"]] {
            if let Some(skip) = self.get(&names).filter(|&skip| skip != "0") {
                return Err(Refusal::Unsupported(format!("its {} is {skip}; accepted is 0", names[0])));
            }
        }
        Ok(())
    }

    fn is_gzip(&self) -> Result<bool, Refusal> {
        match self.needed("encoding")?.to_ascii_lowercase().as_str() {
            "raw" => Ok(false),
            "gzip" | "gz" => Ok(true),
            other => {
                Err(Refusal::Unsupported(format!("its encoding is \"{other}\"; accepted are \"raw\" and \"gzip\"")))
            }
        }
    }

    fn element(&self) -> Result<Element, Refusal> {
        let words: Vec<&str> = self.needed("type")?.split_whitespace().collect();
        Ok(match words.join(" ").as_str() {
            "signed char" | "int8" | "int8_t" => Element::I8,
            "uchar" | "unsigned char" | "uint8" | "uint8_t" => Element::U8,
            "short" | "short int" | "signed short" | "signed short int" | "int16" | "int16_t" => Element::I16,
            "ushort" | "unsigned short" | "unsigned short int" | "uint16" | "uint16_t" => Element::U16,
            "int" | "signed int" | "int32" | "int32_t" => Element::I32,
            "uint" | "unsigned int" | "uint32" | "uint32_t" => Element::U32,
            "longlong"
            | "long long"
            | "long long int"
            | "signed long long"
            | "signed long long int"
            | "int64"
            | "int64_t" => Element::I64,
            "ulonglong" | "unsigned long long" | "unsigned long long int" | "uint64" | "uint64_t" => Element::U64,
            "float" => Element::F32,
            "double" => Element::F64,
            other => {
                let accepted = "whole numbers and floats of 8 to 64 bits";
                return Err(Refusal::Unsupported(format!("its type is \"{other}\"; accepted are {accepted}")));
            }
        })
    }

    fn is_big(&self, element: Element) -> Result<bool, String> {
        match self.get(&["endian"]) {
            Some("big") => Ok(true),
            Some("little") => Ok(false),
            None if element.length() == 1 => Ok(false),
            other => Err(format!("its endian is {other:?}; accepted are little and big")),
        }
    }

    fn axes(&self) -> Result<Axes, Refusal> {
        let sides: Option<Vec<i64>> = self.needed("sizes")?.split_whitespace().map(|side| side.parse().ok()).collect();
        let sides = counted(&sides.ok_or_else(|| "its sizes are no whole numbers".to_owned())?)?;
        let directions = self.get(&["space directions"]).map(vectors).transpose()?;
        let kinds: Vec<&str> = self.get(&["kinds"]).unwrap_or_default().split_whitespace().collect();
        if let Some(kind) = kinds.iter().find(|kind| kind.contains("color") || kind.contains("complex")) {
            return Err(Refusal::Unsupported(format!(
                "one of its axes is of kind \"{kind}\"; accepted are grey voxels"
            )));
        }
        let in_space = |&axis: &usize| match &directions {
            Some(directions) => directions.get(axis).is_some_and(Option::is_some),
            None => kinds.get(axis).map_or(axis < 3, |kind| matches!(*kind, "space" | "domain")),
        };
        let (space, others): (Vec<usize>, Vec<usize>) = (0..sides.len()).partition(in_space);
        match (<[usize; 3]>::try_from(space), others.as_slice()) {
            (Ok(space), [] | [_]) => Ok(Axes { sides, space, other: others.first().copied(), directions }),
            _ => Err(Refusal::Unsupported(format!(
                "it has {} axes; accepted are three in space, and one more at most",
                sides.len()
            ))),
        }
    }

    /// The field `space` says whither the numbers of places run.
    fn affine(&self, axes: &Axes) -> Result<(Affine, Placement), Refusal> {
        let (signs, placement) = match self.get(&["space"]).unwrap_or_default().to_ascii_lowercase().as_str() {
            "right-anterior-superior" | "ras" | "right-anterior-superior-time" | "rast" => {
                ([-1.0, -1.0, 1.0], Placement::Header)
            }
            "left-anterior-superior" | "las" | "left-anterior-superior-time" | "last" => {
                ([1.0, -1.0, 1.0], Placement::Header)
            }
            "left-posterior-superior" | "lps" | "left-posterior-superior-time" | "lpst" => {
                ([1.0, 1.0, 1.0], Placement::Header)
            }
            _ => ([1.0; 3], Placement::Assumed),
        };
        let turned = |vector: [f64; 3]| [0, 1, 2].map(|at| vector[at] * signs[at]);
        let Some(directions) = &axes.directions else {
            return Ok((self.spaced(axes), Placement::Assumed));
        };
        let steps = axes.space.map(|axis| turned(directions.get(axis).copied().flatten().unwrap_or_default()));
        let origin = self.get(&["space origin"]).map(vectors).transpose()?;
        let origin = origin.and_then(|origins| origins.first().copied().flatten()).unwrap_or_default();
        let affine = Affine { steps, origin: turned(origin) };
        if affine.is_usable() {
            return Ok((affine, placement));
        }
        Err(Refusal::Damaged("its space directions span no space".to_owned()))
    }

    /// Without directions: lengths alone, along the patient's left, back and head.
    fn spaced(&self, axes: &Axes) -> Affine {
        let spacings: Vec<f64> = self
            .get(&["spacings"])
            .unwrap_or_default()
            .split_whitespace()
            .filter_map(|word| word.parse().ok())
            .collect();
        let spacing =
            |axis: usize| spacings.get(axis).copied().filter(|length| length.is_normal()).unwrap_or(1.0).abs();
        let [x, y, z] = axes.space.map(spacing);
        Affine { steps: [[x, 0.0, 0.0], [0.0, y, 0.0], [0.0, 0.0, z]], origin: [0.0; 3] }
    }
}

impl Axes {
    /// The first axis runs fastest, whichever of them are in space.
    fn grid(&self, element: Element, big: bool) -> Result<Grid, String> {
        let total = self.sides.iter().try_fold(1_usize, |product, &side| product.checked_mul(side));
        total.ok_or_else(|| format!("its sizes {:?} are more than any memory", self.sides))?;
        let stride = |axis: usize| self.sides[..axis].iter().product();
        Ok(Grid {
            element,
            big,
            sides: self.space.map(|axis| self.sides[axis]),
            strides: self.space.map(stride),
            times: self.other.map_or(1, |axis| self.sides[axis]),
            time_stride: self.other.map_or(0, stride),
        })
    }
}

/// Vectors in parentheses, and `none` for an axis that is not in space.
fn vectors(mut text: &str) -> Result<Vec<Option<[f64; 3]>>, Refusal> {
    let mut found = Vec::new();
    loop {
        text = text.trim_start();
        if text.is_empty() {
            return Ok(found);
        }
        if let Some(rest) = text.strip_prefix("none") {
            found.push(None);
            text = rest;
            continue;
        }
        let (numbers, rest) =
            text.strip_prefix('(').and_then(|text| text.split_once(')')).ok_or_else(|| no_vector(text))?;
        let numbers: Option<Vec<f64>> = numbers.split(',').map(|number| number.trim().parse().ok()).collect();
        let vector: Option<[f64; 3]> = numbers.and_then(|numbers| numbers.try_into().ok());
        found.push(Some(vector.ok_or_else(|| no_vector(text))?));
        text = rest;
    }
}

fn no_vector(text: &str) -> Refusal {
    let shown: String = text.chars().take(40).collect();
    Refusal::Damaged(format!("\"{shown}\" does not begin with a vector of three numbers"))
}

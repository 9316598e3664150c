//! DICOM, one frame: what scanners and archives write.

mod deflated;
mod element;
mod header;
mod jpeg2000;
mod jpeg2000_header;
mod jpeg_ls;
mod pixels;
mod rle;
mod syntax;

use std::borrow::Cow;

use crate::{ColourMode, DecodeError, Format, Limits, Slice, Source, Study, Window};
use element::Reader;
use header::{Header, Layout};
pub(crate) use rle::unpack as unpack_bits;
use syntax::Encoding;

/// Bytes before the mark `DICM`.
const PREAMBLE: usize = 128;
const MARK: &[u8] = b"DICM";
/// SOP class of a directory of files (DICOMDIR).
const DIRECTORY: &str = "1.2.840.10008.1.3.10";

/// Why pixels can't be read, in words.
enum Fault {
    /// Cut off, or contradicting itself.
    Damaged(String),
    /// Sound, but of a kind that isn't read.
    Unsupported(String),
}

impl From<String> for Fault {
    fn from(reason: String) -> Self {
        Self::Damaged(reason)
    }
}

impl From<&str> for Fault {
    fn from(reason: &str) -> Self {
        Self::Damaged(reason.to_owned())
    }
}

/// Whether the bytes are marked as DICOM.
pub(crate) fn is_marked(bytes: &[u8]) -> bool {
    bytes.get(PREAMBLE..PREAMBLE + MARK.len()) == Some(MARK)
}

/// Whether the bytes are marked as DICOM, or begin with a plausible first element.
pub(crate) fn is_dicom(bytes: &[u8]) -> bool {
    is_marked(bytes) || bare_encoding(bytes).is_some()
}

/// Decodes the one frame of a file.
pub(crate) fn decode(bytes: &[u8], limits: &Limits) -> Result<Study, DecodeError> {
    let Opened { syntax: uid, class, data_set } = open(bytes)?;
    let format = Format::Dicom { transfer_syntax: uid.clone() };
    let damaged = |reason: String| DecodeError::Damaged { format: format.clone(), reason };
    let unsupported = |reason: String| DecodeError::Unsupported { format: format.clone(), reason };
    let mut syntax =
        syntax::of(&uid).ok_or_else(|| unsupported(format!("its pixels are {} ({uid})", syntax::name(&uid))))?;
    let data_set = if syntax.deflated {
        Cow::Owned(deflated::inflate(data_set, limits).map_err(damaged)?)
    } else {
        data_set.into()
    };
    // Some writers declare one encoding and write the other.
    syntax.encoding = bare_encoding(&data_set).unwrap_or(syntax.encoding);
    let header = Header::read(&data_set, syntax.encoding).map_err(damaged)?;
    if class.or_else(|| header.class()).as_deref() == Some(DIRECTORY) {
        return Err(unsupported("it is a directory of files (DICOMDIR), not an image".to_owned()));
    }
    if header.pixel_data().is_none() {
        let reason = if header.has_float_pixels() {
            "its pixels are floating-point numbers"
        } else {
            "it holds no image (it may be a report, a plan or a directory)"
        };
        return Err(unsupported(reason.to_owned()));
    }
    let layout = header.layout().map_err(damaged)?;
    check(&layout, limits, &format)?;
    if header.has_modality_table() {
        return Err(unsupported("its grey values go through a table (Modality LUT Sequence)".to_owned()));
    }
    let frames = header.frames().map_err(damaged)?;
    if frames != 1 {
        return Err(DecodeError::ManyFrames { frames });
    }
    let read = pixels::stored(&header, &layout, syntax).and_then(|stored| pixels::grey(stored, &header, &layout));
    let grey = read.map_err(|fault| match fault {
        Fault::Damaged(reason) => damaged(reason),
        Fault::Unsupported(reason) => unsupported(format!("{reason} ({}, {uid})", syntax::name(&uid))),
    })?;
    let slice = slice(grey, &header, &layout)?;
    let mode = ColourMode::of_dicom(&layout.photometric, layout.stored);
    Ok(Study { slices: vec![slice], source: Source { format, mode, patient_id: header.patient_id() } })
}

/// What the file meta information says, where there is any, and the data set behind it.
struct Opened<'a> {
    /// UID of the transfer syntax, guessed where it is not said.
    syntax: String,
    /// UID of the SOP class.
    class: Option<String>,
    data_set: &'a [u8],
}

/// Reads preamble and file meta information. Where a writer put a second group 0002, the first counts.
fn open(bytes: &[u8]) -> Result<Opened<'_>, DecodeError> {
    let bytes = if is_marked(bytes) { &bytes[PREAMBLE + MARK.len()..] } else { bytes };
    let mut reader = Reader::new(bytes, Encoding::ExplicitLittle);
    let (mut class, mut syntax) = (None, None);
    let mut end = 0;
    while bytes.get(end..end + 2) == Some(&[2, 0]) {
        let element = reader.next().ok().flatten().ok_or_else(|| DecodeError::Damaged {
            format: Format::Dicom { transfer_syntax: String::new() },
            reason: "the file meta information is cut off".to_owned(),
        })?;
        let uid = || header::uid_of(element.value);
        match element.tag {
            (2, 0x02) => class = class.or_else(uid),
            (2, 0x10) => syntax = syntax.or_else(uid),
            _ => {}
        }
        end = reader.position();
    }
    let data_set = &bytes[end..];
    let guessed = || match bare_encoding(data_set) {
        Some(Encoding::ExplicitLittle) => syntax::EXPLICIT_LITTLE,
        Some(Encoding::ExplicitBig) => syntax::EXPLICIT_BIG,
        _ => syntax::IMPLICIT_LITTLE,
    };
    Ok(Opened { syntax: syntax.unwrap_or_else(|| guessed().to_owned()), class, data_set })
}

/// The encoding of a data set that says nothing of it, from its first element; `None` where that is implausible.
fn bare_encoding(bytes: &[u8]) -> Option<Encoding> {
    let start: [u8; 8] = bytes.get(..8)?.try_into().ok()?;
    let [g0, g1, _, e1, v0, v1, ..] = start;
    let explicit = v0.is_ascii_uppercase() && v1.is_ascii_uppercase();
    match (g0, g1) {
        (2 | 8, 0) if explicit => Some(Encoding::ExplicitLittle),
        (0, 8) if explicit => Some(Encoding::ExplicitBig),
        (8, 0) if e1 < 0x80 => {
            let length = element::u32_of(&start[4..], false) as usize;
            (length <= bytes.len() - 8).then_some(Encoding::ImplicitLittle)
        }
        _ => None,
    }
}

fn check(layout: &Layout, limits: &Limits, format: &Format) -> Result<(), DecodeError> {
    let &Layout { width, height, samples, .. } = layout;
    if width > limits.max_side || height > limits.max_side {
        return Err(DecodeError::TooManyPixels { width, height, limit: limits.max_side });
    }
    if width == 0 || height == 0 {
        let reason = format!("it declares {width} x {height} pixels");
        return Err(DecodeError::Damaged { format: format.clone(), reason });
    }
    if !matches!(samples, 1 | 3) {
        let reason = format!("it has {samples} samples a pixel; 1 and 3 are read");
        return Err(DecodeError::Unsupported { format: format.clone(), reason });
    }
    Ok(())
}

/// Rescales to modality units, inverts `MONOCHROME1`, and takes over the window.
fn slice(grey: Vec<f32>, header: &Header, layout: &Layout) -> Result<Slice, DecodeError> {
    let Layout { width, height, .. } = *layout;
    if !layout.photometric.starts_with("MONOCHROME") {
        let palette = layout.photometric == "PALETTE COLOR";
        let white = if palette { 255.0 } else { ((1_u64 << layout.stored) - 1) as f32 };
        let slice = Slice::new(width, height, grey)?;
        return Ok(slice.with_window(Window::between(0.0, white)));
    }
    let grey = without_padding(grey, header, layout);
    let (slope, intercept) = header.rescale();
    let modality = |stored: f64| slope * stored + intercept;
    let inverted = layout.photometric == "MONOCHROME1";
    let ends = stored_range(layout);
    // In modality units, the lowest and the highest storable value change places.
    let mirror = modality(ends.0) + modality(ends.1);
    let displayed = |value: f64| if inverted { mirror - value } else { value };
    let pixels = grey.iter().map(|&stored| displayed(modality(stored.into())) as f32).collect();
    let slice = Slice::new(width, height, pixels)?;
    Ok(match header.window() {
        None => slice,
        Some((low, high)) => {
            let (low, high) = (displayed(low) as f32, displayed(high) as f32);
            slice.with_window(Window::between(low.min(high), low.max(high)))
        }
    })
}

/// What lies outside the picture becomes as dark as the darkest pixel in it.
fn without_padding(mut grey: Vec<f32>, header: &Header, layout: &Layout) -> Vec<f32> {
    let Some((low, high)) = header.padding(layout) else { return grey };
    let is_padding = |value: &f32| (low..=high).contains(value);
    let real = grey.iter().copied().filter(|value| !is_padding(value));
    let inverted = layout.photometric == "MONOCHROME1";
    let darkest = if inverted { real.reduce(f32::max) } else { real.reduce(f32::min) };
    if let Some(darkest) = darkest {
        grey.iter_mut().filter(|value| is_padding(value)).for_each(|value| *value = darkest);
    }
    grey
}

/// The lowest and the highest value the stored bits can hold.
fn stored_range(layout: &Layout) -> (f64, f64) {
    let values = (1_u64 << layout.stored) as f64;
    if layout.signed { (-values / 2.0, values / 2.0 - 1.0) } else { (0.0, values - 1.0) }
}

/// Compressed pixels of another size than the header says.
fn other_size((width, height): (u32, u32), expected: (u32, u32)) -> String {
    format!("its compressed pixels are {width} x {height}, its header says {} x {}", expected.0, expected.1)
}

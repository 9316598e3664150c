//! An image of one frame or several: opened once, each frame decoded when it is asked for.

use std::borrow::Cow;
use std::ops::Range;

use super::attributes;
use super::element::Tag;
use super::groups::{Groups, Values};
use super::layout::{self, Layout};
use super::pixels::{self, Code};
use super::reader::{self, Parsed, Pixels};
use super::syntax::{self, Encoding, Syntax};
use super::table::{self, Table};
use super::tree::{DataSet, uid_of};
use super::{DIRECTORY, Fault, bare_encoding, deflated, fragments, meta};
use crate::{Attributes, ColourMode, DecodeError, Format, Limits, Slice, SliceInfo, Window};

const CLASS: Tag = (0x0008, 0x0016);
/// 32- or 64-bit floats, which lie elsewhere than other pixels.
const FLOAT_PIXELS: [Tag; 2] = [(0x7fe0, 0x0008), (0x7fe0, 0x0009)];
/// Frames of one file, beyond which it is hostile.
const MOST_FRAMES: u32 = 1 << 16;

/// A file whose header has been read.
#[derive(Debug)]
pub(crate) struct Image<'a> {
    /// The file, or its data set where that was deflated.
    data: Cow<'a, [u8]>,
    /// Where the data set begins in it.
    start: usize,
    format: Format,
    syntax: Syntax,
    contents: Contents,
}

/// What the data set says, without its pixels.
#[derive(Debug)]
struct Contents {
    layout: Layout,
    pixels: Places,
    padding: Option<(f32, f32)>,
    palettes: Option<[Table; 3]>,
    /// What is known of every frame, and how its stored values are meant.
    frames: Vec<SliceInfo>,
    values: Vec<Values>,
    attributes: Attributes,
}

/// Where the pixels lie in the data set, in bytes.
#[derive(Debug)]
enum Places {
    Native {
        bytes: Range<usize>,
        turned: bool,
    },
    /// The fragments of every frame.
    Fragments(Vec<Vec<Range<usize>>>),
}

/// Reads all of a file but its pixels.
///
/// # Errors
/// When it is damaged, holds no image, or one that is larger than `limits` or of a kind that is not read.
pub(crate) fn open<'a>(bytes: Cow<'a, [u8]>, limits: &Limits) -> Result<Image<'a>, DecodeError> {
    let of_unknown = |reason: String| Fault::Damaged(reason).of(&Format::Dicom { transfer_syntax: String::new() });
    let opened = meta::open(&bytes).map_err(of_unknown)?;
    let format = Format::Dicom { transfer_syntax: opened.syntax.clone() };
    Image::open(bytes, opened, format.clone(), limits).map_err(|fault| fault.of(&format))
}

impl<'a> Image<'a> {
    fn open(bytes: Cow<'a, [u8]>, opened: meta::Opened, format: Format, limits: &Limits) -> Result<Self, Fault> {
        let meta::Opened { syntax: uid, class, end } = opened;
        let unread = || Fault::Unsupported(format!("its pixels are {} ({uid})", syntax::name(&uid)));
        let mut syntax = syntax::of(&uid).ok_or_else(unread)?;
        let (data, start) =
            if syntax.deflated { (Cow::Owned(deflated::inflate(&bytes[end..], limits)?), 0) } else { (bytes, end) };
        // Some writers declare one encoding and write the other.
        syntax.encoding = bare_encoding(&data[start..]).unwrap_or(syntax.encoding);
        let contents = Contents::read(&data[start..], class, syntax.encoding, limits)?;
        Ok(Self { data, start, format, syntax, contents })
    }

    pub(crate) fn format(&self) -> &Format {
        &self.format
    }

    pub(crate) fn attributes(&self) -> &Attributes {
        &self.contents.attributes
    }

    pub(crate) fn mode(&self) -> ColourMode {
        ColourMode::of_dicom(&self.contents.layout.photometric, self.contents.layout.stored)
    }

    /// What is known of every frame; there is one at least.
    pub(crate) fn frames(&self) -> &[SliceInfo] {
        &self.contents.frames
    }

    /// Decodes a frame; `index` is below the number of frames.
    ///
    /// # Errors
    /// When its pixels are damaged or of a kind that is not read.
    pub(crate) fn slice(&self, index: usize) -> Result<Slice, DecodeError> {
        let Contents { layout, palettes, .. } = &self.contents;
        let read = pixels::stored(self.code(index), layout, self.syntax)
            .and_then(|stored| pixels::grey(stored, palettes.as_ref(), layout));
        let grey = read.map_err(|fault| self.named(fault).of(&self.format))?;
        self.contents.slice(grey, index)
    }

    /// The windows that a grey frame can be displayed with.
    pub(crate) fn windows(&self, index: usize) -> Vec<Window> {
        if !self.contents.layout.is_monochrome() {
            return Vec::new();
        }
        let mirror = self.contents.mirror(index);
        self.contents.values[index].display.windows(|value| mirror.map_or(value, |mirror| mirror - value))
    }

    fn code(&self, index: usize) -> Code<'_> {
        let data_set = &self.data[self.start..];
        match &self.contents.pixels {
            Places::Native { bytes, turned } => {
                Code::Native { bytes: &data_set[bytes.clone()], frame: index, turned: *turned }
            }
            Places::Fragments(frames) => Code::Stream(match frames[index].as_slice() {
                [one] => data_set[one.clone()].into(),
                several => several.iter().flat_map(|place| &data_set[place.clone()]).copied().collect(),
            }),
        }
    }

    /// The fault, with the transfer syntax where that is to blame.
    fn named(&self, fault: Fault) -> Fault {
        match (fault, &self.format) {
            (Fault::Unsupported(reason), Format::Dicom { transfer_syntax: uid }) => {
                Fault::Unsupported(format!("{reason} ({}, {uid})", syntax::name(uid)))
            }
            (fault, _) => fault,
        }
    }
}

impl Contents {
    fn read(bytes: &[u8], class: Option<String>, encoding: Encoding, limits: &Limits) -> Result<Self, Fault> {
        let Parsed { data_set, pixels } = reader::read(bytes, encoding)?;
        let class = class.or_else(|| data_set.bytes(CLASS).and_then(uid_of));
        if class.as_deref() == Some(DIRECTORY) {
            return Err(Fault::Unsupported("it is a directory of files (DICOMDIR), not an image".to_owned()));
        }
        let without_image = || {
            Fault::Unsupported(if FLOAT_PIXELS.iter().any(|&tag| data_set.contains(tag)) {
                "its pixels are floating-point numbers".to_owned()
            } else {
                "it holds no image (it may be a report, a plan or a directory)".to_owned()
            })
        };
        let pixels = pixels.ok_or_else(without_image)?;
        let layout = Layout::read(&data_set)?;
        check(&layout, limits)?;
        let count = layout::frames(&data_set)?;
        if count > MOST_FRAMES {
            return Err(Fault::Unsupported(format!("it declares {count} frames; the limit is {MOST_FRAMES}")));
        }
        let pixels = Places::find(bytes, &data_set, pixels, &layout, count as usize, encoding)?;
        let groups = Groups::read(&data_set)?;
        let palettes = layout.photometric == "PALETTE COLOR";
        let palettes = palettes.then(|| table::palettes(&data_set, layout.signed)).transpose()?;
        let padding = layout.padding(&data_set);
        let (frames, values) = groups.frames(&layout, count)?.into_iter().unzip();
        let attributes = attributes::read(&data_set, &groups);
        Ok(Self { layout, pixels, padding, palettes, frames, values, attributes })
    }

    /// Turns stored values into modality units, inverts `MONOCHROME1`, and takes over the window.
    fn slice(&self, grey: Vec<f32>, index: usize) -> Result<Slice, DecodeError> {
        let layout = &self.layout;
        let Layout { width, height, .. } = *layout;
        if !layout.is_monochrome() {
            let palette = layout.photometric == "PALETTE COLOR";
            let white = if palette { 255.0 } else { ((1_u64 << layout.stored) - 1) as f32 };
            let slice = Slice::new(width, height, grey)?;
            return Ok(slice.with_window(Window::between(0.0, white)));
        }
        let grey = self.without_padding(grey);
        let Values { modality, display } = &self.values[index];
        let mirror = self.mirror(index);
        let displayed = |value: f64| mirror.map_or(value, |mirror| mirror - value);
        let pixels = grey.iter().map(|&stored| displayed(modality.of(stored.into())) as f32).collect();
        Ok(display.applied(Slice::new(width, height, pixels)?, mirror))
    }

    /// Where the lowest value is white, what modality values are taken from: the lowest and the highest storable
    /// value change places.
    fn mirror(&self, index: usize) -> Option<f64> {
        let (low, high) = self.layout.stored_range();
        let modality = &self.values[index].modality;
        self.layout.is_inverted().then(|| modality.of(low) + modality.of(high))
    }

    /// What lies outside the picture becomes as dark as the darkest pixel in it.
    fn without_padding(&self, mut grey: Vec<f32>) -> Vec<f32> {
        let Some((low, high)) = self.padding else { return grey };
        let is_padding = |value: &f32| (low..=high).contains(value);
        let real = grey.iter().copied().filter(|value| !is_padding(value));
        let darkest = if self.layout.is_inverted() { real.reduce(f32::max) } else { real.reduce(f32::min) };
        if let Some(darkest) = darkest {
            grey.iter_mut().filter(|value| is_padding(value)).for_each(|value| *value = darkest);
        }
        grey
    }
}

impl Places {
    fn find(
        bytes: &[u8],
        data_set: &DataSet,
        pixels: Pixels,
        layout: &Layout,
        frames: usize,
        encoding: Encoding,
    ) -> Result<Self, Fault> {
        match pixels {
            Pixels::Fragments(places) => Ok(Self::Fragments(fragments::of_frames(bytes, data_set, &places, frames)?)),
            Pixels::Native { bytes, words } => {
                let needed = layout.native_length(frames);
                if frames > 1 && (bytes.len() as u64) < needed {
                    return Err(format!("it has {} of {needed} bytes of pixels", bytes.len()).into());
                }
                let turned = encoding == Encoding::ExplicitBig && words && layout.allocated == 8;
                Ok(Self::Native { bytes, turned })
            }
        }
    }
}

fn check(layout: &Layout, limits: &Limits) -> Result<(), Fault> {
    let &Layout { width, height, samples, .. } = layout;
    if width > limits.max_side || height > limits.max_side {
        return Err(Fault::TooManyPixels { width, height, limit: limits.max_side });
    }
    if width == 0 || height == 0 {
        return Err(format!("it declares {width} x {height} pixels").into());
    }
    if !matches!(samples, 1 | 3) {
        return Err(Fault::Unsupported(format!("it has {samples} samples a pixel; 1 and 3 are read")));
    }
    Ok(())
}

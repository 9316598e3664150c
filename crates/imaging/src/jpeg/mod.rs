//! JPEG (ITU-T T.81): files, and the code streams inside of DICOM and TIFF.
//!
//! Entropy coding and the cosine transform are libjpeg-turbo-rs, whose samples equal those of libjpeg-turbo; it runs
//! without its vector instructions: the same integer arithmetic natively and in WebAssembly.

mod stream;

use image::metadata::Orientation;
use libjpeg_turbo_rs::precision::{decompress_12bit_with_limits, decompress_lossless_arbitrary};
use libjpeg_turbo_rs::{ColorSpace, DecodeLimits, DecodeWarning, Decoder, JpegError, PixelFormat};

pub(crate) use stream::{Segment, Segments};

use crate::grey::{luma, luma_of_inks, study_of, turned};
use crate::{Channels, ColourMode, DecodeError, Format, Limits, Slice, Study, Window};
use stream::Stream;

/// Decodes a file, turned as its EXIF data say; of `YCbCr` only the luma is decoded.
pub(crate) fn decode(bytes: &[u8], limits: &Limits) -> Result<Study, DecodeError> {
    let decoded = samples(bytes, limits, false)?;
    let bits = decoded.bits;
    let channels = decoded.channels;
    let (size, orientation) = (decoded.size, decoded.orientation);
    let (pixels, (width, height)) = turned(decoded.into_grey(), size, orientation);
    let slice = Slice::new(width, height, pixels)?;
    let slice = if bits == 8 { slice.with_window(Window::between(0.0, 255.0)) } else { slice };
    Ok(study_of(slice, Format::Jpeg, ColourMode { channels, bits }))
}

/// Decoded samples, pixel by pixel.
pub(crate) struct Samples {
    pub(crate) values: Vec<u16>,
    /// Samples of a pixel: 1 grey or luma, 3 red, green and blue, or 4 inks.
    pub(crate) count: usize,
    pub(crate) size: (u32, u32),
    pub(crate) bits: u32,
    /// How the stream stores its pixels.
    pub(crate) channels: Channels,
    pub(crate) is_lossless: bool,
    /// Four inks are stored as their distance from full ink, as Adobe does.
    inverted: bool,
    orientation: Orientation,
}

/// Decodes the samples of a stream. `as_stored`: three components are left as they are where the stream itself does
/// not say how its colours are coded.
///
/// # Errors
/// When the stream is wider than `limits`, cut off, damaged, or of a process that is not read.
pub(crate) fn samples(code: &[u8], limits: &Limits, as_stored: bool) -> Result<Samples, DecodeError> {
    let stream = Stream::read(code).map_err(damaged)?;
    let (width, height) = (stream.frame.width, stream.frame.height);
    if width > limits.max_side || height > limits.max_side {
        return Err(DecodeError::TooManyPixels { width, height, limit: limits.max_side });
    }
    let read: fn(&Stream, bool) -> Result<Samples, DecodeError> = match (stream.frame.process, stream.frame.precision) {
        (0xc0..=0xc2, 8) => eight_bits,
        (0xc0 | 0xc1, 12) => twelve_bits,
        (0xc3, _) => lossless,
        (0xc0..=0xc2, bits) => return Err(unsupported(format!("its samples have {bits} bits"))),
        (0xc9..=0xcb, _) => return Err(unsupported("it is coded arithmetically".to_owned())),
        (process, _) => return Err(unsupported(format!("it is of the hierarchical process {process:02X}"))),
    };
    stream.check_whole().map_err(damaged)?;
    read(&stream, as_stored)
}

/// Baseline, extended and progressive, in one scan or several.
fn eight_bits(stream: &Stream, as_stored: bool) -> Result<Samples, DecodeError> {
    let code = stream.with_end();
    let mut decoder = Decoder::new(&code).map_err(|error| explain(&error))?;
    let (channels, count) = match decoder.jpeg_color_space() {
        ColorSpace::Grayscale => (Channels::Grey, 1),
        ColorSpace::YCbCr if as_stored && !stream.says_colours => (Channels::Rgb, 3),
        ColorSpace::YCbCr => (Channels::YCbCr, 1),
        ColorSpace::Rgb => (Channels::Rgb, 3),
        ColorSpace::Cmyk | ColorSpace::Ycck => (Channels::Cmyk, 4),
        ColorSpace::Unknown => return Err(unsupported(format!("it has {} components", stream.components()))),
    };
    match (decoder.jpeg_color_space(), count) {
        (ColorSpace::YCbCr, 3) => decoder.set_output_colorspace(ColorSpace::YCbCr),
        (_, 1) => decoder.set_output_format(PixelFormat::Grayscale),
        (_, 3) => decoder.set_output_format(PixelFormat::Rgb),
        _ => decoder.set_output_format(PixelFormat::Cmyk),
    }
    let orientation = decoder.exif_orientation().and_then(Orientation::from_exif);
    let image = decoder.decode_image().map_err(|error| explain(&error))?;
    // Stray bytes between segments change nothing; every other warning does.
    if let Some(warning) =
        image.warnings.iter().find(|warning| !matches!(warning, DecodeWarning::ExtraneousData { .. }))
    {
        return Err(damaged(warning.to_string()));
    }
    let values = image.data.into_iter().map(u16::from).collect();
    let inverted = stream.says_colours;
    Samples { inverted, ..Samples::new(stream, values, count, channels) }.turned_by(orientation).checked()
}

/// Extended, 12 bits, which DICOM uses; colours come as red, green and blue.
fn twelve_bits(stream: &Stream, _: bool) -> Result<Samples, DecodeError> {
    let (count, channels) = match stream.components() {
        1 => (1, Channels::Grey),
        3 => (3, Channels::Rgb),
        count => return Err(unsupported(format!("it has {count} components of 12 bits"))),
    };
    let image = decompress_12bit_with_limits(&stream.with_end(), &DecodeLimits::default());
    let values = image.map_err(|error| explain(&error))?.data.into_iter().map(|value| value.max(0) as u16).collect();
    Samples::new(stream, values, count, channels).checked()
}

/// Lossless (process 14), 2 to 16 bits: components are as they were stored.
fn lossless(stream: &Stream, _: bool) -> Result<Samples, DecodeError> {
    let count = stream.components();
    if !stream.is_one_full_scan() || !matches!(count, 1 | 3) {
        let reason = "its lossless components are subsampled, in scans of their own, or not 1 or 3";
        return Err(unsupported(reason.to_owned()));
    }
    let channels = if count == 1 { Channels::Grey } else { Channels::Rgb };
    let image = decompress_lossless_arbitrary(&stream.with_end()).map_err(|error| explain(&error))?;
    Samples::new(stream, image.data, count, channels).checked()
}

impl Samples {
    fn new(stream: &Stream, values: Vec<u16>, count: usize, channels: Channels) -> Self {
        let size = (stream.frame.width, stream.frame.height);
        let bits = u32::from(stream.frame.precision);
        Self {
            values,
            count,
            size,
            bits,
            channels,
            is_lossless: stream.is_lossless(),
            inverted: false,
            orientation: Orientation::NoTransforms,
        }
    }

    fn turned_by(self, orientation: Option<Orientation>) -> Self {
        Self { orientation: orientation.unwrap_or(Orientation::NoTransforms), ..self }
    }

    /// Exactly as many samples as the size asks for.
    fn checked(self) -> Result<Self, DecodeError> {
        let expected = self.size.0 as usize * self.size.1 as usize * self.count;
        if self.values.len() == expected {
            return Ok(self);
        }
        Err(damaged(format!("it holds {} of {expected} samples", self.values.len())))
    }

    /// One grey value a pixel.
    pub(crate) fn into_grey(self) -> Vec<f32> {
        let Self { values, count, bits, inverted, .. } = self;
        let white = f64::from((1_u32 << bits) - 1);
        let light = |ink: u16| if inverted { f64::from(ink) } else { white - f64::from(ink) };
        match count {
            1 => values.into_iter().map(f32::from).collect(),
            3 => values.chunks_exact(3).map(|rgb| luma(rgb[0], rgb[1], rgb[2])).collect(),
            _ => {
                let lights = |inks: &[u16]| [inks[0], inks[1], inks[2], inks[3]].map(light);
                values.chunks_exact(4).map(|inks| luma_of_inks(lights(inks), white)).collect()
            }
        }
    }
}

fn damaged(reason: String) -> DecodeError {
    DecodeError::Damaged { format: Format::Jpeg, reason }
}

fn unsupported(reason: String) -> DecodeError {
    DecodeError::Unsupported { format: Format::Jpeg, reason }
}

fn explain(error: &JpegError) -> DecodeError {
    match error {
        JpegError::UnexpectedEof => damaged("the file ends before its image does".to_owned()),
        JpegError::Unsupported(reason) => unsupported(reason.clone()),
        JpegError::CorruptData(reason) if reason.starts_with("chroma upsample") => {
            unsupported("its luma is coarser than its colours".to_owned())
        }
        JpegError::CorruptData(reason) if reason.starts_with("non-interleaved") => {
            unsupported("its scans hold some of its components together, others alone".to_owned())
        }
        JpegError::CorruptData(reason) => damaged(reason.clone()),
        other => damaged(other.to_string()),
    }
}

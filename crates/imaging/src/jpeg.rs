//! JPEG.

use image::metadata::Orientation;
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;

use crate::grey::{luma, study_of, turned};
use crate::{Channels, ColourMode, DecodeError, Format, Limits, Slice, Study, Window};

/// Decodes baseline and progressive JPEG, turned as its EXIF data say; of `YCbCr` only the luma is decoded.
///
/// Without the decoder's vector instructions: the same integer arithmetic natively and in WebAssembly.
pub(crate) fn decode(bytes: &[u8], limits: &Limits) -> Result<Study, DecodeError> {
    let Grey { pixels, size, channels, orientation } = grey(bytes, limits, false)?;
    let (pixels, (width, height)) = turned(pixels, size, orientation);
    let slice = Slice::new(width, height, pixels)?.with_window(Window::between(0.0, 255.0));
    Ok(study_of(slice, Format::Jpeg, ColourMode { channels, bits: 8 }))
}

/// Grey pixels as they lie in the file.
pub(crate) struct Grey {
    pub(crate) pixels: Vec<f32>,
    /// Width and height.
    size: (u32, u32),
    channels: Channels,
    orientation: Orientation,
}

/// As [`decode`], without turning. `rgb`: three components are red, green and blue where the file itself does not say.
pub(crate) fn grey(bytes: &[u8], limits: &Limits, rgb: bool) -> Result<Grey, DecodeError> {
    let options = options();
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(|error| explain(&error))?;
    let (width, height) = size(&decoder);
    if width > limits.max_side || height > limits.max_side {
        return Err(DecodeError::TooManyPixels { width, height, limit: limits.max_side });
    }
    let Some(header) = header_length(bytes).filter(|&length| is_whole(&bytes[length..])) else {
        let reason = "the file ends before its image does".to_owned();
        return Err(DecodeError::Damaged { format: Format::Jpeg, reason });
    };
    let says_colours = bytes[..header].windows(5).any(|five| five == b"Adobe");
    let (channels, wanted) = match decoder.input_colorspace() {
        Some(ColorSpace::Luma) => (Channels::Grey, ColorSpace::Luma),
        // Asked for what it takes them for, the decoder leaves the components as they are.
        Some(ColorSpace::YCbCr) if rgb && !says_colours => (Channels::Rgb, ColorSpace::YCbCr),
        Some(ColorSpace::YCbCr) => (Channels::YCbCr, ColorSpace::Luma),
        Some(ColorSpace::RGB) => (Channels::Rgb, ColorSpace::RGB),
        _ => (Channels::Cmyk, ColorSpace::RGB),
    };
    let orientation = decoder.exif().and_then(|exif| Orientation::from_exif_chunk(exif));
    decoder.set_options(options.jpeg_set_out_colorspace(wanted));
    let values = decoder.decode().map_err(|error| explain(&error))?;
    let pixels = if wanted == ColorSpace::Luma {
        values.iter().map(|&value| f32::from(value)).collect()
    } else {
        values.chunks_exact(3).map(|rgb| luma(rgb[0].into(), rgb[1].into(), rgb[2].into())).collect()
    };
    let orientation = orientation.unwrap_or(Orientation::NoTransforms);
    Ok(Grey { pixels, size: (width, height), channels, orientation })
}

/// The width and height a JPEG declares, in pixels.
pub(crate) fn declared_size(bytes: &[u8]) -> Result<(u32, u32), DecodeError> {
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options());
    decoder.decode_headers().map_err(|error| explain(&error))?;
    Ok(size(&decoder))
}

/// Bytes before the first scan; `None` where there is none.
fn header_length(bytes: &[u8]) -> Option<usize> {
    let mut at = 2;
    while let Some(&[0xff, marker, high, low]) = bytes.get(at..at + 4) {
        match marker {
            0xda => break,
            0xff => at += 1,
            _ => at += 2 + (usize::from(high) << 8 | usize::from(low)),
        }
    }
    (at <= bytes.len()).then_some(at)
}

/// Whether the end is marked after the first scan begins. The decoder fills what is missing with grey.
fn is_whole(scans: &[u8]) -> bool {
    scans.windows(2).any(|pair| pair == [0xff, 0xd9])
}

fn options() -> DecoderOptions {
    DecoderOptions::default()
        .set_use_unsafe(false)
        .set_strict_mode(false)
        .set_max_width(usize::from(u16::MAX))
        .set_max_height(usize::from(u16::MAX))
}

fn size(decoder: &JpegDecoder<ZCursor<&[u8]>>) -> (u32, u32) {
    decoder.dimensions().map_or((0, 0), |(width, height)| (width as u32, height as u32))
}

fn explain(error: &DecodeErrors) -> DecodeError {
    let reason = error.to_string().trim_end().to_owned();
    match error {
        DecodeErrors::Unsupported(_) => DecodeError::Unsupported { format: Format::Jpeg, reason },
        _ => DecodeError::Damaged { format: Format::Jpeg, reason },
    }
}

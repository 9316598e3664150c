//! JPEG.

use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;

use crate::grey::{luma, study_of};
use crate::{Channels, ColourMode, DecodeError, Format, Limits, Slice, Study, Window};

/// Decodes baseline and progressive JPEG; of `YCbCr` only the luma is decoded.
///
/// Without the decoder's vector instructions: the same integer arithmetic natively and in WebAssembly.
pub(crate) fn decode(bytes: &[u8], limits: &Limits) -> Result<Study, DecodeError> {
    let options = options();
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(|error| explain(&error))?;
    let (width, height) = size(&decoder);
    if width > limits.max_side || height > limits.max_side {
        return Err(DecodeError::TooManyPixels { width, height, limit: limits.max_side });
    }
    if !is_whole(bytes) {
        let reason = "the file ends before its image does".to_owned();
        return Err(DecodeError::Damaged { format: Format::Jpeg, reason });
    }
    let channels = match decoder.input_colorspace() {
        Some(ColorSpace::Luma) => Channels::Grey,
        Some(ColorSpace::YCbCr) => Channels::YCbCr,
        Some(ColorSpace::RGB) => Channels::Rgb,
        _ => Channels::Cmyk,
    };
    let grey = matches!(channels, Channels::Grey | Channels::YCbCr);
    let wanted = if grey { ColorSpace::Luma } else { ColorSpace::RGB };
    decoder.set_options(options.jpeg_set_out_colorspace(wanted));
    let values = decoder.decode().map_err(|error| explain(&error))?;
    let pixels = if grey {
        values.iter().map(|&value| f32::from(value)).collect()
    } else {
        values.chunks_exact(3).map(|rgb| luma(rgb[0].into(), rgb[1].into(), rgb[2].into())).collect()
    };
    let slice = Slice::new(width, height, pixels)?.with_window(Window::between(0.0, 255.0));
    Ok(study_of(slice, Format::Jpeg, ColourMode { channels, bits: 8 }))
}

/// The width and height a JPEG declares, in pixels.
pub(crate) fn declared_size(bytes: &[u8]) -> Result<(u32, u32), DecodeError> {
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options());
    decoder.decode_headers().map_err(|error| explain(&error))?;
    Ok(size(&decoder))
}

/// Whether the end is marked after the first scan begins. The decoder fills what is missing with grey.
fn is_whole(bytes: &[u8]) -> bool {
    let mut at = 2;
    while let Some(&[0xff, marker, high, low]) = bytes.get(at..at + 4) {
        match marker {
            0xda => break,
            0xff => at += 1,
            _ => at += 2 + (usize::from(high) << 8 | usize::from(low)),
        }
    }
    bytes.get(at..).is_some_and(|scans| scans.windows(2).any(|pair| pair == [0xff, 0xd9]))
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

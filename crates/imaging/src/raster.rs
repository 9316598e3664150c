//! PNG, BMP and WebP.

use std::io::Cursor;

use image::error::UnsupportedErrorKind;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageReader};

use crate::grey::{grey_image, study_of};
use crate::{ColourMode, DecodeError, Format, Limits, Study, png};

/// Memory a decoder may take beyond 16 bytes a pixel.
const SPARE_BYTES: u64 = 64 << 20;

/// Decodes the file's first image.
pub(crate) fn decode(bytes: &[u8], format: Format, limits: &Limits) -> Result<Study, DecodeError> {
    let kind = match format {
        Format::Bmp => image::ImageFormat::Bmp,
        Format::WebP => image::ImageFormat::WebP,
        _ => image::ImageFormat::Png,
    };
    let whole = if format == Format::Png { png::with_end(bytes) } else { bytes.into() };
    let side = u64::from(limits.max_side);
    let mut memory = image::Limits::no_limits();
    memory.max_alloc = Some(side.saturating_mul(side).saturating_mul(16).saturating_add(SPARE_BYTES));
    let mut reader = ImageReader::with_format(Cursor::new(&*whole), kind);
    reader.limits(memory);
    let fail = |error: ImageError| explain(&error, format.clone());
    let mut decoder = reader.into_decoder().map_err(fail)?;
    let (width, height) = decoder.dimensions();
    if width > limits.max_side || height > limits.max_side {
        return Err(DecodeError::TooManyPixels { width, height, limit: limits.max_side });
    }
    let mode = ColourMode::of_raster(bytes, &format, decoder.original_color_type());
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut image = DynamicImage::from_decoder(decoder).map_err(fail)?;
    if format == Format::Bmp {
        image = with_alpha_where_there_is_any(image);
    }
    image.apply_orientation(orientation);
    Ok(study_of(grey_image(&image)?, format, mode))
}

/// A decoder's words, but for those that are its code's.
fn plain(words: &str) -> String {
    if words.contains('{') { "its parts are not in the order of the format".to_owned() } else { words.to_owned() }
}

fn unsupported(kind: &UnsupportedErrorKind) -> String {
    match kind {
        UnsupportedErrorKind::Color(colour) => format!("its pixels have {} bits in all", colour.bits_per_pixel()),
        UnsupportedErrorKind::GenericFeature(feature) => feature.clone(),
        _ => "it is of a kind that the decoder does not know".to_owned(),
    }
}

/// Bitmaps of 32 bits a pixel mostly leave the last eight at zero: then nothing is meant by them.
fn with_alpha_where_there_is_any(image: DynamicImage) -> DynamicImage {
    match &image {
        DynamicImage::ImageRgba8(rgba) if rgba.pixels().all(|pixel| pixel.0[3] == 0) => image.to_rgb8().into(),
        _ => image,
    }
}

fn explain(error: &ImageError, format: Format) -> DecodeError {
    match error {
        ImageError::Unsupported(error) => DecodeError::Unsupported { format, reason: unsupported(&error.kind()) },
        _ => DecodeError::Damaged { format, reason: plain(&error.to_string()) },
    }
}

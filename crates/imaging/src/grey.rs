//! Colours become grey.
//!
//! Grey is the luma of Rec. ITU-R BT.601, `0.299 R + 0.587 G + 0.114 B`: what JPEG stores as Y, so that a colour and
//! a grey copy of a slice agree. Alpha lies over black, the value of air.

use image::metadata::Orientation;
use image::{DynamicImage, ImageBuffer, Luma, imageops};

use crate::{ColourMode, DecodeError, Format, Slice, Source, Study, Window};

/// Luma of one pixel, in the unit of its channels; exact where the three are equal.
pub(crate) fn luma(red: u16, green: u16, blue: u16) -> f32 {
    let thousandths = 299 * u32::from(red) + 587 * u32::from(green) + 114 * u32::from(blue);
    (f64::from(thousandths) / 1000.0) as f32
}

/// Luma of one pixel of any unit; [`luma`] where the channels are whole numbers.
pub(crate) fn luma_of([red, green, blue]: [f64; 3]) -> f32 {
    ((299.0 * red + 587.0 * green + 114.0 * blue) / 1000.0) as f32
}

/// Luma of four inks, given by the light that cyan, magenta, yellow and black each let through, up to `white`.
pub(crate) fn luma_of_inks([cyan, magenta, yellow, black]: [f64; 4], white: f64) -> f32 {
    luma_of([cyan, magenta, yellow].map(|light| (light * black / white).round()))
}

/// Grey pixels and their window: 8 bits are shown over their whole range, others over the range they use.
pub(crate) fn grey_image(image: &DynamicImage) -> Result<Slice, DecodeError> {
    let eight_bits = matches!(image.color().bytes_per_pixel() / image.color().channel_count(), 1);
    let slice = Slice::new(image.width(), image.height(), grey_pixels(image))?;
    Ok(if eight_bits { slice.with_window(Window::between(0.0, 255.0)) } else { slice })
}

/// Pixels turned and mirrored as EXIF data ask for, and their size then.
pub(crate) fn turned(pixels: Vec<f32>, size: (u32, u32), orientation: Orientation) -> (Vec<f32>, (u32, u32)) {
    let (width, height) = size;
    let Some(image) = ImageBuffer::<Luma<f32>, _>::from_raw(width, height, pixels) else { return (Vec::new(), size) };
    let image = match orientation {
        Orientation::NoTransforms => image,
        Orientation::Rotate90 => imageops::rotate90(&image),
        Orientation::Rotate180 => imageops::rotate180(&image),
        Orientation::Rotate270 => imageops::rotate270(&image),
        Orientation::FlipHorizontal => imageops::flip_horizontal(&image),
        Orientation::FlipVertical => imageops::flip_vertical(&image),
        Orientation::Rotate90FlipH => imageops::flip_horizontal(&imageops::rotate90(&image)),
        Orientation::Rotate270FlipH => imageops::flip_horizontal(&imageops::rotate270(&image)),
    };
    let size = image.dimensions();
    (image.into_raw(), size)
}

/// A study of one slice.
pub(crate) fn study_of(slice: Slice, format: Format, mode: ColourMode) -> Study {
    Study { slices: vec![slice], source: Source { format, mode, patient_id: None } }
}

fn grey_pixels(image: &DynamicImage) -> Vec<f32> {
    match image {
        DynamicImage::ImageLuma8(grey) => grey.iter().map(|&value| f32::from(value)).collect(),
        DynamicImage::ImageLuma16(grey) => grey.iter().map(|&value| f32::from(value)).collect(),
        DynamicImage::ImageRgb8(rgb) => rgb.pixels().map(|p| luma_of(p.0.map(f64::from))).collect(),
        DynamicImage::ImageRgb16(rgb) => rgb.pixels().map(|p| luma_of(p.0.map(f64::from))).collect(),
        DynamicImage::ImageLumaA8(grey) => {
            grey.pixels().map(|p| over_black(p.0[0].into(), p.0[1].into(), 255)).collect()
        }
        DynamicImage::ImageLumaA16(grey) => {
            grey.pixels().map(|p| over_black(f32::from(p.0[0]), p.0[1], 65535)).collect()
        }
        DynamicImage::ImageRgba8(rgba) => rgba
            .pixels()
            .map(|p| {
                let [red, green, blue, alpha] = p.0.map(u16::from);
                over_black(luma(red, green, blue), alpha, 255)
            })
            .collect(),
        DynamicImage::ImageRgba16(rgba) => rgba
            .pixels()
            .map(|p| {
                let [red, green, blue, alpha] = p.0;
                over_black(luma(red, green, blue), alpha, 65535)
            })
            .collect(),
        other => other.to_rgb32f().pixels().map(|p| 0.299 * p.0[0] + 0.587 * p.0[1] + 0.114 * p.0[2]).collect(),
    }
}

fn over_black(grey: f32, alpha: u16, opaque: u16) -> f32 {
    if alpha == opaque { grey } else { grey * f32::from(alpha) / f32::from(opaque) }
}

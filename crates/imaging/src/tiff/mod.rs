//! TIFF 6.0 and `BigTIFF`: the first page, grey of any depth.
//!
//! Structure is read here, since grey images of research software are signed, floating-point, tiled and palettes, which
//! general readers leave out; the entropy coding is that of well-kept crates.

mod chunk;
mod directory;
mod layout;

use image::metadata::Orientation;

use crate::grey::{luma_of, luma_of_inks, study_of, turned};
use crate::{DecodeError, Format, Limits, Slice, Study, Window};
use chunk::Chunk;
use directory::{Directory, tag};
use layout::{Layout, Number, Photometric, damaged, unsupported};

/// Decodes the first page, turned as it says.
pub(crate) fn decode(bytes: &[u8], limits: &Limits) -> Result<Study, DecodeError> {
    let page = Directory::first_page(bytes).map_err(damaged)?;
    let layout = Layout::read(&page, limits)?;
    let palette = (layout.photometric == Photometric::Palette).then(|| Palette::read(&page, &layout)).transpose()?;
    let pixels = grey(&page, &layout, palette.as_ref())?;
    let orientation = page.number(tag::ORIENTATION).map_err(damaged)?.and_then(|number| u8::try_from(number).ok());
    let orientation = orientation.and_then(Orientation::from_exif).unwrap_or(Orientation::NoTransforms);
    let (pixels, (width, height)) = turned(pixels, (layout.width, layout.height), orientation);
    let slice = Slice::new(width, height, pixels)?;
    let eight_bits = palette.is_some() || layout.bits == 8 && layout.number == Number::Unsigned;
    let slice = if eight_bits { slice.with_window(Window::between(0.0, 255.0)) } else { slice };
    Ok(study_of(slice, Format::Tiff, layout.mode()))
}

/// One grey value a pixel.
fn grey(page: &Directory, layout: &Layout, palette: Option<&Palette>) -> Result<Vec<f32>, DecodeError> {
    let (width, height) = (layout.width as usize, layout.height as usize);
    let (across, down) = layout.chunks();
    let (across, down) = (across as usize, down as usize);
    let (chunk_width, chunk_height) = (layout.chunk.0 as usize, layout.chunk.1 as usize);
    let planes = if layout.planar { layout.samples } else { 1 };
    let mut pixels = Vec::new();
    pixels.try_reserve_exact(width * height).map_err(|_| damaged("its pixels do not fit in memory".to_owned()))?;
    pixels.resize(width * height, 0.0_f32);
    for index in 0..across * down {
        let (left, top) = (index % across * chunk_width, index / across * chunk_height);
        let rows = chunk_height.min(height - top);
        let chunks = (0..planes).map(|plane| Chunk::read(page, layout, plane * across * down + index, rows));
        let chunks = chunks.collect::<Result<Vec<_>, _>>()?;
        for row in 0..rows {
            let line = &mut pixels[(top + row) * width..][..width];
            for (x, pixel) in line[left..].iter_mut().take(chunk_width).enumerate() {
                let sample = |sample: usize| match chunks.as_slice() {
                    [chunk] => chunk.value(row, x * chunk.samples + sample),
                    planes => planes[sample].value(row, x),
                };
                *pixel = if chunks[0].luma { sample(0) as f32 } else { grey_of(layout, palette, sample)? };
            }
        }
    }
    Ok(pixels)
}

/// The grey of one pixel's samples; alpha lies over black.
fn grey_of(layout: &Layout, palette: Option<&Palette>, sample: impl Fn(usize) -> f64) -> Result<f32, DecodeError> {
    let white = layout.white();
    let grey = match (layout.photometric, palette) {
        (Photometric::Palette, Some(palette)) => palette.grey(sample(0) as usize),
        (Photometric::BlackIsZero | Photometric::YCbCr, _) => sample(0) as f32,
        (Photometric::WhiteIsZero, _) if layout.number == Number::Signed => (-1.0 - sample(0)) as f32,
        (Photometric::WhiteIsZero, _) => (white - sample(0)) as f32,
        (Photometric::Rgb, _) => luma_of([sample(0), sample(1), sample(2)]),
        (Photometric::Cmyk, _) if layout.number == Number::Unsigned => {
            luma_of_inks([sample(0), sample(1), sample(2), sample(3)].map(|ink| white - ink), white)
        }
        _ => return Err(unsupported("its inks are not unsigned numbers".to_owned())),
    };
    if !layout.alpha {
        return Ok(grey);
    }
    let alpha = sample(layout.photometric.colours());
    // A product with one is exact.
    Ok((f64::from(grey) * (alpha / white)) as f32)
}

/// The grey values of a palette's colours, 0 to 255.
struct Palette {
    greys: Vec<f32>,
}

impl Palette {
    fn read(page: &Directory, layout: &Layout) -> Result<Self, DecodeError> {
        let map = page.numbers(tag::COLOR_MAP).map_err(damaged)?;
        let count = 1_usize << layout.bits.min(16);
        if map.len() < 3 * count || layout.bits > 16 {
            return Err(damaged(format!("its palette has {} of {} numbers", map.len(), 3 * count)));
        }
        // Some writers put 8 bits where 16 belong.
        let scale = if map.iter().any(|&entry| entry > 255) { 257.0 } else { 1.0 };
        let colour = |index: usize| [map[index], map[count + index], map[2 * count + index]].map(|entry| entry as f64);
        let greys = (0..count).map(|index| (f64::from(luma_of(colour(index))) / scale) as f32).collect();
        Ok(Self { greys })
    }

    fn grey(&self, index: usize) -> f32 {
        self.greys[index.min(self.greys.len() - 1)]
    }
}

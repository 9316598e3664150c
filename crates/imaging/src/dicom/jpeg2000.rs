//! JPEG 2000 (ITU-T T.800), through a decoder in safe Rust.

use hayro_jpeg2000::{DecodeSettings, DecoderContext, Image};

use super::jpeg2000_header::{self, Declared};

/// Decoded samples of every component.
pub(super) struct Frame {
    pub(super) components: Vec<Vec<u32>>,
}

/// Decodes an image of the expected size: stored bit patterns of every component.
///
/// # Errors
/// In words, when the code is damaged, or declares another size or an unusual number of components.
pub(super) fn decode(code: &[u8], expected: (u32, u32)) -> Result<Frame, String> {
    let code = jpeg2000_header::stream(code)?;
    let Declared { size, components, signed } = jpeg2000_header::check(code)?;
    if !matches!(components, 1 | 3) {
        return Err(format!("its JPEG 2000 has {components} components; 1 and 3 are read"));
    }
    if size != expected {
        return Err(super::other_size(size, expected));
    }
    let settings = DecodeSettings { resolve_palette_indices: false, strict: false, target_resolution: None };
    let image = Image::new(code, &settings).map_err(|error| error.to_string())?;
    let mut context = DecoderContext::default();
    let decoded = image.decode(&mut context).map_err(|error| error.to_string())?;
    let pixels = expected.0 as usize * expected.1 as usize;
    let components: Vec<Vec<u32>> = decoded
        .components()
        .iter()
        .map(|component| {
            // The decoder lifts every sample by half its range and lets lossy ones stray from it; signed ones go
            // back down.
            let range = 1_i64 << component.bit_depth().clamp(1, 32);
            let lift = if signed { range / 2 } else { 0 };
            let pattern = |&sample: &f32| ((sample.round() as i64).clamp(0, range - 1) - lift) as u32;
            component.samples().iter().map(pattern).collect()
        })
        .collect();
    if components.is_empty() || components.iter().any(|component: &Vec<u32>| component.len() != pixels) {
        return Err("its JPEG 2000 components differ in size".to_owned());
    }
    Ok(Frame { components })
}

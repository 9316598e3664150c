//! The markers around a JPEG-LS scan, and the parameters they give it.

use super::scan::{Parameters, decode_scan};
use crate::dicom::{Fault, other_size};
use crate::jpeg::{Segment, Segments};

/// Samples of a one-component frame of the expected size.
///
/// # Errors
/// When the code is cut off, has more components, or declares another size.
pub(in crate::dicom) fn decode(code: &[u8], expected: (u32, u32)) -> Result<Vec<u16>, Fault> {
    let mut depth = 0;
    let mut presets = [0; 5];
    let mut segments = Segments::of(code)?;
    while let Some(Segment { marker, content, end }) = segments.next()? {
        match marker {
            0xf7 => depth = frame(content, expected)?,
            0xf8 if content.first() == Some(&1) && content.len() >= 11 => {
                presets = std::array::from_fn(|index| i32::from(word(&content[1 + 2 * index..])));
            }
            0xf8 => return Err(Fault::Unsupported("its JPEG-LS uses mapping tables or oversized frames".to_owned())),
            0xda => {
                let near = content.get(3).copied().map_or(0, i32::from);
                if depth == 0 || content.first() != Some(&1) {
                    return Err("the JPEG-LS scan does not fit the frame".into());
                }
                return Ok(decode_scan(parameters(expected, depth, near, presets)?, &code[end..])?);
            }
            _ => {}
        }
    }
    Err("its JPEG-LS holds no scan".into())
}

/// Bits per sample.
fn frame(content: &[u8], expected: (u32, u32)) -> Result<u32, Fault> {
    let &[depth, _, _, _, _, components, ..] = content else {
        return Err("the JPEG-LS frame header is cut off".into());
    };
    let size = (u32::from(word(&content[3..])), u32::from(word(&content[1..])));
    if size != expected {
        return Err(other_size(size, expected).into());
    }
    if components != 1 || !(2..=16).contains(&depth) {
        let reason = format!("its pixels have {components} components of {depth} bits; one of 2 to 16 is read");
        return Err(Fault::Unsupported(reason));
    }
    Ok(depth.into())
}

/// Presets where the stream has them, else the defaults of C.2.4.1.1.
fn parameters((width, height): (u32, u32), depth: u32, near: i32, presets: [i32; 5]) -> Result<Parameters, String> {
    let given = |value: i32, default: i32| if value == 0 { default } else { value };
    let max = given(presets[0], (1 << depth) - 1);
    if max < 1 || max >= 1 << depth || near > 255.min(max / 2) {
        return Err("the JPEG-LS parameters contradict each other".to_owned());
    }
    let bounded = |value: i32, least: i32| if value > max || value < least { least } else { value };
    let scaled = |factors: (i32, i32, i32)| {
        let (base, offset, least) = factors;
        if max >= 128 {
            (max.min(4095) + 128) / 256 * (base - offset) + offset
        } else {
            (base / (256 / (max + 1))).max(least)
        }
    };
    let t1 = bounded(scaled((3, 2, 2)) + 3 * near, near + 1);
    let t2 = bounded(scaled((7, 3, 3)) + 5 * near, t1);
    let t3 = bounded(scaled((21, 4, 4)) + 7 * near, t2);
    let thresholds = [given(presets[1], t1), given(presets[2], t2), given(presets[3], t3)];
    let reset = given(presets[4], 64);
    if reset < 3 {
        return Err("the JPEG-LS parameters contradict each other".to_owned());
    }
    Ok(Parameters { width: width as usize, height: height as usize, max, near, thresholds, reset })
}

/// The first two bytes as a big-endian number; there are at least two.
fn word(bytes: &[u8]) -> u16 {
    u16::from_be_bytes([bytes[0], bytes[1]])
}

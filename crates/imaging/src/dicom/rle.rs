//! RLE Lossless (PS3.5, annex G): `PackBits`, one segment for every byte of every sample.

use super::element::u32_of;

const HEADER: usize = 64;

/// Samples that a byte of code can stand for, at most.
const MOST_REPEATED: usize = 64;

/// Little-endian samples, pixel by pixel: `pixels * samples * bytes` long.
///
/// # Errors
/// In words, when the segments are not as many as the layout needs, or too short.
pub(super) fn decode(code: &[u8], pixels: usize, samples: usize, bytes: usize) -> Result<Vec<u8>, String> {
    let header = code.get(..HEADER).ok_or("the RLE header is cut off")?;
    let count = u32_of(header, false) as usize;
    if count != samples * bytes || count > 15 {
        return Err(format!("it has {count} RLE segments; {} are needed", samples * bytes));
    }
    if code.len().saturating_mul(MOST_REPEATED) < pixels * count {
        return Err(format!("{} bytes of RLE are too few for {pixels} pixels", code.len()));
    }
    let mut out = vec![0; pixels * count];
    for segment in 0..count {
        let start = u32_of(&header[4 + 4 * segment..], false) as usize;
        let packed = code.get(start..).ok_or_else(|| format!("RLE segment {segment} begins beyond the end"))?;
        // Segments hold the most significant byte first.
        let (sample, byte) = (segment / bytes, bytes - 1 - segment % bytes);
        let places = out[sample * bytes + byte..].iter_mut().step_by(count);
        unpack(packed, places).ok_or_else(|| format!("RLE segment {segment} is too short"))?;
    }
    Ok(out)
}

/// Fills all places; `None` where the packed bytes end before.
pub(crate) fn unpack<'a>(packed: &[u8], mut places: impl ExactSizeIterator<Item = &'a mut u8>) -> Option<()> {
    let mut at = 0;
    while places.len() > 0 {
        let control = *packed.get(at)? as i8;
        at += 1;
        if control >= 0 {
            let length = control as usize + 1;
            let literal = packed.get(at..)?;
            for (place, &value) in places.by_ref().take(length).zip(literal) {
                *place = value;
            }
            if literal.len() < length && places.len() > 0 {
                return None;
            }
            at += length;
        } else if control != i8::MIN {
            let value = *packed.get(at)?;
            at += 1;
            let length = 1 + usize::from(control.unsigned_abs());
            places.by_ref().take(length).for_each(|place| *place = value);
        }
    }
    Some(())
}

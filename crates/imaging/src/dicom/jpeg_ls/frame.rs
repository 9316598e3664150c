//! The markers around a JPEG-LS scan, and the parameters they give it.

use super::scan::{Parameters, Target, decode_scan};
use crate::dicom::{Fault, other_size};
use crate::jpeg::{Segment, Segments};

/// Decoded samples, pixel by pixel.
pub(in crate::dicom) struct Samples {
    pub(in crate::dicom) values: Vec<u16>,
    /// Samples of a pixel, 1 or 3.
    pub(in crate::dicom) count: usize,
}

/// Samples of a frame of the expected size.
///
/// # Errors
/// When the code is cut off, is of a kind that isn't read, or declares another size.
pub(in crate::dicom) fn decode(code: &[u8], expected: (u32, u32)) -> Result<Samples, Fault> {
    let mut frame = None;
    let mut presets = [0; 5];
    let mut samples = Samples { values: Vec::new(), count: 0 };
    let mut decoded = 0;
    let mut segments = Segments::of(code)?;
    while let Some(Segment { marker, content, end }) = segments.next()? {
        match marker {
            0xf7 => {
                let Frame { components, .. } = frame.insert(Frame::read(content, expected)?);
                samples = Samples::new(components.len(), expected)?;
            }
            0xf8 if content.first() == Some(&1) && content.len() >= 11 => {
                presets = std::array::from_fn(|index| i32::from(word(&content[1 + 2 * index..])));
            }
            0xf8 => return Err(Fault::Unsupported("its JPEG-LS uses mapping tables or oversized frames".to_owned())),
            0xe8 if content.starts_with(b"mrfx") && content.get(4).is_some_and(|&kind| kind != 0) => {
                return Err(Fault::Unsupported("its JPEG-LS mixes colours (a transform of HP)".to_owned()));
            }
            0xda => {
                let unfit = || "the JPEG-LS scan does not fit the frame".to_owned();
                let frame = frame.as_ref().ok_or_else(unfit)?;
                let scan = Scan::read(content, &frame.components, decoded).ok_or_else(unfit)?;
                let parameters = parameters(expected.0, frame.depth, scan.near, presets)?;
                let Samples { values, count } = &mut samples;
                let mut target = Target { samples: values, total: *count, count: scan.count, first: decoded };
                decode_scan(parameters, scan.by_sample, &code[end..], &mut target)?;
                decoded += scan.count;
                if decoded == samples.count {
                    return Ok(samples);
                }
                segments.skip_to(end + scan_length(&code[end..]));
            }
            _ => {}
        }
    }
    Err(if decoded == 0 { "its JPEG-LS holds no scan" } else { "a JPEG-LS scan is missing" }.into())
}

/// Bytes up to the next marker: after a byte of ones, a scan goes on with a zero bit.
fn scan_length(code: &[u8]) -> usize {
    let marker = code.windows(2).position(|pair| pair[0] == 0xff && pair[1] >= 0x80);
    marker.unwrap_or(code.len())
}

impl Samples {
    fn new(count: usize, (width, height): (u32, u32)) -> Result<Self, String> {
        let length = width as usize * height as usize * count;
        let mut values = Vec::new();
        values.try_reserve_exact(length).map_err(|_| "the pixels do not fit in memory")?;
        values.resize(length, 0);
        Ok(Self { values, count })
    }
}

/// What a frame header declares.
struct Frame {
    /// Bits of a sample.
    depth: u32,
    /// Identifiers.
    components: Vec<u8>,
}

impl Frame {
    fn read(content: &[u8], expected: (u32, u32)) -> Result<Self, Fault> {
        let &[depth, _, _, _, _, count, ref rest @ ..] = content else {
            return Err("the JPEG-LS frame header is cut off".into());
        };
        let size = (u32::from(word(&content[3..])), u32::from(word(&content[1..])));
        if size != expected {
            return Err(other_size(size, expected).into());
        }
        let components: Vec<u8> = rest.chunks_exact(3).map(|one| one[0]).collect();
        let is_subsampled = rest.chunks_exact(3).any(|one| one[1] != 0x11);
        if !matches!(count, 1 | 3) || !(2..=16).contains(&depth) || is_subsampled && count > 1 {
            let reason = format!("its pixels have {count} components of {depth} bits; 1 or 3 of one size are read");
            return Err(Fault::Unsupported(reason));
        }
        if components.len() != usize::from(count) {
            return Err("the JPEG-LS frame header is cut off".into());
        }
        Ok(Self { depth: depth.into(), components })
    }
}

/// What a scan header declares.
struct Scan {
    /// Components of the scan.
    count: usize,
    near: i32,
    by_sample: bool,
}

impl Scan {
    /// `None` where it does not code the components that are not decoded yet, in their order.
    fn read(content: &[u8], components: &[u8], decoded: usize) -> Option<Self> {
        let (&count, rest) = content.split_first()?;
        let count = usize::from(count);
        let (chosen, rest) = rest.split_at_checked(2 * count)?;
        let &[near, interleave, ..] = rest else { return None };
        let expected = components.get(decoded..decoded + count)?;
        let alone = components.len() == 1;
        let is_next = alone || chosen.chunks_exact(2).map(|one| one[0]).eq(expected.iter().copied());
        let fits = count == 1 || matches!(interleave, 1 | 2);
        (count > 0 && is_next && fits).then_some(Self { count, near: near.into(), by_sample: interleave == 2 })
    }
}

/// Presets where the stream has them, else the defaults of C.2.4.1.1.
fn parameters(width: u32, depth: u32, near: i32, presets: [i32; 5]) -> Result<Parameters, String> {
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
    Ok(Parameters { width: width as usize, max, near, thresholds, reset })
}

/// The first two bytes as a big-endian number; there are at least two.
fn word(bytes: &[u8]) -> u16 {
    u16::from_be_bytes([bytes[0], bytes[1]])
}

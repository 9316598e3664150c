//! The strips and tiles of a page, decompressed.

use super::directory::{Directory, number_of, tag};
use super::layout::{Layout, Number, Photometric, damaged, unsupported};
use crate::inflate::Inflater;
use crate::{DecodeError, Limits, dicom, jpeg};

/// No compression makes one byte of more than this many; a shorter chunk is cut off or hostile.
const MOST_EXPANSION: usize = 4096;

/// The samples of a strip or tile, or of one plane of it.
pub(super) struct Chunk {
    bytes: Vec<u8>,
    row_bytes: usize,
    bits: usize,
    number: Number,
    big: bool,
    /// Samples of a pixel.
    pub(super) samples: usize,
    /// The one sample is luma, whatever the page says of colours.
    pub(super) luma: bool,
}

impl Chunk {
    /// Reads the chunk with an index; `rows` of it lie in the page.
    ///
    /// # Errors
    /// When it is cut off, damaged, or compressed in a way that is not read.
    pub(super) fn read(page: &Directory, layout: &Layout, index: usize, rows: usize) -> Result<Self, DecodeError> {
        let code = stored_bytes(page, layout, index).map_err(damaged)?;
        let samples = if layout.planar { 1 } else { layout.samples };
        if layout.compression == 7 {
            return from_jpeg(page, layout, code, samples);
        }
        if layout.photometric == Photometric::YCbCr && page.numbers(tag::YCBCR_SUBSAMPLING).map_err(damaged)? != [1, 1]
        {
            return Err(unsupported("its colours are subsampled without JPEG".to_owned()));
        }
        let row_bytes = (layout.chunk.0 as usize * samples * layout.bits as usize).div_ceil(8);
        let length = row_bytes * rows;
        if length / MOST_EXPANSION > code.len() {
            return Err(damaged(format!("strip or tile {index} has {} bytes, too few for its pixels", code.len())));
        }
        let reversed: Vec<u8>;
        let code = if layout.reversed {
            reversed = code.iter().map(|byte| byte.reverse_bits()).collect();
            &reversed
        } else {
            code
        };
        let bytes = decompressed(layout, code, length, rows)?;
        if bytes.len() < length {
            return Err(damaged(format!("strip or tile {index} has {} of {length} bytes", bytes.len())));
        }
        let bits = layout.bits as usize;
        let mut chunk = Self { bytes, row_bytes, bits, number: layout.number, big: page.big, samples, luma: false };
        chunk.undo_predictor(layout.predictor)?;
        Ok(chunk)
    }

    /// Sample `index` of a row, counted over all pixels and their samples.
    pub(super) fn value(&self, row: usize, index: usize) -> f64 {
        let row = &self.bytes[row * self.row_bytes..][..self.row_bytes];
        if !self.bits.is_multiple_of(8) {
            return f64::from(packed(row, index * self.bits, self.bits));
        }
        let size = self.bits / 8;
        let pattern = number_of(&row[index * size..][..size], self.big);
        let unused = 64 - self.bits;
        match self.number {
            Number::Unsigned => pattern as f64,
            Number::Signed => ((pattern << unused) as i64 >> unused) as f64,
            Number::Float if size == 4 => f64::from(f32::from_bits(pattern as u32)),
            Number::Float => f64::from_bits(pattern),
        }
    }

    /// Turns differences into samples (TIFF 6.0, section 14, and technical note 3).
    fn undo_predictor(&mut self, predictor: u64) -> Result<(), DecodeError> {
        let undo: fn(&mut [u8], usize, usize, bool) = match (predictor, self.number) {
            (1, _) => return Ok(()),
            (2, _) if self.bits.is_multiple_of(8) => undo_differences,
            (3, Number::Float) => undo_float_differences,
            _ => return Err(unsupported(format!("its predictor has the number {predictor}"))),
        };
        let (size, samples) = (self.bits / 8, self.samples);
        self.bytes.chunks_exact_mut(self.row_bytes).for_each(|row| undo(row, size, samples, self.big));
        // Those bytes are in the order of their significance then.
        self.big |= predictor == 3;
        Ok(())
    }
}

/// Each sample is stored as its difference from the same sample of the pixel before.
fn undo_differences(row: &mut [u8], size: usize, samples: usize, big: bool) {
    for at in (size * samples..row.len()).step_by(size) {
        let number = |bytes: &[u8]| number_of(bytes, big);
        let sum = number(&row[at..at + size]).wrapping_add(number(&row[at - size * samples..][..size]));
        let bytes = if big { sum.to_be_bytes() } else { sum.to_le_bytes() };
        row[at..at + size].copy_from_slice(if big { &bytes[8 - size..] } else { &bytes[..size] });
    }
}

/// Differences of bytes, all most significant bytes of a row first, then the next, and so on.
fn undo_float_differences(row: &mut [u8], size: usize, samples: usize, _: bool) {
    for at in samples..row.len() {
        row[at] = row[at].wrapping_add(row[at - samples]);
    }
    let planes = row.to_vec();
    let count = row.len() / size;
    for (at, byte) in row.iter_mut().enumerate() {
        *byte = planes[at % size * count + at / size];
    }
}

/// Bits of a row, the most significant first.
fn packed(row: &[u8], start: usize, bits: usize) -> u32 {
    (start..start + bits).fold(0, |value, at| value << 1 | u32::from(row[at / 8] >> (7 - at % 8) & 1))
}

fn stored_bytes<'a>(page: &Directory<'a>, layout: &Layout, index: usize) -> Result<&'a [u8], String> {
    let missing = || format!("strip or tile {index} is missing");
    let start = usize::try_from(*layout.offsets.get(index).ok_or_else(missing)?).map_err(|_| missing())?;
    let rest = page.file.get(start..).ok_or_else(missing)?;
    // Old writers leave the length of a single strip out.
    let length = layout.lengths.get(index).map_or(rest.len(), |&length| usize::try_from(length).unwrap_or(usize::MAX));
    if length > rest.len() && layout.compression != 1 {
        return Err(format!("strip or tile {index} has {} of {length} bytes", rest.len()));
    }
    Ok(&rest[..length.min(rest.len())])
}

/// At most `length` bytes.
fn decompressed(layout: &Layout, code: &[u8], length: usize, rows: usize) -> Result<Vec<u8>, DecodeError> {
    match layout.compression {
        1 => Ok(code[..length.min(code.len())].to_vec()),
        4 => group_4(code, layout.chunk.0, rows).map_err(damaged),
        5 => lzw(code, length).map_err(damaged),
        8 | 32946 => {
            let mut inflater = Inflater::zlib(code);
            inflater.inflate_to(length).map_err(damaged)?;
            Ok(inflater.inflated)
        }
        32773 => {
            let mut bytes = vec![0; length];
            dicom::unpack_bits(code, bytes.iter_mut()).ok_or_else(|| damaged("its PackBits are cut off".to_owned()))?;
            Ok(bytes)
        }
        other => Err(unsupported(format!("it is compressed by {}", name(other)))),
    }
}

fn name(compression: u64) -> String {
    match compression {
        2 | 3 => "CCITT fax, group 3".to_owned(),
        6 => "JPEG in the way of TIFF 6.0, which was given up".to_owned(),
        34712 => "JPEG 2000".to_owned(),
        34887 => "LERC".to_owned(),
        50000 => "Zstandard".to_owned(),
        50001 => "WebP".to_owned(),
        other => format!("a method of the number {other}"),
    }
}

/// Bytes up to `length`, whether or not the code's end is marked.
fn lzw(code: &[u8], length: usize) -> Result<Vec<u8>, String> {
    let mut decoder = weezl::decode::Configuration::with_tiff_size_switch(weezl::BitOrder::Msb, 8)
        .with_yield_on_full_buffer(true)
        .build();
    let mut bytes = vec![0; length];
    let (mut read, mut filled) = (0, 0);
    while filled < length {
        let piece = decoder.decode_bytes(&code[read..], &mut bytes[filled..]);
        read += piece.consumed_in;
        filled += piece.consumed_out;
        match piece.status {
            Ok(weezl::LzwStatus::Ok) => {}
            Ok(_) => break,
            Err(_) => return Err("its LZW code is damaged".to_owned()),
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

/// Rows of bits, black set.
fn group_4(code: &[u8], width: u32, rows: usize) -> Result<Vec<u8>, String> {
    let too_wide = || format!("its fax code is of {width} x {rows} pixels; 65535 are read");
    let short = u16::try_from(width).map_err(|_| too_wide())?;
    let height = u16::try_from(rows).map_err(|_| too_wide())?;
    let row_bytes = (width as usize).div_ceil(8);
    let mut bytes = Vec::with_capacity(row_bytes * rows);
    let line = |transitions: &[u16]| {
        let start = bytes.len();
        bytes.resize(start + row_bytes, 0);
        for (at, colour) in fax::decoder::pels(transitions, short).enumerate().take(width as usize) {
            if colour == fax::Color::Black {
                bytes[start + at / 8] |= 0x80 >> (at % 8);
            }
        }
    };
    fax::decoder::decode_g4(code.iter().copied(), short, Some(height), line).ok_or("its fax code is damaged")?;
    Ok(bytes)
}

/// A chunk that is a JPEG stream, its tables in a tag of the page.
fn from_jpeg(page: &Directory, layout: &Layout, code: &[u8], samples: usize) -> Result<Chunk, DecodeError> {
    let joined: Vec<u8>;
    let code = match page.bytes(tag::JPEG_TABLES) {
        // The tables' end and the stream's start fall away.
        Some(tables) if tables.len() > 4 && code.len() > 2 => {
            joined = [&tables[..tables.len() - 2], &code[2..]].concat();
            &joined
        }
        _ => code,
    };
    let limits = Limits { max_side: layout.chunk.0.max(layout.chunk.1), max_bytes: usize::MAX };
    let decoded = jpeg::samples(code, &limits, layout.photometric == Photometric::Rgb).map_err(as_tiff)?;
    let luma = decoded.count == 1 && samples > 1;
    if decoded.size.0 != layout.chunk.0 || !luma && decoded.count != samples {
        let (width, height) = decoded.size;
        let count = decoded.count;
        return Err(damaged(format!("a strip or tile is a JPEG of {width} x {height} pixels of {count} samples")));
    }
    let bytes = decoded.values.iter().flat_map(|value| value.to_le_bytes()).collect();
    let row_bytes = 2 * layout.chunk.0 as usize * decoded.count;
    Ok(Chunk { bytes, row_bytes, bits: 16, number: Number::Unsigned, big: false, samples: decoded.count, luma })
}

/// What is wrong with a JPEG stream is wrong with the TIFF that holds it.
fn as_tiff(error: DecodeError) -> DecodeError {
    match error {
        DecodeError::Damaged { reason, .. } => damaged(reason),
        DecodeError::Unsupported { reason, .. } => unsupported(reason),
        other => damaged(other.to_string()),
    }
}

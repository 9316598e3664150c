//! A file's bytes, as they are or in gzip.

use std::borrow::Cow;

use archive::{Gunzip, can_hold};

/// Bytes that are enough for every header but NRRD's, which is in no gzip.
const BEGINNING: usize = 64 << 10;

/// The file's beginning, inflated where it is a gzip, and all of it otherwise.
///
/// # Errors
/// In words, when the gzip is damaged.
pub(super) fn beginning(bytes: &[u8]) -> Result<Cow<'_, [u8]>, &'static str> {
    if !Gunzip::is_gzip(bytes) {
        return Ok(bytes.into());
    }
    let mut beginning = vec![0; BEGINNING];
    let mut gzip = Gunzip::new(bytes)?;
    let mut filled = 0;
    // A file that is cut off shall say so by its format.
    while let Ok(more @ 1..) = gzip.fill(&mut beginning[filled..(filled + 64).min(BEGINNING)]) {
        filled += more;
    }
    beginning.truncate(filled);
    Ok(beginning.into())
}

/// The first `length` bytes behind `offset`, and where they begin in what is given back. Bytes as they are are kept, not
/// copied.
///
/// # Errors
/// In words, when there are not so many, or the gzip is damaged.
pub(super) fn voxels(bytes: Vec<u8>, offset: usize, length: usize, gzip: bool) -> Result<(Vec<u8>, usize), String> {
    let whole = offset.checked_add(length).ok_or("its size is more than any memory")?;
    if Gunzip::is_gzip(&bytes) {
        return Ok((inflated(&bytes, whole)?, offset));
    }
    if gzip {
        let packed = bytes.get(offset..).unwrap_or_default();
        return Ok((inflated(packed, length)?, 0));
    }
    if bytes.len() < whole {
        return Err(format!("it has {} bytes, and declares {whole}", bytes.len()));
    }
    Ok((bytes, offset))
}

/// Inflates `length` bytes into memory of that size.
fn inflated(packed: &[u8], length: usize) -> Result<Vec<u8>, String> {
    if !can_hold(packed.len(), length as u64) {
        return Err(format!("its {} packed bytes can't hold the {length} that it declares", packed.len()));
    }
    let mut gzip = Gunzip::new(packed)?;
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(length).map_err(|_| format!("{length} bytes do not fit in memory"))?;
    bytes.resize(length, 0);
    let filled = gzip.fill(&mut bytes)?;
    if filled < length {
        return Err(format!("it has {filled} bytes, and declares {length}"));
    }
    // The checksum stands behind the last byte.
    gzip.fill(&mut [0])?;
    Ok(bytes)
}

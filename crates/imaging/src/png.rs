//! What a PNG lacks at its end.

use std::borrow::Cow;

const SIGNATURE: usize = 8;
/// Bytes of a chunk beside its content: length, name and checksum.
const AROUND: usize = 12;
/// The chunk that ends a file.
const END: [u8; AROUND] = [0, 0, 0, 0, b'I', b'E', b'N', b'D', 0xae, 0x42, 0x60, 0x82];

/// The file with its end marked, where it was cut off between its last whole chunk and its end.
///
/// Whether all pixels are there is for the decoder to say.
pub(crate) fn with_end(bytes: &[u8]) -> Cow<'_, [u8]> {
    let mut at = SIGNATURE;
    while let Some(&[a, b, c, d, ref name @ ..]) = bytes.get(at..at + 8) {
        if name == b"IEND" {
            break;
        }
        let length = u32::from_be_bytes([a, b, c, d]) as usize;
        match at.checked_add(length.saturating_add(AROUND)).filter(|&end| end <= bytes.len()) {
            Some(end) => at = end,
            None => return Cow::Borrowed(bytes),
        }
    }
    if at == SIGNATURE || bytes.len() >= at + AROUND {
        Cow::Borrowed(bytes)
    } else {
        Cow::Owned([&bytes[..at.min(bytes.len())], &END].concat())
    }
}

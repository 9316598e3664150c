//! What stands before the data set: preamble and file meta information (PS3.10, section 7.1).

use super::element::{Header, Tag};
use super::syntax::{self, Encoding};
use super::tree::uid_of;
use super::{MARK, PREAMBLE, bare_encoding, is_marked};

const CLASS: Tag = (0x0002, 0x0002);
const SYNTAX: Tag = (0x0002, 0x0010);

/// What the file meta information says, where there is any.
pub(super) struct Opened {
    /// UID of the transfer syntax, guessed where it is not said.
    pub(super) syntax: String,
    /// UID of the SOP class.
    pub(super) class: Option<String>,
    /// Where the data set begins.
    pub(super) end: usize,
}

/// Reads preamble and file meta information. Where a writer put a second group 0002, the first counts.
///
/// # Errors
/// In words, when it is cut off.
pub(super) fn open(bytes: &[u8]) -> Result<Opened, String> {
    let (mut class, mut syntax) = (None, None);
    let mut end = if is_marked(bytes) { PREAMBLE + MARK.len() } else { 0 };
    while bytes.get(end..end + 2) == Some(&[2, 0]) {
        let cut = || "the file meta information is cut off".to_owned();
        let header = Header::read(&bytes[end..], Encoding::ExplicitLittle).ok_or_else(cut)?;
        let start = end + header.size;
        let value = bytes[start..].get(..header.length as usize).ok_or_else(cut)?;
        match header.tag {
            CLASS => class = class.or_else(|| uid_of(value)),
            SYNTAX => syntax = syntax.or_else(|| uid_of(value)),
            _ => {}
        }
        end = start + value.len();
    }
    let guessed = || match bare_encoding(&bytes[end..]) {
        Some(Encoding::ExplicitLittle) => syntax::EXPLICIT_LITTLE,
        Some(Encoding::ExplicitBig) => syntax::EXPLICIT_BIG,
        _ => syntax::IMPLICIT_LITTLE,
    };
    Ok(Opened { syntax: syntax.unwrap_or_else(|| guessed().to_owned()), class, end })
}

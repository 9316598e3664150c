//! Tar (POSIX ustar and pax, GNU long names), from the archive's bytes as they come.

use crate::{ArchiveError, Budget, File, Limits, names};

/// Length of a header, and what contents are filled up to.
pub(crate) const BLOCK: usize = 512;
/// Longest name in an entry of its own.
const LONGEST_NAME: u64 = 64 << 10;

/// Whether a file begins with a header of a tar.
pub(crate) fn is_tar(bytes: &[u8]) -> bool {
    bytes.first_chunk().is_some_and(is_header)
}

/// Takes the bytes of a tar as they come, and gives its files on. One file at a time is in memory.
pub struct Unpacker {
    limits: Limits,
    budget: Budget,
    entries: u64,
    header: Vec<u8>,
    entry: Option<Open>,
    /// From an entry of its own, for the next file.
    next: Next,
    ended: bool,
}

/// An entry whose content is coming.
struct Open {
    name: String,
    purpose: Purpose,
    content: Vec<u8>,
    /// Bytes of the content that are still to come.
    left: u64,
    /// Bytes behind the content.
    padding: u64,
}

/// What an entry's content is for.
enum Purpose {
    File,
    /// A file that is not unpacked, and why.
    Refused(ArchiveError),
    /// The next file's name.
    Name,
    /// Fields of the next file.
    Fields,
    /// Links, folders, devices and what is said of all files.
    Nothing,
}

/// What is known of the next file before its header.
#[derive(Default)]
struct Next {
    name: Option<Vec<u8>>,
    size: Option<u64>,
}

impl Unpacker {
    /// An unpacker before the archive's first byte.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Self {
            limits: *limits,
            budget: Budget::new(limits),
            entries: 0,
            header: Vec::with_capacity(BLOCK),
            entry: None,
            next: Next::default(),
            ended: false,
        }
    }

    /// Takes the next bytes, and gives on the files that end in them.
    ///
    /// # Errors
    /// When a header is damaged, or there are too many entries; nothing behind it can be read.
    pub fn push(&mut self, mut bytes: &[u8], found: &mut dyn FnMut(File)) -> Result<(), ArchiveError> {
        while !bytes.is_empty() && !self.ended {
            let Some(entry) = &mut self.entry else {
                bytes = self.take_header(bytes)?;
                continue;
            };
            bytes = entry.take(bytes)?;
            if entry.left == 0 && entry.padding == 0 {
                self.close(found);
            }
        }
        Ok(())
    }

    /// The archive has no more bytes.
    ///
    /// # Errors
    /// When it is cut off.
    pub fn finish(self) -> Result<(), ArchiveError> {
        let whole = self.ended || self.entry.is_none() && self.header.is_empty() && self.entries > 0;
        if whole { Ok(()) } else { Err(ArchiveError::Damaged("the tar is cut off".to_owned())) }
    }

    /// Collects a header, and opens its entry when it is whole.
    fn take_header<'a>(&mut self, bytes: &'a [u8]) -> Result<&'a [u8], ArchiveError> {
        let (taken, rest) = bytes.split_at(bytes.len().min(BLOCK - self.header.len()));
        self.header.extend_from_slice(taken);
        if let Some(header) = self.header.first_chunk::<BLOCK>() {
            let header = *header;
            self.header.clear();
            self.open(&header)?;
        }
        Ok(rest)
    }

    fn open(&mut self, header: &[u8; BLOCK]) -> Result<(), ArchiveError> {
        if header.iter().all(|&byte| byte == 0) {
            self.ended = true;
            return Ok(());
        }
        let number = self.entries;
        let damaged = || ArchiveError::Damaged(format!("the header of entry {number} of the tar can't be read"));
        let size = number_in(&header[124..136]).filter(|_| is_header(header)).ok_or_else(damaged)?;
        self.entries += 1;
        if self.entries > self.limits.max_entries {
            return Err(ArchiveError::TooManyEntries { found: self.entries, limit: self.limits.max_entries });
        }
        let kind = header[156];
        let next =
            if matches!(kind, b'L' | b'x' | b'g' | b'K') { Next::default() } else { std::mem::take(&mut self.next) };
        let size = next.size.unwrap_or(size);
        let name = next.name.unwrap_or_else(|| name_in(header));
        let purpose = self.purpose(kind, &name, size);
        let padding = size.wrapping_neg() % BLOCK as u64;
        let entry = Open { name: names::safe(&name), purpose, content: Vec::new(), left: size, padding };
        self.entry = Some(entry);
        Ok(())
    }

    fn purpose(&mut self, kind: u8, name: &[u8], size: u64) -> Purpose {
        match kind {
            b'L' if size <= LONGEST_NAME => Purpose::Name,
            b'x' if size <= LONGEST_NAME => Purpose::Fields,
            b'0' | b'7' | 0 if !names::is_folder(name) => match self.budget.take(size) {
                Ok(_) => Purpose::File,
                Err(error) => Purpose::Refused(error),
            },
            b'S' => Purpose::Refused(ArchiveError::Method("GNU's sparse format".to_owned())),
            _ => Purpose::Nothing,
        }
    }

    fn close(&mut self, found: &mut dyn FnMut(File)) {
        let Some(Open { name, purpose, content, .. }) = self.entry.take() else { return };
        match purpose {
            Purpose::File => found(File { name, content: Ok(content) }),
            Purpose::Refused(error) => found(File { name, content: Err(error) }),
            Purpose::Name => self.next.name = Some(until_zero(&content).to_vec()),
            Purpose::Fields => self.next.read(&content),
            Purpose::Nothing => (),
        }
    }
}

impl Open {
    /// Takes what belongs to the entry.
    fn take<'a>(&mut self, bytes: &'a [u8]) -> Result<&'a [u8], ArchiveError> {
        let (content, rest) = bytes.split_at(at_most(bytes.len(), self.left));
        self.left -= content.len() as u64;
        if matches!(self.purpose, Purpose::File | Purpose::Name | Purpose::Fields) {
            self.keep(content)?;
        }
        let (padding, rest) = rest.split_at(at_most(rest.len(), self.padding));
        self.padding -= padding.len() as u64;
        Ok(rest)
    }

    /// Adds to the content. Memory doubles as bytes come, and never exceeds what is declared.
    fn keep(&mut self, bytes: &[u8]) -> Result<(), ArchiveError> {
        let needed = self.content.len() + bytes.len();
        if needed > self.content.capacity() {
            let most = self.content.len() as u64 + bytes.len() as u64 + self.left;
            let more = at_most(needed.max(2 * self.content.len()), most) - self.content.len();
            let refused = |_| ArchiveError::Damaged(format!("\"{}\" does not fit in memory", self.name));
            self.content.try_reserve_exact(more).map_err(refused)?;
        }
        self.content.extend_from_slice(bytes);
        Ok(())
    }
}

impl Next {
    /// Reads pax records, `LENGTH KEY=VALUE\n` each.
    fn read(&mut self, mut records: &[u8]) {
        while let Some((key, value, rest)) = record(records) {
            match key {
                b"path" => self.name = Some(value.to_vec()),
                b"size" => self.size = std::str::from_utf8(value).ok().and_then(|digits| digits.parse().ok()),
                _ => (),
            }
            records = rest;
        }
    }
}

/// Key and value of the first pax record, and what follows it.
fn record(records: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let space = records.iter().position(|&byte| byte == b' ')?;
    let length: usize = std::str::from_utf8(&records[..space]).ok()?.parse().ok()?;
    let body = records.get(space + 1..length)?.strip_suffix(b"\n")?;
    let equals = body.iter().position(|&byte| byte == b'=')?;
    Some((&body[..equals], &body[equals + 1..], &records[length..]))
}

/// Whether the checksum is right: the sum of all bytes, its own taken for spaces.
fn is_header(header: &[u8; BLOCK]) -> bool {
    let sum = |bytes: &[u8]| bytes.iter().map(|&byte| u64::from(byte)).sum::<u64>();
    let expected = sum(&header[..148]) + 8 * u64::from(b' ') + sum(&header[156..]);
    number_in(&header[148..156]) == Some(expected)
}

/// The name of a header; that of POSIX has its beginning in another field.
fn name_in(header: &[u8; BLOCK]) -> Vec<u8> {
    let name = until_zero(&header[..100]);
    let prefix = if &header[257..263] == b"ustar\0" { until_zero(&header[345..500]) } else { b"" };
    if prefix.is_empty() { name.to_vec() } else { [prefix, b"/", name].concat() }
}

/// An octal number, or GNU's binary one, which has the first bit set.
fn number_in(field: &[u8]) -> Option<u64> {
    if let [0x80, binary @ ..] = field {
        return binary.iter().try_fold(0_u64, |number, &byte| Some(number.checked_mul(256)? | u64::from(byte)));
    }
    let digits = std::str::from_utf8(until_zero(field)).ok()?.trim();
    u64::from_str_radix(digits, 8).ok()
}

fn until_zero(bytes: &[u8]) -> &[u8] {
    bytes.split(|&byte| byte == 0).next().unwrap_or_default()
}

/// The smaller of a length and a size that may be larger than memory.
fn at_most(length: usize, size: u64) -> usize {
    usize::try_from(size).map_or(length, |size| length.min(size))
}

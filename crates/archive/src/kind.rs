//! What kind of archive a file is.

use crate::{Gunzip, tar};

/// A kind of archive this crate reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Zip: a directory at the end says where every file is.
    Zip,
    /// Tar: one file after the other.
    Tar,
    /// A tar in gzip.
    TarGz,
}

impl Kind {
    /// Bytes of a file's beginning that are enough to tell.
    pub const BEGINNING: usize = 4096;

    /// The kind of archive that begins like this; `None` for any other file, such as a gzip of one file.
    #[must_use]
    pub fn of(beginning: &[u8]) -> Option<Self> {
        match beginning {
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Some(Self::Zip),
            _ if tar::is_tar(beginning) => Some(Self::Tar),
            _ if Gunzip::is_gzip(beginning) => packs_tar(beginning).then_some(Self::TarGz),
            _ => None,
        }
    }
}

fn packs_tar(beginning: &[u8]) -> bool {
    let mut block = [0; tar::BLOCK];
    let filled = Gunzip::new(beginning).and_then(|mut gzip| gzip.fill(&mut block));
    filled.is_ok() && tar::is_tar(&block)
}

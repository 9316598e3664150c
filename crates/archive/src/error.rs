//! Why an archive, or a file in it, was refused, and what to do next.

/// Why an archive or one of its files can't be read. The caller adds the archive's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveError {
    /// No end record, and so no directory.
    #[error("this is no whole zip archive: its last {searched} bytes have no end record")]
    NoEnd {
        /// How many bytes were searched.
        searched: usize,
    },
    /// Contradicts itself, or is cut off.
    #[error("the archive is damaged: {0}")]
    Damaged(String),
    /// A kind that isn't read.
    #[error("this kind of archive is not read: {0}")]
    Unsupported(&'static str),
    /// More entries than [`Limits::max_entries`](crate::Limits).
    #[error("the archive declares {found} entries; the limit is {limit}")]
    TooManyEntries {
        /// Entries declared.
        found: u64,
        /// Entries accepted.
        limit: u64,
    },
    /// Two entries claim the same bytes: so are archives made that unpack without end.
    #[error("the archive's files \"{first}\" and \"{second}\" claim the same bytes")]
    Overlap {
        /// The one that begins first.
        first: String,
        /// The one that begins inside it.
        second: String,
    },
    /// An encrypted file.
    #[error("the file is encrypted; only files without a password are read")]
    Encrypted,
    /// A file packed in a way that isn't read.
    #[error("the file is packed by {0}; accepted are stored and deflated files")]
    Method(String),
    /// A file larger than [`Limits::max_file`](crate::Limits).
    #[error("the file declares {found} bytes; the limit is {limit}")]
    TooLarge {
        /// Bytes declared.
        found: u64,
        /// Bytes accepted.
        limit: u64,
    },
    /// The archive's files are larger together than [`Limits::max_total`](crate::Limits).
    #[error("the archive's files have more than {limit} bytes in all")]
    Exhausted {
        /// Bytes accepted for all files.
        limit: u64,
    },
    /// One file's bytes are not what the archive says of them.
    #[error("the file is damaged: {0}")]
    File(&'static str),
}

impl ArchiveError {
    /// What to do next, where something can be done.
    #[must_use]
    pub const fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NoEnd { .. } | Self::Damaged(_) | Self::File(_) => Some("pack or download the archive again"),
            Self::TooManyEntries { .. } | Self::TooLarge { .. } | Self::Exhausted { .. } => {
                Some("unpack it, and open the files that are needed")
            }
            Self::Encrypted | Self::Method(_) | Self::Unsupported(_) => {
                Some("unpack it with the program that made it, and open the files")
            }
            Self::Overlap { .. } => None,
        }
    }
}

/// Why an archive can't be read from a file.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file can't be read.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// The archive is refused.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
}

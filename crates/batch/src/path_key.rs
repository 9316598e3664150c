//! A path in 16 bytes.

use std::collections::HashSet;
use std::path::Path;

use sha2::{Digest, Sha256};

/// What a path is known by: the first 16 bytes of the SHA-256 of its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PathKey([u8; 16]);

/// The paths that were answered.
pub type PathKeys = HashSet<PathKey>;

impl PathKey {
    /// The key of a path as it was named: `a.png` and `./a.png` are two.
    #[must_use]
    pub fn of(path: &Path) -> Self {
        Self::of_text(&path.to_string_lossy())
    }

    /// The key of the path with this text.
    #[must_use]
    pub fn of_text(text: &str) -> Self {
        let mut key = [0; 16];
        key.copy_from_slice(&Sha256::digest(text.as_bytes())[..16]);
        Self(key)
    }

    /// The first eight bytes as a number.
    pub(crate) fn number(self) -> u64 {
        self.0.iter().take(8).fold(0, |number, &byte| number << 8 | u64::from(byte))
    }
}

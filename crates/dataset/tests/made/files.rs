//! Files made for a test.

use std::path::Path;

/// What every PNG begins with; enough for a file to be taken for an image.
pub const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Writes a file, and the folders on the way to it.
pub fn write(root: &Path, path: &str, bytes: &[u8]) {
    let file = root.join(path);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, bytes).unwrap();
}

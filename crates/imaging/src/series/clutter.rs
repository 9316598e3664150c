//! Files that no one meant to send.

/// Whether a path is that of a file an operating system adds to folders and archives: macOS's `__MACOSX`, `._*` and
/// `.DS_Store`, Windows's `Thumbs.db` and `desktop.ini`. Whoever leaves such files out says how many.
#[must_use]
pub fn is_clutter(path: &str) -> bool {
    path.split(['/', '\\']).any(|part| {
        let mut names = ["__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini"].into_iter();
        part.starts_with("._") || names.any(|name| part.eq_ignore_ascii_case(name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_systems_add_is_told_from_scans() {
        for path in ["__MACOSX/study/._1.dcm", "study/.DS_Store", "a\\Thumbs.db", "a/thumbs.DB", "._1.dcm"] {
            assert!(is_clutter(path), "{path}");
        }
        for path in ["study/1.dcm", "DICOMDIR", "a.b/1", "thumbs.db.dcm", "study_.dcm"] {
            assert!(!is_clutter(path), "{path}");
        }
    }
}

//! Names of files in archives.
//!
//! Nothing is written under such a name, but it is shown, and folders of it make series.

/// A relative path with `/` between its parts, whatever the archive says: without `..`, a drive, a beginning `/` or
/// control characters. Bytes that are not UTF-8 become U+FFFD.
pub(crate) fn safe(raw: &[u8]) -> String {
    let name = String::from_utf8_lossy(raw);
    let parts = name.split(['/', '\\']).filter(|part| !matches!(*part, "" | "." | "..") && !is_drive(part));
    let path = parts.collect::<Vec<_>>().join("/");
    path.chars().map(|character| if character.is_control() { '\u{fffd}' } else { character }).collect()
}

/// Whether the raw name is that of a folder.
pub(crate) fn is_folder(raw: &[u8]) -> bool {
    matches!(raw.last(), Some(b'/' | b'\\'))
}

fn is_drive(part: &str) -> bool {
    matches!(part.as_bytes(), [letter, b':'] if letter.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leaves_its_folder() {
        let cases = [
            ("study/1.dcm", "study/1.dcm"),
            ("../../etc/passwd", "etc/passwd"),
            ("/root/1.dcm", "root/1.dcm"),
            ("C:\\scans\\..\\1.dcm", "scans/1.dcm"),
            ("a/./b//c", "a/b/c"),
            ("1.dcm\0.exe", "1.dcm\u{fffd}.exe"),
            ("..", ""),
        ];
        for (raw, expected) in cases {
            assert_eq!(safe(raw.as_bytes()), expected, "{raw:?}");
        }
        assert_eq!(safe(b"sch\x84del"), "sch\u{fffd}del");
    }
}

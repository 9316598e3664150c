//! How large the page's files are, as they lie and as a server that compresses would send them.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Result;
use brotli::CompressorWriter;

use super::files_in;

/// Text and programs shrink; weights and pictures are as dense as they get.
const COMPRESSIBLE: [&str; 6] = ["html", "css", "js", "json", "svg", "wasm"];
const QUALITY: u32 = 9;
const WINDOW_BITS: u32 = 22;
const BUFFER: usize = 1 << 16;

/// Prints every file below a folder with its size, and with the size that brotli leaves of it.
///
/// # Errors
/// If a file can't be read.
pub fn print(folder: &Path) -> Result<()> {
    println!("{:>12} {:>12}  file in {}", "bytes", "brotli", folder.display());
    let (mut total, mut total_sent) = (0, 0);
    for file in files_below(folder)? {
        let bytes = fs::read(&file)?;
        let compressible = file.extension().is_some_and(|end| COMPRESSIBLE.iter().any(|known| end == *known));
        let sent = if compressible { compressed_size(&bytes)? } else { bytes.len() };
        println!("{:>12} {sent:>12}  {}", bytes.len(), file.strip_prefix(folder)?.display());
        total += bytes.len();
        total_sent += sent;
    }
    println!("{total:>12} {total_sent:>12}  in all");
    Ok(())
}

/// The files of a folder and of every folder in it.
fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = files_in(folder)?;
    let mut folders = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    folders.retain(|path| path.is_dir());
    folders.sort();
    for inner in folders {
        files.extend(files_below(&inner)?);
    }
    Ok(files)
}

fn compressed_size(bytes: &[u8]) -> Result<usize> {
    let mut writer = CompressorWriter::new(Vec::new(), BUFFER, QUALITY, WINDOW_BITS);
    writer.write_all(bytes)?;
    Ok(writer.into_inner().len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repetition_compresses() {
        let size = compressed_size(&[7; 10_000]).unwrap();
        assert!((1..100).contains(&size), "{size} bytes");
    }

    #[test]
    fn inner_folders_are_counted() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("a/b")).unwrap();
        fs::write(folder.path().join("index.html"), "").unwrap();
        fs::write(folder.path().join("a/b/worker.js"), "").unwrap();
        assert_eq!(files_below(folder.path()).unwrap().len(), 2);
    }
}

//! Decoding one file, whatever becomes of the decoder.
//!
//! Formats are read by libraries too, and a library may panic at a file that nobody thought of. Such a file is refused
//! with the reason, and the others are read.

use std::any::Any;
use std::cell::Cell;
use std::fs;
use std::io::Read;
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Once;

use anyhow::{bail, ensure};
use imaging::{DecodeError, Limits, Scan, Slice, Study};
use model::Hinted;

thread_local! {
    /// Whether this thread is decoding.
    static IS_DECODING: Cell<bool> = const { Cell::new(false) };
}

/// The bytes of a file that may be a scan.
///
/// # Errors
/// It is no file but a pipe or the like, is longer than a scan may be, or can't be read.
pub fn read_scan(path: &Path) -> anyhow::Result<Vec<u8>> {
    let limit = Limits::default().max_bytes;
    let metadata = fs::metadata(path)?;
    ensure!(metadata.is_file(), "it is no file but a folder, a pipe or a device");
    ensure!(
        metadata.len() <= limit as u64,
        Hinted::new(
            format!("the file has {} bytes; the limit is {limit}", metadata.len()),
            "export the slice alone, at its acquired size"
        )
    );
    let mut bytes = Vec::new();
    // It may have grown since.
    fs::File::open(path)?.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Decodes a file within the usual limits.
///
/// # Errors
/// Why it can't be decoded; a panic of the decoder among the reasons.
pub fn decode(bytes: &[u8]) -> anyhow::Result<Study> {
    guarded(|| imaging::decode(bytes, &Limits::default()))
}

/// Opens a file of one slice or many within the usual limits.
///
/// # Errors
/// As [`decode`].
pub fn open_scan(bytes: Vec<u8>) -> anyhow::Result<Scan<'static>> {
    guarded(|| imaging::open(bytes, &Limits::default()))
}

/// Decodes one slice of a scan, counted from 0.
///
/// # Errors
/// As [`decode`].
pub fn decode_slice(scan: &Scan<'_>, index: usize) -> anyhow::Result<Slice> {
    guarded(|| scan.slice(index))
}

fn guarded<T>(decode: impl FnOnce() -> Result<T, DecodeError>) -> anyhow::Result<T> {
    static HOOK: Once = Once::new();
    HOOK.call_once(silence_decoders);
    IS_DECODING.set(true);
    // What the panic left half done is dropped with the decoder.
    let outcome = catch_unwind(AssertUnwindSafe(decode));
    IS_DECODING.set(false);
    match outcome {
        Ok(outcome) => Ok(outcome?),
        Err(panic) => bail!(Hinted::new(
            format!("the decoder failed on this file: {}", panic_message(panic.as_ref())),
            "export the slice as PNG, or as uncompressed DICOM"
        )),
    }
}

/// What a panic says.
#[must_use]
pub fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or_default()
}

/// A panic prints its message and a backtrace before it can be caught. On threads that decode it no longer does.
fn silence_decoders() {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if !IS_DECODING.get() {
            usual(panic);
        }
    }));
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    use rayon::prelude::*;

    use super::*;

    /// A decoder with a fault: every third file is one too many for it.
    fn faulty(file: usize) -> Result<usize, DecodeError> {
        let rows = [1, 2];
        match file {
            7 => Err(DecodeError::EmptyFile),
            file => Ok(rows[file % 3] * file),
        }
    }

    #[test]
    fn a_panic_of_the_decoder_is_the_error_of_that_file_alone() {
        let read: Vec<_> = (0..300).into_par_iter().map(|file| guarded(|| faulty(file))).collect();
        for (file, outcome) in read.into_iter().enumerate() {
            match outcome {
                Ok(value) => assert_eq!(value, (file % 3 + 1) * file),
                Err(error) if file == 7 => assert_eq!(error.downcast_ref(), Some(&DecodeError::EmptyFile)),
                Err(error) => {
                    assert_eq!(file % 3, 2);
                    let Hinted { message, .. } = error.downcast_ref().unwrap();
                    assert!(message.starts_with("the decoder failed on this file: index out of bounds"), "{message}");
                }
            }
        }
    }

    #[test]
    fn only_a_thread_that_decodes_panics_in_silence() {
        let heard = Arc::new(AtomicUsize::new(0));
        let (counter, listener, usual) = (Arc::clone(&heard), thread::current().id(), panic::take_hook());
        panic::set_hook(Box::new(move |panic| {
            if thread::current().id() == listener {
                counter.fetch_add(1, Ordering::Relaxed);
            } else {
                usual(panic);
            }
        }));
        silence_decoders();
        assert!(guarded::<()>(|| panic!("in a decoder")).is_err());
        assert_eq!(heard.load(Ordering::Relaxed), 0);
        assert!(catch_unwind(|| panic!("elsewhere")).is_err());
        assert_eq!(heard.load(Ordering::Relaxed), 1);
    }
}

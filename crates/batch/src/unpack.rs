//! The files of an archive, unpacked while others are classified.

use std::fs::File;
use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::scope;

use archive::{Limits, each_file};
use imaging::Limits as ScanLimits;
use imaging::series::is_clutter;

/// Files that are unpacked and not yet taken.
const AHEAD: usize = 2;

/// A file of an archive, or why it can't be unpacked.
pub(crate) struct Unpacked {
    /// Its path in the archive; `None` for what is wrong with the archive itself.
    pub(crate) name: Option<String>,
    pub(crate) bytes: Result<Vec<u8>, String>,
    /// Whether another one follows.
    pub(crate) more: bool,
}

/// Hands `work` the files of an archive as they are unpacked, without what operating systems add. An archive that turns out
/// to be damaged ends with the reason.
pub(crate) fn with_files<R>(archive: &Path, work: impl FnOnce(&mut dyn Iterator<Item = Unpacked>) -> R) -> R {
    scope(|scope| {
        let (send, receive) = sync_channel(AHEAD);
        scope.spawn(move || unpack(archive, &send));
        let mut files = receive.into_iter().peekable();
        let mut files = std::iter::from_fn(|| {
            let (name, bytes) = files.next()?;
            Some(Unpacked { name, bytes, more: files.peek().is_some() })
        });
        work(&mut files)
    })
}

type Sent = (Option<String>, Result<Vec<u8>, String>);

fn unpack(archive: &Path, send: &SyncSender<Sent>) {
    let limits = Limits { max_file: ScanLimits::default().max_bytes as u64, ..Limits::default() };
    let mut is_empty = true;
    // Nobody listens any more where the job was broken off.
    let found = |file: archive::File| {
        is_empty = false;
        let _ = send.send((Some(file.name), file.content.map_err(|error| error.to_string())));
    };
    let outcome = File::open(archive)
        .map_err(Into::into)
        .and_then(|mut file| each_file(&mut file, &limits, |name| !is_clutter(name), found));
    let reason = match outcome {
        Err(error) => Some(error.to_string()),
        Ok(()) => is_empty.then(|| "the archive holds no file".to_owned()),
    };
    if let Some(reason) = reason {
        let _ = send.send((None, Err(reason)));
    }
}

//! Zip (APPNOTE 6.3.10): stored and deflated entries, found by the directory at the archive's end.

mod directory;
mod end;
mod entry;
mod method;

pub use directory::Directory;
pub use end::TAIL_LENGTH;
pub use entry::Entry;
pub use method::Method;

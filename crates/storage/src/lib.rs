//! Files on the disk: written whole or not at all, and a cache of what can be made again.
//!
//! A run, a report or a weights file is either what it was before or what it became: [`write_whole`]. What takes long to
//! make and can be made again, such as prepared slices, lies in a [`CacheFolder`], as [`KeptRows`] that every process maps
//! into memory. The crate knows nothing of what it keeps.

mod cache_folder;
mod files;
mod row_cache;

pub use cache_folder::CacheFolder;
pub use files::{files_below, remove_folder, write_failed, write_json, write_whole};
pub use row_cache::{KeptRows, RowWriter};

//! Files on the disk: written whole or not at all, and a cache of what can be made again.
//!
//! A run, a report or a weights file is either what it was before or what it became: [`write_whole`]. What takes long to
//! make and can be made again, such as prepared slices, lies in a [`CacheFolder`], as [`CachedRows`] that every process maps
//! into memory. What ships with Sulcus is found by [`find_shipped`].

mod cache_folder;
mod files;
mod model_files;
mod row_cache;

pub use cache_folder::{CacheEntry, CacheFolder, CacheKind};
pub use files::{files_below, remove_folder, write_failed, write_json, write_whole};
pub use model_files::{find_shipped, read_weights};
pub use row_cache::{CachedRows, RowWriter, RowsSize};

//! From a recipe and a folder of scans to a trained network.
//!
//! A [`Recipe`] says everything that decides a run but for the scans. [`Job::open`] reads what a [`TrainConfig`] names, and
//! [`train`] goes through the recipe's stages, epoch by epoch, into a [`RunFolder`], from which a run that was stopped goes
//! on. What a run is worth is measured elsewhere; what measuring needs of it leaves by this door: the slices as training
//! changes them ([`Source`], [`Changes`], [`CopyPaste`]), the run folder's files, and [`predict`].

mod adamax;
mod adamw;
mod allocator;
mod augment;
mod batches;
mod bench;
mod box_filter;
mod checkpoint;
mod clipping;
mod component;
mod copy_paste;
mod device;
mod environment;
mod epoch_log;
mod feature_cache;
mod job;
mod layer_rates;
mod logits;
mod loss;
#[cfg(test)]
mod made;
mod map_loss;
mod map_targets;
mod memory;
mod mixup;
mod others;
mod predict;
mod preview;
mod recipe;
mod sampler;
mod skull_strip;
mod split_file;
mod tensorboard;
mod train;
mod train_state;
mod tumour_masks;

pub use batches::{Batch, Changes, Source, chance};
pub use bench::{BenchConfig, TrainingSpeed, bench};
pub use checkpoint::{RunFolder, has_state, read_tensors};
pub use component::Component;
pub use copy_paste::{CopyPaste, LabelledSlices};
pub use device::{DeviceName, Precision};
pub use environment::Environment;
pub use epoch_log::EpochLog;
pub use feature_cache::Kept;
pub use job::{Job, TrainConfig};
pub use logits::{largest, rows};
pub use map_targets::MapTargets;
pub use others::{OtherScans, Truth};
pub use predict::{Said, predict};
pub use preview::write_sheet;
pub use recipe::{Augmentation, Recipe, Transplant};
pub use split_file::SplitFile;
pub use train::{check_begun, prepare_split, train};
pub use tumour_masks::TumourMasks;

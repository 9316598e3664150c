//! A folder of scans to records, splits and the numbers that say how far a split can be trusted.
//!
//! Public sets of brain slices hold the same patient many times and the same slice twice, often mirrored. A split
//! that ignores it measures memory. This crate reads the folder, takes what is known about patients and copies from
//! a CSV, divides the files by one of three [`SplitProtocol`]s, at once or in [`Fold`]s, and counts what [`leakage`] remains. [`copies`] finds the
//! copies in any folder by itself.
//!
//! ```
//! use dataset::{Dataset, SplitProtocol, Shares, SplitSpec};
//!
//! # let folder = tempfile::tempdir()?;
//! # let root = folder.path();
//! # for class in ["glioma", "notumor"] {
//! #     std::fs::create_dir(root.join(class))?;
//! #     for i in 0..10 { std::fs::write(root.join(class).join(format!("{i}.png")), b"\x89PNG\r\n\x1a\n")?; }
//! # }
//! let dataset = Dataset::open(root)?; // `.with_groups("index.csv".as_ref())?` adds patients and copies
//! assert_eq!(dataset.classes, ["glioma", "notumor"]);
//!
//! let spec = SplitSpec { protocol: SplitProtocol::Random, shares: Shares { validation: 0.1, test: 0.2 }, seed: 7, fold: None };
//! let split = dataset::split(&dataset, &spec)?;
//! assert_eq!((split.train.len(), split.validation.len(), split.test.len()), (14, 2, 4));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod copies;
mod error;
mod fingerprint;
mod folds;
mod groups;
mod images;
mod labels;
mod layout;
mod leakage;
mod names;
mod record;
mod scan;
mod split;
mod subset;
mod table;
mod walk;

pub use copies::{Copies, Orientation, Thumbnail, copies};
pub use error::DatasetError;
pub use fingerprint::fingerprint;
pub use folds::Fold;
pub use groups::{clusters, unique};
pub use leakage::leakage;
pub use model::{Leakage, SplitProtocol};
pub use names::same_class;
pub use record::{Dataset, Part, PatientSource, Reason, Record, Rejected};
pub use split::{Shares, Split, SplitSpec, split};

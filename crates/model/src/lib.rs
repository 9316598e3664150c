//! The words that several crates say: what a network is fed, how slices were divided, what is said of a slice, and on
//! which engine.
//!
//! No crate of the workspace stands below this one, and it computes nothing. What a network is stands in `graph`.
//!
//! ```
//! use model::{InputSpec, Verdict};
//!
//! let classes = ["glioma", "notumor"];
//! let verdict = Verdict::Class(1);
//! assert_eq!(verdict.class().map(|class| classes[class]), Some("notumor"));
//! assert!(InputSpec { size: 0, ..InputSpec::default() }.check().is_err());
//! ```

mod engine;
mod evidence_map;
mod hint;
mod input;
mod leakage;
mod split;
mod verdict;

pub use engine::Engine;
pub use evidence_map::EvidenceMap;
pub use hint::Hinted;
pub use input::{Crop, InputSpec, Intensity, InvalidInput};
pub use leakage::Leakage;
pub use split::SplitProtocol;
pub use verdict::{Evidence, Verdict};

//! A weights file and slices to predictions, on the CPU or on WebGPU, natively and in a browser.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use classifier::{Classifier, Engine};
//!
//! let weights = std::fs::read("weights/xception.safetensors")?;
//! let classifier = Classifier::load(&weights, Engine::Cpu).await?;
//! let study = imaging::decode(&std::fs::read("slice.jpg")?, &imaging::Limits::default())?;
//! let input = imaging::prepare(&study.slices[0], &classifier.input_spec());
//! let prediction = &classifier.predict(&[input]).await?[0];
//! println!("{} {:.2}", classifier.class_name(prediction.class), prediction.probability());
//! # Ok(())
//! # }
//! ```

mod cpu;
mod error;
#[cfg(any(not(target_arch = "wasm32"), feature = "webgpu"))]
mod gpu;
mod model;
mod ood;
mod prediction;
mod runner;

pub use ::model::{Engine, Evidence, EvidenceMap, Verdict};
pub use error::ClassifierError;
pub use model::{Classifier, Observation};
pub use prediction::Prediction;

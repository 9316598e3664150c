//! What can be asked and answered.

use model::{Engine, Evidence, Verdict};
use serde::{Deserialize, Serialize};

use crate::PlacedMap;

/// From the page to a worker. The bytes named here travel beside the message.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// Load a model. Bytes: the weights file. Answered by [`Reply::Loading`] and then [`Reply::Ready`] or
    /// [`Reply::EngineFailed`].
    Load {
        /// The text of `weights/manifest.json`, which names the checksum the bytes must have.
        catalogue: String,
        /// The model's id in that catalogue.
        model: String,
    },
    /// Classify a file. Bytes: the file's. Answered by [`Reply::Slice`] and [`Reply::Prediction`], or by
    /// [`Reply::Failed`].
    Classify {
        /// Chosen by the page; the replies carry it.
        id: u32,
    },
    /// Decode a file to look at it, without classifying. Bytes: the file's. Answered by [`Reply::Slice`] or
    /// [`Reply::Failed`].
    Show {
        /// Chosen by the page; the replies carry it.
        id: u32,
    },
}

/// From a worker to the page.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// The worker runs and awaits [`Request::Load`].
    Started {
        /// What it computes on.
        engine: Engine,
    },
    /// Loading has come to this step.
    Loading {
        /// The step that has just begun.
        step: Step,
    },
    /// The model is loaded and has answered once.
    Ready {
        /// What it computes on.
        engine: Engine,
        /// The engine in words, such as the adapter's name.
        name: String,
        /// The model.
        model: ModelInfo,
        /// Its answer to the generated slice.
        probe: Probe,
        /// Longer files are refused, so the page need not read them.
        max_file_bytes: f64,
    },
    /// A decoded slice. Bytes: `width * height` grey values, row by row, windowed for display.
    Slice {
        /// The request's.
        id: u32,
        /// The slice.
        picture: Picture,
    },
    /// A slice's classification.
    Prediction {
        /// The request's.
        id: u32,
        /// What is said of the slice.
        verdict: Verdict,
        /// The most probable class, whether it is named or not, by its index in [`ModelInfo::classes`].
        top_class: usize,
        /// What the verdict rests on; nothing where the model was never calibrated and always names a class.
        evidence: Option<Evidence>,
        /// Probabilities in the order of [`ModelInfo::classes`], which sum to 1.
        probabilities: Vec<f32>,
        /// Where the network sees evidence; nothing where [`ModelInfo::has_map`] is false.
        map: Option<PlacedMap>,
        /// What computed it.
        engine: Engine,
        /// From the bytes' arrival to the answer: decoding, preparing and predicting.
        milliseconds: f64,
    },
    /// One file could not be answered; the worker goes on.
    Failed {
        /// The request's.
        id: u32,
        /// What was found and what would be accepted.
        message: String,
        /// What to do next; empty where nothing is known.
        hint: String,
    },
    /// The worker is of no more use.
    EngineFailed {
        /// What was found.
        message: String,
        /// What to do next; empty where nothing is known.
        hint: String,
    },
}

/// The steps of loading a model that have no byte count.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// The checksum is compared.
    Verifying,
    /// Weights are dequantised and laid out for the engine.
    Preparing,
    /// The generated slice is classified, which compiles GPU kernels.
    WarmingUp,
}

/// Which model a worker holds.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct ModelInfo {
    /// Its id in the catalogue.
    pub id: String,
    /// Its name for people.
    pub title: String,
    /// SHA-256 of the weights file, in hexadecimal.
    pub sha256: String,
    /// Its classes in the order of probabilities, as the weights file names them.
    pub classes: Vec<String>,
    /// Whether it says where it sees evidence.
    pub has_map: bool,
}

/// A worker's answer to the slice that both workers generate alike: equal answers mean equal engines.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct Probe {
    /// Probabilities in the order of [`ModelInfo::classes`].
    pub probabilities: Vec<f32>,
    /// Time of a run that has nothing left to compile.
    pub milliseconds: f64,
}

/// What is known of a decoded slice. Nothing in it names a patient.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct Picture {
    /// Columns of the bytes beside this message.
    pub width: u32,
    /// Rows of the bytes beside this message.
    pub height: u32,
    /// Columns of the file's slice, which may be more than is displayed.
    pub source_width: u32,
    /// Rows of the file's slice.
    pub source_height: u32,
    /// The file's format in words, such as `DICOM`.
    pub format: String,
    /// How many slices the file holds; the first is the one classified.
    pub slices: u32,
}

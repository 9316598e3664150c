//! Loading a model, and asking it.

use std::cell::RefCell;
use std::rc::Rc;

use classifier::{Classifier, ClassifierError, Prediction};
use imaging::{InputSpec, Slice, SliceError, prepare};
use protocol::{Class, Engine, Evidence, HeldBack, ModelInfo, Probe, Reply, Step, Verdict};
use thiserror::Error;
use weights::{Catalogue, WeightsError};

use crate::{ENGINE, phantom, scope};

thread_local! {
    static LOADED: RefCell<Option<Rc<Model>>> = const { RefCell::new(None) };
}

/// The names of [`Class::ALL`] in a weights file.
const CLASSES: [&str; 4] = ["glioma", "meningioma", "notumor", "pituitary"];

/// What keeps the engine from answering, whatever the file.
#[derive(Error, Debug)]
pub enum EngineError {
    /// The weights file is not the one the catalogue names.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// The network could not be built or could not answer.
    #[error(transparent)]
    Classifier(#[from] ClassifierError),
    /// The model has other classes than this page shows.
    #[error("the model's classes are {}; this page shows {}", found.join(", "), CLASSES.join(", "))]
    Classes {
        /// The model's classes.
        found: Vec<String>,
    },
    /// Asked before a model was loaded.
    #[error("no model has been loaded")]
    NotLoaded,
    /// The network gave another number of probabilities than it has classes.
    #[error("the network gave no four probabilities")]
    Shape,
    /// The generated slice is none.
    #[error(transparent)]
    Phantom(#[from] SliceError),
}

/// What the page is told of a slice.
pub struct Answer {
    pub verdict: Verdict,
    pub nearest: Class,
    pub evidence: Option<Evidence>,
    /// In the order of [`Class::ALL`].
    pub probabilities: [f32; 4],
}

impl TryFrom<Prediction> for Answer {
    type Error = EngineError;

    fn try_from(prediction: Prediction) -> Result<Self, EngineError> {
        let class = |index: usize| Class::ALL.get(index).copied().ok_or(EngineError::Shape);
        Ok(Self {
            verdict: match prediction.verdict {
                classifier::Verdict::Class(index) => Verdict::Class(class(index)?),
                classifier::Verdict::Abstain => Verdict::HeldBack(HeldBack::Abstain),
                classifier::Verdict::NotBrainMri => Verdict::HeldBack(HeldBack::NotBrainMri),
            },
            nearest: class(prediction.class)?,
            evidence: prediction.evidence.map(|evidence| Evidence {
                distance: evidence.distance,
                familiar_up_to: evidence.familiar_up_to,
                abstain_below: evidence.abstain_below,
            }),
            probabilities: prediction.probabilities.try_into().map_err(|_| EngineError::Shape)?,
        })
    }
}

/// A loaded model.
pub struct Model {
    classifier: Classifier,
    input: InputSpec,
}

impl Model {
    /// The answer to a slice.
    pub async fn predict(&self, slice: &Slice) -> Result<Answer, EngineError> {
        let predictions = self.classifier.predict(&[prepare(slice, &self.input)]).await?;
        predictions.into_iter().next().ok_or(EngineError::Shape)?.try_into()
    }

    /// Classifies the generated slice and takes the time; on WebGPU of a second run, since the first compiles.
    async fn probe(&self) -> Result<Probe, EngineError> {
        let slice = phantom::slice()?;
        if ENGINE == Engine::WebGpu {
            self.predict(&slice).await?;
        }
        let start = scope::now();
        let Answer { probabilities, .. } = self.predict(&slice).await?;
        Ok(Probe { probabilities, milliseconds: scope::now() - start })
    }
}

/// The model loaded last.
pub fn loaded() -> Result<Rc<Model>, EngineError> {
    LOADED.with_borrow(Clone::clone).ok_or(EngineError::NotLoaded)
}

/// Verifies, builds and warms up a model, telling the page each step; the answer says that it is ready.
///
/// WebAssembly's memory never shrinks, so the file is let go of before the weights are expanded.
pub async fn load(catalogue: &str, id: &str, bytes: Vec<u8>) -> Result<Reply, EngineError> {
    let tell = |step| scope::post(&Reply::Loading { step }, None);
    tell(Step::Verifying);
    let catalogue = Catalogue::parse(catalogue)?;
    let hash = scope::sha256(&bytes).await.unwrap_or_else(|| weights::sha256(&bytes));
    let file = catalogue.verify_hashed(id, &bytes, &hash)?;
    drop(bytes);
    let entry = catalogue.model(id)?;
    if file.manifest.classes != CLASSES {
        return Err(EngineError::Classes { found: file.manifest.classes });
    }
    tell(Step::Preparing);
    let classifier = Classifier::from_file(file, engine()).await?;
    let model = Model { input: classifier.input_spec(), classifier };
    tell(Step::WarmingUp);
    let probe = model.probe().await?;
    let name = model.classifier.engine_name().to_owned();
    LOADED.set(Some(Rc::new(model)));
    let model = ModelInfo { id: entry.id.clone(), title: entry.title.clone(), sha256: entry.sha256.clone() };
    let max_file_bytes = imaging::Limits::default().max_bytes as f64;
    Ok(Reply::Ready { engine: ENGINE, name, model, probe, max_file_bytes })
}

fn engine() -> classifier::Engine {
    match ENGINE {
        Engine::Cpu => classifier::Engine::Cpu,
        Engine::WebGpu => classifier::Engine::WebGpu,
    }
}

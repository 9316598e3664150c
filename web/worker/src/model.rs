//! Loading a model, and asking it.

use std::cell::RefCell;
use std::rc::Rc;

use classifier::{Classifier, ClassifierError, Prediction};
use imaging::{InputSpec, Rect, Slice, SliceError, prepare};
use protocol::{Engine, MapError, ModelInfo, PlacedMap, Probe, Reply, Square, Step};
use thiserror::Error;
use weights::{Catalogue, WeightsError};

use crate::{ENGINE, phantom, scope};

thread_local! {
    static LOADED: RefCell<Option<Rc<Model>>> = const { RefCell::new(None) };
}

/// What keeps the engine from answering, whatever the file.
#[derive(Error, Debug)]
pub enum EngineError {
    /// The weights file is not the one the catalogue names.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// The network could not be built or could not answer.
    #[error(transparent)]
    Classifier(#[from] ClassifierError),
    /// Asked before a model was loaded.
    #[error("no model has been loaded")]
    NotLoaded,
    /// The network gave no answer to a slice.
    #[error("the network gave no answer")]
    NoAnswer,
    /// The network's map can't be shown.
    #[error(transparent)]
    Map(#[from] MapError),
    /// The generated slice is none.
    #[error(transparent)]
    Phantom(#[from] SliceError),
}

impl EngineError {
    /// What to do next, where something can be done.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Weights(error) => error.hint(),
            Self::Classifier(error) => error.hint(),
            Self::NotLoaded | Self::NoAnswer | Self::Map(_) | Self::Phantom(_) => None,
        }
    }
}

/// A loaded model.
pub struct Model {
    classifier: Classifier,
    input: InputSpec,
}

impl Model {
    /// The answer to a slice, and its map, for a network that says where.
    pub async fn predict(&self, slice: &Slice) -> Result<(Prediction, Option<PlacedMap>), EngineError> {
        let prepared = prepare(slice, &self.input);
        let Rect { left, top, width: side, .. } = prepared.crop();
        let predictions = self.classifier.predict(&[prepared]).await?;
        let mut prediction = predictions.into_iter().next().ok_or(EngineError::NoAnswer)?;
        let evidence = prediction.map.take();
        let map = evidence.map(|evidence| PlacedMap::new(evidence, Square { left, top, side })).transpose()?;
        Ok((prediction, map))
    }

    /// Classifies the generated slice and takes the time; on WebGPU of a second run, since the first compiles.
    async fn probe(&self) -> Result<Probe, EngineError> {
        let slice = phantom::slice()?;
        if ENGINE == Engine::WebGpu {
            self.predict(&slice).await?;
        }
        let start = scope::now();
        let (Prediction { probabilities, .. }, _) = self.predict(&slice).await?;
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
    tell(Step::Preparing);
    let classifier = Classifier::from_file(file, ENGINE).await?;
    let model = Model { input: classifier.input_spec(), classifier };
    tell(Step::WarmingUp);
    let probe = model.probe().await?;
    let name = model.classifier.engine_name().to_owned();
    let manifest = model.classifier.manifest();
    let (classes, has_map) = (manifest.classes.clone(), manifest.network()?.map_output().is_some());
    LOADED.set(Some(Rc::new(model)));
    let (id, title, sha256) = (entry.id.clone(), entry.title.clone(), entry.sha256.clone());
    let model = ModelInfo { id, title, sha256, classes, has_map };
    let max_file_bytes = imaging::Limits::default().max_bytes as f64;
    Ok(Reply::Ready { engine: ENGINE, name, model, probe, max_file_bytes })
}

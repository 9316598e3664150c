//! A training run to a weights file with int8 kernels, and what rounding them cost.

use std::path::Path;

use burn::tensor::Device;
use networks::Form;
use reports::tagged;
use scans::{Scans, ScansConfig, thinned};
use storage::{CacheFolder, write_json};
use weights::{Manifest, WeightsFile};

use crate::comparison::{self, Comparison};
use crate::gptq_inputs;
use crate::rounding::{self, Rounding};
use crate::trained_run::TrainedRun;

/// Slices of the training part that rounding looks at.
const CALIBRATION_SLICES: usize = 256;

/// A weights file, and how it compares.
pub struct Export {
    /// What the file holds.
    pub file: WeightsFile,
    /// The file.
    pub bytes: Vec<u8>,
    comparison: Comparison,
}

impl Export {
    /// Folds and rounds the run's network, and compares the outcome with it on the held-out slices under `data`.
    ///
    /// # Errors
    /// The scans are not the run's, or the network can't be computed.
    pub fn make(run: &TrainedRun, manifest: Manifest, data: &ScansConfig) -> anyhow::Result<Self> {
        // Which slices were held out stands in the run folder: copies need not be found again.
        let dataset = run.recipe.data.select(data.open()?)?;
        let scans = Scans::new(dataset, CacheFolder::new(data.cache.as_deref()))?;
        let split = run.split(&scans)?;
        let folded = rounding::equalised(graph::fold(&run.graph()?, &run.tensors)?);
        let network = run.recipe.network(&run.classes, Form::Folded)?.init(&Device::flex()).load(&folded)?;
        let calibration = thinned(&split.train, CALIBRATION_SLICES);
        let hessians = gptq_inputs::hessians(&network, &scans, &calibration, &run.recipe.input)?;
        let file = WeightsFile { manifest, tensors: rounding::round(folded, &hessians)? };
        let bytes = weights::write(&file)?;
        let rounding = Rounding::by_gptq(calibration.len());
        let comparison = comparison::compare(run, &scans, &split.test, &bytes, rounding)?;
        Ok(Self { file, bytes, comparison })
    }

    /// Prints what rounding cost, and writes it to `json` where one is named.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn report(&self, json: Option<&Path>) -> anyhow::Result<()> {
        log::info!("{}", comparison::sentence(&self.comparison));
        let Some(path) = json else { return Ok(()) };
        write_json(path, &tagged(&self.comparison))
    }
}

//! What a stage trains on.

use burn::tensor::{Device, FloatDType};
use networks::{Answers, Form, Network};
use scans::Slices;

use crate::batches::{Batch, MapTask};
use crate::copy_paste::CopyPaste;
use crate::feature_cache::Activations;

/// What a stage trains on.
#[derive(Clone, Copy)]
pub struct Material<'a> {
    /// At its size.
    pub slices: &'a Slices,
    /// What tumours are put in and taken out with.
    pub grafts: Option<&'a CopyPaste<'a>>,
    /// What the frozen blocks make of the slices, where that is kept.
    pub activations: Option<&'a Activations>,
    /// What its map is taught.
    pub map: Option<MapTask<'a>>,
}

impl Material<'_> {
    /// What a network makes of a batch, computing in `precision`.
    pub fn answers(&self, network: &Network, batch: &Batch, precision: FloatDType, device: &Device) -> Answers {
        let values = batch.tensor(device).cast(precision);
        match self.activations {
            Some(activations) => network.answers_from(activations.block, values),
            None => network.answers(values.repeat_dim(1, Form::Trainable.channels())),
        }
    }
}

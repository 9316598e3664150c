//! What a map is taught.

use anyhow::Context;
use imaging::InputSpec;
use networks::Network;
use scans::Slices;

use crate::batches::MapTask;
use crate::job::Job;
use crate::others::{Others, Places};

/// What a map is taught at one size of slices.
pub struct MapMaterial {
    places: Places,
    others: Option<Others>,
    side: usize,
}

impl MapMaterial {
    /// What a map is taught of slices of a size, where the recipe has one.
    ///
    /// # Errors
    /// A slice of another source that was readable is not, or the network has no map.
    pub fn of(
        job: &Job,
        slices: &Slices,
        size: Option<u32>,
        network: &Network,
        none: Option<usize>,
    ) -> anyhow::Result<Option<Self>> {
        let Job { recipe, scans, outlines, others, .. } = job;
        if recipe.map.is_none() {
            return Ok(None);
        }
        let spec = InputSpec { size: size.unwrap_or(recipe.input.size), ..recipe.input.clone() };
        let map = network.graph().map_output().context("the network has no map")?;
        let shape = network.graph().shapes(spec.size as usize)?[map];
        let others = Others::prepare(others, recipe.data.leave_out.as_deref(), &spec, none)?;
        Ok(Some(Self { places: Places::of(scans, outlines, slices, none), others, side: shape.height }))
    }

    /// The same for a step, which takes so many slices of `others`.
    pub fn task(&self, others: usize) -> MapTask<'_> {
        MapTask { places: &self.places, side: self.side, others: self.others.as_ref().map(|slices| (slices, others)) }
    }
}

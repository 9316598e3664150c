//! A map of evidence beside the classes, and other sources that help to learn it.

use anyhow::{Context, ensure};
use dataset::SplitProtocol;
use graph::Graph;
use networks::{Form, NetworkConfig};
use serde::{Deserialize, Serialize};

use super::Recipe;

/// A map of evidence, which says where a tumour is. Training it needs outlines.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MapHead {
    /// The class of slices without a tumour: whether there is one is then read from the map alone. Without it the map is a
    /// task beside the classes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub none: Option<String>,
    /// Weight of the map's loss beside that of the classes.
    #[serde(default = "one")]
    pub weight: f64,
}

fn one() -> f64 {
    1.0
}

/// Slices of another source, which are trained on beside those of the data set and never held out. Paths are relative to
/// the data set's folder or the one above it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OtherSource {
    /// Folder of scans.
    pub data: String,
    /// CSV with the columns path and label, and `source` and `boxes_xywh` where known. A label that is no class of the recipe means
    /// a tumour of a type that is not known.
    pub labels: String,
}

impl Recipe {
    /// What the recipe's network looks like for these classes.
    ///
    /// # Errors
    /// `map.none` is none of the classes.
    pub fn network(&self, classes: &[String], form: Form) -> anyhow::Result<NetworkConfig> {
        let config = NetworkConfig::new(self.architecture, classes.len(), form);
        Ok(match &self.map {
            Some(map) => config.with_map(map.none_of(classes)?),
            None => config,
        })
    }

    /// The recipe's network in its trainable form.
    ///
    /// # Errors
    /// As [`Recipe::network`].
    pub fn graph(&self, classes: &[String]) -> anyhow::Result<Graph> {
        Ok(match &self.map {
            Some(map) => self.architecture.graph_with_map(classes.len(), map.none_of(classes)?),
            None => self.architecture.graph(classes.len()),
        })
    }

    pub(super) fn check_map(&self) -> anyhow::Result<()> {
        ensure!(
            self.data.protocol != SplitProtocol::LeaveSourceOut || !self.sources.is_empty(),
            "`protocol` is \"leave-source-out\", and there is no [[source]]"
        );
        ensure!(
            self.data.protocol == SplitProtocol::LeaveSourceOut || self.data.leave_out.is_none(),
            "`data.leave_out` asks for `protocol` = \"leave-source-out\""
        );
        let Some(map) = &self.map else {
            ensure!(self.sources.is_empty(), "there is a [[source]], but no [map] that learns from it");
            return Ok(());
        };
        ensure!(map.weight > 0.0 && map.weight.is_finite(), "`map.weight` is {}; it must be above 0", map.weight);
        ensure!(self.cache.is_none(), "[cache] keeps no places of tumours: [map] can't be trained with it");
        ensure!(self.mixup == 0.0, "`mixup` mixes no places of tumours: [map] can't be trained with it");
        ensure!(
            self.sources.is_empty() == (self.data.others == 0),
            "`data.others` is {} and there are {} [[source]]: one asks for the other",
            self.data.others,
            self.sources.len()
        );
        ensure!(self.sources.is_empty() || map.none.is_some(), "[[source]] asks for `map.none`");
        Ok(())
    }
}

impl MapHead {
    /// The class of nothing, by its index.
    ///
    /// # Errors
    /// It is none of the classes.
    pub fn none_of(&self, classes: &[String]) -> anyhow::Result<Option<usize>> {
        let Some(none) = &self.none else { return Ok(None) };
        let index = classes.iter().position(|class| class == none);
        index.map(Some).with_context(|| format!("`map.none` is \"{none}\"; the classes are {}", classes.join(", ")))
    }
}

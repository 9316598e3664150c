//! A recipe: everything that decides a training run, but for the folder of scans.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, ensure};
use dataset::{Dataset, Fold, Shares, SplitProtocol, SplitSpec};
use imaging::InputSpec;
use networks::Architecture;
use scans::{Scans, ScansConfig};
use serde::{Deserialize, Serialize};

pub use map::{MapHead, OtherSource};
use stage::SIZES;
pub use stage::{Keep, OptimizerName, Schedule, Stage};

mod map;
mod stage;

/// A training run, as a TOML file under `recipes/` states it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// Name of the run, and of the model that comes out of it.
    pub name: String,
    /// Which network.
    pub architecture: Architecture,
    /// Decides the split, the order of slices, augmentation, dropout and the head's first weights.
    pub seed: u64,
    /// Slices a training step sees.
    pub batch: usize,
    /// Share of pooled features left out while training.
    #[serde(default)]
    pub dropout: f64,
    /// Share of the target spread evenly over all classes.
    #[serde(default)]
    pub label_smoothing: f32,
    /// Which epoch's network is kept.
    #[serde(default)]
    pub keep: Keep,
    /// Epochs without a better validation loss after which a stage ends; 0 for never.
    #[serde(default)]
    pub patience: usize,
    /// How a slice becomes the network's input.
    pub input: InputSpec,
    /// What is trained on.
    pub data: Data,
    /// What is done to a slice each time it is seen.
    #[serde(default)]
    pub augmentation: Augmentation,
    /// Tumours put into healthy slices and taken out of others; needs outlines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transplant: Option<Transplant>,
    /// A map of evidence beside the classes; needs outlines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub map: Option<MapHead>,
    /// Slices of other sources that are trained on as well.
    #[serde(rename = "source", default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<OtherSource>,
    /// Decay of the moving average of the weights after each step, below 1; the average is what is validated and kept.
    /// 0 for none.
    #[serde(default)]
    pub average: f64,
    /// The output of frozen blocks, computed once for the whole run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache: Option<Cache>,
    /// Strength of mixup (Zhang et al. 2018), the alpha of its beta distribution; 0 for none.
    #[serde(default)]
    pub mixup: f32,
    /// What is trained, in order.
    #[serde(rename = "stage")]
    pub stages: Vec<Stage>,
}

/// What is trained on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the recipe file, on or off")]
pub struct Data {
    /// By which rule slices are divided.
    pub protocol: SplitProtocol,
    /// Share held out for the test; the official protocol has its own.
    #[serde(default)]
    pub test: f64,
    /// The fold that is held out for the test in place of a share; `--folds` writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fold: Option<Fold>,
    /// The collection that the slices of a class come from, where it is one of the `[[source]]`; of other classes it is the
    /// data set itself.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub source_of: BTreeMap<String, String>,
    /// The source of which nothing is trained on; `protocol = "leave-source-out"` writes it, for each source in turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leave_out: Option<String>,
    /// Share of the rest that decides when to stop.
    pub validation: f64,
    /// Train on one slice of every group of copies.
    #[serde(default)]
    pub unique: bool,
    /// Weigh classes in the loss by the inverse of their frequency.
    #[serde(default)]
    pub class_weights: bool,
    /// How often each class is drawn, as a share of the weights of all: an epoch stays as long as it is, rare classes are
    /// seen more than once in it. Empty for every slice once.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub draw: BTreeMap<String, f64>,
    /// The classes that are told apart; all where none is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<String>,
    /// Find copies, as `sulcus audit` does, before the slices are divided; those that a CSV lists count too.
    #[serde(default)]
    pub find_copies: bool,
    /// Use slices of known patients alone.
    #[serde(default)]
    pub known_patients: bool,
    /// Slices of other sources that each step sees besides its batch, drawn evenly by source and label.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub others: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a function of a reference")]
fn is_zero(value: &usize) -> bool {
    *value == 0
}

impl Data {
    /// Whether slices of a class are of a source that is left out.
    #[must_use]
    pub fn leaves_out(&self, class: &str) -> bool {
        self.leave_out.is_some() && self.source_of.get(class) == self.leave_out.as_ref()
    }

    /// The part of a folder that the recipe is about.
    ///
    /// # Errors
    /// A class has no folder, or no known patient where only those are asked for.
    pub fn select(&self, mut dataset: Dataset) -> anyhow::Result<Dataset> {
        if !self.classes.is_empty() {
            dataset = dataset.of_classes(&self.classes)?;
        }
        if self.known_patients {
            dataset = dataset.of_known_patients()?;
        }
        Ok(dataset)
    }
}

/// Ranges of random change; 0 switches one off.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Augmentation {
    /// Mirror left and right, half of the time.
    pub flip: bool,
    /// Largest shift along each axis, as a fraction of the side.
    pub shift: f32,
    /// Largest rotation, in degrees.
    pub rotation: f32,
    /// Largest relative change of size.
    pub scale: f32,
    /// Largest change of brightness, in units of the input's range of 2.
    pub brightness: f32,
    /// Largest relative change of contrast.
    pub contrast: f32,
    /// Largest change of gamma, as a power of two.
    pub gamma: f32,
    /// Largest strength of a smooth change of brightness across the slice, as from a receive coil.
    pub bias_field: f32,
    /// Largest standard deviation of noise, in units of the input.
    pub noise: f32,
    /// Largest standard deviation of a Gaussian blur, as a fraction of the side.
    pub blur: f32,
    /// Most that a recompression as JPEG takes off quality 100, half of the time.
    pub recompression: u8,
    /// Largest change of three points of the tone curve, as a share of full signal: another sequence's contrast.
    pub curve: f32,
    /// Share of slices whose skull is taken off, as preprocessing pipelines do.
    pub strip: f32,
    /// Share of slices that get another contrast: a piecewise linear tone curve through random points, rising or falling, on
    /// the head alone.
    pub recontrast: f32,
}

impl Augmentation {
    /// Refuses what no slice would survive.
    fn check(&self) -> anyhow::Result<()> {
        let ranges = [
            ("shift", self.shift, 1.0),
            ("rotation", self.rotation, 180.0),
            ("scale", self.scale, 0.9),
            ("brightness", self.brightness, 1.0),
            ("contrast", self.contrast, 1.0),
            ("gamma", self.gamma, 4.0),
            ("bias_field", self.bias_field, 1.0),
            ("noise", self.noise, 1.0),
            ("blur", self.blur, 0.5),
            ("curve", self.curve, 1.0),
            ("strip", self.strip, 1.0),
            ("recontrast", self.recontrast, 1.0),
        ];
        for (name, value, most) in ranges {
            ensure!((0.0..=most).contains(&value), "`augmentation.{name}` is {value}; accepted are 0 to {most}");
        }
        let quality = self.recompression;
        ensure!(quality < 100, "`augmentation.recompression` is {quality}; accepted are 0 to 99");
        Ok(())
    }
}

/// Copy-paste augmentation of tumours, for slices whose outlines are known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transplant {
    /// The class of slices without a tumour.
    pub healthy: String,
    /// Share of healthy slices that get a tumour, 0 to 1, each time they are seen.
    pub grow: f32,
    /// Share of slices with a tumour, of those where the other half of the head or another patient's slice can cover it,
    /// that lose it.
    pub repair: f32,
    /// Share of what is left that gets a graft without meaning.
    pub sham: f32,
}

/// Frozen blocks whose output is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cache {
    /// The first block that is computed in every step; no stage may train a block before it, or have a size of its own.
    pub block: usize,
    /// In how many ways each training slice is changed; epochs take turns with them.
    pub variants: usize,
}

impl Recipe {
    /// Reads and checks a recipe.
    ///
    /// # Errors
    /// The file can't be read, is no TOML, has an unknown or missing field, or a value out of range.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("cannot read the recipe \"{}\"", path.display()))?;
        Self::parse(&text).with_context(|| format!("the recipe \"{}\" cannot be used", path.display()))
    }

    /// As [`Recipe::open`], from text.
    ///
    /// # Errors
    /// As [`Recipe::open`].
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let recipe: Self = toml::from_str(text)?;
        recipe.check()?;
        Ok(recipe)
    }

    /// The recipe as TOML, as it travels with a model.
    ///
    /// # Errors
    /// Never for a recipe that was parsed.
    pub fn to_toml(&self) -> anyhow::Result<String> {
        Ok(toml::to_string_pretty(self)?)
    }

    /// Opens a folder of scans, and makes of it what is done before the slices are divided.
    ///
    /// # Errors
    /// The folder can't be opened, the recipe asks for what is not there, or the cache can't be written.
    pub fn scans(&self, folder: &ScansConfig) -> anyhow::Result<Scans> {
        self.chosen(folder.scans()?)
    }

    /// The scans of a folder that this recipe takes, with their copies where it asks for them.
    ///
    /// # Errors
    /// As [`Recipe::scans`].
    pub fn chosen(&self, scans: Scans) -> anyhow::Result<Scans> {
        let scans = if self.data.find_copies { scans.with_copies()? } else { scans };
        scans.select(|dataset| self.data.select(dataset))
    }

    /// How the data are divided.
    #[must_use]
    pub fn split_spec(&self) -> SplitSpec {
        SplitSpec {
            protocol: self.data.protocol,
            shares: Shares { validation: self.data.validation, test: self.data.test },
            seed: self.seed,
            fold: self.data.fold,
        }
    }

    fn check(&self) -> anyhow::Result<()> {
        ensure!(self.batch > 0, "`batch` is 0; at least 1 slice makes a step");
        ensure!(SIZES.contains(&self.input.size), "`input.size` is {}; accepted are {SIZES:?}", self.input.size);
        ensure!((0.0..1.0).contains(&self.dropout), "`dropout` is {}; accepted are 0 to below 1", self.dropout);
        ensure!(
            (0.0..1.0).contains(&self.label_smoothing),
            "`label_smoothing` is {}; accepted are 0 to below 1",
            self.label_smoothing
        );
        ensure!((0.0..1.0).contains(&self.average), "`average` is {}; accepted are 0 to below 1", self.average);
        if let Some(transplant) = &self.transplant {
            let Transplant { grow, repair, sham, .. } = transplant;
            for (name, share) in [("grow", grow), ("repair", repair), ("sham", sham)] {
                ensure!((0.0..=1.0).contains(share), "`transplant.{name}` is {share}; accepted are 0 to 1");
            }
        }
        for (class, weight) in &self.data.draw {
            ensure!(*weight > 0.0 && weight.is_finite(), "`data.draw.{class}` is {weight}; it must be above 0");
        }
        self.augmentation.check()?;
        self.check_map()?;
        ensure!(
            self.mixup >= 0.0 && self.mixup.is_finite(),
            "`mixup` is {}; accepted are 0 and numbers above",
            self.mixup
        );
        if let Some(cache) = &self.cache {
            self.check_cache(cache)?;
        }
        ensure!(!self.stages.is_empty(), "there is no [[stage]]; at least one says what to train");
        self.stages.iter().try_for_each(Stage::check)
    }
}

impl Recipe {
    fn check_cache(&self, cache: &Cache) -> anyhow::Result<()> {
        ensure!(cache.variants > 0, "`cache.variants` is 0; at least 1 way to change a slice is needed");
        let blocks = 2..=self.architecture.blocks() + 1;
        ensure!(
            blocks.contains(&cache.block),
            "`cache.block` is {}; accepted are {} to {}",
            cache.block,
            blocks.start(),
            blocks.end()
        );
        for Stage { name, train_from, size, .. } in &self.stages {
            ensure!(
                *train_from >= cache.block,
                "stage \"{name}\": `train_from` is {train_from}, but the output of the blocks before {} is kept",
                cache.block
            );
            ensure!(size.is_none(), "stage \"{name}\": `size` is set, but activations are kept at the input's size");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_recipe_in_the_repository_can_be_used() {
        let recipes: Vec<_> = std::fs::read_dir("../../recipes")
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
            .collect();
        assert!(!recipes.is_empty());
        for path in recipes {
            let recipe = Recipe::open(&path).unwrap();
            assert_eq!(Recipe::parse(&recipe.to_toml().unwrap()).unwrap(), recipe);
        }
    }

    #[test]
    fn a_number_out_of_range_is_named() {
        let recipe = std::fs::read_to_string("../../recipes/best-xception.toml").unwrap();
        for (field, before, wrong) in [
            ("augmentation.blur", "blur = ", "blur = inf #"),
            ("augmentation.noise", "noise = ", "noise = nan #"),
            ("augmentation.scale", "scale = ", "scale = 1e30 #"),
            ("augmentation.shift", "shift = ", "shift = -0.5 #"),
            ("weight_decay", "weight_decay = ", "weight_decay = -1.0 #"),
        ] {
            assert!(recipe.contains(before), "{before}");
            let error = Recipe::parse(&recipe.replacen(before, wrong, 1)).unwrap_err().to_string();
            assert!(error.contains(field), "{field}: {error}");
        }
    }

    #[test]
    fn an_unknown_field_is_named() {
        let error = Recipe::parse("name = \"x\"\nlerning_rate = 1").unwrap_err();
        assert!(error.to_string().contains("lerning_rate"), "{error}");
    }
}

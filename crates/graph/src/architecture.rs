//! The networks there are, and what is to be known of each.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::networks::{efficientnet_lite0, vgg16, xception};
use crate::{Builder, Graph, Pyramid};

/// A network that can be trained and exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Architecture {
    /// Chollet 2017; 20.9 million parameters.
    Xception,
    /// Simonyan and Zisserman 2015; 14.7 million parameters.
    Vgg16,
    /// Tan and Le 2019, without squeeze-and-excitation; 3.4 million parameters.
    #[serde(rename = "efficientnet-lite0")]
    EfficientNetLite0,
}

/// What is to be known of a network.
#[derive(Debug, Clone, Copy)]
pub struct Spec {
    /// The name in recipes, manifests and file names.
    pub name: &'static str,
    /// The stage whose activations, averaged, tell a brain MRI from other pictures: early, so that it knows textures and
    /// not tumours, and of 256 channels, so that what is kept of it stays small.
    pub early_stage: &'static str,
    /// What the `ImageNet` weights take.
    pub imagenet: ImagenetInput,
    /// What a map of evidence is made of.
    pub pyramid: Pyramid,
    /// The network in its trainable form, without a head.
    pub trunk: fn() -> Builder,
}

/// What `ImageNet` weights take of a pixel x in [-1, 1]: `scale * x + shift[channel]`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ImagenetInput {
    /// The same for every channel.
    pub scale: f32,
    /// In the order of the weights' input channels.
    pub shift: [f32; 3],
}

impl ImagenetInput {
    /// The pixel itself.
    pub const UNIT: Self = Self { scale: 1.0, shift: [0.0; 3] };
}

impl Architecture {
    /// Every network.
    pub const ALL: [Self; 3] = [Self::Xception, Self::Vgg16, Self::EfficientNetLite0];

    /// What is to be known of it.
    #[must_use]
    pub fn spec(self) -> &'static Spec {
        match self {
            Self::Xception => &xception::SPEC,
            Self::Vgg16 => &vgg16::SPEC,
            Self::EfficientNetLite0 => &efficientnet_lite0::SPEC,
        }
    }

    /// The name in recipes, manifests and file names.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.spec().name
    }

    /// Blocks of the trunk, which are numbered from 1.
    #[must_use]
    pub fn blocks(self) -> usize {
        self.graph(1).blocks()
    }

    /// Length of the pooled features.
    #[must_use]
    pub fn features(self) -> usize {
        self.graph(1).features()
    }

    /// The network in its trainable form: three input channels, batch normalisation of its own. Classes are read from the
    /// mean of the last features.
    #[must_use]
    pub fn graph(self, classes: usize) -> Graph {
        (self.spec().trunk)().classify("predictions", classes).finish()
    }

    /// As [`Architecture::graph`], with a map of evidence, from which classes are read as well: see [`Builder::evidence`].
    #[must_use]
    pub fn graph_with_map(self, classes: usize, none: Option<usize>) -> Graph {
        let Spec { trunk, pyramid, .. } = self.spec();
        trunk().evidence(pyramid, classes, none).finish()
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Architecture {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|architecture| architecture.name() == name).ok_or_else(|| {
            let accepted = Self::ALL.map(Self::name).join(", ");
            format!("\"{name}\" is no architecture; accepted are {accepted}")
        })
    }
}

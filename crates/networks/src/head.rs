//! The classifier on top of a trunk: global average pooling, dropout, one linear layer.

use burn::module::{Initializer, Module, Param};
use burn::nn::{Dropout, DropoutConfig};
use burn::tensor::{Device, Tensor};

use crate::named::{NamedSlot, Slot};

/// Name of the linear layer's kernel.
pub(crate) const KERNEL: &str = "predictions.kernel";

/// Pooled features to logits.
#[derive(Module, Debug)]
pub struct Head {
    dropout: Dropout,
    /// `[classes, features]`.
    kernel: Param<Tensor<2>>,
    /// `[classes]`.
    bias: Param<Tensor<1>>,
}

impl Head {
    /// A head for `features` pooled features; `dropout` is the share left out while training.
    #[must_use]
    pub fn new(features: usize, classes: usize, dropout: f64, device: &Device) -> Self {
        let initializer = Initializer::XavierUniform { gain: 1.0 };
        Self {
            dropout: DropoutConfig::new(dropout).init(),
            kernel: initializer.init_with([classes, features], Some(features), Some(classes), device),
            bias: Initializer::Zeros.init([classes], device),
        }
    }

    /// Pooled features `[batch, features]` to logits `[batch, classes]`.
    #[must_use]
    pub fn forward(&self, features: Tensor<2>) -> Tensor<2> {
        let features = self.dropout.forward(features);
        features.matmul(self.kernel.val().transpose()) + self.bias.val().unsqueeze()
    }

    pub(crate) fn slots(&mut self) -> Vec<NamedSlot<'_>> {
        vec![
            (KERNEL.to_owned(), Slot::Matrix(&mut self.kernel)),
            ("predictions.bias".to_owned(), Slot::Vector(&mut self.bias)),
        ]
    }
}

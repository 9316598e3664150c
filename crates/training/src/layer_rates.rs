//! Learning rates that fall from block to block towards the input (Howard and Ruder 2018): the first blocks know edges and
//! textures that hold for every picture, and need little change.

use burn::module::ParamGroup;
use burn::optim::lr_scheduler::module_lr_scheduler::{ModuleLearningRate, ModuleLrScheduler};
use networks::Network;

/// What the learning rate of a stage is multiplied by in each block.
pub struct LayerRates {
    blocks: Vec<(ParamGroup, f64)>,
}

impl LayerRates {
    /// The head learns at the stage's rate, the last block at `decay` of it, the one before at `decay` of that. 1 for the
    /// same rate everywhere.
    #[must_use]
    pub fn new(network: &Network, decay: f64) -> Self {
        let factor = |below_head: usize| decay.powi(i32::try_from(below_head).unwrap_or(i32::MAX));
        let blocks = network.parameters_by_block().into_values().rev().enumerate();
        Self { blocks: blocks.map(|(below_head, ids)| (ParamGroup::from_ids(ids), factor(below_head))).collect() }
    }

    /// The rates of every block where that of the head is `learning_rate`.
    #[must_use]
    pub fn at(&self, learning_rate: f64) -> ModuleLearningRate {
        let all = ModuleLrScheduler::new(learning_rate);
        let blocks = self.blocks.iter();
        blocks.fold(all, |rates, (block, factor)| rates.with_group(block.clone(), learning_rate * factor)).step()
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;
    use networks::{Architecture, Form, NetworkConfig};

    use super::*;

    #[test]
    fn each_block_learns_at_a_part_of_the_rate_of_the_block_above() {
        for (architecture, blocks) in [(Architecture::Xception, 14), (Architecture::Vgg16, 5)] {
            let network = NetworkConfig::new(architecture, 4, Form::Trainable).init(&Device::flex()).identified();
            let rates = LayerRates::new(&network, 0.5).at(0.08);
            let parameters = network.parameters_by_block();
            assert_eq!(parameters.keys().copied().collect::<Vec<_>>(), (1..=blocks + 1).collect::<Vec<_>>());
            for (block, ids) in parameters {
                let expected = 0.08 * 0.5_f64.powi(i32::try_from(blocks + 1 - block).unwrap());
                for id in ids {
                    assert!((rates.lr_from_param(id, None) - expected).abs() < 1e-12, "block {block}");
                }
            }
        }
    }

    #[test]
    fn without_decay_every_block_learns_alike() {
        let network = NetworkConfig::new(Architecture::Vgg16, 4, Form::Trainable).init(&Device::flex()).identified();
        let rates = LayerRates::new(&network, 1.0).at(1e-3);
        for id in network.parameters_by_block().into_values().flatten() {
            assert!((rates.lr_from_param(id, None) - 1e-3).abs() < 1e-15);
        }
    }
}

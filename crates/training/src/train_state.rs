//! A network, its optimiser, and the average of its weights over the last steps.

use burn::module::Module;
use burn::optim::lr_scheduler::module_lr_scheduler::ModuleLearningRate;
use burn::optim::{GradientsParams, ModuleOptimizer};
use networks::Network;

/// What learns.
pub struct TrainState {
    /// The network that is trained.
    pub network: Network,
    /// The moving average of the network's weights, where the recipe has one.
    pub average: Option<Network>,
    /// Its optimiser.
    pub optimizer: ModuleOptimizer,
}

impl TrainState {
    /// One step down the gradients, in every block at its rate.
    #[must_use]
    pub fn step(mut self, rates: impl Into<ModuleLearningRate>, gradients: GradientsParams) -> Self {
        self.network = self.optimizer.step(rates, self.network, gradients);
        self
    }

    /// Moves the average on; `steps` were taken before. The first steps weigh more: an average of ImageNet's weights is
    /// no use.
    #[must_use]
    pub fn averaged(mut self, decay: f64, steps: usize) -> Self {
        let decay = decay.min((1.0 + steps as f64) / (10.0 + steps as f64));
        self.average = self.average.map(|average| average.ema_update(self.network.valid(), 1.0 - decay));
        self
    }

    /// The network that is validated and kept, without gradients.
    #[must_use]
    pub fn result(&self) -> Network {
        self.average.clone().unwrap_or_else(|| self.network.valid())
    }
}

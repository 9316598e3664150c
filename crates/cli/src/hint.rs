//! Errors as the command prints them: as `scans` does, with what the engines advise.

use std::error::Error;

use classifier::ClassifierError;
use gpu::GpuError;
use graph::GraphError;
use scans::{hint, with_hint};

/// The text of an error, with the hint of the first in its chain that has one in a line of its own.
pub fn told(error: &anyhow::Error) -> String {
    with_hint(error, hint(error).or_else(|| error.chain().find_map(of_engine)))
}

fn of_engine(error: &(dyn Error + 'static)) -> Option<String> {
    let classifier = || error.downcast_ref::<ClassifierError>()?.hint();
    let graph = || error.downcast_ref::<GraphError>()?.hint();
    let gpu = || error.downcast_ref::<GpuError>()?.hint();
    classifier().or_else(graph).or_else(gpu).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use anyhow::Context;
    use weights::WeightsError;

    use super::*;

    #[test]
    fn what_an_engine_advises_is_told() {
        let refused = Err::<(), _>(ClassifierError::Weights(WeightsError::NoManifest)).context("no model").unwrap_err();
        assert!(told(&refused).contains("\nhint: make the file with `sulcus export`"), "{}", told(&refused));
    }
}

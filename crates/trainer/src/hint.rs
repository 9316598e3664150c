//! Errors as a person reads them: the chain of causes, then what to do next.

use std::error::Error;

use classifier::ClassifierError;
use dataset::DatasetError;
use gpu::GpuError;
use graph::GraphError;
use imaging::DecodeError;
use model::Hinted;
use weights::WeightsError;

/// The text of an error, with the hint of the first in its chain that has one in a line of its own.
pub fn told(error: &anyhow::Error) -> String {
    match hint(error) {
        Some(hint) => format!("{error:#}\nhint: {hint}"),
        None => format!("{error:#}"),
    }
}

/// What this program adds stands around what the libraries found; as a context it can be asked for, but not seen in the
/// chain.
fn hint(error: &anyhow::Error) -> Option<String> {
    let own = error.downcast_ref::<Hinted>().map(|own| own.hint.clone());
    own.or_else(|| error.chain().find_map(of_library))
}

fn of_library(error: &(dyn Error + 'static)) -> Option<String> {
    let decoding = || error.downcast_ref::<DecodeError>()?.hint();
    let weights = || error.downcast_ref::<WeightsError>()?.hint();
    let classifier = || error.downcast_ref::<ClassifierError>()?.hint();
    let graph = || error.downcast_ref::<GraphError>()?.hint();
    let gpu = || error.downcast_ref::<GpuError>()?.hint();
    let known = decoding().or_else(weights).or_else(classifier).or_else(graph).or_else(gpu);
    known.map(str::to_owned).or_else(|| error.downcast_ref::<DatasetError>()?.hint())
}

#[cfg(test)]
mod tests {
    use anyhow::{Context, anyhow};

    use super::*;

    #[test]
    fn the_hint_stands_below_the_whole_chain() {
        let empty = Err::<(), _>(DecodeError::EmptyFile).context("cannot read a.png").unwrap_err();
        let expected = "cannot read a.png: the file is empty\nhint: export or download the file again";
        assert_eq!(told(&empty), expected);
        let refused = Err::<(), _>(ClassifierError::Weights(WeightsError::NoManifest)).context("no model").unwrap_err();
        assert!(told(&refused).contains("\nhint: make the file with `sulcus export`"), "{}", told(&refused));
        assert_eq!(told(&anyhow!("denied").context("no model")), "no model: denied");
    }

    #[test]
    fn what_the_command_advises_goes_before_what_a_library_does() {
        let error = Err::<(), _>(DecodeError::EmptyFile).context(Hinted::new("no run folder", "name one"));
        let error = error.context("cannot export").unwrap_err();
        assert_eq!(told(&error), "cannot export: no run folder: the file is empty\nhint: name one");
    }
}

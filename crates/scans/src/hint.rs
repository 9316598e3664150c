//! Errors as a person reads them: the chain of causes, then what to do next.

use std::error::Error;

use dataset::DatasetError;
use imaging::DecodeError;
use model::Hinted;
use weights::WeightsError;

/// The text of an error, with what to do next in a line of its own where it is known.
#[must_use]
pub fn told(error: &anyhow::Error) -> String {
    with_hint(error, hint(error))
}

/// The chain of an error, and a hint in a line of its own.
#[must_use]
pub fn with_hint(error: &anyhow::Error, hint: Option<String>) -> String {
    match hint {
        Some(hint) => format!("{error:#}\nhint: {hint}"),
        None => format!("{error:#}"),
    }
}

/// What to do next, as the first in the chain says that knows it: what programs add stands around what the libraries found.
#[must_use]
pub fn hint(error: &anyhow::Error) -> Option<String> {
    // As a context it can be asked for, but not seen in the chain.
    let own = error.downcast_ref::<Hinted>().map(|own| own.hint.clone());
    own.or_else(|| error.chain().find_map(of_library))
}

fn of_library(error: &(dyn Error + 'static)) -> Option<String> {
    let decoding = || error.downcast_ref::<DecodeError>()?.hint();
    let weights = || error.downcast_ref::<WeightsError>()?.hint();
    let known = decoding().or_else(weights).map(str::to_owned);
    known.or_else(|| error.downcast_ref::<DatasetError>()?.hint())
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
        assert_eq!(told(&anyhow!("denied").context("no model")), "no model: denied");
    }

    #[test]
    fn what_a_program_advises_goes_before_what_a_library_does() {
        let error = Err::<(), _>(DecodeError::EmptyFile).context(Hinted::new("no run folder", "name one"));
        let error = error.context("cannot export").unwrap_err();
        assert_eq!(told(&error), "cannot export: no run folder: the file is empty\nhint: name one");
    }
}

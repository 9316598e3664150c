//! Errors as a person reads them: the chain of causes, then what to do next.

use model::Hinted;

/// The text of an error, with its hint in a line of its own where it has one.
pub fn told(error: &anyhow::Error) -> String {
    match error.downcast_ref::<Hinted>() {
        Some(Hinted { hint, .. }) => format!("{error:#}\nhint: {hint}"),
        None => format!("{error:#}"),
    }
}

#[cfg(test)]
mod tests {
    use anyhow::{Context, anyhow};

    use super::*;

    #[test]
    fn the_hint_stands_below_the_whole_chain() {
        let taken = || Hinted::new("cannot listen", "choose another port");
        let deep: anyhow::Error = taken().into();
        assert_eq!(told(&deep.context("no server")), "no server: cannot listen\nhint: choose another port");
        let refused = Err::<(), _>(anyhow!("denied")).with_context(taken).context("no server").unwrap_err();
        assert_eq!(told(&refused), "no server: cannot listen: denied\nhint: choose another port");
        assert_eq!(told(&anyhow!("denied").context("no server")), "no server: denied");
    }
}

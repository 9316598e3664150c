//! Messages as text.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Raised whenever a message changes its meaning or shape.
pub const VERSION: u32 = 7;

/// A text that is no message of this version.
#[derive(Error, Debug)]
pub enum ProtocolError {
    /// Page and worker come from different builds.
    #[error(
        "page and worker are of different versions (protocol {found}, expected {VERSION}); reload the page without its cache"
    )]
    Version {
        /// The version in the message.
        found: u32,
    },
    /// The text has another shape than any message.
    #[error("unreadable message between page and worker: {0}")]
    Malformed(#[from] serde_json::Error),
}

#[derive(Serialize)]
struct Outgoing<'a, T> {
    protocol: u32,
    message: &'a T,
}

#[derive(Deserialize)]
struct Header {
    protocol: u32,
}

#[derive(Deserialize)]
struct Incoming<T> {
    message: T,
}

/// A message as text.
///
/// # Errors
/// Where the message cannot be written as JSON; the messages of this crate always can.
pub fn encode<T: Serialize>(message: &T) -> Result<String, ProtocolError> {
    let protocol = VERSION;
    Ok(serde_json::to_string(&Outgoing { protocol, message })?)
}

/// The message in a text made by [`encode`].
///
/// # Errors
/// [`ProtocolError::Version`] where the other side speaks another version, whatever else the text holds;
/// [`ProtocolError::Malformed`] where it is no message.
pub fn decode<T: DeserializeOwned>(text: &str) -> Result<T, ProtocolError> {
    let Header { protocol: found } = serde_json::from_str(text)?;
    if found != VERSION {
        return Err(ProtocolError::Version { found });
    }
    Ok(serde_json::from_str::<Incoming<T>>(text)?.message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Engine, Evidence, EvidenceMap, PlacedMap, Reply, Request, Square, Verdict};

    fn map() -> PlacedMap {
        let evidence = EvidenceMap { side: 2, values: vec![0.1, 1.0e-7, 0.899_999_9, 0.0] };
        PlacedMap::new(evidence, Square { left: -8, top: 3, side: 96 }).unwrap()
    }

    #[test]
    fn a_prediction_survives_the_journey_to_the_last_bit() {
        let reply = Reply::Prediction {
            id: 3,
            verdict: Verdict::NotBrainMri,
            top_class: 2,
            evidence: Some(Evidence { distance: 2.5, ood_threshold: 1.4, abstain_below: 0.55 }),
            probabilities: vec![0.1, 1.0e-7, 0.899_999_9, f32::MIN_POSITIVE],
            map: Some(map()),
            engine: Engine::WebGpu,
            milliseconds: 17.25,
        };
        assert_eq!(decode::<Reply>(&encode(&reply).unwrap()).unwrap(), reply);
    }

    #[test]
    fn a_prediction_with_a_map_that_is_none_is_refused() {
        let reply = |map: &str| {
            let fields =
                r#""id":3,"verdict":"abstain","top_class":0,"evidence":null,"probabilities":[1],"engine":"cpu""#;
            let prediction = format!(r#"{{{fields},"milliseconds":1,"map":{map}}}"#);
            decode::<Reply>(&format!(r#"{{"protocol":{VERSION},"message":{{"prediction":{prediction}}}}}"#))
        };
        let shown = r#""shown":{"left":0,"top":0,"side":9}"#;
        assert!(reply("null").is_ok());
        assert!(reply(&format!(r#"{{"evidence":{{"side":1,"values":[0.5]}},{shown}}}"#)).is_ok());
        let error = reply(&format!(r#"{{"evidence":{{"side":2,"values":[0.5]}},{shown}}}"#)).unwrap_err();
        assert!(error.to_string().contains("2 rows has 1 values"), "{error}");
    }

    #[test]
    fn another_version_is_named_even_where_its_messages_are_unknown() {
        let next = VERSION + 1;
        let text = format!(r#"{{"protocol":{next},"message":{{"classify_series":{{"ids":[1,2]}}}}}}"#);
        let error = decode::<Request>(&text).unwrap_err();
        assert!(matches!(error, ProtocolError::Version { found } if found == next));
        assert!(error.to_string().contains("reload the page"));
    }

    #[test]
    fn a_text_that_is_no_message_is_refused() {
        let own = |rest: &str| format!(r#"{{"protocol":{VERSION}{rest}}}"#);
        let texts = ["", "null", "{}"].map(str::to_owned).into_iter();
        for text in texts.chain([own(""), own(r#","message":{"pay":{}}"#)]) {
            assert!(matches!(decode::<Request>(&text), Err(ProtocolError::Malformed(_))), "{text}");
        }
    }
}

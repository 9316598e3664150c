//! From a request to its replies.

use classifier::Prediction;
use imaging::{DecodeError, Limits, Study, decode};
use protocol::{Picture, Reply, Request};

use crate::model::EngineError;
use crate::{ENGINE, display, model, scope};

/// Answers a request; the page hears of every outcome.
pub async fn answer(request: Request, bytes: Vec<u8>) {
    let outcome = match request {
        Request::Load { catalogue, model } => model::load(&catalogue, &model, bytes).await.map(Some),
        Request::Classify { id } => classify(id, &bytes).await,
        Request::Show { id } => Ok(show(id, &bytes).err().map(|error| failed(id, &error))),
    };
    match outcome {
        Ok(Some(reply)) => scope::post(&reply, None),
        Ok(None) => {}
        Err(error) => scope::post(&engine_failed(&error), None),
    }
}

async fn classify(id: u32, bytes: &[u8]) -> Result<Option<Reply>, EngineError> {
    let start = scope::now();
    let study = match show(id, bytes) {
        Ok(study) => study,
        Err(error) => return Ok(Some(failed(id, &error))),
    };
    let Some(slice) = study.slices.first() else {
        return Ok(Some(Reply::Failed { id, message: "the file holds no slice".into(), hint: String::new() }));
    };
    let (prediction, map) = model::loaded()?.predict(slice).await?;
    let Prediction { probabilities, class: top_class, verdict, evidence, .. } = prediction;
    let milliseconds = scope::now() - start;
    Ok(Some(Reply::Prediction { id, verdict, top_class, evidence, probabilities, map, engine: ENGINE, milliseconds }))
}

/// Decodes a file and sends its first slice for display.
fn show(id: u32, bytes: &[u8]) -> Result<Study, DecodeError> {
    let study = decode(bytes, &Limits::default())?;
    if let Some(slice) = study.slices.first() {
        let (width, height, grey) = display::shrink(slice.to_grey8(), slice.width(), slice.height());
        let picture = Picture {
            width,
            height,
            source_width: slice.width(),
            source_height: slice.height(),
            format: study.source.format.to_string(),
            slices: study.slices.len() as u32,
        };
        scope::post(&Reply::Slice { id, picture }, Some(&grey));
    }
    Ok(study)
}

fn engine_failed(error: &EngineError) -> Reply {
    Reply::EngineFailed { message: error.to_string(), hint: error.hint().unwrap_or_default().to_owned() }
}

fn failed(id: u32, error: &DecodeError) -> Reply {
    Reply::Failed { id, message: error.to_string(), hint: error.hint().unwrap_or_default().to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_advice_of_an_error_stands_apart() {
        let Reply::Failed { id: 1, message, hint } = failed(1, &DecodeError::EmptyFile) else { panic!("no failure") };
        assert_eq!((message.as_str(), hint.as_str()), ("the file is empty", "export or download the file again"));
    }
}

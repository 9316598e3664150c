//! A network as an ONNX file, for runtimes of other languages.
//!
//! The graph is the network of the weights file: batch normalisation folded, one grey channel. Kernels are f32, or int8
//! with a scale an output channel that `DequantizeLinear` multiplies them by, as the weights file has them. Preparing
//! the image (crop, size, intensities) is not part of the graph; the metadata say what it takes.

mod graph;
mod messages;
mod network;
#[cfg(test)]
mod tests;

use messages::{
    DataType, Length, ModelProto, OperatorSetIdProto, StringStringEntryProto, TensorShapeProto, TensorTypeProto,
    TypeProto, ValueInfoProto,
};
use prost::Message;
use weights::{Manifest, WeightsFile};

use self::graph::Drawing;

/// Version of the file format. 8 is what opset 17 came with.
const IR_VERSION: i64 = 8;
/// Version of the operators. `DequantizeLinear` by channel needs 13; runtimes of 2022 know 17.
const OPSET: i64 = 17;
/// Name of the input, `[batch, 1, size, size]`.
const INPUT: &str = "image";
/// Names of the outputs, `[batch, classes]` each.
const OUTPUTS: [&str; 2] = ["logits", "probabilities"];
/// Name of a third output, `[batch, 1, height, width]`, of networks that say where.
const MAP: &str = "evidence_map";

/// A weights file as an ONNX file. The same weights file gives the same bytes.
///
/// # Errors
/// A tensor of the architecture is missing, or the manifest can't be put into the metadata.
pub fn write(file: &WeightsFile) -> anyhow::Result<Vec<u8>> {
    Ok(model(file)?.encode_to_vec())
}

fn model(file: &WeightsFile) -> anyhow::Result<ModelProto> {
    let WeightsFile { manifest, tensors } = file;
    let network = manifest.network()?;
    let [logits, probabilities] = OUTPUTS;
    let mut drawing = Drawing::new(tensors);
    let pixels = manifest.input.size as usize;
    let map = network::draw(&mut drawing, &network, pixels, [INPUT, logits])?;
    drawing.softmax(logits, manifest.temperature, probabilities);
    if let Some(map) = &map {
        drawing.sigmoid(map, MAP);
    }
    let mut graph = drawing.finish(network.name());
    let size = manifest.input.size.into();
    graph.input = vec![value(INPUT, &[1, size, size], "grey slice, prepared as the metadata's `input` says")];
    let classes = manifest.classes.len() as i64;
    graph.output = vec![
        value(logits, &[classes], "before the softmax"),
        value(probabilities, &[classes], "in the order of the metadata's `classes`; together 1"),
    ];
    if let Some(map) = network.map_output() {
        let ::graph::Shape { height, width, .. } = network.shapes(pixels)?[map];
        graph.output.push(value(MAP, &[1, height as i64, width as i64], "for every place of the image, 0 to 1"));
    }
    Ok(ModelProto {
        ir_version: IR_VERSION,
        producer_name: "sulcus".to_owned(),
        producer_version: env!("CARGO_PKG_VERSION").to_owned(),
        doc_string: description(manifest),
        graph,
        opset_import: vec![OperatorSetIdProto { domain: String::new(), version: OPSET }],
        metadata_props: metadata(manifest)?,
    })
}

fn description(manifest: &Manifest) -> String {
    format!(
        "Brain MRI slices to {} classes. Not a medical device. The graph takes a prepared slice: cropped, padded to a \
         square of {1} x {1} pixels, intensities scaled to -1 and 1. Preparing it is not part of the graph; the \
         metadata's `input` says how.",
        manifest.classes.len(),
        manifest.input.size
    )
}

/// What the manifest says, one entry a field; what is no text there is JSON here.
fn metadata(manifest: &Manifest) -> anyhow::Result<Vec<StringStringEntryProto>> {
    let entries = [
        ("architecture", manifest.architecture.clone()),
        ("classes", serde_json::to_string(&manifest.classes)?),
        ("input", serde_json::to_string(&manifest.input)?),
        ("licence", manifest.licence.clone()),
        ("credit", manifest.credit.clone()),
        ("date", manifest.date.clone()),
        ("data_fingerprint", manifest.data_fingerprint.clone()),
        ("split", serde_json::to_string(&manifest.split)?.trim_matches('"').to_owned()),
        ("recipe", manifest.recipe.clone()),
    ];
    Ok(entries.map(|(key, value)| StringStringEntryProto { key: key.to_owned(), value }).into())
}

/// A tensor of floats `[batch, ..]` that goes in or comes out.
fn value(name: &str, axes: &[i64], what: &str) -> ValueInfoProto {
    let batch = Length::Parameter("batch".to_owned());
    let axes = std::iter::once(batch).chain(axes.iter().map(|&length| Length::Value(length)));
    let shape = TensorShapeProto { dim: axes.map(Into::into).collect() };
    let tensor_type = TensorTypeProto { elem_type: DataType::Float.into(), shape };
    ValueInfoProto { name: name.to_owned(), r#type: TypeProto { tensor_type }, doc_string: what.to_owned() }
}

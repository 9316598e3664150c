//! What is written comes back; what makes no sense is not written.

mod model;

use std::collections::BTreeMap;

use weights::WeightsError as E;
use weights::{
    Architecture, Crop, MANIFEST_SCHEMA, Manifest, NAMED_SCHEMA, Tensor, Values, WeightsFile, quantise, read,
    read_tensors, write, write_tensors,
};

#[test]
fn a_model_comes_back_as_it_was_written() {
    let file = model::model();
    assert_eq!(read(&write(&file).unwrap()).unwrap(), file);
}

#[test]
fn tensors_come_back_without_a_manifest() {
    let bytes = write_tensors(&model::tensors()).unwrap();
    assert_eq!(read_tensors(&bytes).unwrap(), model::tensors());
    assert!(matches!(read(&bytes), Err(E::NoManifest)));
}

#[test]
fn tensors_of_a_model_are_read_without_looking_at_its_manifest() {
    let bytes = write(&model::model()).unwrap();
    assert_eq!(read_tensors(&bytes).unwrap(), model::tensors());
}

#[test]
fn an_int8_value_is_multiplied_by_the_scale_of_its_output_channel() {
    let tensor = &model::tensors()["conv.kernel"];
    let Values::Int8 { values, scales } = &tensor.values else {
        panic!("expected int8");
    };
    for (index, value) in tensor.to_f32().into_iter().enumerate() {
        let expected = f32::from(values[index]) * scales[index / 12];
        assert_eq!(value.to_bits(), expected.to_bits());
    }
}

#[test]
fn a_quantised_tensor_can_be_written() {
    let values: Vec<f32> = (0..54_u8).map(|index| f32::from(index).sin()).collect();
    let tensor = quantise(&[6, 1, 3, 3], &values).unwrap();
    let tensors = BTreeMap::from([("depthwise".to_owned(), tensor)]);
    assert_eq!(read_tensors(&write_tensors(&tensors).unwrap()).unwrap(), tensors);
}

#[test]
fn a_file_with_a_wrong_tensor_is_not_written() {
    let write_one = |name: &str, tensor: Tensor| {
        let mut tensors = model::tensors();
        tensors.insert(name.to_owned(), tensor);
        write_tensors(&tensors)
    };
    let int8 = |scales: Vec<f32>| Tensor { shape: vec![2, 2], values: Values::Int8 { values: vec![1; 4], scales } };
    assert!(matches!(write_one("a", Tensor::float(vec![2], vec![0.0; 3])), Err(E::Shape { .. })));
    assert!(matches!(write_one("a", Tensor::float(vec![0], vec![])), Err(E::Shape { .. })));
    assert!(matches!(write_one("a", Tensor::float(vec![1], vec![f32::NAN])), Err(E::NotFinite { .. })));
    assert!(matches!(write_one("a", int8(vec![1.0])), Err(E::ScaleCount { .. })));
    assert!(matches!(write_one("a", int8(vec![1.0, -1.0])), Err(E::Scale { channel: 1, .. })));
    assert!(matches!(write_one("a", int8(vec![f32::MAX, 1.0])), Err(E::Scale { channel: 0, .. })));
    let float = || Tensor::float(vec![1], vec![1.0]);
    assert!(matches!(write_one("__metadata__", float()), Err(E::ReservedName { .. })));
    assert!(matches!(write_one("conv.kernel.scale", float()), Err(E::ReservedName { .. })));
}

#[test]
fn a_manifest_that_makes_no_sense_is_not_written() {
    fn broken(change: impl FnOnce(&mut Manifest)) -> String {
        let mut file = model::model();
        change(&mut file.manifest);
        write(&file).unwrap_err().to_string()
    }
    assert!(broken(|m| m.schema = 3).contains("schema version 3"));
    assert!(broken(|m| m.schema = MANIFEST_SCHEMA).contains("manifest.graph"));
    assert!(broken(|m| m.architecture = "resnet".to_owned()).contains("manifest.architecture"));
    assert!(broken(|m| m.input.size = 31).contains("no less than the network's smallest"));
    assert!(broken(|m| m.input.size = 0).contains("manifest.input.size"));
    assert!(broken(|m| m.input.margin = f32::NAN).contains("manifest.input.margin"));
    assert!(broken(|m| m.input.intensity.low = -1.0).contains("manifest.input.intensity.low"));
    assert!(broken(|m| m.input.intensity.high = 0.5).contains("manifest.input.intensity.high"));
    assert!(broken(|m| m.classes.truncate(1)).contains("manifest.classes"));
    assert!(broken(|m| m.classes[1] = m.classes[0].clone()).contains("no two the same"));
    assert!(broken(|m| m.classes[1] = " ".to_owned()).contains("none empty"));
    assert!(broken(|m| m.date = "31.1.2026".to_owned()).contains("YYYY-MM-DD"));
    assert!(broken(|m| m.date = "2026-13-01".to_owned()).contains("YYYY-MM-DD"));
    assert!(broken(|m| m.temperature = Some(0.0)).contains("manifest.temperature"));
    let metrics = |change: fn(&mut weights::MetricsSummary)| broken(|m| change(m.metrics.as_mut().unwrap()));
    assert!(metrics(|m| m.accuracy = 93.75).contains("manifest.metrics.accuracy"));
    assert!(metrics(|m| m.macro_f1 = f64::NAN).contains("manifest.metrics.macro_f1"));
    assert!(metrics(|m| m.accuracy_ci95 = [0.9, 0.8]).contains("manifest.metrics.accuracy_ci95"));
}

#[test]
fn a_graph_travels_with_the_weights_and_has_to_be_theirs() {
    fn broken(change: impl FnOnce(&mut Manifest)) -> String {
        let mut file = with_graph();
        change(&mut file.manifest);
        write(&file).unwrap_err().to_string()
    }
    fn with_graph() -> WeightsFile {
        let mut file = model::model();
        file.manifest.schema = MANIFEST_SCHEMA;
        file.manifest.graph = Some(Architecture::EfficientNetLite0.graph(4).folded());
        file.manifest.architecture = "efficientnet-lite0".to_owned();
        file
    }
    let file = with_graph();
    let read = read(&write(&file).unwrap()).unwrap();
    assert_eq!(read, file);
    assert_eq!(read.manifest.network().unwrap(), file.manifest.graph.unwrap());
    assert!(broken(|m| m.schema = NAMED_SCHEMA).contains("manifest.graph"));
    assert!(broken(|m| m.architecture = "xception".to_owned()).contains("the graph's name"));
    assert!(broken(|m| m.classes.truncate(3)).contains("one of 4 classes"));
    let in_training = Architecture::EfficientNetLite0.graph(4);
    assert!(broken(|m| m.graph = Some(in_training)).contains("inference form"));
}

#[test]
fn the_input_spec_has_the_json_that_the_imaging_crate_reads() {
    let mut input = model::manifest().input;
    let json = r#"{"size":299,"crop":"head","margin":0.02,"intensity":{"low":0.5,"high":99.5}}"#;
    assert_eq!(serde_json::to_string(&input).unwrap(), json);
    input.crop = Crop::None;
    let json = json.replace("head", "none");
    assert_eq!(serde_json::from_str::<weights::InputSpec>(&json).unwrap(), input);
}

#[test]
fn the_imagenet_starting_weights_are_read() {
    let folder = std::path::Path::new("../../weights/start");
    // Tensor and parameter counts as the README beside them gives them.
    for (file, tensor_count, parameter_count) in [
        ("imagenet-xception.safetensors", 234, 20_861_480),
        ("imagenet-vgg16.safetensors", 26, 14_714_688),
        ("imagenet-efficientnet-lite0.safetensors", 245, 3_413_024),
    ] {
        let tensors = read_tensors(&std::fs::read(folder.join(file)).unwrap()).unwrap();
        let parameters: usize = tensors.values().map(|tensor| tensor.to_f32().len()).sum();
        assert_eq!((tensors.len(), parameters), (tensor_count, parameter_count), "{file}");
    }
}

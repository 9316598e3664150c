//! Any bytes are answered with a file or an error that says what is wrong: never a panic, never a huge allocation.

#![expect(clippy::unwrap_used, reason = "where a fixture cannot be built, the test has failed")]

mod model;

use proptest::prelude::*;
use weights::{HEADER_LIMIT, SIZE_LIMIT, WeightsError, read, read_tensors, write};

/// A safetensors file of this header and data.
fn safetensors(header: &str, data: &[u8]) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), data].concat()
}

/// One tensor `x` of this type and shape over these bytes.
fn one_tensor(dtype: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let header = format!(r#"{{"x":{{"dtype":"{dtype}","shape":{shape},"data_offsets":[0,{}]}}}}"#, data.len());
    safetensors(&header, data)
}

/// An int8 tensor `x` of shape 2 x 2 with scales of this type and shape.
fn with_scales(dtype: &str, shape: &str, scales: &[u8]) -> Vec<u8> {
    let end = 4 + scales.len();
    let header = format!(
        r#"{{"x":{{"dtype":"I8","shape":[2,2],"data_offsets":[0,4]}},
            "x.scale":{{"dtype":"{dtype}","shape":{shape},"data_offsets":[4,{end}]}}}}"#
    );
    safetensors(&header, &[&[1, 2, 3, 4], scales].concat())
}

/// A valid model with its manifest's text changed.
fn with_manifest(change: impl FnOnce(String) -> String) -> Vec<u8> {
    let json = change(serde_json::to_string(&model::manifest()).unwrap());
    let header = format!(r#"{{"__metadata__":{{"manifest":{}}}}}"#, serde_json::to_string(&json).unwrap());
    safetensors(&header, &[])
}

fn floats(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

#[test]
fn a_file_cut_short_anywhere_is_called_cut_short() {
    let bytes = write(&model::model()).unwrap();
    for length in 0..bytes.len() {
        let error = read(&bytes[..length]).unwrap_err();
        assert!(matches!(error, WeightsError::Truncated { found, .. } if found == length), "{length}: {error}");
    }
}

#[test]
fn bytes_after_the_last_tensor_are_refused() {
    let mut bytes = write(&model::model()).unwrap();
    bytes.push(0);
    assert!(matches!(read(&bytes), Err(WeightsError::TrailingBytes { .. })));
}

#[test]
fn a_file_over_the_limit_is_refused_by_its_size_alone() {
    let bytes = vec![0; SIZE_LIMIT + 1];
    assert!(matches!(read(&bytes), Err(WeightsError::TooLarge { .. })));
}

#[test]
fn a_header_length_that_cannot_be_is_refused() {
    for declared in [HEADER_LIMIT as u64 + 1, u64::from(u32::MAX), u64::MAX - 8, u64::MAX] {
        let bytes = [&declared.to_le_bytes()[..], b"{}      "].concat();
        let error = read_tensors(&bytes).unwrap_err();
        assert!(matches!(error, WeightsError::HeaderTooLarge { .. }), "{declared}: {error}");
    }
}

#[test]
fn a_header_that_is_no_safetensors_header_is_refused() {
    let deep = "[".repeat(100_000);
    for header in ["", "{", "[]", "null", "\u{0}", r#"{"x":1}"#, r#"{"__metadata__":[]}"#, &deep] {
        let error = read_tensors(&safetensors(header, &[])).unwrap_err();
        assert!(matches!(error, WeightsError::Header { .. }), "{header:.20}: {error}");
    }
    let not_utf8 = [&2_u64.to_le_bytes()[..], &[0xff, 0xfe]].concat();
    assert!(matches!(read_tensors(&not_utf8), Err(WeightsError::Header { .. })));
}

#[test]
fn a_shape_that_does_not_fit_its_bytes_is_refused() {
    for shape in ["[]", "[3]", "[2,2,2]", "[18446744073709551615,2]", "[4294967296,4294967296]", "[-1]", "[1.5]"] {
        let error = read_tensors(&one_tensor("F32", shape, &[0; 8])).unwrap_err();
        assert!(matches!(error, WeightsError::Header { .. }), "{shape}: {error}");
    }
    let error = read_tensors(&one_tensor("F32", "[0,9223372036854775807]", &[])).unwrap_err();
    assert!(matches!(error, WeightsError::Shape { .. }), "{error}");
}

#[test]
fn sizes_that_together_overflow_are_refused() {
    // Each tensor alone is within what a usize counts in bits; nine of them are not.
    let step = (1_u64 << 61) - 1;
    let entry = |index: u64| {
        let (start, end) = (index * step, (index + 1) * step);
        format!(r#""t{index}":{{"dtype":"I8","shape":[{step}],"data_offsets":[{start},{end}]}}"#)
    };
    let header = format!("{{{}}}", (0..8).map(entry).collect::<Vec<_>>().join(","));
    assert!(matches!(read_tensors(&safetensors(&header, &[])), Err(WeightsError::Truncated { .. })));
}

#[test]
fn overlapping_tensors_and_gaps_are_refused() {
    for (start, end) in [(0, 4), (5, 9), (8, 4)] {
        let header = format!(
            r#"{{"a":{{"dtype":"F32","shape":[1],"data_offsets":[0,4]}},
                "b":{{"dtype":"F32","shape":[1],"data_offsets":[{start},{end}]}}}}"#
        );
        let error = read_tensors(&safetensors(&header, &[0; 8])).unwrap_err();
        assert!(matches!(error, WeightsError::Header { .. }), "{start}..{end}: {error}");
    }
}

#[test]
fn a_type_that_no_model_uses_is_named_in_the_error() {
    let error = read_tensors(&one_tensor("I64", "[1]", &[0; 8])).unwrap_err().to_string();
    assert!(error.contains("\"x\" has the type I64"), "{error}");
}

#[test]
fn int8_without_fitting_scales_is_refused() {
    let missing = |bytes: &[u8]| matches!(read_tensors(bytes), Err(WeightsError::MissingScales { .. }));
    let miscounted = |bytes: &[u8]| matches!(read_tensors(bytes), Err(WeightsError::ScaleCount { .. }));
    assert!(missing(&one_tensor("I8", "[2,2]", &[1, 2, 3, 4])));
    assert!(missing(&with_scales("F16", "[2]", &[0; 4])));
    assert!(missing(&with_scales("I8", "[2]", &[0; 2])));
    assert!(miscounted(&with_scales("F32", "[1]", &floats(&[1.0]))));
    assert!(miscounted(&with_scales("F32", "[3]", &floats(&[1.0; 3]))));
    assert!(miscounted(&with_scales("F32", "[2,1]", &floats(&[1.0; 2]))));
    assert!(read_tensors(&with_scales("F32", "[2]", &floats(&[1.0; 2]))).is_ok());
}

#[test]
fn numbers_that_are_not_finite_are_refused_with_their_place() {
    for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let error = read_tensors(&one_tensor("F32", "[2]", &floats(&[0.0, value]))).unwrap_err();
        assert!(matches!(error, WeightsError::NotFinite { index: 1, .. }), "{error}");
        let error = read_tensors(&with_scales("F32", "[2]", &floats(&[1.0, value]))).unwrap_err();
        assert!(matches!(error, WeightsError::Scale { channel: 1, .. }), "{error}");
    }
    let infinite_half = 0x7c00_u16.to_le_bytes();
    assert!(matches!(
        read_tensors(&one_tensor("F16", "[1]", &infinite_half)),
        Err(WeightsError::NotFinite { index: 0, .. })
    ));
}

#[test]
fn a_newer_manifest_is_called_newer_even_where_its_fields_are_unknown() {
    let bytes = with_manifest(|_| r#"{"schema":9,"networks":[]}"#.to_owned());
    let error = read(&bytes).unwrap_err();
    assert!(matches!(error, WeightsError::ManifestSchema { found: 9 }), "{error}");
    assert!(error.hint().is_some_and(|hint| hint.contains("newer version")), "{error}");
}

#[test]
fn a_manifest_that_is_not_the_json_it_should_be_is_refused() {
    for manifest in ["", "[]", "{}", r#"{"schema":"1"}"#, r#"{"schema":-1}"#, r#"{"schema":1}"#] {
        let error = read(&with_manifest(|_| manifest.to_owned())).unwrap_err();
        assert!(matches!(error, WeightsError::ManifestJson(_)), "{manifest}: {error}");
    }
    for (from, to) in [
        ("\"margin\"", "\"rim\""),
        ("\"grouped\"", "\"by_hand\""),
        ("\"licence\"", "\"owner\":1,\"licence\""),
        ("0.02", "1e999"),
    ] {
        let error = read(&with_manifest(|json| json.replace(from, to))).unwrap_err();
        assert!(matches!(error, WeightsError::ManifestJson(_)), "{to}: {error}");
    }
}

#[test]
fn a_network_that_neither_a_graph_nor_its_name_describes_is_refused() {
    let error = read(&with_manifest(|json| json.replace("xception", "resnet"))).unwrap_err();
    assert!(error.to_string().contains("\"manifest.architecture\" is resnet"), "{error}");
}

#[test]
fn a_graph_in_a_manifest_is_checked_before_it_is_believed() {
    let graph = weights::Architecture::Xception.graph(4).folded();
    let with_graph = |change: &dyn Fn(String) -> String| {
        let graph = change(serde_json::to_string(&graph).unwrap());
        read(&with_manifest(|json| json.replacen("\"schema\":1", &format!("\"schema\":2,\"graph\":{graph}"), 1)))
    };
    assert_eq!(with_graph(&|json| json).unwrap().manifest.network().unwrap(), graph);
    for (from, to, expected) in [
        ("\"stride\":2", "\"stride\":0", "sizes are beyond the limits"),
        ("\"outputs\":728", "\"outputs\":99999999", "sizes are beyond the limits"),
        ("\"inputs\":[0]", "\"inputs\":[9]", "nodes before it"),
        ("\"name\":\"xception\"", "\"name\":\"xception\",\"owner\":1", "unknown field"),
    ] {
        let error = with_graph(&|json| json.replacen(from, to, 1)).unwrap_err();
        assert!(error.to_string().contains(expected), "{to}: {error}");
    }
}

#[test]
fn repeated_class_names_are_refused_when_read() {
    let error = read(&with_manifest(|json| json.replace("pituitary", "glioma"))).unwrap_err();
    assert!(error.to_string().contains("no two the same"), "{error}");
}

#[test]
fn every_refusal_gives_a_hint() {
    let refused = [
        Vec::new(),
        vec![0xff; 64],
        safetensors("{", &[]),
        one_tensor("I8", "[1]", &[1]),
        one_tensor("BF16", "[1]", &[0; 2]),
        one_tensor("F32", "[1]", &floats(&[f32::NAN])),
        with_manifest(|json| json.replace("299", "0")),
    ];
    for bytes in refused {
        let error = read_tensors(&bytes).and(read(&bytes)).unwrap_err();
        assert!(error.hint().is_some_and(|hint| !error.to_string().contains(hint)), "{error}");
    }
}

/// Bytes read without a panic; and what is accepted can be written and read again.
fn survives(bytes: &[u8]) {
    let _outcome_does_not_matter = read_tensors(bytes);
    if let Ok(file) = read(bytes) {
        assert_eq!(read(&write(&file).unwrap()).unwrap(), file);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2048) })]

    #[test]
    fn changed_bytes_never_panic(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
        let mut bytes = write(&model::model()).unwrap();
        for (place, value) in changes {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        survives(&bytes);
    }

    #[test]
    fn moved_and_repeated_pieces_never_panic(
        from in any::<prop::sample::Index>(), to in any::<prop::sample::Index>(), length in 0_usize..200,
    ) {
        let bytes = write(&model::model()).unwrap();
        let (from, to) = (from.index(bytes.len()), to.index(bytes.len()));
        let piece = &bytes[from..bytes.len().min(from + length)];
        survives(&[&bytes[..to], piece, &bytes[to..]].concat());
    }

    #[test]
    fn any_header_never_panics(
        entries in prop::collection::vec((
            "[ab](\\.scale)?",
            prop::sample::select(vec!["I8", "F32", "F16", "BF16", "F4", "BOOL"]),
            prop::collection::vec(prop::sample::select(vec![0_u64, 1, 2, 3, 1 << 31, 1 << 61, u64::MAX]), 0..4),
            prop::sample::select(vec![0_u64, 4, 8, 12, u64::MAX]),
            prop::sample::select(vec![0_u64, 4, 8, 12, u64::MAX]),
        ), 0..4),
        data in prop::collection::vec(any::<u8>(), 0..16),
    ) {
        let entries: Vec<String> = entries.iter().map(|(name, dtype, shape, start, end)| {
            format!(r#""{name}":{{"dtype":"{dtype}","shape":{shape:?},"data_offsets":[{start},{end}]}}"#)
        }).collect();
        survives(&safetensors(&format!("{{{}}}", entries.join(",")), &data));
    }
}

//! What the literature and Keras say of the networks.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use graph::{Architecture, Graph, Op};

fn graphs() -> impl Iterator<Item = Graph> {
    Architecture::ALL
        .into_iter()
        .flat_map(|network| [network.graph(4), network.graph_with_map(4, Some(2)), network.graph_with_map(3, None)])
}

/// Keras Applications without head; for EfficientNet-Lite0, the weights' package on `PyPI`.
#[test]
fn the_parameter_counts_are_those_of_the_originals() {
    let counts = [
        (Architecture::Xception, 20_861_480),
        (Architecture::Vgg16, 14_714_688),
        (Architecture::EfficientNetLite0, 3_413_024),
    ];
    for (architecture, expected) in counts {
        let parameters = architecture.graph(4).parameters();
        let trunk = parameters.iter().filter(|parameter| !parameter.name.starts_with("predictions."));
        assert_eq!(trunk.map(|parameter| parameter.shape.iter().product::<usize>()).sum::<usize>(), expected);
    }
}

/// Keras Applications at 299x299: 8.36 G multiply-adds with three input channels; one channel saves 12.8 M.
#[test]
fn xception_takes_as_many_multiplications_as_in_keras() {
    let found = Architecture::Xception.graph(4).folded().multiply_adds(299).unwrap();
    assert!((8_330_000_000..8_370_000_000).contains(&found), "{found}");
}

/// At 224x224: 15.35 G multiply-adds with three channels; one channel saves 57.8 M.
#[test]
fn vgg16_takes_as_many_multiplications_as_in_keras() {
    let found = Architecture::Vgg16.graph(4).folded().multiply_adds(224).unwrap();
    assert!((15_270_000_000..15_300_000_000).contains(&found), "{found}");
}

#[test]
fn every_network_is_within_the_limits_in_both_forms() {
    for graph in graphs() {
        graph.check().unwrap();
        graph.folded().check().unwrap();
        assert!(graph.shapes(1024).is_ok());
        assert!(graph.shapes(graph.smallest() - 1).is_err());
    }
}

#[test]
fn the_early_stage_of_every_network_is_one_of_its_stages() {
    for architecture in Architecture::ALL {
        let graph = architecture.graph(4);
        assert!(graph.stages().any(|stage| stage == architecture.spec().early_stage), "{architecture}");
        assert_eq!(graph.name(), architecture.name());
    }
}

#[test]
fn blocks_can_be_computed_from_one_value_until_a_head_needs_more() {
    for architecture in Architecture::ALL {
        let plain = architecture.graph(4);
        assert!((2..=plain.blocks() + 1).all(|block| plain.is_cut(block)), "{architecture}");
        let mapped = architecture.graph_with_map(4, Some(2));
        let fine = mapped.nodes()[mapped.node(architecture.spec().pyramid.fine).unwrap()].block;
        let cuts: Vec<usize> = (2..=mapped.blocks() + 1).filter(|&block| mapped.is_cut(block)).collect();
        assert_eq!(cuts, (2..=fine + 1).collect::<Vec<_>>(), "{architecture}");
    }
}

#[test]
fn the_inference_form_has_biases_instead_of_normalisations_and_a_grey_image() {
    for graph in graphs() {
        let folded = graph.folded();
        assert!(!folded.nodes().iter().any(|node| matches!(node.op, Op::BatchNorm { .. })));
        assert_eq!(folded.channels()[0], 1);
        assert_eq!(folded.stages().collect::<Vec<_>>(), graph.stages().collect::<Vec<_>>());
        assert_eq!(folded.folded(), folded);
    }
}

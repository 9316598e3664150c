//! A graph out of a file that nobody vouches for.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use graph::{Architecture, Builder, Fusion, Graph, Window};
use proptest::prelude::*;
use serde_json::{Value, json};

fn small() -> Graph {
    let mut flow = Builder::new("small", 8, 1);
    let input = flow.convolution("stem", 8, Window::same(3).stride(2)).norm("stem_bn").relu6("stem_act").stage().here();
    flow.block(2).depthwise("deep", Window::same(5)).norm("deep_bn").relu("deep_act");
    flow.convolution("mixed", 8, Window::valid(1)).norm("mixed_bn").add("sum", input).stage();
    flow.max_pool("pool", Window::valid(2).stride(2)).average_pool("mean", Window::same(2));
    flow.classify("predictions", 3).finish()
}

fn read(json: &Value) -> Result<Graph, serde_json::Error> {
    serde_json::from_value(json.clone())
}

fn refused(change: impl Fn(&mut Value)) -> String {
    let mut json = serde_json::to_value(small()).unwrap();
    change(&mut json);
    read(&json).unwrap_err().to_string()
}

#[test]
fn a_graph_comes_back_from_its_file() {
    for graph in Architecture::ALL.map(|architecture| architecture.graph(4)) {
        for graph in [graph.folded(), graph] {
            let json = serde_json::to_string(&graph).unwrap();
            assert_eq!(serde_json::from_str::<Graph>(&json).unwrap(), graph);
            assert!(json.len() < 32_000, "{}", json.len());
        }
    }
}

#[test]
fn a_node_that_reads_what_is_not_before_it_is_refused() {
    for input in [3, 4, 1_000_000] {
        assert!(refused(|json| json["nodes"][3]["inputs"] = json!([input])).contains("before it"));
    }
    assert!(refused(|json| json["nodes"][3]["inputs"] = json!([])).contains("before it"));
    assert!(refused(|json| json["nodes"][1]["inputs"] = json!([0, 0, 0])).contains("before it"));
}

#[test]
fn sizes_beyond_the_limits_are_refused_before_anything_is_computed() {
    let convolution = |field: &'static str, value: u64| {
        refused(move |json| json["nodes"][1]["op"]["convolution"][field] = json!(value))
    };
    assert!(convolution("outputs", 1 << 40).contains("limits"));
    assert!(convolution("outputs", 0).contains("limits"));
    assert!(convolution("groups", 0).contains("limits"));
    let window = |field: &'static str, value: u64| {
        refused(move |json| json["nodes"][1]["op"]["convolution"]["window"][field] = json!(value))
    };
    assert!(window("size", u64::MAX).contains("limits"));
    assert!(window("stride", 0).contains("limits"));
    assert!(refused(|json| json["smallest"] = json!(1_u64 << 40)).contains("limit"));
    assert!(refused(|json| json["nodes"][0]["op"]["image"]["channels"] = json!(1_u64 << 60)).contains("limits"));
    let node = json!({"name": "more", "op": "add", "inputs": [0, 0], "block": 1});
    assert!(refused(|json| json["nodes"] = Value::Array(vec![node.clone(); 2000])).contains("2000"));
}

#[test]
fn names_are_short_and_there_once() {
    assert!(refused(|json| json["nodes"][2]["name"] = json!("stem")).contains("same name"));
    assert!(refused(|json| json["nodes"][2]["name"] = json!("x".repeat(1000))).contains("1000"));
}

#[test]
fn channels_that_do_not_fit_are_refused() {
    assert!(refused(|json| json["nodes"][4]["op"]["convolution"]["groups"] = json!(4)).contains("limits"));
    assert!(refused(|json| json["nodes"][9]["inputs"] = json!([0, 8])).contains("channels"));
    assert!(refused(|json| json["outputs"] = json!([])).contains("answers"));
    assert!(refused(|json| json["outputs"] = json!([99])).contains("answers"));
}

fn numbers<'a>(value: &'a mut Value, found: &mut Vec<&'a mut Value>) {
    match value {
        Value::Number(_) => found.push(value),
        Value::Array(values) => values.iter_mut().for_each(|value| numbers(value, found)),
        Value::Object(fields) => fields.values_mut().for_each(|value| numbers(value, found)),
        _ => {}
    }
}

proptest! {
    /// Whatever numbers a file has, reading it and planning it either succeed or say why not.
    #[test]
    fn no_number_makes_reading_or_planning_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), prop_oneof![0_u64..20, any::<u64>()]), 1..4),
        side in prop_oneof![1_usize..64, any::<usize>()],
    ) {
        let mut json = serde_json::to_value(small()).unwrap();
        for (index, value) in changes {
            let mut found = Vec::new();
            numbers(&mut json, &mut found);
            let place = index.index(found.len());
            *found[place] = json!(value);
        }
        if let Ok(graph) = read(&json) {
            for fusion in [Fusion::SEPARATE, Fusion::JOINED] {
                let _either = graph.folded().plan(side, fusion);
            }
        }
    }
}

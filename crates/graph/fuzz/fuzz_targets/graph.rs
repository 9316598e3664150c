//! Any graph from a file is refused, or can be folded and planned at any size without a panic; what is read can be written
//! and read again, and every buffer that a plan names is there.
#![no_main]

use graph::{Fusion, Graph, Place, Plan, Pooling};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(graph) = serde_json::from_slice::<Graph>(bytes) else { return };
    let written = serde_json::to_vec(&graph).expect("what was read can be written");
    assert_eq!(serde_json::from_slice::<Graph>(&written).expect("what was written can be read"), graph);
    for graph in [graph.folded(), graph] {
        let _parameters = graph.parameters();
        let _classes = graph.classes();
        for side in [graph.smallest(), graph.smallest().saturating_add(7), 224, usize::MAX] {
            for fusion in [Fusion::SEPARATE, Fusion::JOINED] {
                if let Ok(plan) = graph.plan(side, fusion) {
                    check(&plan);
                }
            }
        }
    }
});

fn check(plan: &Plan) {
    let is_there = |slot: usize| assert!(slot < plan.slots.len());
    for step in &plan.steps {
        is_there(step.output);
        step.added.into_iter().for_each(is_there);
        if let Place::Slot(slot) = step.input {
            is_there(slot);
            assert!(plan.slots[slot] >= step.from.values());
        }
        assert!(plan.slots[step.output] >= step.to.values());
    }
    for read in &plan.reads {
        is_there(read.from);
        if let Pooling::Weighted(map) = read.pooling {
            is_there(map);
        }
    }
}

//! What engines rely on in a plan.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use graph::{Activation, Architecture, Builder, Fusion, Graph, GraphError, Op, Place, Plan, Pooling, Step, Window};

const BOTH: [Fusion; 2] = [Fusion::SEPARATE, Fusion::JOINED];

fn name(graph: &Graph, step: &Step) -> String {
    graph.nodes()[step.value].name.clone()
}

/// The step that wrote a buffer last, before the step `index`.
fn written(plan: &Plan, index: usize, slot: usize) -> &Step {
    plan.steps[..index].iter().rev().find(|earlier| earlier.output == slot).unwrap()
}

/// The node that reads the step's input: a step's first operation, or the activation before it.
fn reads(graph: &Graph, step: &Step) -> usize {
    let first = step.depthwise.unwrap_or(step.node);
    let input = graph.nodes()[first].inputs[0];
    if step.before == Activation::None { input } else { graph.nodes()[input].inputs[0] }
}

#[test]
fn every_step_finds_in_its_buffers_what_its_nodes_read() {
    for graph in Architecture::ALL.map(|architecture| architecture.graph(4).folded()) {
        for fusion in BOTH {
            let plan = graph.plan(96, fusion).unwrap();
            for (index, step) in plan.steps.iter().enumerate() {
                match step.input {
                    Place::Image => assert_eq!(reads(&graph, step), 0),
                    Place::Slot(slot) => {
                        assert_eq!(written(&plan, index, slot).value, reads(&graph, step), "{}", name(&graph, step));
                        assert_ne!(slot, step.output);
                    }
                }
                if let Some(added) = step.added {
                    let sum = graph.nodes().iter().find(|node| node.inputs.contains(&step.node)).unwrap();
                    assert!(sum.inputs.contains(&written(&plan, index, added).value), "{}", sum.name);
                    assert_eq!(added == step.output, fusion.in_place);
                }
            }
            assert_eq!((plan.reads.len(), plan.reads[0].pooling), (1, Pooling::Average));
            assert_eq!(written(&plan, plan.steps.len(), plan.reads[0].from).value, plan.steps.last().unwrap().value);
            assert!(plan.slots.len() <= 3, "{:?}", plan.slots);
        }
    }
}

#[test]
fn every_stage_is_what_a_step_gives() {
    for graph in Architecture::ALL.map(|architecture| architecture.graph(4).folded()) {
        for fusion in BOTH {
            let plan = graph.plan(71, fusion).unwrap();
            let found = plan.steps.iter().filter(|step| graph.nodes()[step.value].stage).map(|step| name(&graph, step));
            assert_eq!(found.collect::<Vec<_>>(), graph.stages().collect::<Vec<_>>());
        }
    }
}

#[test]
fn xception_is_one_kernel_a_convolution_and_a_pool() {
    let graph = Architecture::Xception.graph(4).folded();
    let kernels = |fusion| graph.plan(71, fusion).unwrap().steps.len();
    // 6 plain convolutions, 34 separable ones, 4 pools.
    assert_eq!(kernels(Fusion::JOINED), 6 + 34 + 4);
    assert_eq!(kernels(Fusion::SEPARATE), 6 + 2 * 34 + 4);
}

#[test]
fn a_sum_is_not_written_over_what_its_own_kernel_reads() {
    let mut flow = Builder::new("itself", 8, 1);
    let input = flow.convolution("stem", 8, Window::same(3)).norm("stem_bn").here();
    flow.separable("mixed", 8, Window::same(3)).norm("mixed_bn").add("sum", input).classify("predictions", 2);
    let graph = flow.finish().folded();
    let names = |fusion| {
        let steps = graph.plan(8, fusion).unwrap().steps;
        steps.iter().map(|step| name(&graph, step)).collect::<Vec<_>>()
    };
    assert_eq!(names(Fusion::JOINED), ["stem", "mixed", "sum"]);
    assert_eq!(names(Fusion::SEPARATE), ["stem", "mixed_depthwise", "sum"]);
}

/// A block whose input is read again after its sum: it must not be written over.
fn read_again() -> Graph {
    let mut flow = Builder::new("again", 8, 1);
    let input = flow.convolution("stem", 8, Window::same(3)).norm("stem_bn").here();
    let sum = flow.convolution("mixed", 8, Window::same(3)).norm("mixed_bn").add("sum", input).here();
    flow.resume(input).convolution("beside", 8, Window::same(3)).norm("beside_bn").add("both", sum);
    flow.classify("predictions", 2).finish().folded()
}

#[test]
fn a_sum_is_not_written_over_what_is_read_later() {
    let graph = read_again();
    let plan = graph.plan(8, Fusion::JOINED).unwrap();
    let names: Vec<_> = plan.steps.iter().map(|step| name(&graph, step)).collect();
    assert_eq!(names, ["stem", "mixed", "sum", "both"]);
    let sum = &plan.steps[2];
    assert_ne!(Some(sum.output), sum.added);
    assert_ne!(Place::Slot(sum.output), sum.input);
}

#[test]
fn an_activation_of_a_value_that_others_read_too_is_applied_while_reading() {
    let mut flow = Builder::new("before", 8, 1);
    let input = flow.convolution("stem", 8, Window::same(3)).norm("stem_bn").here();
    flow.relu("stem_act").separable("first", 8, Window::same(3)).norm("first_bn");
    flow.separable("second", 8, Window::same(3)).norm("second_bn").add("sum", input);
    let graph = flow.relu6("sum_act").classify("predictions", 2).finish().folded();
    let plan = graph.plan(8, Fusion::JOINED).unwrap();
    let [_, first, second] = plan.steps.as_slice() else { panic!("{:?}", plan.steps) };
    assert_eq!((first.before, first.activation), (Activation::Relu, Activation::None));
    assert_eq!((second.before, second.activation), (Activation::None, Activation::Relu6));
    assert_eq!(Place::Slot(second.output), first.input);
}

#[test]
fn an_answer_beside_the_classes_keeps_its_buffer_to_the_end() {
    let mut flow = Builder::new("map", 8, 1);
    let early = flow.convolution("stem", 8, Window::same(3).stride(2)).norm("stem_bn").relu("stem_act").here();
    flow.biased_convolution("map", 1, Window::valid(1)).output().resume(early);
    flow.convolution("late", 8, Window::same(3)).norm("late_bn").relu("late_act").classify("predictions", 2);
    let graph = flow.finish().folded();
    let plan = graph.plan(16, Fusion::SEPARATE).unwrap();
    let [map, features] = plan.reads[..] else { panic!("{:?}", plan.reads) };
    assert_eq!((map.shape.channels, map.shape.height, map.pooling), (1, 8, Pooling::None));
    assert_eq!(written(&plan, plan.steps.len(), map.from).to.channels, 1);
    assert_eq!(features.pooling, Pooling::Average);
    assert_ne!(map.from, features.from);
}

#[test]
fn what_a_head_with_a_map_reads_is_there_at_the_end() {
    for (architecture, fusion) in Architecture::ALL.into_iter().flat_map(|network| BOTH.map(|fusion| (network, fusion)))
    {
        let graph = architecture.graph_with_map(4, Some(2)).folded();
        let plan = graph.plan(96, fusion).unwrap();
        let value = |slot| written(&plan, plan.steps.len(), slot).value;
        let names: Vec<&str> = plan.reads.iter().map(|read| &*graph.nodes()[read.node].name).collect();
        let weights =
            plan.reads.iter().find_map(|read| if let Pooling::Weighted(map) = read.pooling { Some(map) } else { None });
        assert_eq!(names, ["evidence", "evidence_pool", "avg_pool"]);
        assert_eq!(graph.nodes()[value(weights.unwrap())].name, "evidence_halved");
        assert_eq!(graph.nodes()[value(plan.reads[1].from)].name, architecture.spec().pyramid.coarse);
        assert_eq!(plan.reads[0].shape.height, 12, "an eighth of the image");
        assert_eq!((graph.classes(), graph.map_output()), (4, Some(plan.reads[0].node)));
    }
}

/// What 224 x 224 pixels cost: the map is to be nearly free.
#[test]
fn a_map_takes_less_than_three_percent_of_xceptions_work() {
    let work = |graph: Graph| graph.folded().multiply_adds(224).unwrap() as f64;
    let share = work(Architecture::Xception.graph_with_map(4, Some(2))) / work(Architecture::Xception.graph(4)) - 1.0;
    assert!((0.0..0.03).contains(&share), "{share}");
}

#[test]
fn what_no_engine_runs_is_refused() {
    let unfolded = Architecture::Xception.graph(4).plan(71, Fusion::JOINED).unwrap_err();
    assert!(unfolded.to_string().contains("has to be folded"), "{unfolded}");
    let small = Architecture::Vgg16.graph(4).folded().plan(31, Fusion::JOINED).unwrap_err();
    assert_eq!(small, GraphError::Small { network: "vgg16".into(), found: 31, smallest: 32 });
    let huge = Architecture::Vgg16.graph(4).folded().plan(1 << 20, Fusion::JOINED).unwrap_err();
    assert!(matches!(huge, GraphError::Large { .. }), "{huge}");
    let mut inside = Builder::new("inside", 8, 1);
    inside.classify("first", 2).classify("second", 2);
    assert!(inside.finish().plan(8, Fusion::JOINED).is_err());
    let image = Builder::new("nothing", 8, 1).output().finish();
    assert!(matches!(image.nodes()[0].op, Op::Image { .. }));
    assert!(image.plan(8, Fusion::JOINED).unwrap_err().to_string().contains("kernel"));
}

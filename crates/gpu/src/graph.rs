//! The two networks as plans, in their inference form: one grey channel, batch normalisation folded.

use crate::plan::{End, Filter, Plan, Planner};
use weights::Architecture;

/// A trunk's steps for images of `size` pixels each way.
pub(crate) fn plan(architecture: Architecture, size: usize) -> Plan {
    match architecture {
        Architecture::Xception => xception(size),
        Architecture::Vgg16 => vgg16(size),
    }
}

/// Chollet 2017, figure 5, with Keras's names.
fn xception(size: usize) -> Plan {
    let mut plan = Planner::new(size);
    for (layer, channels, stride) in [("block1_conv1", 32, 2), ("block1_conv2", 64, 1)] {
        plan.convolve(layer, channels, Filter { kernel: 3, stride, padding: 0, rectify: true });
        plan.stage(&format!("{layer}_act"));
    }
    for (block, suffix, channels) in [(2, "", 128), (3, "_1", 256), (4, "_2", 728)] {
        halving(&mut plan, block, suffix, [channels, channels]);
    }
    for block in 5..=12 {
        identity(&mut plan, block);
    }
    halving(&mut plan, 13, "_3", [728, 1024]);
    for (index, channels) in [(1, 1536), (2, 2048)] {
        let layer = format!("block14_sepconv{index}");
        plan.separable(&layer, channels, false, End::Rectified);
        plan.stage(&format!("{layer}_act"));
    }
    plan.finish()
}

/// Two separable convolutions and a pool, beside a 1x1 convolution: halves height and width.
fn halving(plan: &mut Planner, block: usize, suffix: &str, channels: [usize; 2]) {
    let input = plan.features();
    plan.hold(Some(input.0));
    plan.convolve(&format!("conv2d{suffix}"), channels[1], Filter { kernel: 1, stride: 2, padding: 0, rectify: false });
    let (shortcut, _) = plan.features();
    plan.hold(Some(shortcut));
    plan.resume(input);
    for (index, channels) in channels.into_iter().enumerate() {
        // What enters block 2 has just come out of a ReLU.
        let rectify = block > 2 || index > 0;
        plan.separable(&format!("block{block}_sepconv{}", index + 1), channels, rectify, End::Plain);
    }
    plan.pool(&format!("block{block}_pool"), 3, Some(shortcut));
    plan.hold(None);
    plan.stage(&format!("block{block}_out"));
}

/// Three separable convolutions beside the identity.
fn identity(plan: &mut Planner, block: usize) {
    let (input, extent) = plan.features();
    plan.hold(Some(input));
    for index in 1..=3 {
        let end = if index == 3 { End::Plus(input) } else { End::Plain };
        plan.separable(&format!("block{block}_sepconv{index}"), extent.channels, true, end);
    }
    plan.hold(None);
    plan.stage(&format!("block{block}_out"));
}

/// Simonyan and Zisserman 2015, configuration D, with Keras's names.
fn vgg16(size: usize) -> Plan {
    let mut plan = Planner::new(size);
    for (block, (count, channels)) in (1..).zip([(2, 64), (2, 128), (3, 256), (3, 512), (3, 512)]) {
        for index in 1..=count {
            let filter = Filter { kernel: 3, stride: 1, padding: 1, rectify: true };
            plan.convolve(&format!("block{block}_conv{index}"), channels, filter);
        }
        let name = format!("block{block}_pool");
        plan.pool(&name, 2, None);
        plan.stage(&name);
    }
    plan.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Kernel;

    fn multiplications(plan: &Plan) -> usize {
        plan.steps.iter().filter(|step| !matches!(step.kernel, Kernel::Pool { .. })).map(crate::plan::Step::work).sum()
    }

    /// Keras Applications at 299x299: 8.36 G multiply-adds with three input channels; one channel saves 12.8 M.
    #[test]
    fn xception_takes_as_many_multiplications_as_in_keras() {
        let found = multiplications(&plan(Architecture::Xception, 299));
        assert!((8.33e9..8.37e9).contains(&(found as f64)), "{found}");
    }

    /// At 224x224: 15.35 G multiply-adds with three channels; one channel saves 57.8 M.
    #[test]
    fn vgg16_takes_as_many_multiplications_as_in_keras() {
        let found = multiplications(&plan(Architecture::Vgg16, 224));
        assert!((15.27e9..15.30e9).contains(&(found as f64)), "{found}");
    }

    #[test]
    fn no_step_writes_what_a_later_one_still_reads() {
        for architecture in [Architecture::Xception, Architecture::Vgg16] {
            let plan = plan(architecture, 96);
            for (index, step) in plan.steps.iter().enumerate() {
                let written = |slot| plan.steps[..index].iter().rev().find(|earlier| earlier.output == slot);
                if index > 0 {
                    assert_eq!(written(step.input).map(|earlier| earlier.to), Some(step.from), "{}", step.name);
                }
                if let Some(residual) = step.residual {
                    assert_eq!(written(residual).map(|earlier| earlier.to), Some(step.to), "{}", step.name);
                    assert_ne!(residual, step.output, "{}", step.name);
                }
                assert_ne!(step.input, step.output, "{}", step.name);
            }
            assert!(plan.slots.len() <= 4, "{:?}", plan.slots);
        }
    }
}

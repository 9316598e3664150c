//! Times a network whose weights mean nothing.
//!
//! Natively: `cargo run --release --package kernels --example speed -- xception 299 20` (network, side, times).
//! In WebAssembly, which has neither clock nor console of its own, `main` runs Xception once at 299 x 299, and whoever
//! calls it takes the time: `node crates/kernels/examples/speed.mjs FILE.wasm`.

#![allow(clippy::expect_used, reason = "an example stops where something is wrong")]

#[path = "../tests/generated/mod.rs"]
mod generated;

use graph::Architecture;
use kernels::{Network, Workspace};

#[cfg(not(target_family = "wasm"))]
fn main() {
    use std::time::Instant;

    let mut arguments = std::env::args().skip(1);
    let architecture: Architecture =
        arguments.next().as_deref().unwrap_or("xception").parse().expect("the first argument is a network");
    let side: usize = arguments.next().and_then(|side| side.parse().ok()).unwrap_or(299);
    let count: usize = arguments.next().and_then(|times| times.parse().ok()).unwrap_or(20);
    let (network, image) = (generated::network(architecture), generated::image(side));
    let mut workspace = Workspace::default();
    let mut timed = || {
        let start = Instant::now();
        run(&network, &image, side, &mut workspace);
        start.elapsed().as_secs_f64() * 1e3
    };
    let first = timed();
    let mut milliseconds: Vec<f64> = (0..count.max(1)).map(|_| timed()).collect();
    milliseconds.sort_by(f64::total_cmp);
    let (least, median) = (milliseconds[0], milliseconds[milliseconds.len() / 2]);
    println!("{architecture} at {side}: first {first:.1} ms, least {least:.1} ms, median {median:.1} ms");
}

#[cfg(target_family = "wasm")]
fn main() {
    use std::cell::RefCell;

    thread_local! {
        static LOADED: RefCell<Option<(Network, Vec<f32>, Workspace)>> = const { RefCell::new(None) };
    }
    LOADED.with_borrow_mut(|loaded| {
        let load = || (generated::network(Architecture::Xception), generated::image(299), Workspace::default());
        let (network, image, workspace) = loaded.get_or_insert_with(load);
        run(network, image, 299, workspace);
    });
}

fn run(network: &Network, image: &[f32], side: usize, workspace: &mut Workspace) {
    let output = network.run(image, side, workspace, &mut |_, _| ()).expect("the image fits");
    assert!(output.logits.iter().all(|logit| logit.is_finite()));
}

//! Times a network whose weights mean nothing: `speed xception 299 20` (network, side, times).
//!
//! The same program runs natively and, built for `wasm32-wasip1` or called from JavaScript, in WebAssembly.

use std::time::Instant;

#[path = "../tests/generated/mod.rs"]
mod generated;

use kernels::{Architecture, Workspace};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let architecture = match arguments.next().as_deref() {
        Some("vgg16") => Architecture::Vgg16,
        _ => Architecture::Xception,
    };
    let side: usize = arguments.next().and_then(|side| side.parse().ok()).unwrap_or(299);
    let times: usize = arguments.next().and_then(|times| times.parse().ok()).unwrap_or(20);
    let start = Instant::now();
    let network = generated::network(architecture);
    println!("packed in {:.0} ms", start.elapsed().as_secs_f64() * 1e3);
    let image = generated::image(side);
    let mut workspace = Workspace::default();
    let mut milliseconds: Vec<f64> = (0..=times)
        .map(|_| {
            let start = Instant::now();
            network.run(&image, side, &mut workspace, &mut |_, _| ()).expect("the image fits");
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    let first = milliseconds.remove(0);
    milliseconds.sort_by(f64::total_cmp);
    let (least, median) = (milliseconds[0], milliseconds[milliseconds.len() / 2]);
    println!("{architecture:?} at {side}: first {first:.1} ms, least {least:.1} ms, median {median:.1} ms");
}

//! Every kernel of a weights file's network by time, with its share of the adapter's measured peak.
//!
//! `cargo run --release -p networks --example profile -- weights/xception.safetensors [images] [size]`

use std::error::Error;
use std::time::Instant;

use cubecl::ir::{ElemType, FloatKind};
use cubecl::std::throughput::measure_peak_throughput;
use cubecl::throughput::{ThroughputKey, ThroughputMode};
use networks::{PackedNetwork, Timing};
use weights::RejectionRule;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [path, rest @ ..] = arguments.as_slice() else {
        return Err("give a weights file, and if you like the number of images and their size".into());
    };
    let file = weights::read(&std::fs::read(path)?)?;
    let images: usize = rest.first().map_or(Ok(1), |text| text.parse())?;
    let size: usize = rest.get(1).map_or(Ok(file.manifest.input.size as usize), |text| text.parse())?;

    let (device, adapter) = pollster::block_on(gpu::open())?;
    let client = device.client();
    let mode = ThroughputMode::ComputeDirect { dtype: ElemType::Float(FloatKind::F32) };
    let peak = measure_peak_throughput(&client, ThroughputKey { mode })?;
    println!("{adapter}, {}: at most {:.1} G operations a second", client.name(), peak.ops_per_s() / 1e9);

    let mut tensors = file.tensors;
    tensors.remove(RejectionRule::MEAN);
    tensors.remove(RejectionRule::WHITENING);
    let graph = file.manifest.network()?;
    let network = PackedNetwork::load(graph, tensors, &device.into())?;
    let pixels: Vec<f32> = (0..images * size * size).map(|index| (0.01 * index as f32).sin()).collect();
    for run in ["first", "second", "third"] {
        let started = Instant::now();
        pollster::block_on(network.answers(&pixels, size, None))?;
        println!("{images} of {size}x{size}, {run} run: {:.1} ms", started.elapsed().as_secs_f64() * 1e3);
    }
    list(pollster::block_on(network.profile(&pixels, size))?, peak.ops_per_s());
    Ok(())
}

/// The slowest first.
fn list(mut timings: Vec<Timing>, peak: f64) {
    timings.sort_by_key(|timing| std::cmp::Reverse(timing.duration));
    let total: f64 = timings.iter().map(|timing| timing.duration.as_secs_f64()).sum();
    println!("{:>9} {:>6} {:>7}  kernel, {:.1} ms together", "ms", "share", "of peak", total * 1e3);
    for timing in timings {
        let seconds = timing.duration.as_secs_f64();
        // A multiplication and an addition are two operations.
        let of_peak = 2.0 * timing.multiplications as f64 / seconds / peak;
        println!("{:>9.3} {:>5.1}% {:>6.1}%  {}", seconds * 1e3, 100.0 * seconds / total, 100.0 * of_peak, timing.name);
    }
}

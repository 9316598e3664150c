//! `sulcus bench`: how fast a network trains on a device.

use storage::write_json;
use training::{BenchConfig, TrainingSpeed, bench};

use crate::arguments::BenchArguments;

/// Runs `sulcus bench`.
///
/// # Errors
/// The device can't be used, or the findings can't be written.
pub fn run(arguments: &BenchArguments) -> anyhow::Result<()> {
    let BenchArguments { architecture, batch, size, train_from, steps, warm_up, ref json, device, precision } =
        *arguments;
    let speed = bench(&BenchConfig { architecture, batch, size, train_from, steps, warm_up, device, precision })?;
    print(&speed);
    let Some(path) = json else { return Ok(()) };
    write_json(path, &speed)
}

fn print(speed: &TrainingSpeed) {
    let TrainingSpeed { environment, architecture, batch, size, train_from, .. } = speed;
    println!("{architecture} on {}, {batch} x {size} x {size}, trained from block {train_from}", environment.device);
    println!("{:.2} images a second (median), {:.2} at best", speed.images_a_second_median, speed.images_a_second_best);
    if let Some(bytes) = speed.peak_memory {
        println!("{} MiB of memory at most", bytes >> 20);
    }
}

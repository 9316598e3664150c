//! The command, and slices that a test draws.

use std::process::{Command, Output};

pub const CLASSES: [&str; 4] = ["glioma", "meningioma", "notumor", "pituitary"];

pub fn sulcus(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

/// What is kept between runs goes into cargo's folder for tests.
pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sulcus"));
    command.args(arguments).env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"));
    command
}

pub fn succeed(arguments: &[&str]) -> String {
    let output = sulcus(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A head with a spot whose place is the class.
pub fn pixel(x: u32, y: u32, class: usize, number: u32) -> u8 {
    let (u, v) = (f64::from(x) / 45.0 - 1.0, f64::from(y) / 45.0 - 1.0);
    let angle = class as f64 * 1.57 + f64::from(number) * 0.05;
    let head = if u * u + v * v < 0.8 { 90 + (x * 7 + y * 3 + number) % 20 } else { 0 };
    let spot = if (u - angle.cos() * 0.4).hypot(v - angle.sin() * 0.4) < 0.2 { 120 } else { 0 };
    u8::try_from(head + spot).unwrap()
}

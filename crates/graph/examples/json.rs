//! Writes a network in its inference form as JSON, for what is not written in Rust.
//!
//! `cargo run -p graph --example json -- xception 4 graph.json` (network, classes, file).

use std::error::Error;

use graph::Architecture;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [network, classes, file] = arguments.as_slice() else {
        return Err("give a network, the number of its classes, and a file to write".into());
    };
    let graph = network.parse::<Architecture>()?.graph(classes.parse()?).folded();
    std::fs::write(file, serde_json::to_string(&graph)?)?;
    Ok(())
}

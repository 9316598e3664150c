//! Writes every network in its inference form, without and with a map, as a JSON file into a folder: what the fuzz target
//! begins from.

use std::path::PathBuf;

use graph::Architecture;

fn main() -> std::io::Result<()> {
    let folder = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| "corpus".to_owned()));
    std::fs::create_dir_all(&folder)?;
    for architecture in Architecture::ALL {
        let graphs = [("classes", architecture.graph(4)), ("map", architecture.graph_with_map(4, Some(2)))];
        for (name, graph) in graphs {
            let json = serde_json::to_vec(&graph.folded())?;
            std::fs::write(folder.join(format!("{architecture}-{name}.json")), json)?;
        }
    }
    Ok(())
}

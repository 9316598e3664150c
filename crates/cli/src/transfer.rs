//! `sulcus transfer`: a weights file on healthy brains of other sources, with and without tumours put in.

use evaluation::{TransferConfig, TransferFindings, transfer};
use reports::{Answers, tagged};
use storage::{read_weights, write_json};

use crate::arguments::{TransferArguments, engine};

/// Runs `sulcus transfer`.
///
/// # Errors
/// The weights file, the scans or the outlines can't be used, no healthy slice can be read, or a file can't be written.
pub fn run(arguments: &TransferArguments) -> anyhow::Result<()> {
    let bytes = read_weights(Some(&arguments.weights))?;
    let config = TransferConfig {
        scans: arguments.data.config(),
        healthy: arguments.healthy.clone(),
        healthy_class: arguments.healthy_class.clone(),
        outlines: arguments.outlines.clone(),
        tumours: arguments.tumours,
        sheet: arguments.sheet.clone(),
        engine: engine(arguments.device)?,
        command: command(arguments),
    };
    let findings = transfer(&bytes, &config)?;
    print(&findings);
    let Some(path) = &arguments.json else { return Ok(()) };
    write_json(path, &tagged(&findings))
}

fn command(arguments: &TransferArguments) -> String {
    let weights = arguments.weights.file_name().unwrap_or_default().to_string_lossy();
    format!("sulcus transfer --weights {weights} --data DIR --healthy DIR --tumours {}", arguments.tumours)
}

fn print(findings: &TransferFindings) {
    println!("tumours of {} held-out slices", findings.donors);
    let rows = [
        ("healthy slices", &findings.healthy),
        ("with a tumour", &findings.with_tumour),
        ("with a sham", &findings.with_sham),
    ];
    for (name, Answers { n, called, abstained, refused, mean_healthy }) in rows {
        let called: Vec<String> = called.iter().map(|(class, count)| format!("{class} {count}")).collect();
        println!(
            "{name:<15} {n:>5}: {}; unsure {abstained}, refused {refused}; mean probability of the healthy class {mean_healthy:.3}",
            called.join(", ")
        );
    }
    if let Some(auroc) = findings.auroc {
        println!("AUROC of the probability of a tumour: {auroc:.4}");
    }
}

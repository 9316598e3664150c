//! `sulcus calibrate`: teaches a weights file how sure it is, when to abstain, and what is no brain MRI.

use evaluation::{CalibrateConfig, Calibrated, CalibrationFindings, calibrate};
use export::refresh_catalogue;
use reports::tagged;
use storage::{read_weights, write_json, write_whole};

use crate::arguments::{CalibrateArguments, engine};

/// Runs `sulcus calibrate`.
///
/// # Errors
/// The weights file or the data can't be used, the data are not those the model was trained on, or a file can't be
/// written.
pub fn run(arguments: &CalibrateArguments) -> anyhow::Result<()> {
    let bytes = read_weights(Some(&arguments.weights))?;
    let config = CalibrateConfig {
        scans: arguments.data.config(),
        risk: arguments.risk,
        temperature: arguments.temperature,
        foreign: arguments.foreign.clone(),
        stage: arguments.stage.clone(),
        engine: engine(arguments.device)?,
        command: command(arguments),
    };
    let Calibrated { bytes, findings } = calibrate(&bytes, &config)?;
    print(&findings);
    write(arguments, &bytes, &findings)
}

/// The command that repeats this calibration.
fn command(arguments: &CalibrateArguments) -> String {
    let labels = if arguments.data.labels.is_some() { " --labels FILE" } else { "" };
    let groups = if arguments.data.groups.is_some() { " --groups FILE" } else { "" };
    let foreign = if arguments.foreign.is_some() { " --foreign DIR" } else { "" };
    let stage = arguments.stage.as_ref().map(|stage| format!(" --stage {stage}")).unwrap_or_default();
    let temperature = arguments.temperature.map(|fixed| format!(" --temperature {fixed}")).unwrap_or_default();
    format!(
        "sulcus calibrate --weights {} --data DIR{labels}{groups}{foreign}{stage}{temperature} --risk {}",
        arguments.weights.file_name().unwrap_or_default().to_string_lossy(),
        arguments.risk
    )
}

fn print(findings: &CalibrationFindings) {
    let CalibrationFindings { temperature, calibration_error: error, abstention, foreign, .. } = findings;
    println!(
        "temperature {temperature:.4}; expected calibration error {:.4} (95 % interval {:.4} to {:.4}), before {:.4}; exact \
         probabilities would have {:.4} ({:.4} to {:.4}) on so many slices",
        error.after,
        error.after_ci95[0],
        error.after_ci95[1],
        error.before,
        error.exact.mean,
        error.exact.ci95[0],
        error.exact.ci95[1]
    );
    println!(
        "abstains below {:.2}: answers {:.1} % of the held-out slices, {:.1} % of them wrong",
        abstention.abstain_below,
        100.0 * abstention.coverage,
        100.0 * abstention.risk
    );
    println!("{:<28} {:>8} {:>16} {:>16}", "no brain MRI, by", "AUROC", "foreign refused", "held-out refused");
    for method in &foreign.methods {
        println!(
            "{:<28} {:>8} {:>16} {:>16.4}",
            method.name,
            method.auroc.map_or("-".into(), |auroc| format!("{auroc:.4}")),
            method.foreign_refused.map_or("-".into(), |share| format!("{share:.4}")),
            method.held_out_refused
        );
    }
}

fn write(arguments: &CalibrateArguments, bytes: &[u8], findings: &CalibrationFindings) -> anyhow::Result<()> {
    write_whole(&arguments.out, bytes)?;
    println!("wrote {} ({} bytes, SHA-256 {})", arguments.out.display(), bytes.len(), findings.weights_sha256);
    if let Some(path) = &arguments.catalogue {
        refresh_catalogue(path, &arguments.out)?;
    }
    if let Some(path) = &arguments.json {
        write_json(path, &tagged(findings))?;
    }
    Ok(())
}

//! `sulcus ablate`: what each component of a recipe gives.

use evaluation::{Ablation, Outcome, ablate};
use reports::tagged;
use storage::write_json;

use crate::arguments::AblateArguments;

/// Runs `sulcus ablate`.
///
/// # Errors
/// The recipe does not have a component, the data can't be used, training failed, or a file can't be written.
pub fn run(arguments: &AblateArguments) -> anyhow::Result<()> {
    let ablation = ablate(&arguments.config())?;
    print(&ablation);
    let path = arguments.json.clone().unwrap_or_else(|| arguments.out.join("ablation.json"));
    write_json(&path, &tagged(&ablation))
}

fn print(ablation: &Ablation) {
    let shown = |outcome: &Outcome| outcome.test.as_ref().unwrap_or(&outcome.validation).summary.accuracy;
    println!("the whole recipe: accuracy {:.4}", shown(&ablation.whole));
    println!("{:<18} {:>10} {:>8} {:>20}", "without", "accuracy", "gain", "95 % interval");
    for without in &ablation.without {
        let gain = without.gain_on_test.unwrap_or(without.gain_on_validation);
        let [low, high] = gain.accuracy_ci95;
        println!(
            "{:<18} {:>10.4} {:>+8.4}    {low:+.4} to {high:+.4}",
            without.component,
            shown(&without.outcome),
            gain.accuracy
        );
    }
}

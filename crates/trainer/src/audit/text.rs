//! The findings as lines for a terminal.

use super::classes::ClassFindings;
use super::findings::Audit;
use super::shortcuts::{Probed, best_told};

/// Prints everything but the single pairs.
pub fn print(audit: &Audit) {
    println!("{} files", audit.files);
    for class in &audit.classes {
        print_class(class);
    }
    println!("{} unreadable, {} with a misleading name", audit.unreadable.len(), audit.misnamed.len());
    for problem in audit.unreadable.iter().chain(&audit.misnamed) {
        println!("  {}: {}", problem.path, problem.reason);
    }
    println!("{} different pictures; {} pairs of copies", audit.unique, audit.pairs.len());
    for (relation, count) in &audit.relations {
        println!("  {relation:<22} {count:>6}");
    }
    println!("{} pairs of copies in different classes", audit.conflicting.len());
    for pair in &audit.conflicting {
        println!("  {} and {} ({})", pair.a, pair.b, pair.relation);
    }
    println!("{}", audit.patients.says);
    if let Some(leakage) = &audit.leakage {
        println!(
            "of Testing, {} files have a copy in Training, {} a patient",
            leakage.test_with_twin_in_train, leakage.test_with_patient_in_train
        );
    }
    print_shortcuts(audit);
}

fn print_class(found: &ClassFindings) {
    let ClassFindings { class, files, training, testing, .. } = found;
    println!("  {class:<12} {files:>6}  Training {training:>6}  Testing {testing:>6}");
    let listed = |counts: &[(String, usize)]| {
        counts.iter().map(|(name, count)| format!("{name}: {count}")).collect::<Vec<_>>().join("; ")
    };
    println!("    {} sizes, such as {}", found.different_sizes, listed(&found.sizes));
    println!("    stored as {}", listed(&found.modes));
    let jpeg: Vec<String> = found.jpeg.iter().map(|count| format!("{}: {}", count.compression, count.files)).collect();
    if !jpeg.is_empty() {
        println!("    JPEG of {}", jpeg.join("; "));
    }
}

fn print_shortcuts(audit: &Audit) {
    let found = &audit.shortcuts;
    println!("what is not anatomy, by a probe of {} different pictures:", found.slices);
    for (what, probed) in [("files", &found.files), ("network input", &found.prepared)] {
        for Probed { group, report } in probed {
            let [low, high] = report.balanced_accuracy_ci95;
            let best = best_told(report).map(|(class, area)| format!("{} told best, AUROC {area:.3}", class.class));
            println!(
                "  {what:<14} {:<13} balanced accuracy {:.3} ({low:.3} to {high:.3}; a guess {:.3})  {}",
                group.title(),
                report.balanced_accuracy,
                found.chance,
                best.unwrap_or_default()
            );
        }
    }
    for sentence in &found.says {
        println!("  {sentence}");
    }
}

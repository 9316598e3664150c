//! The findings as lines for a terminal.

use std::fmt::{self, Display, Formatter};

use crate::classes::ClassFindings;
use crate::findings::Audit;
use crate::shortcuts::{Probed, Shortcuts, best_told};

/// Everything but the single pairs.
impl Display for Audit {
    fn fmt(&self, to: &mut Formatter<'_>) -> fmt::Result {
        writeln!(to, "{} files", self.files)?;
        for class in &self.classes {
            write_class(class, to)?;
        }
        writeln!(to, "{} unreadable, {} with a misleading name", self.unreadable.len(), self.misnamed.len())?;
        for problem in self.unreadable.iter().chain(&self.misnamed) {
            writeln!(to, "  {}: {}", problem.path, problem.reason)?;
        }
        writeln!(to, "{} different pictures; {} pairs of copies", self.unique, self.pairs.len())?;
        for (relation, count) in &self.relations {
            writeln!(to, "  {relation:<22} {count:>6}")?;
        }
        writeln!(to, "{} pairs of copies in different classes", self.conflicting.len())?;
        for pair in &self.conflicting {
            writeln!(to, "  {} and {} ({})", pair.a, pair.b, pair.relation)?;
        }
        writeln!(to, "{}", self.patients.says)?;
        if let Some(leakage) = &self.leakage {
            writeln!(
                to,
                "of Testing, {} files have a copy in Training, {} a patient",
                leakage.test_with_twin_in_train, leakage.test_with_patient_in_train
            )?;
        }
        write_shortcuts(&self.shortcuts, to)
    }
}

fn write_class(found: &ClassFindings, to: &mut Formatter<'_>) -> fmt::Result {
    let ClassFindings { class, files, training, testing, .. } = found;
    writeln!(to, "  {class:<12} {files:>6}  Training {training:>6}  Testing {testing:>6}")?;
    let listed = |counts: &[(String, usize)]| {
        counts.iter().map(|(name, count)| format!("{name}: {count}")).collect::<Vec<_>>().join("; ")
    };
    writeln!(to, "    {} sizes, such as {}", found.different_sizes, listed(&found.sizes))?;
    writeln!(to, "    stored as {}", listed(&found.modes))?;
    let jpeg: Vec<String> = found.jpeg.iter().map(|count| format!("{}: {}", count.compression, count.files)).collect();
    if !jpeg.is_empty() {
        writeln!(to, "    JPEG of {}", jpeg.join("; "))?;
    }
    Ok(())
}

fn write_shortcuts(found: &Shortcuts, to: &mut Formatter<'_>) -> fmt::Result {
    writeln!(to, "what is not anatomy, by a probe of {} different pictures:", found.slices)?;
    for (what, probed) in [("files", &found.files), ("network input", &found.prepared)] {
        for Probed { group, report } in probed {
            let [low, high] = report.balanced_accuracy_ci95;
            let best = best_told(report).map(|(class, area)| format!("{} told best, AUROC {area:.3}", class.class));
            writeln!(
                to,
                "  {what:<14} {:<13} balanced accuracy {:.3} ({low:.3} to {high:.3}; a guess {:.3})  {}",
                group.title(),
                report.balanced_accuracy,
                found.chance,
                best.unwrap_or_default()
            )?;
        }
    }
    for sentence in &found.says {
        writeln!(to, "  {sentence}")?;
    }
    Ok(())
}

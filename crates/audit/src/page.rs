//! The findings as one self-contained HTML page, with pictures.

mod classes;
mod copies;
mod shortcuts;
mod table;

use dataset::Dataset;
use maud::{Markup, html};
use pages::page;
use table::table;

use crate::findings::{Audit, Problem};
use crate::inspect::Inspected;
use crate::numbers::count;
use crate::pictures::Pictures;
use crate::shown::Shown;

/// The page for a data set.
///
/// # Errors
/// A slice that could be read before can't be read now.
pub fn audit_page(dataset: &Dataset, seen: &[Result<Inspected, String>], audit: &Audit) -> anyhow::Result<String> {
    let shown = Shown::new(dataset, seen, audit);
    let pictures = Pictures::new(dataset, &shown.records(&audit.conflicting));
    let folder = dataset.root.canonicalize().unwrap_or_else(|_| dataset.root.clone());
    let name = folder.file_name().map_or_else(|| "scans".to_owned(), |name| name.to_string_lossy().into_owned());
    let body = html! {
        (overview(audit))
        (contents())
        (shortcuts::section(audit))
        (classes::section(audit, &shown, &pictures)?)
        (files_section(audit))
        (copies::section(audit, &shown, &pictures)?)
        (copies::parts_section(audit, &shown, &pictures)?)
    };
    Ok(page(&format!("Audit of {name}"), &body))
}

fn overview(audit: &Audit) -> Markup {
    let mut facts = vec![
        ("files", audit.files),
        ("different pictures", audit.unique),
        ("pairs of copies", audit.pairs.len()),
        ("pairs with conflicting labels", audit.conflicting.len()),
        ("unreadable files", audit.unreadable.len()),
        ("misleading names", audit.misnamed.len()),
    ];
    if let Some(leakage) = &audit.leakage {
        facts.push(("Testing files with a copy in Training", leakage.test_with_twin_in_train));
        facts.push(("Testing files with a patient in Training", leakage.test_with_patient_in_train));
    }
    html! {
        dl.facts {
            @for (name, number) in facts {
                div { dt { (name) } dd { (count(number)) } }
            }
        }
        @for note in &audit.notes { p { "Note: " (note) "." } }
        p { (audit.patients.says) }
        @for sentence in &audit.shortcuts.says { p { (sentence) } }
    }
}

fn contents() -> Markup {
    let sections = [
        ("shortcuts", "Shortcuts"),
        ("classes", "Classes"),
        ("files", "Files with problems"),
        ("copies", "Copies"),
        ("conflicts", "Conflicting labels"),
        ("parts", "Training and Testing"),
    ];
    html! {
        nav aria-label="Contents" {
            ul.inline { @for (id, title) in sections { li { a href={ "#" (id) } { (title) } } } }
        }
    }
}

fn files_section(audit: &Audit) -> Markup {
    html! {
        h2 id="files" { "Files with problems" }
        h3 { "Unreadable" }
        (problems(&audit.unreadable, "Every file could be read."))
        h3 { "Misleading names" }
        (problems(&audit.misnamed, "Every name says the format that the file has."))
    }
}

fn problems(found: &[Problem], none: &str) -> Markup {
    if found.is_empty() {
        return html! { p.quiet { (none) } };
    }
    let rows = html! {
        @for problem in found { tr { th scope="row" { (problem.path) } td { (problem.reason) } } }
    };
    table("Files and what is wrong with them", &["file", "reason"], &rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_of_numbers_stand_over_them() {
        let table = table("t", &["name", "#files"], &html! {}).into_string();
        assert!(table.contains(r#"<th scope="col">name</th><th class="number" scope="col">files</th>"#), "{table}");
    }
}

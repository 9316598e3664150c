//! Names of classes and of parts, as folders and CSVs spell them.

use std::collections::{BTreeMap, BTreeSet};

use crate::Part;

/// The classes that are known under several names.
const KNOWN: [&str; 4] = ["glioma", "meningioma", "notumor", "pituitary"];
/// Names that are shown before the rest is only counted.
const SHOWN: usize = 8;

/// The part that a folder or a cell of a CSV names, and whether it is a validation part, which Sulcus has not.
pub(crate) fn part_of(name: &str) -> Option<(Part, bool)> {
    match letters(name).as_str() {
        "training" | "train" => Some((Part::Training, false)),
        "validation" | "valid" | "val" => Some((Part::Training, true)),
        "testing" | "test" => Some((Part::Testing, false)),
        _ => None,
    }
}

/// The known class of that name: `Glioma_tumor`, `no tumour` and `Pituitary Tumors` are spellings of three.
pub(crate) fn known_class(name: &str) -> Option<&'static str> {
    let letters = letters(name);
    let one = letters.strip_suffix('s').unwrap_or(&letters);
    if matches!(one, "notumor" | "nontumor" | "healthy" | "normal") {
        return Some("notumor");
    }
    let stem = one.strip_suffix("tumor").unwrap_or(one);
    KNOWN.into_iter().find(|class| *class == stem.strip_suffix('s').unwrap_or(stem))
}

/// Whether two names are spellings of one class.
#[must_use]
pub fn same_class(one: &str, other: &str) -> bool {
    let plain = |name: &str| known_class(name).map_or_else(|| name.trim().to_lowercase(), str::to_owned);
    plain(one) == plain(other)
}

/// Whether one of the classes is a known one.
pub(crate) fn any_known(classes: &[String]) -> bool {
    classes.iter().any(|class| KNOWN.contains(&class.as_str()))
}

/// A name without spaces, hyphens and the like, in small letters and American spelling.
pub(crate) fn letters(name: &str) -> String {
    let plain: String = name.chars().filter(|char| char.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    plain.replace("tumour", "tumor")
}

/// The classes of a data set, and how each is spelled.
#[derive(Default)]
pub(crate) struct Classes {
    spellings: BTreeMap<String, BTreeSet<String>>,
}

impl Classes {
    /// The class that a name means. Names that are the same but for case and space at the ends mean the same.
    pub(crate) fn class_of(&mut self, name: &str) -> String {
        let same = |class: &&String| class.trim().to_lowercase() == name.trim().to_lowercase();
        let class = known_class(name).map(str::to_owned).or_else(|| self.spellings.keys().find(same).cloned());
        let class = class.unwrap_or_else(|| name.to_owned());
        self.spellings.entry(class.clone()).or_default().insert(name.to_owned());
        class
    }

    /// The classes, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        self.spellings.keys().cloned().collect()
    }

    /// What a person should know: other spellings of a class, and unknown classes beside known ones.
    pub(crate) fn notes(&self) -> Vec<String> {
        let spelled = self.spellings.iter().filter_map(|(class, spellings)| {
            let others: Vec<&str> = spellings.iter().map(String::as_str).filter(|name| name != class).collect();
            (!others.is_empty()).then(|| format!("{} is read as the class \"{class}\"", quoted(&others)))
        });
        let unknown: Vec<&str> =
            self.spellings.keys().map(String::as_str).filter(|class| !KNOWN.contains(class)).collect();
        let beside = (unknown.len() < self.spellings.len() && !unknown.is_empty())
            .then(|| format!("{} is none of {}: it is a class of its own", quoted(&unknown), KNOWN.join(", ")));
        spelled.chain(beside).collect()
    }
}

/// Names in quotation marks, the first eight of them.
pub(crate) fn quoted(names: &[impl AsRef<str>]) -> String {
    let shown: Vec<String> = names.iter().take(SHOWN).map(|name| format!("\"{}\"", name.as_ref())).collect();
    match names.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spellings_of_public_sets_are_known() {
        for (class, spellings) in [
            ("glioma", vec!["glioma", "Glioma", "glioma_tumor", "Glioma Tumours", "gliomas", "GLIOMA-TUMOR"]),
            ("meningioma", vec!["meningioma", "Meningioma_tumor", "meningioma tumour"]),
            ("pituitary", vec!["pituitary", "pituitary_tumor", "Pituitary Tumour "]),
            (
                "notumor",
                vec!["notumor", "no_tumor", "no tumor", "notumour", "No-Tumors", "non_tumor", "Healthy", "normal"],
            ),
        ] {
            for spelling in spellings {
                assert_eq!(known_class(spelling), Some(class), "{spelling}");
            }
        }
        for other in ["tumor", "no", "yes", "glioblastoma", "abnormal", "", "knee"] {
            assert_eq!(known_class(other), None, "{other}");
        }
    }

    #[test]
    fn case_and_space_at_the_ends_make_no_other_class() {
        let mut classes = Classes::default();
        assert_eq!(["Yes", "yes", "yes ", "No"].map(|name| classes.class_of(name)), ["Yes", "Yes", "Yes", "No"]);
        assert_eq!(classes.names(), ["No", "Yes"]);
        assert_eq!(classes.notes(), [r#""yes", "yes " is read as the class "Yes""#]);
    }
}

//! Which sequence a series is of.
//!
//! Two sources are asked: the words of its description, and its times. Where they contradict each other, or neither says
//! anything, the answer is that it is not known.
//!
//! The times are those that textbooks give for spin echoes (Bitar et al., "MR pulse sequences: what every radiologist
//! wants to know but is afraid to ask", Radiographics 26, 2006: T1 short repetition and short echo, T2 both long, proton
//! density long repetition and short echo, FLAIR an inversion of about 2 s that nulls fluid). Bounds are drawn narrow,
//! and gradient echoes and echo-planar images are left to their words, since their contrast hangs on the flip angle.
//! Words are taken before times in the study of Gauriau et al., "Using DICOM metadata for radiological image series
//! categorization", Journal of Digital Imaging 33, 2020.

use crate::Attributes;

/// What makes tissues bright.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Weighting {
    /// T1: fat is bright, fluid dark.
    T1,
    /// T2: fluid is bright.
    T2,
    /// T2 with fluid nulled.
    Flair,
    /// Proton density.
    ProtonDensity,
}

/// What is known of a series' sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sequence {
    /// Its weighting, `None` where it is not known or another one.
    pub weighting: Option<Weighting>,
    /// Whether contrast agent was given before it, `None` where that is not known.
    pub contrast_enhanced: Option<bool>,
}

/// Guesses the sequence of a series.
#[must_use]
pub fn sequence(attributes: &Attributes) -> Sequence {
    let said = [&attributes.series_description, &attributes.protocol].map(|text| text.as_deref().unwrap_or_default());
    let words = Words::of(&said.join(" "));
    Sequence { weighting: weighting(attributes, &words), contrast_enhanced: enhanced(attributes, &words) }
}

fn weighting(attributes: &Attributes, words: &Words) -> Option<Weighting> {
    if words.has_any(&OTHER) || words.begins_any(&OTHER_BEGINNINGS) {
        return None;
    }
    match (words.weightings().as_slice(), timed(attributes)) {
        ([], timed) => timed,
        (&[said], timed) if timed.is_none_or(|timed| timed == said) => Some(said),
        _ => None,
    }
}

/// Words of sequences that are none of these, or made of them.
const OTHER: [&str; 20] = [
    "adc",
    "dwi",
    "dti",
    "diff",
    "diffusion",
    "trace",
    "fa",
    "bold",
    "fmri",
    "asl",
    "swi",
    "swan",
    "mip",
    "tof",
    "mra",
    "phase",
    "stir",
    "localizer",
    "scout",
    "survey",
];
const OTHER_BEGINNINGS: [&str; 6] = ["ep2d", "perf", "t2*", "t2star", "loca", "cbv"];
/// Sequences that are T1-weighted by their name.
const T1_NAMES: [&str; 8] = ["mprage", "mp2rage", "spgr", "fspgr", "bravo", "vibe", "tfl", "tfl3d"];

/// The words of a description, in small letters.
struct Words(Vec<String>);

impl Words {
    fn of(description: &str) -> Self {
        let lower = description.to_lowercase();
        let apart = |character: char| !character.is_alphanumeric() && !matches!(character, '+' | '*');
        Self(lower.split(apart).filter(|word| !word.is_empty()).map(str::to_owned).collect())
    }

    fn has_any(&self, wanted: &[&str]) -> bool {
        self.0.iter().any(|word| wanted.contains(&word.as_str()))
    }

    fn begins_any(&self, wanted: &[&str]) -> bool {
        self.0.iter().any(|word| wanted.iter().any(|beginning| word.starts_with(beginning)))
    }

    /// Whether two words follow each other.
    fn has_pair(&self, pair: [&str; 2]) -> bool {
        self.0.windows(2).any(|words| words == pair)
    }

    /// Every weighting that is named.
    fn weightings(&self) -> Vec<Weighting> {
        let t1 = self.begins_any(&["t1"]) || self.has_any(&T1_NAMES);
        let t2 = self.begins_any(&["t2"]);
        let density = self.has_any(&["pd", "pdw", "proton"]);
        let flair = self.0.iter().any(|word| word.contains("flair") || word == "darkfluid");
        let flair = flair || self.has_pair(["dark", "fluid"]);
        // A T1 FLAIR nulls fluid and is T1-weighted; every other FLAIR is T2-weighted, whether it says so or not.
        let named = [
            (t1, Weighting::T1),
            (t2 && !flair, Weighting::T2),
            (density, Weighting::ProtonDensity),
            (flair && !t1, Weighting::Flair),
        ];
        named.into_iter().filter(|&(is_named, _)| is_named).map(|(_, weighting)| weighting).collect()
    }
}

/// The weighting that the times of a spin echo or an inversion mean.
fn timed(attributes: &Attributes) -> Option<Weighting> {
    let kinds: Vec<&str> =
        attributes.scanning_sequence.as_deref().unwrap_or_default().split('\\').map(str::trim).collect();
    let spin_echo = kinds.contains(&"SE") || kinds.contains(&"IR");
    if !spin_echo || kinds.iter().any(|kind| matches!(*kind, "EP" | "GR")) {
        return None;
    }
    let (repetition, echo) = attributes.repetition_time.zip(attributes.echo_time)?;
    let inversion = attributes.inversion_time.filter(|&time| time > 0.0);
    match inversion {
        Some(1500.0..=3000.0) if repetition >= 4000.0 && echo >= 60.0 => Some(Weighting::Flair),
        None if (300.0..=800.0).contains(&repetition) && (0.0..=30.0).contains(&echo) => Some(Weighting::T1),
        None if repetition >= 2000.0 && echo >= 80.0 => Some(Weighting::T2),
        None if repetition >= 2000.0 && (0.0..=30.0).contains(&echo) => Some(Weighting::ProtonDensity),
        _ => None,
    }
}

/// By the agent's name and the words. Scanners may keep the agent's name over a whole study, so where the words contradict
/// it, nothing is known.
fn enhanced(attributes: &Attributes, words: &Words) -> Option<bool> {
    let agent = attributes.contrast_agent.as_deref().map(str::trim).filter(|agent| !agent.is_empty());
    let named = agent.map(|agent| !["none", "no", "without", "n/a", "0"].contains(&agent.to_lowercase().as_str()));
    let before = words.has_any(&["pre", "nativ", "native", "noncontrast", "unenhanced", "without", "wo", "ohne"])
        || words.has_pair(["w", "o"]);
    let after = words.has_any(&["post", "gd", "gad", "gado", "gadolinium", "ce", "+c", "c+", "km"])
        || words.begins_any(&["postcontrast", "postgad", "t1ce", "t1c+", "t1gd", "t1+c", "+gd", "+km"]);
    let said = match (before, after) {
        (true, true) => return None,
        (true, false) => Some(false),
        (false, true) => Some(true),
        (false, false) => words.has_any(&["contrast", "enhanced"]).then_some(true),
    };
    match (named, said) {
        (Some(named), Some(said)) if named != said => None,
        (named, said) => said.or(named),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(description: &str) -> Sequence {
        sequence(&Attributes { series_description: Some(description.to_owned()), ..Attributes::default() })
    }

    fn of_times(kind: &str, repetition: f64, echo: f64, inversion: Option<f64>) -> Option<Weighting> {
        let attributes = Attributes {
            scanning_sequence: Some(kind.to_owned()),
            repetition_time: Some(repetition),
            echo_time: Some(echo),
            inversion_time: inversion,
            ..Attributes::default()
        };
        sequence(&attributes).weighting
    }

    #[test]
    fn the_words_of_scanners_name_the_weighting() {
        use Weighting::{Flair, ProtonDensity, T1, T2};
        let cases = [
            ("t1_mprage_sag_p2_iso", Some(T1)),
            ("Ax T1 FLAIR", Some(T1)),
            ("AX FSPGR BRAVO +C", Some(T1)),
            ("T2W_TSE tra", Some(T2)),
            ("t2_tirm_tra_dark-fluid", Some(Flair)),
            ("Sag CUBE T2FLAIR", Some(Flair)),
            ("FLAIR_longTR", Some(Flair)),
            ("pd_tse_cor", Some(ProtonDensity)),
            ("PD/T2 dual echo", None),
            ("ep2d_diff_b1000_ADC", None),
            ("t2*_gre", None),
            ("Ax SWI", None),
            ("3 Plane Localizer T2", None),
            ("Brain", None),
        ];
        for (description, expected) in cases {
            assert_eq!(described(description).weighting, expected, "{description}");
        }
    }

    #[test]
    fn times_of_spin_echoes_name_the_weighting_and_those_of_gradient_echoes_do_not() {
        assert_eq!(of_times("SE", 500.0, 12.0, None), Some(Weighting::T1));
        assert_eq!(of_times("SE", 4500.0, 100.0, None), Some(Weighting::T2));
        assert_eq!(of_times("SE", 2500.0, 20.0, None), Some(Weighting::ProtonDensity));
        assert_eq!(of_times("SE\\IR", 9000.0, 110.0, Some(2500.0)), Some(Weighting::Flair));
        assert_eq!(of_times("GR", 500.0, 12.0, None), None);
        assert_eq!(of_times("SE\\EP", 4500.0, 100.0, None), None);
        assert_eq!(of_times("SE", 1200.0, 50.0, None), None);
    }

    #[test]
    fn words_and_times_that_contradict_each_other_say_nothing() {
        let attributes = Attributes {
            series_description: Some("T2 tra".to_owned()),
            scanning_sequence: Some("SE".to_owned()),
            repetition_time: Some(500.0),
            echo_time: Some(12.0),
            ..Attributes::default()
        };
        assert_eq!(sequence(&attributes).weighting, None);
    }

    #[test]
    fn contrast_agent_is_known_by_words_and_by_the_agent() {
        let cases = [
            ("T1 post", Some(true)),
            ("T1+C ax", Some(true)),
            ("AX T1 +C", Some(true)),
            ("T1 SE tra KM", Some(true)),
            ("T1 pre contrast", Some(false)),
            ("T1 w/o contrast", Some(false)),
            ("T1 nativ", Some(false)),
            ("T1 tra", None),
            ("pre-op T1 +C", None),
        ];
        for (description, expected) in cases {
            assert_eq!(described(description).contrast_enhanced, expected, "{description}");
        }
        let given = |description: &str, agent: &str| {
            let (series_description, contrast_agent) = (Some(description.to_owned()), Some(agent.to_owned()));
            let attributes = Attributes { series_description, contrast_agent, ..Attributes::default() };
            sequence(&attributes).contrast_enhanced
        };
        assert_eq!(given("T1 tra", "Gadovist"), Some(true));
        assert_eq!(given("T1 tra", " "), None);
        assert_eq!(given("T1 tra", "NONE"), Some(false));
        assert_eq!(given("T1 nativ", "Gadovist"), None);
    }
}

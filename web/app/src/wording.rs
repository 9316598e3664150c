//! How the page says what a model found: one place for words, digits and the rule of when to be unsure.

use protocol::{Class, Engine};

use crate::state::Answer;

/// Below this probability of the best class the page says "unsure".
pub const UNSURE_BELOW: f32 = 0.6;

/// The class within a sentence.
pub fn class_name(class: Class) -> &'static str {
    match class {
        Class::Glioma => "glioma",
        Class::Meningioma => "meningioma",
        Class::NoTumor => "no tumour",
        Class::Pituitary => "pituitary tumour",
    }
}

/// The class as a heading.
pub fn class_title(class: Class) -> &'static str {
    match class {
        Class::Glioma => "Glioma",
        Class::Meningioma => "Meningioma",
        Class::NoTumor => "No tumour",
        Class::Pituitary => "Pituitary tumour",
    }
}

/// The style sheet's name for the class's colour, which always stands beside its word.
pub fn class_style(class: Class) -> &'static str {
    match class {
        Class::Glioma => "glioma",
        Class::Meningioma => "meningioma",
        Class::NoTumor => "notumor",
        Class::Pituitary => "pituitary",
    }
}

/// The engine in a sentence.
pub fn engine_name(engine: Engine) -> &'static str {
    match engine {
        Engine::Cpu => "CPU",
        Engine::WebGpu => "WebGPU",
    }
}

/// Whether the best probability is enough to name a class.
pub fn is_sure(probabilities: &[f32; 4]) -> bool {
    probabilities.iter().any(|p| *p >= UNSURE_BELOW)
}

/// A verdict in a sentence, for a screen reader.
pub fn verdict(name: &str, answer: &Answer) -> String {
    let best = answer.probabilities.iter().copied().fold(0.0, f32::max);
    let (class, best) = (class_name(answer.verdict), probability(best));
    if is_sure(&answer.probabilities) {
        format!("{name}: {class}, likely, {best}")
    } else {
        format!("{name}: unsure, nearest {class}, {best}")
    }
}

/// A probability in two digits, never rounded to certainty.
pub fn probability(p: f32) -> String {
    if p > 0.99 && p < 1.0 {
        ">0.99".into()
    } else if p < 0.01 && p > 0.0 {
        "<0.01".into()
    } else {
        format!("{p:.2}")
    }
}

/// A share as a percentage with two decimals, as accuracies are published.
pub fn percent(share: f64) -> String {
    format!("{:.2} %", 100.0 * share)
}

/// A byte count in megabytes, as downloads are counted.
pub fn megabytes(bytes: f64) -> String {
    format!("{:.1} MB", bytes / 1.0e6)
}

/// A time in the unit that reads best.
pub fn duration(milliseconds: f64) -> String {
    if milliseconds < 1000.0 { format!("{milliseconds:.0} ms") } else { format!("{:.1} s", milliseconds / 1000.0) }
}

/// An error's text as sentences of their own; errors of this workspace end in a line of advice.
pub fn sentence(text: &str) -> String {
    if let Some((error, hint)) = text.split_once("\nhint: ") {
        return format!("{} {}", sentence(error), sentence(hint));
    }
    let mut letters = text.chars();
    let Some(first) = letters.next() else { return String::new() };
    let stop = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{}{}{stop}", first.to_uppercase(), letters.as_str())
}

/// A count with its noun.
pub fn slices(count: usize) -> String {
    match count {
        1 => "1 slice".into(),
        n => format!("{n} slices"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probability_is_never_rounded_to_certainty() {
        assert_eq!(probability(0.9951), ">0.99");
        assert_eq!(probability(0.004), "<0.01");
        assert_eq!(probability(0.934), "0.93");
        assert_eq!(probability(0.986), "0.99");
        assert_eq!(probability(1.0), "1.00");
        assert_eq!(probability(0.0), "0.00");
    }

    #[test]
    fn six_tenths_is_enough_and_less_is_not() {
        assert!(is_sure(&[0.6, 0.2, 0.1, 0.1]));
        assert!(!is_sure(&[0.2, 0.599, 0.1, 0.101]));
    }

    #[test]
    fn an_error_reads_as_a_sentence() {
        assert_eq!(sentence("the file is empty"), "The file is empty.");
        assert_eq!(sentence("Stop."), "Stop.");
        assert_eq!(sentence(""), "");
        assert_eq!(sentence("too large\nhint: crop it"), "Too large. Crop it.");
    }

    #[test]
    fn times_and_sizes_read_as_people_say_them() {
        assert_eq!(duration(17.3), "17 ms");
        assert_eq!(duration(4400.0), "4.4 s");
        assert_eq!(megabytes(21_034_112.0), "21.0 MB");
        assert_eq!(slices(1), "1 slice");
        assert_eq!(slices(50), "50 slices");
        assert_eq!(percent(0.978_64), "97.86 %");
    }
}

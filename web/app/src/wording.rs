//! How the page says what a model found: one place for words and digits.

use protocol::{Engine, Verdict};

use crate::answer::Answer;

/// The class of healthy slices, by its name in weights files and reports.
pub const NO_TUMOUR: &str = "notumor";

/// The class within a sentence, by its name in a weights file or a report: the field's by their words, others as they are.
pub fn class_name(class: &str) -> &str {
    match class {
        NO_TUMOUR => "no tumour",
        "pituitary" => "pituitary tumour",
        other => other,
    }
}

/// The style sheet's name for the class's colour, which always stands beside its word.
pub fn class_style(class: &str) -> &str {
    match class {
        "glioma" | "meningioma" | NO_TUMOUR | "pituitary" => class,
        _ => "other",
    }
}

/// The engine in a sentence.
pub fn engine_name(engine: Engine) -> &'static str {
    match engine {
        Engine::Cpu => "CPU",
        Engine::WebGpu => "WebGPU",
    }
}

/// The verdict within a list.
pub fn verdict_name(answer: &Answer) -> &str {
    match answer.verdict {
        Verdict::Class(class) => class_name(answer.class(class)),
        Verdict::Abstain => "unsure",
        Verdict::NotBrainMri => "not a brain MRI",
    }
}

/// The verdict as a heading.
pub fn verdict_title(answer: &Answer) -> String {
    capitalised(verdict_name(answer))
}

/// The style sheet's name for the verdict's colour.
pub fn verdict_style(answer: &Answer) -> &str {
    answer.verdict.class().map_or("unsure", |class| class_style(answer.class(class)))
}

/// How sure the verdict is, in a line: nothing for a picture of which no probability says anything.
pub fn sureness(answer: &Answer) -> Option<String> {
    let best = probability(answer.best()?);
    Some(match answer.verdict {
        Verdict::Class(_) => format!("{best} likely"),
        _ => format!("{best} nearest: {}", class_name(answer.class(answer.top_class))),
    })
}

/// A verdict in a sentence, for a screen reader.
pub fn verdict(name: &str, answer: &Answer) -> String {
    let verdict = verdict_name(answer);
    sureness(answer).map_or_else(|| format!("{name}: {verdict}"), |sureness| format!("{name}: {verdict}, {sureness}"))
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

/// A whole number with its thousands apart.
pub fn count(n: usize) -> String {
    match (n / 1000, n % 1000) {
        (0, n) => n.to_string(),
        (thousands, rest) => format!("{},{rest:03}", count(thousands)),
    }
}

/// A byte count in megabytes, as downloads are counted.
pub fn megabytes(bytes: f64) -> String {
    format!("{:.1} MB", bytes / 1.0e6)
}

/// A time in the unit that reads best.
pub fn duration(milliseconds: f64) -> String {
    if milliseconds < 1000.0 { format!("{milliseconds:.0} ms") } else { format!("{:.1} s", milliseconds / 1000.0) }
}

/// An error's text, or its hint, as a sentence of its own.
pub fn sentence(text: &str) -> String {
    let stop = if text.is_empty() || text.ends_with(['.', '!', '?']) { "" } else { "." };
    capitalised(text) + stop
}

/// The text with a capital.
fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}", first.to_uppercase(), letters.as_str()))
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
    use crate::answer::tests::model;

    #[test]
    fn a_probability_is_never_rounded_to_certainty() {
        assert_eq!(probability(0.9951), ">0.99");
        assert_eq!(probability(0.004), "<0.01");
        assert_eq!(probability(0.934), "0.93");
        assert_eq!(probability(0.986), "0.99");
        assert_eq!(probability(1.0), "1.00");
        assert_eq!(probability(0.0), "0.00");
    }

    fn answer(verdict: Verdict, classes: &[&str], probabilities: &[f32]) -> Answer {
        let top_class = (0..classes.len()).max_by(|&a, &b| probabilities[a].total_cmp(&probabilities[b])).unwrap();
        let probabilities = probabilities.to_vec();
        Answer {
            verdict,
            top_class,
            evidence: None,
            probabilities,
            model: model("m", classes),
            engine: Engine::Cpu,
            milliseconds: 1.0,
            map: None,
        }
    }

    #[test]
    fn a_verdict_is_spoken_with_its_probability_and_a_strange_picture_without() {
        let answer = |verdict| answer(verdict, &["glioma", "notumor"], &[0.3, 0.7]);
        assert_eq!(verdict("a", &answer(Verdict::Class(1))), "a: no tumour, 0.70 likely");
        assert_eq!(verdict("a", &answer(Verdict::Abstain)), "a: unsure, 0.70 nearest: no tumour");
        assert_eq!(verdict("a", &answer(Verdict::NotBrainMri)), "a: not a brain MRI");
    }

    #[test]
    fn a_class_that_the_page_has_no_word_for_is_named_as_its_model_names_it() {
        let metastasis = answer(Verdict::Class(2), &["glioma", "notumor", "metastasis"], &[0.1, 0.1, 0.8]);
        assert_eq!(verdict_title(&metastasis), "Metastasis");
        assert_eq!(verdict_style(&metastasis), "other");
        assert_eq!(verdict("a", &metastasis), "a: metastasis, 0.80 likely");
    }

    #[test]
    fn an_error_reads_as_a_sentence() {
        assert_eq!(sentence("the file is empty"), "The file is empty.");
        assert_eq!(sentence("Stop."), "Stop.");
        assert_eq!(sentence(""), "");
    }

    #[test]
    fn times_and_sizes_read_as_people_say_them() {
        assert_eq!(duration(17.3), "17 ms");
        assert_eq!(duration(4400.0), "4.4 s");
        assert_eq!(megabytes(21_034_112.0), "21.0 MB");
        assert_eq!(slices(1), "1 slice");
        assert_eq!(slices(50), "50 slices");
        assert_eq!(percent(0.978_64), "97.86 %");
        assert_eq!([count(909), count(1406), count(1_000_020)], ["909", "1,406", "1,000,020"]);
    }
}

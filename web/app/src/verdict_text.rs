//! What a verdict means, what would help where none is given, and what it rests on: in the words of the person who
//! reads the slice.

use protocol::Verdict;

use crate::answer::Answer;
use crate::wording::{NO_TUMOUR, class_name, probability};

/// From this part of the limit on a slice is at the edge of what the network knows.
const EDGE: f32 = 0.8;
/// A class this probable is worth naming beside the most probable one.
const RIVAL: f32 = 0.1;

/// What the verdict says, and what it does not.
pub fn of(answer: &Answer) -> String {
    let classes = answer.model.classes.len();
    match answer.verdict {
        Verdict::Class(class) if answer.class(class) == NO_TUMOUR => {
            format!(
                "None of the {} that it knows was recognised in this one slice. That excludes neither a tumour nor \
                 another disease.",
                kinds_of_tumour(classes - 1)
            )
        }
        Verdict::Class(_) => {
            format!(
                "Of the {} classes that it knows, the most probable one for this one slice. That is not the \
                 probability that the patient has the disease, and it can't name any other disease.",
                in_words(classes)
            )
        }
        Verdict::Abstain => {
            format!(
                "No class is probable enough to be named{}. That speaks neither for nor against a tumour.",
                rivals(answer)
            )
        }
        Verdict::NotBrainMri => {
            "The picture looks unlike the brain MRI that the network was trained on. So nothing is said about it, \
             neither a class nor a probability."
                .into()
        }
    }
}

fn kinds_of_tumour(count: usize) -> String {
    if count == 1 { "one kind of tumour".into() } else { format!("{} kinds of tumour", in_words(count)) }
}

/// A small number as it is written in a sentence.
fn in_words(number: usize) -> String {
    const WORDS: [&str; 9] = ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
    let word = number.checked_sub(2).and_then(|index| WORDS.get(index));
    word.map_or_else(|| number.to_string(), |word| (*word).to_owned())
}

/// Between which classes it wavers.
fn rivals(answer: &Answer) -> String {
    let top_class = answer.top_class;
    let others = answer.probabilities.iter().enumerate().filter(|(class, _)| *class != top_class);
    let second = others.max_by(|a, b| a.1.total_cmp(b.1)).filter(|(_, p)| **p >= RIVAL);
    let name = |class| class_name(answer.class(class));
    second.map_or_else(String::new, |(class, _)| format!(": it wavers between {} and {}", name(top_class), name(class)))
}

/// What to do where no class is named; nothing where one is.
pub fn what_would_help(verdict: Verdict) -> &'static [&'static str] {
    match verdict {
        Verdict::Class(_) => &[],
        Verdict::Abstain => &[
            "A neighbouring slice, in which the finding is larger.",
            "A T1-weighted slice with contrast agent: it has seen little else.",
            "The slice as acquired: the whole head, nothing drawn on it.",
        ],
        Verdict::NotBrainMri => &[
            "If it is a brain MRI: the slice itself, not a photograph or a screenshot of it.",
            "The whole head in one picture: no captions, no colours, no mosaic of slices.",
            "A T1-weighted slice: diffusion, angiography and the like may be refused.",
        ],
    }
}

/// What the verdict rests on: a name and what was found, line by line.
pub fn evidence(answer: &Answer) -> Vec<(&'static str, String)> {
    let Some(evidence) = answer.evidence else {
        return vec![("Probability", "the network's own; it was not calibrated and always names a class".into())];
    };
    let part = evidence.distance / evidence.ood_threshold;
    let likeness = if part > 1.0 {
        "unlike those it was trained on"
    } else if part > EDGE {
        "at the edge of what it knows"
    } else {
        "like those it was trained on"
    };
    let distance = format!("{likeness} (distance {:.2}, limit {:.2})", evidence.distance, evidence.ood_threshold);
    let sureness = answer.best().map(|best| {
        ("Probability", format!("{}, a class is named from {:.2} on", probability(best), evidence.abstain_below))
    });
    sureness.into_iter().chain([("Picture", distance)]).collect()
}

#[cfg(test)]
mod tests {
    use protocol::{Engine, Evidence};

    use super::*;
    use crate::answer::tests::{CLASSES, model};

    fn answer_of(classes: &[&str], verdict: Verdict, probabilities: &[f32], distance: f32) -> Answer {
        Answer {
            verdict,
            top_class: 1,
            evidence: Some(Evidence { distance, ood_threshold: 1.5, abstain_below: 0.6 }),
            probabilities: probabilities.to_vec(),
            model: model("m", classes),
            engine: Engine::Cpu,
            milliseconds: 1.0,
            map: None,
        }
    }

    fn answer(verdict: Verdict, probabilities: [f32; 4], distance: f32) -> Answer {
        answer_of(&CLASSES, verdict, &probabilities, distance)
    }

    #[test]
    fn an_unsure_answer_says_between_what_it_wavers_and_that_it_excludes_nothing() {
        let text = of(&answer(Verdict::Abstain, [0.38, 0.52, 0.05, 0.05], 0.9));
        assert!(text.contains("it wavers between meningioma and glioma"), "{text}");
        assert!(text.contains("neither for nor against a tumour"));
        assert!(!what_would_help(Verdict::Abstain).is_empty());
        assert!(!of(&answer(Verdict::Abstain, [0.08, 0.58, 0.08, 0.08], 0.9)).contains("wavers"));
    }

    #[test]
    fn a_refused_picture_gets_no_probability_and_the_reason_in_words() {
        let refused = answer(Verdict::NotBrainMri, [0.1, 0.7, 0.1, 0.1], 3.0);
        let lines = evidence(&refused);
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0].1, "unlike those it was trained on (distance 3.00, limit 1.50)");
    }

    #[test]
    fn no_tumour_is_never_said_to_exclude_one() {
        let text = of(&answer(Verdict::Class(2), [0.01, 0.01, 0.97, 0.01], 0.9));
        assert!(text.starts_with("None of the three kinds of tumour"), "{text}");
        assert!(text.contains("excludes neither a tumour nor another disease"));
    }

    #[test]
    fn a_model_with_other_classes_is_spoken_of_by_its_own_number() {
        let two = answer_of(&["tumor", "notumor"], Verdict::Class(1), &[0.1, 0.9], 0.9);
        assert!(of(&two).starts_with("None of the one kind of tumour that it knows"), "{}", of(&two));
        let five = ["glioma", "meningioma", "metastasis", "notumor", "pituitary"];
        let named = answer_of(&five, Verdict::Class(2), &[0.1, 0.1, 0.6, 0.1, 0.1], 0.9);
        assert!(of(&named).starts_with("Of the five classes that it knows"), "{}", of(&named));
    }

    #[test]
    fn a_slice_near_the_limit_is_called_so() {
        let look = |distance| evidence(&answer(Verdict::Class(1), [0.1, 0.7, 0.1, 0.1], distance))[1].1.clone();
        assert!(look(0.9).starts_with("like"));
        assert!(look(1.3).starts_with("at the edge"));
    }
}

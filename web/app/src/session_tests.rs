use protocol::Verdict;

use super::*;
use crate::answer::Answer;
use crate::answer::tests::{CLASSES, model};

fn session(names: &[&str]) -> Session {
    let mut session = Session::default();
    for name in names {
        session.add((*name).into(), None);
    }
    session
}

const GLIOMA: usize = 0;
const MENINGIOMA: usize = 1;
const PITUITARY: usize = 3;

fn answer(class: usize, best: f32) -> Status {
    answer_of("xception", class, best)
}

fn answer_of(id: &str, class: usize, best: f32) -> Status {
    let mut probabilities = vec![(1.0 - best) / 3.0; CLASSES.len()];
    probabilities[class] = best;
    Status::Answered(Answer {
        verdict: if best < 0.5 { Verdict::Abstain } else { Verdict::Class(class) },
        top_class: class,
        evidence: None,
        probabilities,
        model: model(id, &CLASSES),
        engine: Engine::Cpu,
        milliseconds: 1.0,
        map: None,
    })
}

fn failure(engine_fault: bool) -> Status {
    Status::Failed(Failure { message: "m".into(), hint: String::new(), engine_fault })
}

fn names(session: &Session) -> Vec<&str> {
    session.visible().map(|item| item.name.as_str()).collect()
}

#[test]
fn the_first_slice_added_is_shown_and_later_ones_do_not_steal_the_view() {
    let session = session(&["a", "b"]);
    assert_eq!(session.selected().unwrap().name, "a");
}

#[test]
fn the_slice_being_looked_at_is_classified_first() {
    let mut session = session(&["a", "b", "c"]);
    session.select(2);
    assert_eq!(session.next_waiting(), Some(2));
    session.set_status(2, Status::Working);
    assert_eq!(session.next_waiting(), Some(0));
}

#[test]
fn arrows_stop_at_the_ends_and_skip_what_the_filter_hides() {
    let mut session = session(&["axial-1", "sagittal", "axial-2"]);
    session.set_filter("AXIAL".into());
    session.select_by(1);
    assert_eq!(session.selected().unwrap().name, "axial-2");
    session.select_by(5);
    assert_eq!(session.selected().unwrap().name, "axial-2");
    session.select_by(-5);
    assert_eq!(session.selected().unwrap().name, "axial-1");
}

#[test]
fn the_filter_finds_verdicts_as_well_as_names() {
    let mut session = session(&["a", "b", "c", "d"]);
    session.set_status(0, answer(PITUITARY, 0.9));
    session.set_status(1, answer(PITUITARY, 0.4));
    session.set_status(2, failure(false));
    for (filter, expected) in [("pituitary", "a"), ("unsure", "b"), ("unreadable", "c"), ("waiting", "d")] {
        session.set_filter(filter.into());
        assert_eq!(names(&session), [expected], "{filter}");
    }
}

#[test]
fn a_broken_file_counts_as_done_and_is_not_tried_again() {
    let mut session = session(&["good", "broken", "engine"]);
    session.set_status(0, answer(GLIOMA, 0.9));
    session.set_status(1, failure(false));
    session.set_status(2, failure(true));
    assert_eq!(session.progress(), Progress { done: 3, total: 3 });
    assert_eq!(session.retriable(), 1);
    assert_eq!(session.retry(), 1);
    assert_eq!(session.next_waiting(), Some(2));
    session.retry_one(1);
    assert_eq!(session.item(1).unwrap().status, failure(false));
}

#[test]
fn cancelling_leaves_the_working_slice_and_retry_takes_the_rest_up_again() {
    let mut session = session(&["a", "b", "c"]);
    session.set_status(0, Status::Working);
    assert_eq!(session.cancel(), 2);
    assert_eq!(session.progress(), Progress { done: 0, total: 1 });
    session.set_status(0, answer(GLIOMA, 0.9));
    assert!(!session.progress().is_running());
    assert_eq!(session.retry(), 2);
    assert_eq!(session.progress(), Progress { done: 1, total: 3 });
}

#[test]
fn a_removed_slice_comes_back_to_its_place() {
    let mut session = session(&["a", "b", "c"]);
    session.select(1);
    session.remove(1);
    assert_eq!(names(&session), ["a", "c"]);
    assert_eq!(session.selected().unwrap().name, "c");
    session.add("d".into(), None);
    session.undo();
    assert_eq!(names(&session), ["a", "b", "c", "d"]);
    assert_eq!(session.selected().unwrap().name, "b");
    assert!(session.undoable().is_none());
}

#[test]
fn a_cleared_list_comes_back_and_what_was_being_worked_on_waits_again() {
    let mut session = session(&["a", "b"]);
    session.set_status(0, Status::Working);
    session.clear();
    assert!(session.items().is_empty() && session.selected().is_none());
    session.set_status(0, answer(GLIOMA, 0.9));
    session.undo();
    assert_eq!(session.next_waiting(), Some(0));
}

#[test]
fn removing_the_last_slice_selects_the_one_before_it() {
    let mut session = session(&["a", "b"]);
    session.select(1);
    session.remove(1);
    assert_eq!(session.selected().unwrap().name, "a");
    session.remove(0);
    assert!(session.selected().is_none());
}

#[test]
fn answers_of_a_distrusted_engine_are_computed_again() {
    let mut session = session(&["a", "b"]);
    session.set_status(0, answer(GLIOMA, 0.9));
    session.distrust(Engine::WebGpu);
    assert_eq!(session.next_waiting(), Some(1));
    session.distrust(Engine::Cpu);
    assert_eq!(session.next_waiting(), Some(0));
}

#[test]
fn undo_brings_back_no_answer_that_counts_no_more() {
    let removed = || {
        let mut session = session(&["a"]);
        session.set_status(0, answer(GLIOMA, 0.9));
        session.clear();
        session
    };
    let mut distrusted = removed();
    distrusted.distrust(Engine::Cpu);
    distrusted.undo();
    assert_eq!(distrusted.next_waiting(), Some(0));
    let mut changed = removed();
    assert!(!changed.is_empty());
    changed.change_model("vgg16");
    changed.undo();
    assert_eq!((changed.next_waiting(), changed.item(0).unwrap().others.len()), (Some(0), 1));
}

#[test]
fn an_answer_stays_where_its_slice_can_be_looked_at_no_more() {
    let mut session = session(&["a"]);
    session.set_status(0, answer(GLIOMA, 0.9));
    session.set_unseen(0, "the stick was pulled".into());
    let item = session.item(0).unwrap();
    assert_eq!((&item.status, item.unseen.as_deref()), (&answer(GLIOMA, 0.9), Some("the stick was pulled")));
}

#[test]
fn another_model_is_asked_about_every_slice_and_the_answers_before_it_stay_beside_its_own() {
    let mut session = session(&["answered", "unreadable", "waiting"]);
    session.set_status(0, answer(GLIOMA, 0.9));
    session.set_status(1, failure(false));
    session.change_model("vgg16");
    let item = session.item(0).unwrap();
    assert_eq!(item.status, Status::Waiting);
    assert_eq!(item.others[0].model.id, "xception");
    assert_eq!(session.item(1).unwrap().status, failure(false));
    assert_eq!(session.progress(), Progress { done: 1, total: 3 });
}

#[test]
fn a_model_that_comes_back_is_not_asked_again() {
    let mut session = session(&["a"]);
    session.set_status(0, answer(GLIOMA, 0.9));
    session.change_model("vgg16");
    session.set_status(0, answer_of("vgg16", MENINGIOMA, 0.8));
    session.change_model("xception");
    let item = session.item(0).unwrap();
    assert_eq!(item.status, answer(GLIOMA, 0.9));
    assert_eq!(item.others[0].model.id, "vgg16");
}

#[test]
fn a_slice_that_was_being_worked_on_waits_for_the_other_model() {
    let mut session = session(&["a"]);
    session.set_status(0, Status::Working);
    session.change_model("vgg16");
    assert_eq!(session.item(0).unwrap().status, Status::Waiting);
}

//! Messages about rows that are gone, and in an order that was not expected.

use super::*;

#[test]
fn an_answer_about_a_row_that_was_removed_changes_nothing_and_the_worker_goes_on() {
    let mut page = Page::ready();
    page.add(&["a", "b"]);
    page.change(|session| session.remove(0));
    assert!(page.says_with(CPU, page.serial(CPU), &slice(0), vec![1, 2]).is_empty());
    let effects = page.says(CPU, &prediction(0, Engine::Cpu));
    assert_eq!(asked(&effects), [(CPU, 1)]);
    assert!(announced(&effects).is_empty());
    page.change(Session::undo);
    assert_eq!(page.status(0), &Status::Waiting);
}

#[test]
fn an_answer_that_nobody_asked_for_changes_nothing() {
    let mut page = Page::ready();
    page.add(&["a", "b"]);
    assert!(page.says(CPU, &prediction(1, Engine::Cpu)).is_empty());
    assert!(page.says(CPU, &refusal(1)).is_empty());
    assert!(page.says(CPU, &prediction(0, Engine::WebGpu)).is_empty(), "an engine that is not there");
    assert_eq!((page.status(0), page.status(1)), (&Status::Working, &Status::Waiting));
}

#[test]
fn a_slice_that_comes_after_its_answer_is_still_shown() {
    let mut page = Page::ready();
    page.add(&["a"]);
    page.says(CPU, &prediction(0, Engine::Cpu));
    let effects = page.says_with(CPU, page.serial(CPU), &slice(0), vec![1, 2]);
    assert!(matches!(effects.as_slice(), [Effect::Show(Some(_))]));
    assert!(page.pool.task(CPU).is_none(), "and is not asked for any more");
}

/// One of the things that may happen at any time.
fn anything(page: &mut Page, which: usize) {
    let worker = if which.is_multiple_of(2) { CPU } else { HELPER };
    let task = page.pool.task(worker);
    let id = task.map_or(0, |task| task.id);
    match which / 2 {
        0 => drop(page.says(worker, &prediction(id, Engine::Cpu))),
        1 => drop(page.says_with(worker, page.serial(worker), &slice(id), vec![1, 2])),
        2 => drop(page.says(worker, &refusal(id))),
        3 => drop(page.stops(worker)),
        4 => drop(page.becomes_ready(worker, PROBE, 500.0)),
        5 if worker == CPU => drop(page.change(|session| session.remove(id))),
        5 => drop(page.change(Session::undo)),
        6 if worker == CPU => drop(page.change(|session| session.select_by(1))),
        6 => drop(page.change(Session::retry)),
        _ => drop(page.happens(Event::ModelChosen { id: "vgg16".into(), title: "VGG16".into() })),
    }
}

/// Every row that is being worked on has a worker, and no worker idles while a row waits.
fn check(page: &Page, sequence: [usize; 4]) {
    let workers = page.pool.workers(Engine::Cpu);
    let has_worker =
        |item: &Item| workers.iter().any(|worker| page.pool.task(*worker).is_some_and(|t| t.id == item.id));
    let working = |item: &&Item| item.status == Status::Working;
    assert!(page.session.items().iter().filter(working).all(has_worker), "{sequence:?}");
    let idle = page.engines.answering().and_then(|engine| page.pool.free(engine));
    assert!(idle.is_none() || page.session.waiting() == 0, "{sequence:?}");
}

#[test]
fn in_whatever_order_things_happen_no_row_is_forgotten() {
    const EVENTS: usize = 15;
    for number in 0..EVENTS.pow(4) {
        let sequence = [0, 1, 2, 3].map(|place| number / EVENTS.pow(place) % EVENTS);
        let mut page = Page::new(2, &[Engine::Cpu]);
        page.becomes_ready(CPU, PROBE, 500.0);
        page.becomes_ready(HELPER, PROBE, 500.0);
        page.add(&["a", "b", "c"]);
        for which in sequence {
            anything(&mut page, which);
            check(&page, sequence);
        }
    }
}

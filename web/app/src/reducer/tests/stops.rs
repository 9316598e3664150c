//! Workers that stop, are silent, or speak what can't be read.

use super::*;

#[test]
fn a_message_that_cannot_be_decoded_stops_the_worker_and_lists_its_file() {
    let mut page = Page::ready();
    page.add(&["a"]);
    let text = format!(r#"{{"protocol":{},"message":{{"started":{{"engine":"cpu"}}}}}}"#, VERSION + 1);
    let effects = page.happens(Event::Message { worker: CPU, serial: page.serial(CPU), text, bytes: Vec::new() });
    assert!(announced(&effects)[0].contains("reload the page"));
    assert!(is_engine_fault(page.status(0)));
    assert_eq!(started(&effects), [CPU]);
    assert_eq!(page.engines.phase(Engine::Cpu), &Phase::Starting);
}

#[test]
fn the_file_of_a_worker_that_stops_goes_to_the_other_engine() {
    let mut page = Page::new(1, &[Engine::Cpu, Engine::WebGpu]);
    page.becomes_ready(CPU, PROBE, 500.0);
    page.becomes_ready(WEBGPU, PROBE, 20.0);
    assert_eq!(asked(&page.add(&["a"])), [(WEBGPU, 0)]);
    let effects = page.stops(WEBGPU);
    assert_eq!(announced(&effects), ["The WebGPU engine stopped: out of memory"]);
    assert_eq!((asked(&effects), started(&effects)), (vec![(CPU, 0)], Vec::new()));
    assert_eq!(page.engines.phase(Engine::WebGpu), &Phase::Failed(Fault::from("out of memory".to_owned())));
}

#[test]
fn with_an_engines_first_worker_all_of_its_workers_are_replaced_and_what_helpers_had_waits() {
    let mut page = Page::new(2, &[Engine::Cpu]);
    for worker in [CPU, HELPER] {
        page.becomes_ready(worker, PROBE, 500.0);
    }
    page.add(&["a", "b"]);
    assert_eq!(started(&page.stops(CPU)), [CPU, HELPER]);
    assert!(is_engine_fault(page.status(0)));
    assert_eq!(page.status(1), &Status::Waiting);
}

#[test]
fn a_worker_is_replaced_three_times_and_then_at_the_readers_wish() {
    let mut page = Page::new(1, &[Engine::Cpu]);
    for restart in 0..5 {
        page.becomes_ready(CPU, PROBE, 500.0);
        assert_eq!(started(&page.stops(CPU)).len(), usize::from(restart != 3), "{restart}");
        if restart == 3 {
            assert_eq!(started(&page.happens(Event::RestartWanted)), [CPU]);
        }
    }
}

#[test]
fn a_worker_that_stops_before_it_was_ready_is_not_replaced() {
    let mut page = Page::new(1, &[Engine::Cpu]);
    let (message, hint) = ("the checksum differs.".into(), "download it again.".into());
    let effects = page.says(CPU, &Reply::EngineFailed { message, hint });
    assert_eq!(announced(&effects), ["The CPU engine stopped: the checksum differs; download it again."]);
    assert!(started(&effects).is_empty() && page.engines.is_hopeless());
}

#[test]
fn a_helpers_file_is_tried_once_more_and_listed_when_it_stops_another_worker() {
    let mut page = Page::new(2, &[Engine::Cpu]);
    for worker in [CPU, HELPER] {
        page.becomes_ready(worker, PROBE, 500.0);
    }
    page.add(&["a", "b"]);
    let effects = page.stops(HELPER);
    assert_eq!((started(&effects), page.status(1)), (vec![HELPER], &Status::Waiting));
    assert_eq!(asked(&page.becomes_ready(HELPER, PROBE, 500.0)), [(HELPER, 1)]);
    page.stops(HELPER);
    assert!(is_engine_fault(page.status(1)));
    assert_eq!(page.status(0), &Status::Working, "the first worker goes on");
}

#[test]
fn a_worker_that_is_silent_for_too_long_is_replaced_and_one_that_has_answered_is_not() {
    let mut page = Page::ready();
    page.add(&["a", "b"]);
    let first = page.task(CPU);
    page.answers(CPU, 0);
    assert!(page.happens(Event::Overdue { worker: CPU, task: first }).is_empty());
    let second = page.task(CPU);
    let effects = page.happens(Event::Overdue { worker: CPU, task: second });
    assert_eq!(started(&effects), [CPU]);
    let Status::Failed(failure) = page.status(1) else { panic!("{:?}", page.status(1)) };
    assert!(failure.message.contains("no answer for 240 seconds"));
}

#[test]
fn what_a_replaced_worker_still_has_to_say_does_not_count() {
    let mut page = Page::ready();
    page.add(&["a"]);
    let old = page.serial(CPU);
    page.stops(CPU);
    for reply in [prediction(0, Engine::Cpu), ready(CPU, PROBE, 500.0), Reply::Started { engine: Engine::Cpu }] {
        assert!(page.says_with(CPU, old, &reply, Vec::new()).is_empty());
    }
    assert_eq!(page.engines.phase(Engine::Cpu), &Phase::Starting);
    assert!(page.happens(Event::Stopped { worker: CPU, serial: old, reason: "again".into() }).is_empty());
    assert!(is_engine_fault(page.status(0)));
}

//! What workers answer, and what the page makes of it.

use super::*;

#[test]
fn an_answer_is_kept_and_spoken_and_the_next_file_goes_out() {
    let mut page = Page::ready();
    assert_eq!(asked(&page.add(&["a", "b"])), [(CPU, 0)]);
    assert_eq!((page.status(0), page.status(1)), (&Status::Working, &Status::Waiting));
    let effects = page.answers(CPU, 0);
    assert_eq!(page.session.item(0).unwrap().summary(), "glioma");
    assert_eq!(announced(&effects), ["a: glioma, 0.90 likely"]);
    assert_eq!(asked(&effects), [(CPU, 1)]);
    assert_eq!(announced(&page.answers(CPU, 1)), ["All 2 slices done"]);
}

#[test]
fn the_map_of_an_answer_stays_with_its_row_and_lies_over_nothing_that_is_no_brain_mri() {
    let mut page = Page::ready();
    page.add(&["a", "b"]);
    for (id, said) in [(0, Verdict::Abstain), (1, Verdict::NotBrainMri)] {
        let mut reply = prediction(id, Engine::Cpu);
        if let Reply::Prediction { verdict, map, .. } = &mut reply {
            let evidence = EvidenceMap { side: 1, values: vec![0.7] };
            (*verdict, *map) = (said, PlacedMap::new(evidence, Square { left: 0, top: 0, side: 96 }).ok());
        }
        page.says(CPU, &reply);
    }
    let shown = |id| page.session.item(id).unwrap().map().map(|map| map.shown().side);
    assert_eq!([shown(0), shown(1)], [Some(96), None]);
}

#[test]
fn a_decoded_slice_is_drawn_where_its_row_is_selected_and_kept_where_not() {
    let mut page = Page::ready();
    page.add(&["a", "b"]);
    let effects = page.says_with(CPU, page.serial(CPU), &slice(0), vec![10, 20]);
    let [Effect::Show(Some(drawn))] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!((drawn.id, drawn.grey.as_slice()), (0, [10, 20].as_slice()));
    page.says(CPU, &prediction(0, Engine::Cpu));
    assert!(page.says_with(CPU, page.serial(CPU), &slice(1), vec![1, 2]).is_empty());
    assert!(page.session.item(1).unwrap().thumbnail.is_some());
    let effects = page.change(|session| session.select(1));
    assert!(matches!(effects.as_slice(), [Effect::Show(Some(drawn))] if drawn.id == 1));
}

#[test]
fn a_file_that_is_refused_is_listed_with_its_reason_and_the_worker_goes_on() {
    let mut page = Page::ready();
    page.add(&["a", "b"]);
    let effects = page.says(CPU, &refusal(0));
    let Status::Failed(failure) = page.status(0) else { panic!("{:?}", page.status(0)) };
    assert_eq!((failure.message.as_str(), failure.hint.as_str()), ("the file is empty", "export it again"));
    assert!(!failure.engine_fault);
    assert_eq!(asked(&effects), [(CPU, 1)]);
}

#[test]
fn a_file_that_the_browser_could_not_read_is_listed_and_the_worker_goes_on() {
    let mut page = Page::ready();
    page.add(&["a", "b"]);
    let (task, failure) = (page.task(CPU), Failure::unread("it was moved"));
    let effects = page.happens(Event::Unsent { worker: CPU, task, failure: failure.clone() });
    assert_eq!(page.status(0), &Status::Failed(failure.clone()));
    assert_eq!(asked(&effects), [(CPU, 1)]);
    assert!(page.happens(Event::Unsent { worker: CPU, task, failure }).is_empty(), "it has another task by now");
}

#[test]
fn an_answered_slice_that_is_no_longer_at_hand_is_decoded_again_and_its_answer_stays() {
    let mut page = Page::ready();
    page.add(&["a"]);
    page.says(CPU, &prediction(0, Engine::Cpu));
    let effects = page.change(|session| session.select(0));
    assert!(page.task(CPU).show && asked(&effects).is_empty(), "the end of its task has asked for it already");
    let effects = page.says(CPU, &refusal(0));
    assert_eq!(announced(&effects), ["The file is empty."]);
    assert!(is_answered(page.status(0)));
    assert_eq!(page.session.item(0).unwrap().unseen.as_deref(), Some("the file is empty"));
    assert!(asked(&effects).is_empty(), "what can't be read is not asked for again and again");
}

#[test]
fn the_first_engine_that_is_ready_says_so_and_begins() {
    let mut page = Page::new(1, &[Engine::Cpu, Engine::WebGpu]);
    assert!(asked(&page.add(&["a"])).is_empty());
    page.says(WEBGPU, &Reply::Loading { step: Step::Preparing });
    assert_eq!(page.engines.phase(Engine::WebGpu), &Phase::Loading(Step::Preparing));
    let effects = page.becomes_ready(CPU, PROBE, 500.0);
    assert_eq!((announced(&effects), asked(&effects)), (vec!["Ready"], vec![(CPU, 0)]));
    assert!(announced(&page.becomes_ready(WEBGPU, PROBE, 20.0)).is_empty());
    assert_eq!(page.engines.answering(), Some(Engine::WebGpu));
}

#[test]
fn a_webgpu_that_answers_wrongly_is_ended_and_its_answers_are_asked_again() {
    let mut page = Page::new(1, &[Engine::Cpu, Engine::WebGpu]);
    page.add(&["a", "b"]);
    page.becomes_ready(WEBGPU, [0.1, 0.7, 0.1, 0.1], 20.0);
    page.says(WEBGPU, &prediction(0, Engine::WebGpu));
    let effects = page.becomes_ready(CPU, PROBE, 500.0);
    assert!(matches!(effects.first(), Some(Effect::End(WEBGPU))));
    assert_eq!(announced(&effects), ["WebGPU computes otherwise than the CPU; what it answered is asked again"]);
    assert_eq!(asked(&effects), [(CPU, 0)]);
    assert_eq!(page.status(1), &Status::Waiting);
    assert!(matches!(page.engines.phase(Engine::WebGpu), Phase::Absent(reason) if reason.contains("0.6000 away")));
}

#[test]
fn a_webgpu_that_is_slower_is_ended_and_its_answers_stand() {
    let mut page = Page::new(1, &[Engine::Cpu, Engine::WebGpu]);
    page.add(&["a", "b"]);
    page.becomes_ready(WEBGPU, PROBE, 4400.0);
    page.answers(WEBGPU, 0);
    let effects = page.becomes_ready(CPU, PROBE, 500.0);
    assert!(is_answered(page.status(0)));
    assert_eq!(asked(&effects), [(CPU, 1)]);
}

#[test]
fn a_long_list_calls_the_helpers_once_the_processor_is_alone() {
    let mut page = Page::new(2, &[Engine::Cpu, Engine::WebGpu]);
    page.add(&["a", "b", "c", "d"]);
    page.says(HELPER, &Reply::Started { engine: Engine::Cpu });
    let loads = |effects: &[Effect]| effects.iter().any(|effect| matches!(effect, Effect::Load(HELPER)));
    assert!(!loads(&page.becomes_ready(CPU, PROBE, 500.0)), "WebGPU may still take over");
    assert!(loads(&page.stops(WEBGPU)));
    assert_eq!(asked(&page.becomes_ready(HELPER, PROBE, 500.0)), [(HELPER, 1)]);
}

#[test]
fn while_the_slice_fills_the_page_a_change_of_it_is_spoken_and_an_empty_list_ends_it() {
    let mut page = Page::ready();
    page.add(&["a", "b"]);
    page.enlarged = true;
    assert_eq!(announced(&page.change(|session| session.select_by(1))), ["b: waiting"]);
    assert!(announced(&page.change(|session| session.select_by(1))).is_empty());
    page.change(Session::clear);
    assert!(!page.enlarged && page.shown.is_none());
}

#[test]
fn a_model_that_is_replaced_while_slices_wait_is_asked_about_none_of_them() {
    let mut page = Page::ready();
    page.add(&["a", "b", "c"]);
    page.says(CPU, &prediction(0, Engine::Cpu));
    let old = page.serial(CPU);
    let effects = page.happens(Event::ModelChosen { id: "vgg16".into(), title: "VGG16".into() });
    assert!(matches!(effects.as_slice(), [Effect::Announce(_), Effect::End(CPU), Effect::Start { worker: CPU, .. }]));
    assert!(page.says_with(CPU, old, &prediction(1, Engine::Cpu), Vec::new()).is_empty());
    assert!(page.session.items().iter().all(|item| item.status == Status::Waiting));
    assert_eq!(page.session.item(0).unwrap().others.len(), 1);
    assert_eq!(asked(&page.becomes_ready(CPU, PROBE, 500.0)), [(CPU, 0)]);
}

#[test]
fn another_model_starts_no_engine_that_is_out_or_whose_program_has_not_come() {
    let mut page = Page::ready();
    for phase in [Phase::Absent("x".into()), Phase::Starting] {
        page.engines.set_phase(Engine::WebGpu, phase.clone());
        let effects = page.happens(Event::ModelChosen { id: "vgg16".into(), title: "VGG16".into() });
        assert_eq!((started(&effects), page.engines.phase(Engine::WebGpu)), (vec![CPU], &phase));
    }
}

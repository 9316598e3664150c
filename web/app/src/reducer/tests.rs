use std::collections::HashMap;
use std::sync::Arc;

use protocol::{EvidenceMap, Picture, PlacedMap, Probe, Reply, Square, Step, VERSION, Verdict, encode};

use super::*;
use crate::answer::tests::{CLASSES, model};
use crate::engine_selection::{Fault, Phase};
use crate::item::{Item, Status};

const CPU: WorkerId = WorkerId { engine: Engine::Cpu, number: 0 };
const HELPER: WorkerId = WorkerId { engine: Engine::Cpu, number: 1 };
const WEBGPU: WorkerId = WorkerId { engine: Engine::WebGpu, number: 0 };
const PROBE: [f32; 4] = [0.7, 0.1, 0.1, 0.1];

/// A page whose effects are written down.
struct Page {
    session: Session,
    engines: Engines,
    pool: WorkerPool,
    slices: SliceCache,
    shown: Option<u32>,
    enlarged: bool,
    /// The numbers of the workers started last.
    serials: HashMap<(Engine, usize), u32>,
}

impl Page {
    /// A page whose programs are here, on a processor of so many cores.
    fn new(cores: usize, engines: &[Engine]) -> Self {
        let mut page = Self {
            session: Session::default(),
            engines: Engines::new(None),
            pool: WorkerPool::new(cores),
            slices: SliceCache::new(1 << 20),
            shown: None,
            enlarged: false,
            serials: HashMap::new(),
        };
        for engine in [Engine::Cpu, Engine::WebGpu] {
            if engines.contains(&engine) {
                page.happens(Event::ProgramRead(engine));
            } else {
                page.engines.set_phase(engine, Phase::Absent("not here".into()));
            }
        }
        page
    }

    /// A page whose processor answers, alone.
    fn ready() -> Self {
        let mut page = Self::new(1, &[Engine::Cpu]);
        page.becomes_ready(CPU, PROBE, 500.0);
        page
    }

    fn happens(&mut self, event: Event) -> Vec<Effect> {
        let mut state = State::new(&mut self.session, &mut self.engines, &mut self.pool, &mut self.slices);
        (state.shown, state.enlarged) = (self.shown, self.enlarged);
        let effects = reduce(&mut state, event);
        for effect in &effects {
            match effect {
                Effect::Start { worker, serial } => {
                    self.serials.insert((worker.engine, worker.number), *serial);
                }
                Effect::Show(decoded) => self.shown = decoded.as_ref().map(|decoded| decoded.id),
                Effect::Shrink => self.enlarged = false,
                _ => {}
            }
        }
        effects
    }

    fn serial(&self, worker: WorkerId) -> u32 {
        self.serials[&(worker.engine, worker.number)]
    }

    /// A worker says this, as text, as it comes.
    fn says(&mut self, worker: WorkerId, reply: &Reply) -> Vec<Effect> {
        self.says_with(worker, self.serial(worker), reply, Vec::new())
    }

    fn says_with(&mut self, worker: WorkerId, serial: u32, reply: &Reply, bytes: Vec<u8>) -> Vec<Effect> {
        self.happens(Event::Message { worker, serial, text: encode(reply).unwrap(), bytes })
    }

    /// A worker answers as it does: the slice, then what was found in it.
    fn answers(&mut self, worker: WorkerId, id: u32) -> Vec<Effect> {
        self.says_with(worker, self.serial(worker), &slice(id), vec![1, 2]);
        self.says(worker, &prediction(id, worker.engine))
    }

    fn stops(&mut self, worker: WorkerId) -> Vec<Effect> {
        self.happens(Event::Stopped { worker, serial: self.serial(worker), reason: "out of memory".into() })
    }

    fn becomes_ready(&mut self, worker: WorkerId, probabilities: [f32; 4], milliseconds: f64) -> Vec<Effect> {
        self.says(worker, &Reply::Started { engine: worker.engine });
        self.says(worker, &ready(worker, probabilities, milliseconds))
    }

    fn change<T>(&mut self, change: impl FnOnce(&mut Session) -> T) -> Vec<Effect> {
        let before = self.session.selected().map(|item| item.id);
        change(&mut self.session);
        self.happens(Event::ListChanged { before })
    }

    fn add(&mut self, names: &[&str]) -> Vec<Effect> {
        self.change(|session| {
            for name in names {
                session.add((*name).into(), None);
            }
        })
    }

    fn status(&self, id: u32) -> &Status {
        &self.session.item(id).unwrap().status
    }

    fn task(&self, worker: WorkerId) -> Task {
        self.pool.task(worker).unwrap()
    }
}

fn ready(WorkerId { engine, .. }: WorkerId, probabilities: [f32; 4], milliseconds: f64) -> Reply {
    let probe = Probe { probabilities: probabilities.to_vec(), milliseconds };
    let model = Arc::unwrap_or_clone(model("xception", &CLASSES));
    Reply::Ready { engine, name: "x".into(), model, probe, max_file_bytes: 1.0e6 }
}

fn prediction(id: u32, engine: Engine) -> Reply {
    Reply::Prediction {
        id,
        verdict: Verdict::Class(0),
        top_class: 0,
        evidence: None,
        probabilities: vec![0.9, 0.05, 0.03, 0.02],
        map: None,
        engine,
        milliseconds: 17.0,
    }
}

fn slice(id: u32) -> Reply {
    let picture = Picture { width: 2, height: 1, source_width: 2, source_height: 1, format: "PNG".into(), slices: 1 };
    Reply::Slice { id, picture }
}

fn refusal(id: u32) -> Reply {
    Reply::Failed { id, message: "the file is empty".into(), hint: "export it again".into() }
}

/// Who is asked about which row.
fn asked(effects: &[Effect]) -> Vec<(WorkerId, u32)> {
    let asked = |effect: &Effect| match effect {
        Effect::Ask { worker, task, .. } => Some((*worker, task.id)),
        _ => None,
    };
    effects.iter().filter_map(asked).collect()
}

fn announced(effects: &[Effect]) -> Vec<&str> {
    let mut texts = Vec::new();
    for effect in effects {
        if let Effect::Announce(text) = effect {
            texts.push(text.as_str());
        }
    }
    texts
}

fn started(effects: &[Effect]) -> Vec<WorkerId> {
    let started = |effect: &Effect| match effect {
        Effect::Start { worker, .. } => Some(*worker),
        _ => None,
    };
    effects.iter().filter_map(started).collect()
}

fn is_answered(status: &Status) -> bool {
    matches!(status, Status::Answered(_))
}

fn is_engine_fault(status: &Status) -> bool {
    matches!(status, Status::Failed(Failure { engine_fault: true, .. }))
}

#[path = "tests/answers.rs"]
mod answers;
#[path = "tests/order.rs"]
mod order;
#[path = "tests/stops.rs"]
mod stops;

//! Which engine answers, and why not the other one.
//!
//! Two workers may run: one on the processor, one on WebGPU. Whichever is ready first answers. When both are, they
//! are compared by the slice that both generate and classify while warming up: WebGPU takes over only where it gave
//! the same answer, sooner. A software WebGPU adapter therefore never makes the page slower than the processor.

use protocol::{Engine, ModelInfo, Probe, Step};

use crate::wording;

/// How far two engines' probabilities may lie apart.
pub const TOLERANCE: f32 = 1.0e-3;

/// Where one engine stands.
#[derive(Clone, Debug, PartialEq)]
pub enum Phase {
    /// It is not going to run, for this reason.
    Absent(String),
    /// Nothing of it has been asked for yet.
    Awaited,
    /// Its program or the weights are being read, or it starts.
    Starting,
    /// It loads the model.
    Loading(Step),
    /// It answers.
    Ready(Ready),
    /// It stopped.
    Failed(Fault),
}

/// Why an engine stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What was found.
    pub message: String,
    /// What to do next; may be empty.
    pub hint: String,
}

impl Fault {
    /// Both within a sentence.
    pub fn line(&self) -> String {
        let Self { message, hint } = self;
        if hint.is_empty() { message.clone() } else { format!("{}; {hint}", message.trim_end_matches('.')) }
    }
}

impl From<String> for Fault {
    fn from(message: String) -> Self {
        Self { message, hint: String::new() }
    }
}

/// An engine that answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Ready {
    /// The engine in words, such as the adapter's name.
    pub name: String,
    /// The model it holds.
    pub model: ModelInfo,
    /// Its answer to the generated slice.
    pub probe: Probe,
    /// The longest file it takes.
    pub max_file_bytes: f64,
}

/// Both engines.
#[derive(Clone, Debug, PartialEq)]
pub struct Engines {
    /// The processor.
    pub cpu: Phase,
    /// The graphics processor.
    pub webgpu: Phase,
    /// The only engine wanted, where the address of the page says so.
    pub forced: Option<Engine>,
}

impl Engines {
    /// Both awaited, or only the forced one.
    pub fn new(forced: Option<Engine>) -> Self {
        let phase = |engine| match forced {
            Some(other) if other != engine => Phase::Absent(format!("switched off by ?engine={}", parameter(other))),
            _ => Phase::Awaited,
        };
        Self { cpu: phase(Engine::Cpu), webgpu: phase(Engine::WebGpu), forced }
    }

    /// One engine.
    pub fn phase(&self, engine: Engine) -> &Phase {
        match engine {
            Engine::Cpu => &self.cpu,
            Engine::WebGpu => &self.webgpu,
        }
    }

    /// Records where an engine stands.
    pub fn set_phase(&mut self, engine: Engine, phase: Phase) {
        match engine {
            Engine::Cpu => self.cpu = phase,
            Engine::WebGpu => self.webgpu = phase,
        }
    }

    /// The engine if it answers.
    pub fn ready(&self, engine: Engine) -> Option<&Ready> {
        match self.phase(engine) {
            Phase::Ready(ready) => Some(ready),
            _ => None,
        }
    }

    /// The engine that answers now, if any does.
    pub fn answering(&self) -> Option<Engine> {
        let ready = |engine| self.ready(engine).map(|_| engine);
        ready(Engine::WebGpu).or_else(|| ready(Engine::Cpu))
    }

    /// Whether the model that answers says where it sees evidence.
    pub fn has_map(&self) -> bool {
        self.answering().and_then(|engine| self.ready(engine)).is_some_and(|ready| ready.model.has_map)
    }

    /// Whether the processor answers and nothing else is going to.
    pub fn is_processor_alone(&self) -> bool {
        self.ready(Engine::Cpu).is_some() && matches!(self.webgpu, Phase::Absent(_) | Phase::Failed(_))
    }

    /// Whether no engine answers and none is on its way.
    pub fn is_hopeless(&self) -> bool {
        let over = |phase: &Phase| matches!(phase, Phase::Absent(_) | Phase::Failed(_));
        over(&self.cpu) && over(&self.webgpu)
    }

    /// Compares the two once both are ready, and says which one has to go and why.
    pub fn settle(&self) -> Option<Dismissal> {
        let (cpu, webgpu) = (self.ready(Engine::Cpu)?, self.ready(Engine::WebGpu)?);
        let apart = largest_difference(&cpu.probe.probabilities, &webgpu.probe.probabilities);
        if apart > TOLERANCE || best(&cpu.probe.probabilities) != best(&webgpu.probe.probabilities) {
            let reason = format!("its probabilities are {apart:.4} away from the CPU's on the test slice");
            return Some(Dismissal { reason, wrong: true });
        }
        let (slow, fast) = (webgpu.probe.milliseconds, cpu.probe.milliseconds);
        (slow >= fast).then(|| Dismissal {
            reason: format!("slower here: {} a slice, CPU {}", wording::duration(slow), wording::duration(fast)),
            wrong: false,
        })
    }
}

/// Why WebGPU does not take over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dismissal {
    /// For the reader.
    pub reason: String,
    /// Whether what it has answered so far cannot be relied on.
    pub wrong: bool,
}

/// The engine that `?engine=` in the page's address asks for.
pub fn forced(parameter: Option<&str>) -> Option<Engine> {
    match parameter {
        Some("cpu") => Some(Engine::Cpu),
        Some("webgpu") => Some(Engine::WebGpu),
        _ => None,
    }
}

/// An engine's name in the page's address.
pub fn parameter(engine: Engine) -> &'static str {
    match engine {
        Engine::Cpu => "cpu",
        Engine::WebGpu => "webgpu",
    }
}

/// NaN counts as far apart, as does another number of classes.
fn largest_difference(a: &[f32], b: &[f32]) -> f32 {
    let apart = |(x, y): (&f32, &f32)| {
        let difference = (x - y).abs();
        if difference.is_nan() { f32::INFINITY } else { difference }
    };
    let start = if a.len() == b.len() { 0.0 } else { f32::INFINITY };
    a.iter().zip(b).map(apart).fold(start, f32::max)
}

fn best(probabilities: &[f32]) -> Option<usize> {
    (0..probabilities.len()).max_by(|&a, &b| probabilities[a].total_cmp(&probabilities[b]))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::answer::tests::{CLASSES, model};

    fn ready(probabilities: [f32; 4], milliseconds: f64) -> Phase {
        Phase::Ready(Ready {
            name: "x".into(),
            model: Arc::unwrap_or_clone(model("m", &CLASSES)),
            probe: Probe { probabilities: probabilities.to_vec(), milliseconds },
            max_file_bytes: 1.0e6,
        })
    }

    fn both(cpu: Phase, webgpu: Phase) -> Engines {
        Engines { cpu, webgpu, forced: None }
    }

    const P: [f32; 4] = [0.7, 0.1, 0.1, 0.1];

    #[test]
    fn the_first_engine_that_is_ready_answers() {
        assert_eq!(both(ready(P, 500.0), Phase::Starting).answering(), Some(Engine::Cpu));
        assert_eq!(both(Phase::Starting, ready(P, 20.0)).answering(), Some(Engine::WebGpu));
        assert_eq!(both(Phase::Starting, Phase::Starting).answering(), None);
    }

    #[test]
    fn whether_there_are_maps_is_said_by_the_model_that_answers() {
        let mapped = |has_map| {
            let Phase::Ready(mut engine) = ready(P, 500.0) else { panic!("it is not ready") };
            engine.model.has_map = has_map;
            Phase::Ready(engine)
        };
        assert!(both(mapped(true), Phase::Starting).has_map());
        assert!(!both(mapped(false), Phase::Starting).has_map());
        assert!(!both(Phase::Starting, Phase::Starting).has_map());
    }

    #[test]
    fn an_equal_and_faster_webgpu_takes_over() {
        let engines = both(ready(P, 500.0), ready([0.7004, 0.0996, 0.1, 0.1], 20.0));
        assert_eq!(engines.settle(), None);
        assert_eq!(engines.answering(), Some(Engine::WebGpu));
    }

    #[test]
    fn a_slow_webgpu_is_dismissed_and_its_answers_stand() {
        let dismissal = both(ready(P, 500.0), ready(P, 4400.0)).settle().unwrap();
        assert!(!dismissal.wrong);
        assert_eq!(dismissal.reason, "slower here: 4.4 s a slice, CPU 500 ms");
    }

    #[test]
    fn a_webgpu_that_answers_otherwise_is_dismissed_and_its_answers_fall() {
        for other in [[0.698, 0.102, 0.1, 0.1], [f32::NAN; 4]] {
            assert!(both(ready(P, 500.0), ready(other, 20.0)).settle().unwrap().wrong);
        }
        let close = [0.2501, 0.2500, 0.25, 0.2499];
        let turned = [0.2500, 0.2501, 0.25, 0.2499];
        assert!(both(ready(close, 500.0), ready(turned, 20.0)).settle().unwrap().wrong);
    }

    #[test]
    fn a_forced_engine_is_the_only_one() {
        let engines = Engines::new(forced(Some("webgpu")));
        assert_eq!(engines.webgpu, Phase::Awaited);
        assert_eq!(engines.cpu, Phase::Absent("switched off by ?engine=webgpu".into()));
        assert_eq!(forced(Some("tpu")), None);
    }

    #[test]
    fn the_processor_is_alone_once_webgpu_is_out() {
        assert!(both(ready(P, 500.0), Phase::Absent("x".into())).is_processor_alone());
        assert!(!both(ready(P, 500.0), Phase::Starting).is_processor_alone());
        assert!(!both(Phase::Starting, Phase::Absent("x".into())).is_processor_alone());
    }

    #[test]
    fn hope_lasts_while_one_engine_may_still_answer() {
        let failed = || Phase::Failed(Fault::from("x".to_owned()));
        assert!(both(failed(), Phase::Absent("x".into())).is_hopeless());
        assert!(!both(failed(), Phase::Starting).is_hopeless());
    }
}

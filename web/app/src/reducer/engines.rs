//! How workers start and stop, and how the page goes on when one of them does.
//!
//! A worker that is silent for too long or stops is replaced; the file it had is listed with the reason.

use protocol::Engine;

use super::{Effect, State};
use crate::engine_selection::{Dismissal, Fault, Phase};
use crate::item::{Failure, Status};
use crate::wording;
use crate::worker_pool::{Task, WorkerId, WorkerState};

const ENGINES: [Engine; 2] = [Engine::Cpu, Engine::WebGpu];

impl State<'_> {
    /// Starts an engine's workers.
    pub(super) fn start(&mut self, engine: Engine) {
        self.engines.set_phase(engine, Phase::Starting);
        self.pool.places(engine).into_iter().for_each(|worker| self.start_at(worker));
    }

    fn start_at(&mut self, worker: WorkerId) {
        self.stop_at(worker);
        let serial = self.pool.enter(worker);
        self.effects.push(Effect::Start { worker, serial });
    }

    /// Ends an engine's workers, and gives what they had.
    fn stop(&mut self, engine: Engine) -> Vec<Task> {
        self.pool.workers(engine).into_iter().filter_map(|worker| self.stop_at(worker)).collect()
    }

    fn stop_at(&mut self, worker: WorkerId) -> Option<Task> {
        if self.pool.workers(worker.engine).contains(&worker) {
            self.effects.push(Effect::End(worker));
        }
        self.pool.leave(worker)
    }

    /// A worker's program runs: the first of an engine gets the model at once, those that help when a long list waits.
    pub(super) fn started(&mut self, worker: WorkerId) {
        self.pool.set_state(worker, WorkerState::Started);
        if worker.is_secondary() {
            self.pump();
        } else {
            self.load_model(worker);
        }
    }

    pub(super) fn load_model(&mut self, worker: WorkerId) {
        self.pool.set_state(worker, WorkerState::Loading);
        self.effects.push(Effect::Load(worker));
    }

    /// A worker has stopped. One that helps is replaced; with an engine's first all of the engine's are, since they
    /// answer for it. What they had goes to another worker or is listed with the reason.
    pub(super) fn fail(&mut self, worker: WorkerId, fault: &Fault) {
        if worker.is_secondary() {
            return self.fail_helper(worker, fault);
        }
        let engine = worker.engine;
        let was_ready = self.engines.ready(engine).is_some();
        let own = self.stop_at(worker);
        let of_helpers = self.stop(engine);
        self.engines.set_phase(engine, Phase::Failed(fault.clone()));
        let other = self.engines.answering();
        self.wait_again(of_helpers);
        if let Some(task) = own.filter(|task| !task.show) {
            let status = if other.is_some() { Status::Waiting } else { stopped(engine, fault) };
            self.session.set_status(task.id, status);
        }
        self.announce(format!("The {} engine stopped: {}", wording::engine_name(engine), fault.line()));
        if was_ready && other.is_none() && self.pool.may_replace() {
            self.start(engine);
        }
        self.look();
    }

    /// Its file is tried once more: one that has stopped two workers would stop them all.
    fn fail_helper(&mut self, worker: WorkerId, fault: &Fault) {
        if let Some(task) = self.stop_at(worker).filter(|task| !task.show) {
            let first = self.pool.suspect(task.id);
            let status = if first { Status::Waiting } else { stopped(worker.engine, fault) };
            self.session.set_status(task.id, status);
        }
        if self.pool.may_replace() {
            self.start_at(worker);
        }
        self.look();
    }

    fn wait_again(&mut self, tasks: Vec<Task>) {
        for task in tasks.into_iter().filter(|task| !task.show) {
            self.session.set_status(task.id, Status::Waiting);
        }
    }

    /// WebGPU does not take over: it is ended, and its file and, if they can't be relied on, its answers go to the CPU.
    pub(super) fn dismiss(&mut self, dismissal: Dismissal) {
        let tasks = self.stop(Engine::WebGpu);
        self.engines.set_phase(Engine::WebGpu, Phase::Absent(dismissal.reason));
        self.wait_again(tasks);
        if dismissal.wrong {
            self.session.distrust(Engine::WebGpu);
            self.announce("WebGPU computes otherwise than the CPU; what it answered is asked again");
        }
    }

    /// Another model answers: every worker is replaced by one that loads it, and what the old ones had waits for it.
    pub(super) fn change_model(&mut self, id: &str, title: &str) {
        self.session.change_model(id);
        self.announce(format!("{title} answers from now on"));
        self.pool.forgive();
        for engine in ENGINES {
            let failed = matches!(self.engines.phase(engine), Phase::Failed(_));
            // An engine without workers that has not failed is out, or its program has not come yet.
            if failed || !self.pool.workers(engine).is_empty() {
                self.stop(engine);
                self.start(engine);
            }
        }
    }

    /// Starts every engine that has stopped.
    pub(super) fn restart(&mut self) {
        self.pool.forgive();
        for engine in ENGINES {
            if matches!(self.engines.phase(engine), Phase::Failed(_)) {
                self.start(engine);
            }
        }
    }
}

fn stopped(engine: Engine, fault: &Fault) -> Status {
    Status::Failed(Failure {
        message: format!(
            "the {} engine stopped while it had this file: {}",
            wording::engine_name(engine),
            fault.line()
        ),
        hint: "try again; other files are not affected".into(),
        engine_fault: true,
    })
}

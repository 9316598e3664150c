//! Who works on which file: a plain model, without a browser.
//!
//! An engine has a first worker, which answers for it. The processor has others beside it, as far as there are cores:
//! they are started with it, and get the model only when a long list waits.

use std::collections::HashSet;

use protocol::Engine;

/// Workers of the processor at most; each of them holds the whole network.
const MOST: usize = 4;
/// With so many files waiting, another worker is worth the time that its loading takes.
const LONG: usize = 3;
/// So often a worker is replaced without being asked.
const RESTARTS: u32 = 3;

/// A worker's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkerId {
    /// What it computes on.
    pub engine: Engine,
    /// 0 for the engine's first.
    pub number: usize,
}

impl WorkerId {
    /// Whether the worker only helps another one.
    pub const fn is_secondary(self) -> bool {
        self.number > 0
    }
}

/// What a worker has been asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Task {
    /// The row.
    pub id: u32,
    /// Whether it is only to be looked at.
    pub show: bool,
    /// Its number, which no other task has.
    pub serial: u32,
}

/// Where a worker stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkerState {
    /// Its program starts.
    Starting,
    /// It could load the model.
    Started,
    /// It loads the model.
    Loading,
    /// It takes files.
    Ready,
}

#[derive(Debug)]
struct Worker {
    id: WorkerId,
    serial: u32,
    state: WorkerState,
    task: Option<Task>,
}

/// The workers that run.
#[derive(Debug)]
pub struct WorkerPool {
    members: Vec<Worker>,
    serial: u32,
    cores: usize,
    restarts: u32,
    /// Rows that a worker had when it stopped.
    suspects: HashSet<u32>,
}

impl WorkerPool {
    /// No worker yet, on a processor of so many cores.
    pub fn new(cores: usize) -> Self {
        Self { members: Vec::new(), serial: 0, cores, restarts: 0, suspects: HashSet::new() }
    }

    /// The places that an engine's workers take: the processor has helpers.
    pub fn places(&self, engine: Engine) -> Vec<WorkerId> {
        let count = if engine == Engine::Cpu { self.cores.clamp(1, MOST) } else { 1 };
        (0..count).map(|number| WorkerId { engine, number }).collect()
    }

    /// Puts a new worker in a place, and gives its number: what an earlier one there still has to say does not count.
    pub fn enter(&mut self, worker: WorkerId) -> u32 {
        self.leave(worker);
        self.serial += 1;
        self.members.push(Worker { id: worker, serial: self.serial, state: WorkerState::Starting, task: None });
        self.members.sort_by_key(|member| member.id.number);
        self.serial
    }

    /// Empties a place, and gives the task that its worker had.
    pub fn leave(&mut self, worker: WorkerId) -> Option<Task> {
        let index = self.members.iter().position(|member| member.id == worker)?;
        self.members.remove(index).task
    }

    /// Whether this worker is the one in the place now.
    pub fn runs(&self, worker: WorkerId, serial: u32) -> bool {
        self.member(worker).is_some_and(|member| member.serial == serial)
    }

    /// The places of an engine's workers.
    pub fn workers(&self, engine: Engine) -> Vec<WorkerId> {
        self.members.iter().map(|member| member.id).filter(|worker| worker.engine == engine).collect()
    }

    /// Records where a worker stands.
    pub fn set_state(&mut self, worker: WorkerId, state: WorkerState) {
        if let Some(member) = self.members.iter_mut().find(|member| member.id == worker) {
            member.state = state;
        }
    }

    /// A worker of an engine that takes a file now, the first one before the others.
    pub fn free(&self, engine: Engine) -> Option<WorkerId> {
        let free = |member: &&Worker| {
            member.id.engine == engine && member.state == WorkerState::Ready && member.task.is_none()
        };
        self.members.iter().find(free).map(|member| member.id)
    }

    /// The helpers that are to load the model, now that so many files wait.
    pub fn called(&self, waiting: usize) -> Vec<WorkerId> {
        let called =
            |member: &&Worker| member.id.is_secondary() && member.state == WorkerState::Started && waiting >= LONG;
        self.members.iter().filter(called).map(|member| member.id).collect()
    }

    /// Gives a worker a task.
    pub fn give(&mut self, worker: WorkerId, id: u32, show: bool) -> Task {
        self.serial += 1;
        let task = Task { id, show, serial: self.serial };
        if let Some(member) = self.members.iter_mut().find(|member| member.id == worker) {
            member.task = Some(task);
        }
        task
    }

    /// Whether a worker still has the task of this number.
    pub fn has(&self, worker: WorkerId, serial: u32) -> bool {
        self.task(worker).is_some_and(|task| task.serial == serial)
    }

    /// What a worker has been asked for.
    pub fn task(&self, worker: WorkerId) -> Option<Task> {
        self.member(worker)?.task
    }

    /// Whether a worker was asked to show a row.
    pub fn shows(&self) -> bool {
        self.members.iter().any(|member| member.task.is_some_and(|task| task.show))
    }

    /// Ends a worker's task for this row; none if it has another one or none.
    pub fn finish(&mut self, worker: WorkerId, id: u32) -> Option<Task> {
        self.members.iter_mut().find(|member| member.id == worker)?.task.take_if(|task| task.id == id)
    }

    /// Whether a worker may be replaced once more without being asked; counts that it was.
    pub fn may_replace(&mut self) -> bool {
        let may = self.restarts < RESTARTS;
        self.restarts += u32::from(may);
        may
    }

    /// Records that a worker stopped over this row, and says whether it is the first.
    pub fn suspect(&mut self, id: u32) -> bool {
        self.suspects.insert(id)
    }

    /// What stopped before counts no more.
    pub fn forgive(&mut self) {
        self.restarts = 0;
        self.suspects.clear();
    }

    fn member(&self, worker: WorkerId) -> Option<&Worker> {
        self.members.iter().find(|member| member.id == worker)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: WorkerId = WorkerId { engine: Engine::Cpu, number: 0 };
    const HELPER: WorkerId = WorkerId { engine: Engine::Cpu, number: 1 };

    fn pool() -> WorkerPool {
        let mut pool = WorkerPool::new(2);
        for worker in [HELPER, FIRST, WorkerId { engine: Engine::WebGpu, number: 0 }] {
            pool.enter(worker);
            pool.set_state(worker, WorkerState::Started);
        }
        pool
    }

    #[test]
    fn there_is_a_worker_for_each_core_and_never_more_than_four() {
        let workers = |cores, engine| WorkerPool::new(cores).places(engine).len();
        assert_eq!([0, 1, 2, 4, 64].map(|cores| workers(cores, Engine::Cpu)), [1, 1, 2, 4, 4]);
        assert_eq!(workers(64, Engine::WebGpu), 1);
    }

    #[test]
    fn a_helper_is_called_when_a_long_list_waits() {
        let mut pool = pool();
        assert_eq!(pool.called(2), []);
        assert_eq!(pool.called(3), [HELPER]);
        pool.set_state(HELPER, WorkerState::Loading);
        assert_eq!(pool.called(50), []);
    }

    #[test]
    fn the_first_worker_gets_its_file_before_the_helper() {
        let mut pool = pool();
        assert_eq!(pool.free(Engine::Cpu), None);
        pool.set_state(HELPER, WorkerState::Ready);
        pool.set_state(FIRST, WorkerState::Ready);
        assert_eq!(pool.free(Engine::Cpu), Some(FIRST));
        pool.give(FIRST, 7, false);
        assert_eq!(pool.free(Engine::Cpu), Some(HELPER));
        pool.give(HELPER, 8, false);
        assert_eq!(pool.free(Engine::Cpu), None);
        assert_eq!(pool.finish(FIRST, 8), None);
        assert_eq!(pool.finish(FIRST, 7).map(|task| task.id), Some(7));
        assert_eq!(pool.free(Engine::Cpu), Some(FIRST));
    }

    #[test]
    fn a_worker_that_leaves_gives_its_task_back_and_counts_no_more() {
        let mut pool = pool();
        let serial = pool.enter(FIRST);
        let task = pool.give(FIRST, 3, false);
        assert!(pool.runs(FIRST, serial) && pool.has(FIRST, task.serial));
        assert_eq!(pool.leave(FIRST).map(|task| task.id), Some(3));
        assert!(!pool.runs(FIRST, serial) && !pool.has(FIRST, task.serial));
        assert!(pool.enter(FIRST) > serial);
    }
}

//! Who works on which file: a plain model, without a browser.
//!
//! An engine has a first worker, which answers for it. The processor has others beside it, as far as there are cores:
//! they are started with it, and get the model only when a long list waits.

use protocol::Engine;

/// Workers of the processor at most; each of them holds the whole network.
const MOST: usize = 4;
/// With so many files waiting, another worker is worth the time that its loading takes.
const LONG: usize = 3;

/// How many workers help the processor's first one.
pub fn helpers(cores: usize) -> usize {
    cores.clamp(1, MOST) - 1
}

/// A worker's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seat {
    /// What it computes on.
    pub engine: Engine,
    /// 0 for the engine's first.
    pub number: usize,
}

impl Seat {
    /// The place of an engine's first worker.
    pub const fn first(engine: Engine) -> Self {
        Self { engine, number: 0 }
    }

    /// Whether the worker only helps another one.
    pub const fn helps(self) -> bool {
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
    serial: u32,
}

/// Where a worker stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
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
struct Member {
    seat: Seat,
    serial: u32,
    state: State,
    task: Option<Task>,
}

/// The workers that run.
#[derive(Debug, Default)]
pub struct Crew {
    members: Vec<Member>,
    serial: u32,
}

impl Crew {
    /// Puts a new worker in a place, and gives its number: what an earlier one there still has to say does not count.
    pub fn enter(&mut self, seat: Seat) -> u32 {
        self.leave(seat);
        self.serial += 1;
        self.members.push(Member { seat, serial: self.serial, state: State::Starting, task: None });
        self.members.sort_by_key(|member| member.seat.number);
        self.serial
    }

    /// Empties a place, and gives the task that its worker had.
    pub fn leave(&mut self, seat: Seat) -> Option<Task> {
        let index = self.members.iter().position(|member| member.seat == seat)?;
        self.members.remove(index).task
    }

    /// Whether this worker is the one in the place now.
    pub fn runs(&self, seat: Seat, serial: u32) -> bool {
        self.member(seat).is_some_and(|member| member.serial == serial)
    }

    /// The places of an engine's workers.
    pub fn seats(&self, engine: Engine) -> Vec<Seat> {
        self.members.iter().map(|member| member.seat).filter(|seat| seat.engine == engine).collect()
    }

    /// Records where a worker stands.
    pub fn set_state(&mut self, seat: Seat, state: State) {
        if let Some(member) = self.members.iter_mut().find(|member| member.seat == seat) {
            member.state = state;
        }
    }

    /// A worker of an engine that takes a file now, the first one before the others.
    pub fn free(&self, engine: Engine) -> Option<Seat> {
        let free =
            |member: &&Member| member.seat.engine == engine && member.state == State::Ready && member.task.is_none();
        self.members.iter().find(free).map(|member| member.seat)
    }

    /// The helpers that are to load the model, now that so many files wait.
    pub fn called(&self, waiting: usize) -> Vec<Seat> {
        let called = |member: &&Member| member.seat.helps() && member.state == State::Started && waiting >= LONG;
        self.members.iter().filter(called).map(|member| member.seat).collect()
    }

    /// Gives a worker a task, and the task a number.
    pub fn give(&mut self, seat: Seat, id: u32, show: bool) -> u32 {
        self.serial += 1;
        let task = Task { id, show, serial: self.serial };
        if let Some(member) = self.members.iter_mut().find(|member| member.seat == seat) {
            member.task = Some(task);
        }
        self.serial
    }

    /// Whether a worker still has the task of this number.
    pub fn has(&self, seat: Seat, serial: u32) -> bool {
        self.task(seat).is_some_and(|task| task.serial == serial)
    }

    /// What a worker has been asked for.
    pub fn task(&self, seat: Seat) -> Option<Task> {
        self.member(seat)?.task
    }

    /// Whether a worker was asked to show a row.
    pub fn shows(&self) -> bool {
        self.members.iter().any(|member| member.task.is_some_and(|task| task.show))
    }

    /// Ends a worker's task for this row; none if it has another one or none.
    pub fn finish(&mut self, seat: Seat, id: u32) -> Option<Task> {
        self.members.iter_mut().find(|member| member.seat == seat)?.task.take_if(|task| task.id == id)
    }

    fn member(&self, seat: Seat) -> Option<&Member> {
        self.members.iter().find(|member| member.seat == seat)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Seat = Seat::first(Engine::Cpu);
    const HELPER: Seat = Seat { engine: Engine::Cpu, number: 1 };

    fn crew() -> Crew {
        let mut crew = Crew::default();
        for seat in [HELPER, FIRST, Seat::first(Engine::WebGpu)] {
            crew.enter(seat);
            crew.set_state(seat, State::Started);
        }
        crew
    }

    #[test]
    fn there_is_a_worker_for_each_core_and_never_more_than_four() {
        assert_eq!([0, 1, 2, 4, 64].map(helpers), [0, 0, 1, 3, 3]);
    }

    #[test]
    fn a_helper_is_called_when_a_long_list_waits() {
        let mut crew = crew();
        assert_eq!(crew.called(2), []);
        assert_eq!(crew.called(3), [HELPER]);
        crew.set_state(HELPER, State::Loading);
        assert_eq!(crew.called(50), []);
    }

    #[test]
    fn the_first_worker_gets_its_file_before_the_helper() {
        let mut crew = crew();
        assert_eq!(crew.free(Engine::Cpu), None);
        crew.set_state(HELPER, State::Ready);
        crew.set_state(FIRST, State::Ready);
        assert_eq!(crew.free(Engine::Cpu), Some(FIRST));
        crew.give(FIRST, 7, false);
        assert_eq!(crew.free(Engine::Cpu), Some(HELPER));
        crew.give(HELPER, 8, false);
        assert_eq!(crew.free(Engine::Cpu), None);
        assert_eq!(crew.finish(FIRST, 8), None);
        assert_eq!(crew.finish(FIRST, 7).map(|task| task.id), Some(7));
        assert_eq!(crew.free(Engine::Cpu), Some(FIRST));
    }

    #[test]
    fn a_worker_that_leaves_gives_its_task_back_and_counts_no_more() {
        let mut crew = crew();
        let serial = crew.enter(FIRST);
        let task = crew.give(FIRST, 3, false);
        assert!(crew.runs(FIRST, serial) && crew.has(FIRST, task));
        assert_eq!(crew.leave(FIRST).map(|task| task.id), Some(3));
        assert!(!crew.runs(FIRST, serial) && !crew.has(FIRST, task));
        assert!(crew.enter(FIRST) > serial);
    }
}

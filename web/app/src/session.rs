//! The slices on the page, as a list: a plain model, without a browser.
//!
//! Everything a person does to the list and everything a worker answers goes through a method of [`Session`];
//! the page only shows what it holds.

use protocol::{Engine, Picture};

use crate::item::{Failure, Item, Status, Thumbnail};

/// How far the queue is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Rows answered or failed.
    pub done: usize,
    /// Rows that are done, wait or are worked on.
    pub total: usize,
}

impl Progress {
    /// Whether something is still to come.
    pub fn is_running(self) -> bool {
        self.done < self.total
    }
}

/// The list of slices.
#[derive(Clone, Debug, Default)]
pub struct Session {
    items: Vec<Item>,
    removed: Vec<Vec<Item>>,
    next_id: u32,
    selected: Option<u32>,
    filter: String,
}

impl Session {
    /// Adds a row to the end and to the queue; the first one added is selected.
    pub fn add(&mut self, name: String, label: Option<String>) -> u32 {
        let id = self.next_id;
        self.next_id += 1;
        self.items.push(Item {
            id,
            name,
            label,
            status: Status::Waiting,
            others: Vec::new(),
            picture: None,
            thumbnail: None,
            unseen: None,
        });
        self.selected.get_or_insert(id);
        id
    }

    /// All rows.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// One row.
    pub fn item(&self, id: u32) -> Option<&Item> {
        Some(&self.items[self.index(id)?])
    }

    /// The rows the filter lets through, in order.
    pub fn visible(&self) -> impl DoubleEndedIterator<Item = &Item> {
        let needle = self.filter.trim().to_lowercase();
        self.items.iter().filter(move |item| needle.is_empty() || item.matches(&needle))
    }

    /// Shows only rows whose name or summary contains this; an empty text shows all.
    pub fn set_filter(&mut self, filter: String) {
        self.filter = filter;
    }

    /// The text that rows have to contain.
    pub fn filter(&self) -> &str {
        &self.filter
    }

    /// The row shown large.
    pub fn selected(&self) -> Option<&Item> {
        self.item(self.selected?)
    }

    /// Shows a row large.
    pub fn select(&mut self, id: u32) {
        if self.index(id).is_some() {
            self.selected = Some(id);
        }
    }

    /// Selects the row that lies `step` visible rows away, stopping at the ends.
    pub fn select_by(&mut self, step: isize) {
        let visible: Vec<u32> = self.visible().map(|item| item.id).collect();
        let Some(last) = visible.len().checked_sub(1) else { return };
        let current = self.selected.and_then(|id| visible.iter().position(|other| *other == id));
        let next = match current {
            Some(index) => index.saturating_add_signed(step).min(last),
            None => 0,
        };
        self.selected = Some(visible[next]);
    }

    /// The row to work on next: the selected one if it waits, else the first that waits.
    pub fn next_waiting(&self) -> Option<u32> {
        let waits = |item: &&Item| item.status == Status::Waiting;
        self.selected().filter(waits).or_else(|| self.items.iter().find(waits)).map(|item| item.id)
    }

    /// How many rows wait.
    pub fn waiting(&self) -> usize {
        self.items.iter().filter(|item| item.status == Status::Waiting).count()
    }

    /// Records what became of a row; one that is gone is left gone.
    pub fn set_status(&mut self, id: u32, status: Status) {
        if let Some(item) = self.item_mut(id) {
            item.status = status;
        }
    }

    /// Records what was decoded.
    pub fn set_picture(&mut self, id: u32, picture: Picture, thumbnail: Thumbnail) {
        if let Some(item) = self.item_mut(id) {
            item.picture = Some(picture);
            item.thumbnail = Some(thumbnail);
            item.unseen = None;
        }
    }

    /// Records why a slice that was decoded before can't be looked at any more.
    pub fn set_unseen(&mut self, id: u32, reason: String) {
        if let Some(item) = self.item_mut(id) {
            item.unseen = Some(reason);
        }
    }

    /// How far the queue is.
    pub fn progress(&self) -> Progress {
        let count = |wanted: fn(&Status) -> bool| self.items.iter().filter(|item| wanted(&item.status)).count();
        Progress {
            done: count(|status| matches!(status, Status::Answered(_) | Status::Failed(_))),
            total: count(|status| *status != Status::Cancelled),
        }
    }

    /// Takes everything that waits out of the queue and says how many rows that were.
    pub fn cancel(&mut self) -> usize {
        self.change_status(|status| *status == Status::Waiting, &Status::Cancelled)
    }

    /// Puts back into the queue what was cancelled or failed with its engine, and says how many rows that were.
    pub fn retry(&mut self) -> usize {
        self.change_status(can_retry, &Status::Waiting)
    }

    /// Puts one row back into the queue where trying again can help.
    pub fn retry_one(&mut self, id: u32) {
        if let Some(item) = self.item_mut(id).filter(|item| can_retry(&item.status)) {
            item.status = Status::Waiting;
        }
    }

    /// How many rows [`Self::retry`] would put back.
    pub fn retriable(&self) -> usize {
        self.items.iter().filter(|item| can_retry(&item.status)).count()
    }

    /// Puts back into the queue what an engine answered that has turned out wrong; so with what undo would bring back.
    pub fn distrust(&mut self, engine: Engine) {
        for item in self.items.iter_mut().chain(self.removed.iter_mut().flatten()) {
            item.others.retain(|answer| answer.engine != engine);
            if matches!(&item.status, Status::Answered(answer) if answer.engine == engine) {
                item.status = Status::Waiting;
            }
        }
    }

    /// Another model answers from now on: what it has answered before comes back, what others answered is kept beside it,
    /// and the rest waits for it. So with what undo would bring back.
    pub fn change_model(&mut self, id: &str) {
        for item in self.items.iter_mut().chain(self.removed.iter_mut().flatten()) {
            let by_other = |status: &Status| matches!(status, Status::Answered(answer) if answer.model.id != id);
            if item.status == Status::Working || by_other(&item.status) {
                let before = std::mem::replace(&mut item.status, Status::Waiting);
                item.others.extend(before.into_answer());
            }
            let known = item.others.iter().position(|answer| answer.model.id == id);
            if let (Some(index), Status::Waiting | Status::Cancelled) = (known, &item.status) {
                item.status = Status::Answered(item.others.remove(index));
            }
        }
    }

    /// Takes a row off the list and selects its neighbour.
    pub fn remove(&mut self, id: u32) {
        let Some(index) = self.index(id) else { return };
        if self.selected == Some(id) {
            self.select_by(1);
            if self.selected == Some(id) {
                self.select_by(-1);
            }
        }
        let item = self.items.remove(index);
        if self.selected == Some(id) {
            self.selected = self.items.first().map(|item| item.id);
        }
        self.removed.push(vec![unfinished_waits(item)]);
    }

    /// Takes every row off the list.
    pub fn clear(&mut self) {
        if !self.items.is_empty() {
            self.removed.push(self.items.drain(..).map(unfinished_waits).collect());
            self.selected = None;
        }
    }

    /// Whether there is no row, and none that undo would bring back.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty() && self.removed.is_empty()
    }

    /// What [`Self::undo`] would bring back.
    pub fn undoable(&self) -> Option<&[Item]> {
        self.removed.last().map(Vec::as_slice)
    }

    /// Brings back what was removed last, each row to its place.
    pub fn undo(&mut self) {
        let Some(back) = self.removed.pop() else { return };
        if let Some(first) = back.first() {
            self.selected = Some(first.id);
        }
        self.items.extend(back);
        self.items.sort_by_key(|item| item.id);
    }

    fn change_status(&mut self, wanted: impl Fn(&Status) -> bool, to: &Status) -> usize {
        let mut changed = 0;
        for item in self.items.iter_mut().filter(|item| wanted(&item.status)) {
            item.status = to.clone();
            changed += 1;
        }
        changed
    }

    fn index(&self, id: u32) -> Option<usize> {
        self.items.binary_search_by_key(&id, |item| item.id).ok()
    }

    fn item_mut(&mut self, id: u32) -> Option<&mut Item> {
        let index = self.index(id)?;
        self.items.get_mut(index)
    }
}

fn can_retry(status: &Status) -> bool {
    matches!(status, Status::Cancelled | Status::Failed(Failure { engine_fault: true, .. }))
}

/// A row that leaves the list while a worker has it waits again when it comes back.
fn unfinished_waits(mut item: Item) -> Item {
    if item.status == Status::Working {
        item.status = Status::Waiting;
    }
    item
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;

//! The signals that the page is made of.

use std::collections::HashMap;

use leptos::prelude::*;
use web_sys::File;

use crate::catalogue::{Catalogue, Model, Samples};
use crate::engine_selection::Engines;
use crate::model_reports::IndexEntry;
use crate::replies;
use crate::slice_cache::{Decoded, SliceCache};
use crate::state::{Failure, Session, Status};
use crate::wording;
use crate::worker_control::Control;

/// Decoded slices kept in memory.
const GALLERY_BYTES: usize = 128 << 20;

/// What the page is waiting for before any engine can answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Download {
    /// The model is being read.
    Running {
        /// Bytes so far.
        received: f64,
        /// Bytes in all, 0 while not known.
        total: f64,
    },
    /// All is here.
    Done,
    /// It failed, or the reader stopped it.
    Failed(String),
}

/// The texts that open over the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialog {
    /// How good the model is.
    Evidence,
    /// Which network answers.
    Networks,
    /// How to check that nothing is sent.
    Privacy,
    /// The keys.
    Keys,
}

/// A sample slice with its bytes at hand.
#[derive(Clone, Debug)]
pub struct SampleFile {
    /// As a file, like any other.
    pub file: File,
    /// Where the picture is.
    pub address: String,
    /// The class the data set gives it.
    pub class: String,
}

/// All that the page shows; a handle that is copied freely.
#[derive(Clone, Copy)]
pub struct Page {
    /// The slices.
    pub session: RwSignal<Session>,
    /// The engines.
    pub engines: RwSignal<Engines>,
    /// The model's way to the page.
    pub download: RwSignal<Download>,
    /// The models there are.
    pub catalogue: RwSignal<Catalogue>,
    /// The model that answers or is on its way.
    pub model: RwSignal<Option<Model>>,
    /// The weights files that the browser has kept, by their SHA-256.
    pub kept: RwSignal<Vec<String>>,
    /// The reports.
    pub reports: RwSignal<Vec<IndexEntry>>,
    /// Why there are no reports.
    pub reports_missing: RwSignal<Option<String>>,
    /// Where the samples come from.
    pub samples: RwSignal<Samples>,
    /// The samples.
    pub sample_files: RwSignal<Vec<SampleFile>, LocalStorage>,
    /// Why there are no samples.
    pub samples_missing: RwSignal<Option<String>>,
    /// The slice on the screen.
    pub shown: RwSignal<Option<Decoded>, LocalStorage>,
    /// The open dialog.
    pub dialog: RwSignal<Option<Dialog>>,
    /// Whether the slice fills the page.
    pub enlarged: RwSignal<bool>,
    /// What a screen reader says next.
    pub spoken: RwSignal<String>,
    /// The files behind the rows.
    pub files: StoredValue<HashMap<u32, File>, LocalStorage>,
    /// Decoded slices.
    pub slice_cache: StoredValue<SliceCache, LocalStorage>,
    /// The workers.
    pub control: StoredValue<Control, LocalStorage>,
}

impl Page {
    /// An empty page.
    pub fn new(engines: Engines) -> Self {
        Self {
            session: RwSignal::new(Session::default()),
            engines: RwSignal::new(engines),
            download: RwSignal::new(Download::Running { received: 0.0, total: 0.0 }),
            catalogue: RwSignal::new(Catalogue::default()),
            model: RwSignal::new(None),
            kept: RwSignal::new(Vec::new()),
            reports: RwSignal::new(Vec::new()),
            reports_missing: RwSignal::new(None),
            samples: RwSignal::new(Samples::default()),
            sample_files: RwSignal::new_local(Vec::new()),
            samples_missing: RwSignal::new(None),
            shown: RwSignal::new_local(None),
            dialog: RwSignal::new(None),
            enlarged: RwSignal::new(false),
            spoken: RwSignal::new(String::new()),
            files: StoredValue::new_local(HashMap::new()),
            slice_cache: StoredValue::new_local(SliceCache::new(GALLERY_BYTES)),
            control: StoredValue::new_local(Control::default()),
        }
    }

    /// Adds a row for what could not be read, with the reason.
    pub fn add_unreadable(self, name: String, reason: String) {
        self.session.update(|session| {
            let id = session.add(name, None);
            let hint = "it may have been moved or changed since; drop it again".into();
            session.set_status(id, Status::Failed(Failure { message: reason, hint, engine_fault: false }));
        });
        self.look();
    }

    /// Adds files to the list and the queue.
    pub fn add(self, files: Vec<(File, Option<String>)>) {
        if files.is_empty() {
            return;
        }
        self.spoken.set(format!("{} added", wording::slices(files.len())));
        self.session.update(|session| {
            self.files.update_value(|kept| {
                for (file, label) in files {
                    let id = session.add(file.name(), label);
                    kept.insert(id, file);
                }
            });
        });
        self.look();
    }

    /// Shows the selected row's slice and lets the engines work on.
    pub fn look(self) {
        let selected = self.session.with_untracked(|session| session.selected().map(|item| item.id));
        let current = self.shown.with_untracked(|shown| shown.as_ref().map(|decoded| decoded.id));
        if selected != current || selected.is_none() {
            let decoded =
                selected.and_then(|id| self.slice_cache.try_update_value(|slice_cache| slice_cache.get(id)).flatten());
            self.shown.set(decoded);
        }
        crate::worker_control::pump(self);
    }

    /// Changes the list and shows what is selected then.
    pub fn change(self, change: impl FnOnce(&mut Session)) {
        let selected = || self.session.with_untracked(|session| session.selected().cloned());
        let before = selected().map(|item| item.id);
        self.session.update(change);
        match selected() {
            None => self.enlarged.set(false),
            // The list, which would say it, is hidden.
            Some(item) if Some(item.id) != before && self.enlarged.get_untracked() => {
                self.spoken.set(replies::said(&item));
            }
            Some(_) => {}
        }
        self.look();
    }
}

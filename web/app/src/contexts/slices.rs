//! The slices and their files.

use std::collections::HashMap;

use leptos::prelude::*;
use web_sys::File;

use crate::session::Session;

/// The slices.
#[derive(Clone, Copy)]
pub struct Slices {
    /// The list.
    pub session: RwSignal<Session>,
    files: StoredValue<HashMap<u32, File>, LocalStorage>,
}

impl Slices {
    pub(super) fn new() -> Self {
        Self { session: RwSignal::new(Session::default()), files: StoredValue::new_local(HashMap::new()) }
    }

    /// The file behind a row.
    pub fn file(self, id: u32) -> Option<File> {
        self.files.with_value(|files| files.get(&id).cloned())
    }

    /// Keeps the file behind a row.
    pub fn keep_file(self, id: u32, file: File) {
        self.files.update_value(|files| {
            files.insert(id, file);
        });
    }
}

//! The sample slices.

use leptos::prelude::*;
use web_sys::File;

use crate::catalogue::Samples;

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

/// The samples.
#[derive(Clone, Copy)]
pub struct SampleSlices {
    /// Where they come from.
    pub origin: RwSignal<Samples>,
    /// Their files.
    pub files: RwSignal<Vec<SampleFile>, LocalStorage>,
    /// Why there are none.
    pub missing: RwSignal<Option<String>>,
}

impl SampleSlices {
    pub(super) fn new() -> Self {
        Self {
            origin: RwSignal::new(Samples::default()),
            files: RwSignal::new_local(Vec::new()),
            missing: RwSignal::new(None),
        }
    }
}

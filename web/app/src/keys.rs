//! The keys that work anywhere on the page.

use std::time::Duration;

use leptos::ev::{KeyboardEvent, MouseEvent};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use crate::contexts::{Dialog, Dialogs, Slices, Viewing};
use crate::dispatcher::Dispatcher;
use crate::map_layer::MapView;
use crate::session::Session;

/// Listens to the keys.
pub fn listen() {
    let keys = Keys::from_contexts();
    window_event_listener(leptos::ev::keydown, move |event: KeyboardEvent| {
        if keys.dialogs.are_closed() && keys.press(&event) {
            event.prevent_default();
        }
    });
}

/// Gives the focus of a button that has gone with what it did to the list, or to the first way in: it would be nowhere.
pub fn keep_focus() {
    window_event_listener(leptos::ev::click, |event: MouseEvent| {
        let Some(pressed) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) else { return };
        // What the button does is done by then.
        let then = move || {
            let nowhere = document().active_element().is_none_or(|focused| focused.tag_name() == "BODY");
            let next = document().query_selector(".rows, .welcome button").ok().flatten();
            if let Some(next) = next.filter(|_| nowhere && !pressed.is_connected()) {
                // Fails only where the element is detached.
                let _ = next.unchecked_ref::<HtmlElement>().focus();
            }
        };
        set_timeout(then, Duration::ZERO);
    });
}

/// What keys change.
#[derive(Clone, Copy)]
struct Keys {
    slices: Slices,
    viewing: Viewing,
    dialogs: Dialogs,
    dispatcher: Dispatcher,
    map: MapView,
}

impl Keys {
    fn from_contexts() -> Self {
        Self {
            slices: expect_context(),
            viewing: expect_context(),
            dialogs: expect_context(),
            dispatcher: expect_context(),
            map: MapView::from_contexts(),
        }
    }

    /// Does what a key asks for; false where the key is left to the browser.
    fn press(self, event: &KeyboardEvent) -> bool {
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        let within = |selector: &str| target.as_ref().is_some_and(|target| target.matches(selector).unwrap_or(false));
        if event.alt_key() || event.meta_key() || (within("input") && event.key() != "Escape") {
            return false;
        }
        // Without slices the keys are the browser's, to move about the page.
        let list = |change: fn(&mut Session)| {
            let any = self.slices.session.with_untracked(|session| !session.items().is_empty());
            if any {
                self.dispatcher.change(change);
            }
            any
        };
        match (event.key().as_str(), event.ctrl_key()) {
            ("z", true) => {
                self.dispatcher.change(Session::undo);
                true
            }
            (_, true) => false,
            ("ArrowDown" | "ArrowRight", _) => list(|session| session.select_by(1)),
            ("ArrowUp" | "ArrowLeft", _) => list(|session| session.select_by(-1)),
            ("Home", _) => list(|session| session.select_by(isize::MIN)),
            ("End", _) => list(|session| session.select_by(isize::MAX)),
            ("Delete", _) => list(|session| {
                if let Some(id) = session.selected().map(|item| item.id) {
                    session.remove(id);
                }
            }),
            ("Enter", _) if !within("button, a, summary") => self.enlarge(true),
            ("Escape", _) => self.enlarge(false),
            ("m" | "M", _) => self.map.switch(),
            ("?", _) => {
                self.dialogs.open(Dialog::Keys);
                true
            }
            _ => false,
        }
    }

    fn enlarge(self, enlarged: bool) -> bool {
        let any = self.slices.session.with_untracked(|session| session.selected().is_some());
        let changes = any && self.viewing.enlarged.get_untracked() != enlarged;
        if changes {
            self.viewing.enlarged.set(enlarged);
        }
        changes
    }
}

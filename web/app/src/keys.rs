//! The keys that work anywhere on the page.

use std::time::Duration;

use leptos::ev::{KeyboardEvent, MouseEvent};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use crate::page_state::{Dialog, Page};
use crate::state::Session;

/// Listens to the keys.
pub fn listen(page: Page) {
    window_event_listener(leptos::ev::keydown, move |event: KeyboardEvent| {
        if page.dialog.get_untracked().is_none() && press(page, &event) {
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

/// Does what a key asks for; false where the key is left to the browser.
fn press(page: Page, event: &KeyboardEvent) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let within = |selector: &str| target.as_ref().is_some_and(|target| target.matches(selector).unwrap_or(false));
    if event.alt_key() || event.meta_key() || (within("input") && event.key() != "Escape") {
        return false;
    }
    // Without slices the keys are the browser's, to move about the page.
    let list = |change: fn(&mut Session)| {
        let any = page.session.with_untracked(|session| !session.items().is_empty());
        if any {
            page.change(change);
        }
        any
    };
    match (event.key().as_str(), event.ctrl_key()) {
        ("z", true) => {
            page.change(Session::undo);
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
        ("Enter", _) if !within("button, a, summary") => enlarge(page, true),
        ("Escape", _) => enlarge(page, false),
        ("?", _) => {
            page.dialog.set(Some(Dialog::Keys));
            true
        }
        _ => false,
    }
}

fn enlarge(page: Page, enlarged: bool) -> bool {
    let any = page.session.with_untracked(|session| session.selected().is_some());
    let changes = any && page.enlarged.get_untracked() != enlarged;
    if changes {
        page.enlarged.set(enlarged);
    }
    changes
}

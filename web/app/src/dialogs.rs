//! The texts that open over the page.

use leptos::html;
use leptos::prelude::*;

use crate::accuracy_dialog::Evidence;
use crate::contexts::{Dialog, Dialogs, EngineStatus};
use crate::networks::Networks;

/// All dialogs; at most one is open.
#[component]
pub fn AllDialogs() -> impl IntoView {
    view! {
        <Sheet which=Dialog::Evidence title="How good is this?"><Evidence /></Sheet>
        <Sheet which=Dialog::Networks title="Which network answers?"><Networks /></Sheet>
        <Sheet which=Dialog::Privacy title="How to check that nothing leaves this computer"><Privacy /></Sheet>
        <Sheet which=Dialog::Keys title="Keys"><Keys /></Sheet>
    }
}

#[component]
fn Sheet(which: Dialog, title: &'static str, children: Children) -> impl IntoView {
    let dialogs: Dialogs = expect_context();
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        let Some(dialog) = dialog.get() else { return };
        let wanted = dialogs.is_open(which);
        if wanted && !dialog.open() {
            // Fails only where the element has left the document, which it never does.
            let _ = dialog.show_modal();
        } else if !wanted && dialog.open() {
            dialog.close();
        }
    });
    let closed = move |_| dialogs.closed(which);
    let heading = format!("dialog-{which:?}");
    let labelled = heading.clone();
    view! {
        <dialog node_ref=dialog aria-labelledby=labelled on:close=closed>
            <header class="dialog-head">
                <h2 id=heading>{title}</h2>
                <button type="button" on:click=move |_| dialogs.close()>"Close"</button>
            </header>
            <div class="dialog-body">{children()}</div>
        </dialog>
    }
}

#[component]
fn Privacy() -> impl IntoView {
    view! {
        <p>
            "Your scans are read, decoded and classified by this page itself, in this browser. There is no server "
            "behind it: it is a folder of files. You need not believe that:"
        </p>
        <ol>
            <li>"Open the browser's developer tools (F12) and there “Network”. Drop a scan: no line appears."</li>
            <li>
                "Or disconnect from the network once the page says it is ready, and go on working. "
                "It answers as before."
            </li>
            <li>
                "Or read the policy. The page's source allows connections to its own address only "
                "(Content-Security-Policy), and once everything is loaded the page adds " <code>"connect-src 'none'"</code>
                " and the like: from then on the browser itself refuses to fetch anything for this page and its workers. Try "
                <code>"fetch(\"weights/manifest.json\")"</code> " in the console: it is blocked."
            </li>
        </ol>
        <p>
            "No scan, no answer and no name is kept: close the tab and they are gone. There are no cookies. The browser "
            "keeps one thing, the file of the network, which is public and the same for everyone, so that it need not be "
            "fetched again (cache storage; clearing the site's data removes it). "
            "What a DICOM file says of the patient is never shown."
        </p>
    }
}

#[component]
fn Keys() -> impl IntoView {
    let status: EngineStatus = expect_context();
    let keys = [
        ("↑ ↓", "previous, next slice"),
        ("Home, End", "first, last slice"),
        ("Enter", "open the slice large"),
        ("Escape", "leave the large slice or a dialog"),
        ("Delete", "remove the slice (can be undone)"),
        ("Ctrl Z", "bring back what was removed"),
        ("+ − 0", "in the slice view: zoom in, out, fit"),
        ("Shift ↑ ↓ ← →", "in the slice view: move the zoomed slice"),
        ("Ctrl V", "paste a picture or files"),
        ("?", "this list"),
    ];
    let row = |(key, what)| view! { <tr><th scope="row"><kbd>{key}</kbd></th><td>{what}</td></tr> };
    view! {
        <table class="keys">
            <tbody>
                {keys.map(row).collect_view()}
                <Show when=move || status.has_map()>{row(("M", "show or hide the map of evidence"))}</Show>
            </tbody>
        </table>
    }
}

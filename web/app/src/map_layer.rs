//! The map of evidence in the viewer: over the slice, in words below it, and the switch that takes it away. A network that
//! says only what it sees has none of them.

use leptos::html::Canvas;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlCanvasElement;

use crate::canvas;
use crate::contexts::{Announcer, EngineStatus, Slices, Viewing};
use crate::overlay::{self, Overlay};
use crate::session::Session;

/// The map of the slice on the screen, and whether it is looked at.
#[derive(Clone, Copy)]
pub struct MapView {
    overlay: Memo<Option<Overlay>>,
    status: EngineStatus,
    viewing: Viewing,
    announcer: Announcer,
}

impl MapView {
    /// That of the page.
    pub fn from_contexts() -> Self {
        let slices: Slices = expect_context();
        let of_selected = |session: &Session| session.selected().and_then(Overlay::of);
        Self {
            overlay: Memo::new(move |_| slices.session.with(of_selected)),
            status: expect_context(),
            viewing: expect_context(),
            announcer: expect_context(),
        }
    }

    /// Whether the network that answers has maps.
    pub fn exists(self) -> bool {
        self.status.has_map()
    }

    /// Whether maps are looked at.
    pub fn is_on(self) -> bool {
        self.viewing.map.get()
    }

    /// Whether one lies over the slice.
    fn is_shown(self) -> bool {
        self.is_on() && self.viewing.shown.with(Option::is_some) && self.overlay.with(Option::is_some)
    }

    fn in_words(self) -> Option<String> {
        self.overlay.with(|overlay| overlay.as_ref().map(Overlay::in_words))
    }

    /// Shows or hides maps, and says so; false where the network has none.
    pub fn switch(self) -> bool {
        untrack(move || {
            if !self.exists() {
                return false;
            }
            let on = !self.is_on();
            self.viewing.map.set(on);
            let words = self.in_words().filter(|_| on).unwrap_or_default();
            self.announcer.say(format!("{} {words}", if on { "Map shown." } else { "Map hidden." }).trim());
            true
        })
    }
}

/// The map over the slice, which it follows: both are layers of one size.
#[component]
pub fn MapLayer(map: MapView) -> impl IntoView {
    let canvas = NodeRef::<Canvas>::new();
    Effect::new(move |_| {
        if let (Some(canvas), Some(overlay)) = (canvas.get(), map.overlay.get()) {
            paint(canvas.unchecked_ref(), &overlay);
        }
    });
    let of_overlay = move |text: fn(&Overlay) -> String| map.overlay.with(|overlay| overlay.as_ref().map(text));
    let view_box = move || of_overlay(|overlay| overlay.size().map(|side| side.to_string()).join(" "));
    view! {
        <Show when=move || map.is_shown()>
            <canvas node_ref=canvas aria-hidden="true"></canvas>
            <svg class="outline" aria-hidden="true" viewBox=move || view_box().map(|size| format!("0 0 {size}"))>
                <path class="casing" d=move || of_overlay(Overlay::outline)></path>
                <path class="line" d=move || of_overlay(Overlay::outline)></path>
            </svg>
        </Show>
    }
}

/// Draws the map on a canvas of the slice's size: bilinear between its cells, as canvases enlarge pictures.
fn paint(canvas: &HtmlCanvasElement, overlay: &Overlay) -> Option<()> {
    let cells: HtmlCanvasElement = document().create_element("canvas").ok()?.dyn_into().ok()?;
    canvas::fill(&cells, &overlay.rgba(), overlay.cells(), overlay.cells());
    let ([width, height], place) = (overlay.size(), overlay.place());
    let context = canvas::emptied(canvas, width, height)?;
    context
        .draw_image_with_html_canvas_element_and_dw_and_dh(&cells, place.left, place.top, place.width, place.height)
        .ok()
}

/// What the colours mean, what the map says, and what it is not. Its place stays where the map is hidden, so that
/// the slice does.
#[component]
pub fn MapLegend(map: MapView) -> impl IntoView {
    view! {
        <Show when=move || map.exists()>
            <div class="legend" class:absent=move || !map.is_shown()>
                <Scale />
                <p>
                    {move || map.in_words()} " "
                    <span class="quiet">"No segmentation, no measurement."</span>
                </p>
            </div>
        </Show>
    }
}

/// The colours from no evidence to certainty, over a grey as tissue has it, and the outline.
#[component]
fn Scale() -> impl IntoView {
    let steps = (0..20).map(|step| {
        let opacity = overlay::opacity((step as f32 + 0.5) / 20.0);
        view! { <rect x=step.to_string() width="1.05" height="2" fill=overlay::hue() fill-opacity=opacity.to_string()></rect> }
    });
    view! {
        <span class="scale-of-map" aria-hidden="true">
            "0 "
            <svg viewBox="0 0 20 2" preserveAspectRatio="none">
                {steps.collect_view()}
                <path class="casing" d="M10 0V2"></path>
                <path class="line" d="M10 0V2"></path>
            </svg>
            " 1"
        </span>
    }
}

/// Shows and hides maps.
#[component]
pub fn MapSwitch(map: MapView) -> impl IntoView {
    view! {
        <Show when=move || map.exists()>
            <button
                type="button"
                title="Where the network sees evidence of a tumour (M)"
                aria-pressed=move || if map.is_on() { "true" } else { "false" }
                on:click=move |_| { map.switch(); }
            >
                "Map"
            </button>
        </Show>
    }
}

//! The slice, large: window and level, zoom and pan, and the map over it.

use leptos::ev::{KeyboardEvent, PointerEvent, WheelEvent};
use leptos::html::{Canvas, Div};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlCanvasElement;

use crate::canvas;
use crate::contexts::{Slices, Viewing};
use crate::item::{Item, Status};
use crate::map_layer::{MapLayer, MapLegend, MapSwitch, MapView};
use crate::picture::{Windowing, to_rgba};
use crate::session::Session;
use crate::wording;

/// Magnification and displacement, in CSS pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
struct View {
    zoom: f64,
    x: f64,
    y: f64,
}

const FIT: View = View { zoom: 1.0, x: 0.0, y: 0.0 };

impl View {
    /// Magnifies about the middle; back at 1 the slice fits its frame again.
    fn zoomed(self, factor: f64) -> Self {
        let zoom = (self.zoom * factor).clamp(1.0, 16.0);
        let kept = if zoom > 1.0 { zoom / self.zoom } else { 0.0 };
        Self { zoom, x: self.x * kept, y: self.y * kept }
    }

    fn moved(self, x: f64, y: f64) -> Self {
        if self.zoom > 1.0 { Self { x: self.x + x, y: self.y + y, ..self } } else { self }
    }
}

/// Draws grey values on a canvas of their size.
pub fn draw(canvas: &HtmlCanvasElement, grey: &[u8], width: u32, height: u32, windowing: Windowing) {
    canvas::fill(canvas, &to_rgba(grey, windowing), width, height);
}

/// The middle region while there are slices.
#[component]
pub fn Viewer() -> impl IntoView {
    let (slices, viewing): (Slices, Viewing) = (expect_context(), expect_context());
    let canvas = NodeRef::<Canvas>::new();
    let stage = NodeRef::<Div>::new();
    let windowing = RwSignal::new(Windowing::default());
    let view = RwSignal::new(FIT);
    let map = MapView::from_contexts();
    let id = Memo::new(move |_| slices.session.with(|session| session.selected().map(|item| item.id)));
    Effect::new(move |_| {
        id.track();
        view.set(FIT);
    });
    Effect::new(move |_| {
        let (Some(canvas), Some(decoded)) = (canvas.get(), viewing.shown.get()) else { return };
        draw(canvas.unchecked_ref(), &decoded.grey, decoded.picture.width, decoded.picture.height, windowing.get());
    });
    Effect::new(move |_| {
        // The list that had the focus is hidden while the slice is large.
        if viewing.enlarged.get()
            && let Some(stage) = stage.get()
        {
            // Fails only where the element is detached.
            let _ = stage.focus();
        }
    });
    let placed = move || {
        let View { zoom, x, y } = view.get();
        format!("translate({x}px, {y}px) scale({zoom})")
    };
    let missing = Memo::new(move |_| slices.session.with(why_missing));
    let title = Memo::new(move |_| slices.session.with(|session| session.selected().map(|item| item.name.clone())));
    let has_picture = move || viewing.shown.with(Option::is_some);
    view! {
        <section class="viewer" aria-label="Slice">
            <div
                node_ref=stage
                class="stage"
                class:pannable=move || { view.get().zoom > 1.0 }
                tabindex="0"
                role="group"
                aria-label="Slice view; plus and minus zoom, Shift and arrows move"
                on:wheel=move |event: WheelEvent| {
                    event.prevent_default();
                    view.update(|view| *view = view.zoomed((-event.delta_y() / 400.0).exp()));
                }
                on:pointermove=move |event: PointerEvent| {
                    if event.buttons() == 1 {
                        let (x, y) = (f64::from(event.movement_x()), f64::from(event.movement_y()));
                        view.update(|view| *view = view.moved(x, y));
                    }
                }
                on:keydown=move |event: KeyboardEvent| keys(&event, view)
            >
                <div class="layers" style:transform=placed style=("--zoom", move || view.get().zoom.to_string())>
                    <canvas
                        node_ref=canvas
                        role="img"
                        class:absent=move || !has_picture()
                        aria-label=move || title.get()
                    ></canvas>
                    <MapLayer map />
                </div>
                <Show when=move || !has_picture()>
                    <p class="missing">{move || missing.get()}</p>
                </Show>
            </div>
            <Show when=move || viewing.enlarged.get()>
                <p class="said">{move || slices.session.with(|session| session.selected().map(Item::spoken))}</p>
            </Show>
            <MapLegend map />
            <Tools windowing view map />
        </section>
    }
}

/// What stands where no slice can be shown.
fn why_missing(session: &Session) -> String {
    if let Some(reason) = session.selected().and_then(|item| item.unseen.as_ref()) {
        return wording::sentence(reason);
    }
    match session.selected().map(|item| &item.status) {
        None => "No slice is selected.".into(),
        Some(Status::Failed(failure)) => wording::sentence(&failure.message),
        Some(Status::Waiting) => "Waiting for its turn.".into(),
        Some(Status::Working | Status::Answered(_)) => "Decoding…".into(),
        Some(Status::Cancelled) => "Cancelled before its turn.".into(),
    }
}

fn keys(event: &KeyboardEvent, view: RwSignal<View>) {
    // These are the browser's own: they magnify the page.
    if event.ctrl_key() || event.meta_key() || event.alt_key() {
        return;
    }
    let step = 40.0;
    let changed = match (event.key().as_str(), event.shift_key()) {
        ("+" | "=", _) => view.get().zoomed(1.25),
        ("-", _) => view.get().zoomed(0.8),
        ("0", _) => FIT,
        ("ArrowLeft", true) => view.get().moved(step, 0.0),
        ("ArrowRight", true) => view.get().moved(-step, 0.0),
        ("ArrowUp", true) => view.get().moved(0.0, step),
        ("ArrowDown", true) => view.get().moved(0.0, -step),
        _ => return,
    };
    event.prevent_default();
    event.stop_propagation();
    view.set(changed);
}

#[component]
fn Tools(windowing: RwSignal<Windowing>, view: RwSignal<View>, map: MapView) -> impl IntoView {
    let Viewing { enlarged, .. } = expect_context();
    let number = |event| event_target_value(&event).parse::<f32>().ok();
    let set_level = move |event| {
        if let Some(level) = number(event) {
            windowing.update(|windowing| windowing.level = level);
        }
    };
    let set_width = move |event| {
        if let Some(width) = number(event) {
            windowing.update(|windowing| windowing.width = width);
        }
    };
    let reset = move |_| {
        windowing.set(Windowing::default());
        view.set(FIT);
    };
    view! {
        <div class="tools" role="toolbar" aria-label="Display">
            <label title="Width of the grey range on the screen: narrower has more contrast">
                "Window"
                <input type="range" min="1" max="510" prop:value=move || windowing.get().width.to_string() on:input=set_width />
            </label>
            <label title="Middle of the grey range on the screen: lower is brighter">
                "Level"
                <input type="range" min="0" max="255" prop:value=move || windowing.get().level.to_string() on:input=set_level />
            </label>
            <span class="zoom">
                <button type="button" aria-label="Zoom out" on:click=move |_| view.update(|view| *view = view.zoomed(0.8))>"−"</button>
                <span class="number">{move || format!("{:.0} %", 100.0 * view.get().zoom)}</span>
                <button type="button" aria-label="Zoom in" on:click=move |_| view.update(|view| *view = view.zoomed(1.25))>"+"</button>
            </span>
            <button type="button" on:click=reset>"Reset"</button>
            <MapSwitch map />
            <button
                type="button"
                aria-pressed=move || if enlarged.get() { "true" } else { "false" }
                on:click=move |_| enlarged.update(|enlarged| *enlarged = !*enlarged)
            >
                {move || if enlarged.get() { "Shrink" } else { "Enlarge" }}
            </button>
        </div>
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "the limits are exact")]
mod tests {
    use super::*;

    #[test]
    fn zooming_out_fully_brings_the_slice_back_to_the_middle() {
        let view = FIT.zoomed(4.0).moved(100.0, 50.0);
        assert_eq!(view, View { zoom: 4.0, x: 100.0, y: 50.0 });
        assert_eq!(view.zoomed(0.5), View { zoom: 2.0, x: 50.0, y: 25.0 });
        assert_eq!(view.zoomed(0.1), FIT);
    }

    #[test]
    fn a_slice_that_fits_its_frame_does_not_move() {
        assert_eq!(FIT.moved(10.0, 10.0), FIT);
        assert_eq!(FIT.zoomed(100.0).zoom, 16.0);
    }
}

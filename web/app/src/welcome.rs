//! The middle region while there is no slice: the ways in.

use leptos::prelude::*;

use crate::contexts::{SampleFile, SampleSlices};
use crate::dispatcher::Dispatcher;
use crate::files::Choose;
use crate::wording;

/// The drop target, the buttons and the samples.
#[component]
pub fn Welcome() -> impl IntoView {
    let samples: SampleSlices = expect_context();
    view! {
        <section class="welcome" aria-labelledby="welcome-title">
            <div class="drop">
                <h2 id="welcome-title">"Drop brain MRI slices here"</h2>
                <p class="quiet">"DICOM, JPEG, PNG, TIFF, BMP or WebP; one, many, or a folder. Or paste a picture."</p>
                <div class="ways">
                    <Choose text="Choose files" folder=false />
                    <Choose text="Choose a folder" folder=true />
                </div>
            </div>
            <Show when=move || samples.files.with(|files| !files.is_empty())>
                <Samples />
            </Show>
            {move || samples.missing.get().map(|reason| view! { <p class="quiet">"There are no samples: " {reason}</p> })}
        </section>
    }
}

#[component]
fn Samples() -> impl IntoView {
    let (samples, dispatcher): (SampleSlices, Dispatcher) = (expect_context(), expect_context());
    let pick = move |sample: &SampleFile| (sample.file.clone(), Some(sample.class.clone()));
    let all = move |_| dispatcher.add(samples.files.with_untracked(|files| files.iter().map(pick).collect()));
    let buttons = move || {
        samples.files.with(|files| {
            files
                .iter()
                .cloned()
                .map(|sample| {
                    let address = sample.address.clone();
                    let name = format!("Sample: {}", wording::class_name(&sample.class));
                    view! {
                        <li>
                            <button type="button" class="sample" on:click=move |_| dispatcher.add(vec![pick(&sample)])>
                                <img src=address alt=name width="72" height="72" />
                            </button>
                        </li>
                    }
                })
                .collect_view()
        })
    };
    view! {
        <div class="samples">
            <h3>"Or try a sample" <button type="button" on:click=all>"Try all"</button></h3>
            <ul>{buttons}</ul>
            <p class="quiet">
                {move || samples.origin.with(|origin| format!("{} Licence: {}. {}", origin.credit, origin.licence, origin.note))}
            </p>
        </div>
    }
}

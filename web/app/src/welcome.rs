//! The middle region while there is no slice: the ways in.

use leptos::prelude::*;

use crate::files::Choose;
use crate::page_state::{Page, SampleFile};
use crate::wording;

/// The drop target, the buttons and the samples.
#[component]
pub fn Welcome(
    /// The page.
    page: Page,
) -> impl IntoView {
    view! {
        <section class="welcome" aria-labelledby="welcome-title">
            <div class="drop">
                <h2 id="welcome-title">"Drop brain MRI slices here"</h2>
                <p class="quiet">"DICOM, JPEG, PNG, TIFF, BMP or WebP; one, many, or a folder. Or paste a picture."</p>
                <div class="ways">
                    <Choose page text="Choose files" folder=false />
                    <Choose page text="Choose a folder" folder=true />
                </div>
            </div>
            <Show when=move || page.sample_files.with(|files| !files.is_empty())>
                <Samples page />
            </Show>
            {move || page.samples_missing.get().map(|reason| view! { <p class="quiet">"There are no samples: " {reason}</p> })}
        </section>
    }
}

#[component]
fn Samples(page: Page) -> impl IntoView {
    let pick = move |sample: &SampleFile| (sample.file.clone(), Some(sample.class.clone()));
    let all = move |_| page.add(page.sample_files.with_untracked(|files| files.iter().map(pick).collect()));
    let buttons = move || {
        page.sample_files.with(|files| {
            files
                .iter()
                .cloned()
                .map(|sample| {
                    let address = sample.address.clone();
                    let name = format!("Sample: {}", wording::class_name(&sample.class));
                    view! {
                        <li>
                            <button type="button" class="sample" on:click=move |_| page.add(vec![pick(&sample)])>
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
                {move || page.samples.with(|samples| format!("{} Licence: {}. {}", samples.credit, samples.licence, samples.note))}
            </p>
        </div>
    }
}

//! Everything the page reads from its site, in one go: after that the network is closed.
//!
//! The model is read once for all workers, out of the browser's storage where it was kept. The processor's worker starts
//! as soon as it and the model are here; the larger WebGPU program follows where the browser can run it. When the last
//! byte has come the document forbids itself every connection, and what starts later inherits that.

use futures::FutureExt;
use futures::future::{join_all, join3, try_join};
use js_sys::{Array, Uint8Array};
use leptos::prelude::*;
use protocol::Engine;
use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{File, Url};

use crate::browser::{allow_downloads, close_network, download, keep, kept, kept_names, message_of, webgpu_obstacle};
use crate::catalogue::{Catalogue, Model, Samples};
use crate::engine_selection::{Engines, Phase, parameter};
use crate::page_state::{Download, Page, SampleFile};
use crate::worker_control::{self, set_phase};

/// Reads everything and starts the engines; what fails is shown with a way to try again.
pub fn load(page: Page) {
    allow_downloads();
    page.engines.update(|engines| *engines = Engines::new(engines.forced));
    page.download.set(Download::Running { received: 0.0, total: 0.0 });
    spawn_local(async move {
        match read_site(page).await {
            Ok(()) => page.download.set(Download::Done),
            Err(message) => page.download.set(Download::Failed(message)),
        }
    });
}

async fn read_site(page: Page) -> Result<(), String> {
    let cpu = is_awaited(page, Engine::Cpu);
    let engine = try_join(read_model(page), async { if cpu { read_program(page, Engine::Cpu).await } else { Ok(()) } });
    let (_, (webgpu, (), ())) =
        try_join(engine, join3(webgpu_can_run(page), read_reports(page), read_samples(page)).map(Ok)).await?;
    if cpu && webgpu {
        // The first answer should not wait for the larger program, so this worker still may connect to its own site;
        // its first lines take away the means to.
        worker_control::start(page, Engine::Cpu);
        page.download.set(Download::Done);
    }
    if webgpu && let Err(message) = read_program(page, Engine::WebGpu).await {
        if !cpu {
            return Err(message);
        }
        set_phase(page, Engine::WebGpu, Phase::Absent(message));
    }
    close_network();
    if cpu && !webgpu {
        worker_control::start(page, Engine::Cpu);
    }
    worker_control::start(page, Engine::WebGpu);
    Ok(())
}

fn is_awaited(page: Page, engine: Engine) -> bool {
    page.engines.with_untracked(|engines| *engines.phase(engine) == Phase::Awaited)
}

/// Whether WebGPU is wanted and can be had; where it can't, the reason is recorded.
async fn webgpu_can_run(page: Page) -> bool {
    if !is_awaited(page, Engine::WebGpu) {
        return false;
    }
    let forced = page.engines.with_untracked(|engines| engines.forced.is_some());
    let obstacle = webgpu_obstacle(forced).await.as_string().unwrap_or_default();
    if !obstacle.is_empty() {
        set_phase(page, Engine::WebGpu, Phase::Absent(obstacle));
        return false;
    }
    true
}

/// The catalogue, and the weights of the model that the address asks for.
async fn read_model(page: Page) -> Result<(), String> {
    let text = read_text("weights/manifest.json").await?;
    let catalogue: Catalogue = parse("weights/manifest.json", &text)?;
    page.control.update_value(|control| control.catalogue = text);
    page.catalogue.set(catalogue.clone());
    let model = catalogue.choose(parameter_of_address("model").as_deref())?.clone();
    page.model.set(Some(model.clone()));
    let weights = match kept_weights(&model).await {
        Some(weights) => weights,
        None => fetch_weights(page, &model).await?,
    };
    worker_control::keep_model(page, model.id, weights);
    Ok(())
}

/// The weights of a model, if the browser has kept them.
pub async fn kept_weights(model: &Model) -> Option<Uint8Array> {
    kept(&model.sha256).await.dyn_into().ok()
}

async fn fetch_weights(page: Page, model: &Model) -> Result<Uint8Array, String> {
    let total = model.bytes as f64;
    page.download.set(Download::Running { received: 0.0, total });
    let tell = move |received| page.download.set(Download::Running { received, total });
    let weights = read(&format!("weights/{}", model.file), tell).await?;
    let (sha256, bytes) = (model.sha256.clone(), weights.clone());
    // Nothing waits for it.
    spawn_local(async move {
        let current =
            page.catalogue.with_untracked(|all| all.models.iter().map(|model| model.sha256.clone()).collect());
        keep(&sha256, &bytes, current).await;
    });
    Ok(weights)
}

/// Finds out which models are at hand without a connection.
pub fn look_for_kept(page: Page) {
    spawn_local(async move {
        let names = Array::from(&kept_names().await);
        page.kept.set(names.iter().filter_map(|name| name.as_string()).collect());
    });
}

async fn read_program(page: Page, engine: Engine) -> Result<(), String> {
    set_phase(page, engine, Phase::Starting);
    let program = crate::browser::read_program(&format!("worker-{}", parameter(engine)))
        .await
        .map_err(|thrown| message_of(&thrown))?;
    worker_control::keep_program(page, engine, program);
    Ok(())
}

/// The reports: the page classifies without them, and then says why nothing is claimed.
async fn read_reports(page: Page) {
    match read_json("weights/reports/index.json").await {
        Ok(reports) => page.reports.set(reports),
        Err(reason) => page.reports_missing.set(Some(reason)),
    }
}

/// The samples: the page classifies without them, and says why they are not there.
async fn read_samples(page: Page) {
    match samples().await {
        Ok((samples, files)) => {
            page.samples.set(samples);
            page.sample_files.set(files);
        }
        Err(reason) => page.samples_missing.set(Some(reason)),
    }
}

async fn samples() -> Result<(Samples, Vec<SampleFile>), String> {
    let samples: Samples = read_json("samples/samples.json").await?;
    let files = join_all(samples.slices.iter().map(async |sample| {
        let bytes = read(&format!("samples/{}", sample.file), |_| ()).await?;
        let file = File::new_with_u8_array_sequence(&Array::of1(&bytes), &sample.file);
        let file = file.map_err(|thrown| message_of(&thrown))?;
        // From memory: once the page is ready it asks its site for nothing, not even for a picture it has shown before.
        let address = Url::create_object_url_with_blob(&file).map_err(|thrown| message_of(&thrown))?;
        Ok(SampleFile { file, address, class: sample.class.clone() })
    }));
    let files = files.await.into_iter().collect::<Result<_, String>>()?;
    Ok((samples, files))
}

/// A parameter of the page's address.
pub fn parameter_of_address(name: &str) -> Option<String> {
    let search = window().location().search().ok()?;
    web_sys::UrlSearchParams::new_with_str(&search).ok()?.get(name)
}

async fn read(address: &str, progress: impl Fn(f64) + 'static) -> Result<Uint8Array, String> {
    let progress = Closure::<dyn Fn(f64)>::new(progress);
    let bytes = download(address, progress.as_ref().unchecked_ref()).await.map_err(|thrown| message_of(&thrown))?;
    Ok(Uint8Array::new(&bytes))
}

async fn read_text(address: &str) -> Result<String, String> {
    let bytes = read(address, |_| ()).await?.to_vec();
    String::from_utf8(bytes).map_err(|error| format!("cannot read {address}: {error}"))
}

async fn read_json<T: DeserializeOwned>(address: &str) -> Result<T, String> {
    parse(address, &read_text(address).await?)
}

fn parse<T: DeserializeOwned>(address: &str, text: &str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| format!("cannot read {address}: {error}"))
}

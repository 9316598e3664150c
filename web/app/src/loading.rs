//! Everything the page reads from its site, in one go: after that the network is closed.
//!
//! The model is read once for both workers. The processor's worker starts as soon as it and the model are here; the
//! larger WebGPU program follows where the browser can run it. When the last byte has come the document forbids
//! itself every connection, and what starts later inherits that.

use js_sys::{Array, Uint8Array, WebAssembly};
use leptos::prelude::*;
use protocol::Engine;
use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{File, Url};

use crate::browser::{allow_downloads, close_network, download, message_of, webgpu_obstacle};
use crate::catalogue::{Catalogue, Model, Samples};
use crate::choice::{Engines, Phase, parameter};
use crate::control::{self, set_phase};
use crate::model::{Download, Page, SampleFile};
use crate::report::{self, Report};

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
    let wanted = |engine| page.engines.with_untracked(|engines| *engines.phase(engine) == Phase::Awaited);
    let (cpu, mut webgpu) = (wanted(Engine::Cpu), wanted(Engine::WebGpu));
    if webgpu {
        let forced = page.engines.with_untracked(|engines| engines.forced.is_some());
        let obstacle = webgpu_obstacle(forced).await.as_string().unwrap_or_default();
        if !obstacle.is_empty() {
            set_phase(page, Engine::WebGpu, Phase::Absent(obstacle));
            webgpu = false;
        }
    }
    read_model(page).await?;
    read_reports(page).await;
    read_samples(page).await?;
    if cpu {
        read_program(page, Engine::Cpu).await?;
    }
    if cpu && webgpu {
        // The first answer should not wait for the larger program, so this worker still may connect to its own site;
        // its first lines take away the means to.
        control::start(page, Engine::Cpu);
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
        control::start(page, Engine::Cpu);
    }
    control::start(page, Engine::WebGpu);
    Ok(())
}

async fn read_model(page: Page) -> Result<(), String> {
    let text = read_text("weights/manifest.json").await?;
    let catalogue: Catalogue = parse("weights/manifest.json", &text)?;
    let model = catalogue.model().ok_or("weights/manifest.json names no model to use")?.clone();
    let total = model.bytes as f64;
    page.download.set(Download::Running { received: 0.0, total });
    let Model { id, file, .. } = model;
    let tell = move |received| page.download.set(Download::Running { received, total });
    let weights = read(&format!("weights/{file}"), tell).await?;
    page.control.update_value(|control| {
        control.catalogue = text;
        control.model = id;
        control.weights = Some(weights);
    });
    Ok(())
}

async fn read_program(page: Page, engine: Engine) -> Result<(), String> {
    set_phase(page, engine, Phase::Starting);
    let bytes = read(&format!("worker-{}/worker_bg.wasm", parameter(engine)), |_| ()).await?;
    let program = JsFuture::from(WebAssembly::compile(&bytes)).await.map_err(|thrown| message_of(&thrown))?;
    control::keep_program(page, engine, program);
    Ok(())
}

/// The reports: the page classifies without them, and then says that nothing is claimed.
async fn read_reports(page: Page) {
    let names: Vec<String> = read_json("weights/reports/index.json").await.unwrap_or_default();
    let mut reports = Vec::new();
    for name in names {
        let address = format!("weights/reports/{name}");
        // The folder holds reports of other kinds too, which have no figures to show.
        if let Ok(report) = read_json::<Report>(&address).await {
            reports.push((address, report));
        }
    }
    page.reports.set(report::in_order(reports));
}

async fn read_samples(page: Page) -> Result<(), String> {
    let samples: Samples = read_json("samples/samples.json").await?;
    let mut files = Vec::new();
    for sample in &samples.slices {
        let bytes = read(&format!("samples/{}", sample.file), |_| ()).await?;
        let file = File::new_with_u8_array_sequence(&Array::of1(&bytes), &sample.file);
        let file = file.map_err(|thrown| message_of(&thrown))?;
        // From memory: once the page is ready it asks its site for nothing, not even for a picture it has shown before.
        let address = Url::create_object_url_with_blob(&file).map_err(|thrown| message_of(&thrown))?;
        files.push(SampleFile { file, address, class: sample.class });
    }
    page.samples.set(samples);
    page.sample_files.set(files);
    Ok(())
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

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
use crate::contexts::{Download, EngineStatus, Models, ReportIndex, SampleFile, SampleSlices};
use crate::dispatcher::Dispatcher;
use crate::engine_selection::{Engines, Phase, parameter};
use crate::reducer::Event;

/// Where what is read goes.
#[derive(Clone, Copy)]
pub struct Site {
    status: EngineStatus,
    models: Models,
    reports: ReportIndex,
    samples: SampleSlices,
    dispatcher: Dispatcher,
}

impl Site {
    /// Those of the page.
    pub fn from_contexts() -> Self {
        Self {
            status: expect_context(),
            models: expect_context(),
            reports: expect_context(),
            samples: expect_context(),
            dispatcher: expect_context(),
        }
    }
}

/// Reads everything and starts the engines; what fails is shown with a way to try again.
pub fn load(site: Site) {
    allow_downloads();
    site.status.engines.update(|engines| *engines = Engines::new(engines.forced));
    site.models.download.set(Download::Running { received: 0.0, total: 0.0 });
    spawn_local(async move {
        match read_site(site).await {
            Ok(()) => site.models.download.set(Download::Done),
            Err(message) => site.models.download.set(Download::Failed(message)),
        }
    });
}

async fn read_site(site: Site) -> Result<(), String> {
    let cpu = is_awaited(site, Engine::Cpu);
    let engine = try_join(read_model(site), async { if cpu { read_program(site, Engine::Cpu).await } else { Ok(()) } });
    let (_, (webgpu, (), ())) =
        try_join(engine, join3(webgpu_can_run(site), read_reports(site), read_samples(site)).map(Ok)).await?;
    if cpu && webgpu {
        // The first answer should not wait for the larger program, so this worker still may connect to its own site;
        // its first lines take away the means to.
        site.dispatcher.dispatch(Event::ProgramRead(Engine::Cpu));
        site.models.download.set(Download::Done);
    }
    let program = if webgpu { read_program(site, Engine::WebGpu).await } else { Ok(()) };
    if let Err(message) = &program {
        if !cpu {
            return program;
        }
        site.status.set_phase(Engine::WebGpu, Phase::Absent(message.clone()));
    }
    close_network();
    if cpu && !webgpu {
        site.dispatcher.dispatch(Event::ProgramRead(Engine::Cpu));
    }
    if webgpu && program.is_ok() {
        site.dispatcher.dispatch(Event::ProgramRead(Engine::WebGpu));
    }
    Ok(())
}

fn is_awaited(site: Site, engine: Engine) -> bool {
    site.status.engines.with_untracked(|engines| *engines.phase(engine) == Phase::Awaited)
}

/// Whether WebGPU is wanted and can be had; where it can't, the reason is recorded.
async fn webgpu_can_run(site: Site) -> bool {
    if !is_awaited(site, Engine::WebGpu) {
        return false;
    }
    let forced = site.status.engines.with_untracked(|engines| engines.forced.is_some());
    let obstacle = webgpu_obstacle(forced).await.as_string().unwrap_or_default();
    if !obstacle.is_empty() {
        site.status.set_phase(Engine::WebGpu, Phase::Absent(obstacle));
        return false;
    }
    true
}

/// The catalogue, and the weights of the model that the address asks for.
async fn read_model(site: Site) -> Result<(), String> {
    let text = read_text("weights/manifest.json").await?;
    let catalogue: Catalogue = parse("weights/manifest.json", &text)?;
    site.dispatcher.equip(|workers| workers.keep_catalogue(text));
    site.models.catalogue.set(catalogue.clone());
    let model = catalogue.choose(parameter_of_address("model").as_deref())?.clone();
    site.models.chosen.set(Some(model.clone()));
    let weights = match kept_weights(&model).await {
        Some(weights) => weights,
        None => fetch_weights(site.models, &model).await?,
    };
    site.dispatcher.equip(|workers| workers.keep_model(model.id, weights));
    Ok(())
}

/// The weights of a model, if the browser has kept them.
pub async fn kept_weights(model: &Model) -> Option<Uint8Array> {
    kept(&model.sha256).await.dyn_into().ok()
}

async fn fetch_weights(models: Models, model: &Model) -> Result<Uint8Array, String> {
    let total = model.bytes as f64;
    models.download.set(Download::Running { received: 0.0, total });
    let tell = move |received| models.download.set(Download::Running { received, total });
    let weights = read(&format!("weights/{}", model.file), tell).await?;
    let (sha256, bytes) = (model.sha256.clone(), weights.clone());
    // Nothing waits for it.
    spawn_local(async move {
        let current =
            models.catalogue.with_untracked(|all| all.models.iter().map(|model| model.sha256.clone()).collect());
        keep(&sha256, &bytes, current).await;
    });
    Ok(weights)
}

/// Finds out which models are at hand without a connection.
pub fn look_for_kept(models: Models) {
    spawn_local(async move {
        let names = Array::from(&kept_names().await);
        models.kept.set(names.iter().filter_map(|name| name.as_string()).collect());
    });
}

async fn read_program(site: Site, engine: Engine) -> Result<(), String> {
    site.status.set_phase(engine, Phase::Starting);
    let program = crate::browser::read_program(&format!("worker-{}", parameter(engine)))
        .await
        .map_err(|thrown| message_of(&thrown))?;
    site.dispatcher.equip(|workers| workers.keep_program(engine, program));
    Ok(())
}

/// The reports: the page classifies without them, and then says why nothing is claimed.
async fn read_reports(site: Site) {
    match read_json("weights/reports/index.json").await {
        Ok(reports) => site.reports.entries.set(reports),
        Err(reason) => site.reports.missing.set(Some(reason)),
    }
}

/// The samples: the page classifies without them, and says why they are not there.
async fn read_samples(site: Site) {
    match samples().await {
        Ok((samples, files)) => {
            site.samples.origin.set(samples);
            site.samples.files.set(files);
        }
        Err(reason) => site.samples.missing.set(Some(reason)),
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

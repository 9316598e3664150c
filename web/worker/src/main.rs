//! A web worker around `imaging` and `classifier`: bytes of a file in, a verdict out.
//!
//! It runs beside the page, so that the page never stalls and a decoder or a graphics device that fails costs one
//! worker. It knows nothing of the page but the messages of `protocol`. The page has read every byte this program
//! needs, so it connects to nothing.

mod answer;
mod display;
mod model;
mod phantom;
mod scope;

use protocol::{Engine, Reply};

/// What this build computes on.
const ENGINE: Engine = if cfg!(feature = "webgpu") { Engine::WebGpu } else { Engine::Cpu };

fn main() {
    scope::report_panics();
    scope::listen(answer::answer);
    scope::post(&Reply::Started { engine: ENGINE }, None);
}

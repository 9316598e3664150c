// Sulcus: the page's own workers, spoken to in the page's own words (`web/protocol`).
import { startWorker } from "/app/browser.js";
import { readBytes } from "./slices.js";

/** Starts `threads` workers of a build; a series is dealt out to whichever is free. */
export async function start({ build, threads, size, prelude }) {
  const read = async (address) => new TextDecoder().decode(await readBytes(address));
  const [bytes, bootstrap, catalogue, weights] = await Promise.all([
    readBytes(`/worker-${build}/worker_bg.wasm`),
    read("/app/bootstrap.js"),
    read(`/made/${size}/manifest.json`),
    readBytes(`/made/${size}/xception.safetensors`),
  ]);
  const program = prelude ? `${await read(`/bench/${prelude}.js`)}\n${bootstrap}` : bootstrap;
  const module = await WebAssembly.compile(bytes);
  const workers = Array.from({ length: threads }, () => new SulcusWorker(build, program, module));
  const ready = await Promise.all(workers.map((worker) => worker.load(catalogue, weights)));
  return {
    about: { expand: ready[0] },
    classify: (slice) => workers[0].classify(slice),
    series: (slices) => deal(workers, slices),
  };
}

/** Every worker takes the next slice as soon as it has answered one. */
async function deal(workers, slices) {
  const answers = [];
  let next = 0;
  const work = async (worker) => {
    while (next < slices.length) {
      const index = next++;
      answers[index] = await worker.classify(slices[index]);
    }
  };
  await Promise.all(workers.map(work));
  return answers;
}

class SulcusWorker {
  #awaited = new Map();
  #asked = 0;
  #protocol;
  #steps = {};

  constructor(build, program, module) {
    this.started = new Promise((resolve, reject) => {
      this.#awaited.set("started", { resolve, reject });
    });
    const fail = (message) => this.#awaited.forEach(({ reject }) => reject(new Error(message)));
    const receive = (text) => this.#receive(JSON.parse(text), fail);
    this.worker = startWorker(program, { script: new URL(`/worker-${build}/worker.js`, document.baseURI).href, module }, receive, fail);
  }

  /** Gives it the model; the milliseconds it took to expand the weights. */
  async load(catalogue, weights) {
    await this.started;
    await this.#ask("ready", { load: { catalogue, model: "xception" } }, weights);
    return this.#steps.warming_up - this.#steps.preparing;
  }

  async classify({ file }) {
    const id = this.#asked++;
    const { probabilities } = await this.#ask(id, { classify: { id } }, file);
    return probabilities;
  }

  #ask(key, message, bytes) {
    const copy = bytes.slice().buffer;
    return new Promise((resolve, reject) => {
      this.#awaited.set(key, { resolve, reject });
      this.worker.postMessage([JSON.stringify({ protocol: this.#protocol, message }), copy], [copy]);
    });
  }

  #receive({ protocol, message }, fail) {
    this.#protocol = protocol;
    const [[kind, content]] = Object.entries(message);
    if (kind === "loading") this.#steps[content.step] = performance.now();
    else if (kind === "started" || kind === "ready") this.#awaited.get(kind).resolve(content);
    else if (kind === "prediction") this.#awaited.get(content.id).resolve(content);
    else if (kind === "failed" || kind === "engine_failed") fail(content.message);
  }
}

// What the page asks of the browser and what is shorter said in the browser's own language.

let stopping = new AbortController();

/** Reads a file of this site, calling `progress(received)` as it comes; rejects with an Error that says why. */
export async function download(url, progress) {
  const response = await ask(url);
  const parts = [];
  let received = 0;
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    received += value.length;
    progress(received);
  }
  const bytes = new Uint8Array(received);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Compiles a WebAssembly program of this site while it comes; the browser keeps what it compiled beside the file. */
async function compile(url) {
  const response = await ask(url);
  // Some servers call the file by another type than application/wasm, and then it can't be compiled as it comes.
  const streams = response.headers.get("content-type") === "application/wasm";
  return streams ? WebAssembly.compileStreaming(response) : WebAssembly.compile(await response.arrayBuffer());
}

/**
 * A worker's program: its compiled WebAssembly, and its JavaScript under an address within the browser, so that a worker
 * that starts later needs no connection.
 */
export async function readProgram(folder) {
  const javaScript = ask(`${folder}/worker.js`).then((response) => response.text());
  const [module, text] = await Promise.all([compile(`${folder}/worker_bg.wasm`), javaScript]);
  return { script: URL.createObjectURL(new Blob([text], { type: "text/javascript" })), module };
}

async function ask(url) {
  const { signal } = stopping;
  const response = await fetch(url, { signal }).catch((error) => {
    throw signal.aborted ? error : new Error(`cannot read ${url}: ${error.message}`);
  });
  if (!response.ok) throw new Error(`cannot read ${url}: the server answered ${response.status} ${response.statusText}`);
  return response;
}

const STORE = "sulcus-weights";

/** The weights file of this SHA-256 if the browser has kept it; one that was damaged since is thrown away. */
export async function kept(sha256) {
  try {
    const store = await caches.open(STORE);
    const bytes = await (await store.match(sha256))?.arrayBuffer();
    if (bytes && (await digest(bytes)) === sha256) return new Uint8Array(bytes);
    await store.delete(sha256);
  } catch {
    // No storage here, or none left: then the file is fetched, as it would be the first time.
  }
  return undefined;
}

/** Keeps a weights file under its SHA-256, and lets go of those that are not in `current`. */
export async function keep(sha256, bytes, current) {
  try {
    const store = await caches.open(STORE);
    const old = (await store.keys()).filter(({ url }) => !current.includes(url.split("/").at(-1)));
    await Promise.all(old.map((request) => store.delete(request)));
    await store.put(sha256, new Response(bytes));
  } catch {
    // As above: nothing depends on it.
  }
}

/** The SHA-256 of every weights file that the browser has kept. */
export async function keptNames() {
  try {
    const requests = await (await caches.open(STORE)).keys();
    return requests.map(({ url }) => url.split("/").at(-1));
  } catch {
    return [];
  }
}

async function digest(bytes) {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Stops the download that is under way and those to come. */
export function stopDownloads() {
  stopping.abort(new Error("loading was stopped"));
}

/** Lets downloads begin again. */
export function allowDownloads() {
  stopping = new AbortController();
}

/** Why WebGPU can't be used here, or an empty string where it can. Software adapters count only if `forced`. */
export async function webgpuObstacle(forced) {
  if (!navigator.gpu) return "this browser has no WebGPU";
  let adapter;
  try {
    adapter = await navigator.gpu.requestAdapter();
  } catch (error) {
    return `the browser refused an adapter: ${error.message}`;
  }
  if (!adapter) return "the browser offers no graphics adapter";
  if (!adapter.features.has("timestamp-query")) return "the graphics adapter lacks timestamp-query";
  const software = adapter.info?.isFallbackAdapter ?? adapter.isFallbackAdapter;
  if (software && !forced) return "the only graphics adapter is a software one";
  return "";
}

/** Forbids this document, and every worker started from now on, to fetch anything, its own site's files included. */
export function closeNetwork() {
  const policy = document.createElement("meta");
  policy.httpEquiv = "Content-Security-Policy";
  policy.content =
    "connect-src 'none'; img-src blob: data:; style-src 'none'; script-src blob: 'wasm-unsafe-eval'; worker-src blob:";
  document.head.append(policy);
}

/**
 * Starts a worker: `bootstrap` is the text that receives `script` (the whole address of the worker's JavaScript) and
 * `module` (its compiled WebAssembly). It runs from a blob, so that it inherits the document's policy.
 */
export function startWorker(bootstrap, { script, module }, onMessage, onError) {
  const url = URL.createObjectURL(new Blob([bootstrap], { type: "text/javascript" }));
  const worker = new Worker(url, { type: "module" });
  worker.onmessage = ({ data: [text, bytes] }) => onMessage(text, bytes);
  worker.onerror = (event) => {
    event.preventDefault();
    onError(event.message || "the worker could not be started");
  };
  worker.onmessageerror = () => onError("a message of the worker could not be read");
  worker.postMessage([script, module]);
  return worker;
}

/**
 * Hands slices from one page to another of this site in the same browser: a page that was opened from here asks, and
 * gets what `given` returns; where this page was opened so itself, it asks, and `receive` gets the answer.
 */
export function handOver(given, receive) {
  addEventListener("message", ({ origin, source, data }) => {
    if (origin !== location.origin) return;
    if (data === "slices?") source.postMessage({ slices: given() }, origin);
    else if (source === opener && data?.slices) receive(data.slices);
  });
  opener?.postMessage("slices?", location.origin);
}

/**
 * Every file of a drop, those in folders included, in the order of their paths; for what can't be read a pair of its name
 * and the reason.
 */
export async function droppedFiles(transfer) {
  // Both lists are emptied as soon as this function first waits.
  const items = [...transfer.items].filter(({ kind }) => kind === "file");
  const entries = items.map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile()).filter(Boolean);
  if (entries.length === 0) return [...transfer.files];
  return (await Promise.all(entries.map(filesUnder))).flat();
}

async function filesUnder(entry) {
  if (entry instanceof File) return [entry];
  try {
    if (entry.isFile) return [await new Promise((resolve, reject) => entry.file(resolve, reject))];
    const found = (await entriesOf(entry)).filter(({ name }) => !name.startsWith("."));
    found.sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));
    return (await Promise.all(found.map(filesUnder))).flat();
  } catch (error) {
    return [[entry.name, `the browser could not read it: ${error.message}`]];
  }
}

/** What lies in a folder; the browser gives it in parts. */
async function entriesOf(folder) {
  const reader = folder.createReader();
  const found = [];
  for (;;) {
    const part = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (part.length === 0) return found;
    found.push(...part);
  }
}

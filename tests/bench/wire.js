// Bytes that a visitor downloads, as they lie and as a server that compresses sends them.
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants } from "node:zlib";

const PACKAGES = fileURLToPath(new URL("node_modules/", import.meta.url));
const ORT = "onnxruntime-web/dist/ort-wasm-simd-threaded";
const TFJS = "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm";

/** WebAssembly of the other runtimes: what the benchmark's contenders load. */
const PEERS = [
  ["onnxruntime-web, CPU", `${ORT}.wasm`],
  ["onnxruntime-web, WebGPU", `${ORT}.asyncify.wasm`],
  ["TensorFlow.js, CPU", `${TFJS}-simd.wasm`],
  ["TensorFlow.js, CPU with threads", `${TFJS}-threaded-simd.wasm`],
];

/** `{ what, bytes, brotli }` of every program, and of the weights. */
export async function wire(options) {
  const workers = (await readdir(options.dist)).filter((name) => name.startsWith("worker-")).sort();
  const ours = workers.map((name) => [`Sulcus, ${name}`, join(options.dist, name, "worker_bg.wasm")]);
  const app = (await readdir(options.dist)).filter((name) => name.endsWith(".wasm"));
  const page = app.map((name) => ["Sulcus, page", join(options.dist, name)]);
  const peers = PEERS.map(([what, file]) => [what, join(PACKAGES, file)]);
  const all = [...ours, ...page, ["weights", options.weights], ...peers];
  return Promise.all(all.map(async ([what, file]) => ({ what, ...sizes(await readFile(file)) })));
}

/** As `cargo xtask build` compresses to print sizes. */
function sizes(bytes) {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_LGWIN]: 22 };
  return { bytes: bytes.length, brotli: brotliCompressSync(bytes, { params }).length };
}

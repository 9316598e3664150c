// TensorFlow.js: the network from its operations, the fused ones where it has them.
import { readBytes } from "./slices.js";
import { network } from "./network.js";
import { readTensors } from "./safetensors.js";

const FOLDER = "/packages/@tensorflow/";

export async function start({ engine, threads, size }) {
  await readScript("tfjs-core/dist/tf-core.min.js");
  await (engine === "cpu" ? useWasm(threads) : useWebGpu());
  const { tf } = window;
  const { tensors, manifest } = readTensors(await readBytes(`/made/${size}/xception.safetensors`));
  const graph = await (await fetch("/made/graph.json")).json();
  const infer = network(tf, graph, tensors, manifest.temperature ?? 1);
  const classify = async ({ pixels }) => {
    const answer = tf.tidy(() => infer(tf.tensor4d(pixels, [1, size, size, 1])));
    const probabilities = Array.from(await answer.data());
    answer.dispose();
    return probabilities;
  };
  const series = async (slices) => {
    const answers = [];
    for (const slice of slices) answers.push(await classify(slice));
    return answers;
  };
  return { about: {}, classify, series };
}

async function useWasm(threads) {
  await readScript("tfjs-backend-cpu/dist/tf-backend-cpu.min.js");
  await readScript("tfjs-backend-wasm/dist/tf-backend-wasm.min.js");
  const { tf } = window;
  tf.wasm.setWasmPaths(`${FOLDER}tfjs-backend-wasm/dist/`);
  tf.wasm.setThreadsCount(threads);
  // With one thread its build without threads is the quicker one.
  if (threads === 1) tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
  await use("wasm");
  if (!tf.env().get("WASM_HAS_SIMD_SUPPORT")) throw new Error("tfjs sees no SIMD here");
}

async function useWebGpu() {
  await readScript("tfjs-backend-cpu/dist/tf-backend-cpu.min.js");
  await readScript("tfjs-backend-webgpu/dist/tf-backend-webgpu.min.js");
  await use("webgpu");
}

async function use(backend) {
  if (!(await window.tf.setBackend(backend))) throw new Error(`tfjs has no backend ${backend} here`);
  await window.tf.ready();
}

/** Its packages are scripts that add to a global `tf`. */
function readScript(path) {
  const script = document.createElement("script");
  script.src = FOLDER + path;
  return new Promise((resolve, reject) => {
    script.onload = resolve;
    script.onerror = () => reject(new Error(`cannot read ${script.src}`));
    document.head.append(script);
  });
}

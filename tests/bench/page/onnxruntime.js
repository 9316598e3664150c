// onnxruntime-web: the ONNX file that `sulcus export` writes.
import { readBytes } from "./slices.js";

const FOLDER = "/packages/onnxruntime-web/dist/";

/** The build that its documents name for the engine: the smaller one for the processor. */
const BUILDS = { cpu: "ort.wasm.min.mjs", webgpu: "ort.webgpu.min.mjs" };
const PROVIDERS = { cpu: "wasm", webgpu: "webgpu" };

export async function start({ engine, threads, size }) {
  const ort = await import(FOLDER + BUILDS[engine]);
  ort.env.wasm.wasmPaths = FOLDER;
  ort.env.wasm.numThreads = threads;
  const session = await ort.InferenceSession.create(await readBytes(`/made/${size}/xception.onnx`), {
    executionProviders: [PROVIDERS[engine]],
    graphOptimizationLevel: "all",
    // A batch of known length lets it plan its buffers.
    freeDimensionOverrides: { batch: 1 },
  });
  const classify = async ({ pixels }) => {
    const image = new ort.Tensor("float32", pixels, [1, 1, size, size]);
    const { probabilities } = await session.run({ image }, ["probabilities"]);
    return Array.from(await probabilities.getData());
  };
  return { about: {}, classify, series: oneByOne(classify) };
}

function oneByOne(classify) {
  return async (slices) => {
    const answers = [];
    for (const slice of slices) answers.push(await classify(slice));
    return answers;
  };
}

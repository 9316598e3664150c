// Who takes part.

/** Everybody that this build of the page and this browser have, `only` those whose name contains one of these words. */
export async function contenders({ address, only }, adapter) {
  const present = await Promise.all(BUILDS.map(async (build) => (await isBuilt(address, build)) && build));
  const ours = present.filter(Boolean).flatMap(ofSulcus);
  const all = [...ours, ...PEERS].filter(({ engine }) => engine === "cpu" || adapter);
  return all.map(named).filter(({ name }) => only.length === 0 || only.some((word) => name.includes(word)));
}

/** The builds of `web/worker` that may lie in dist/. */
const BUILDS = ["cpu", "cpu-relaxed", "webgpu"];

const PEERS = [
  { runtime: "onnxruntime", engine: "cpu", threads: 1 },
  { runtime: "onnxruntime", engine: "cpu", threads: 2 },
  { runtime: "onnxruntime", engine: "webgpu", threads: 1 },
  { runtime: "tensorflow", engine: "cpu", threads: 1 },
  { runtime: "tensorflow", engine: "cpu", threads: 2 },
  { runtime: "tensorflow", engine: "webgpu", threads: 1 },
];

async function isBuilt(address, build) {
  return (await fetch(`${address}/worker-${build}/worker_bg.wasm`, { method: "HEAD" })).ok;
}

function ofSulcus(build) {
  const engine = build === "webgpu" ? "webgpu" : "cpu";
  const threads = engine === "cpu" ? [1, 2] : [1];
  return threads.map((count) => ({ runtime: "sulcus", build, engine, threads: count }));
}

const TITLES = { sulcus: "Sulcus", onnxruntime: "onnxruntime-web", tensorflow: "TensorFlow.js" };

function named(contender) {
  const { runtime, build, engine, threads } = contender;
  const relaxed = build === "cpu-relaxed";
  const name = [runtime, build ?? engine, ...(engine === "cpu" ? [threads] : [])].join("-");
  return { ...contender, name, title: TITLES[runtime] + (relaxed ? ", relaxed SIMD" : "") };
}

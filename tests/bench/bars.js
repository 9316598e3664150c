// The bars: what Sulcus is to reach, as ratios of times measured in one run.

/** `{ what, value, bar, met }` of every bar whose numbers were measured. */
export function bars(report) {
  const { rows, wire, visits, memory } = report;
  const software = report.machine.software_adapter ? "software " : "";
  const several = Math.max(...rows.map(({ slices }) => slices ?? 1));
  return [
    ratio("CPU, 1 thread, 1 slice: to onnxruntime-web", best(rows, "Sulcus", "cpu", 1, 1), best(rows, "onnx", "cpu", 1, 1), 0.85),
    ratio("CPU, 1 thread, 1 slice: to TensorFlow.js", best(rows, "Sulcus", "cpu", 1, 1), best(rows, "Tensor", "cpu", 1, 1), 1),
    ratio(
      `CPU, 2 threads, ${several} slices: to onnxruntime-web`,
      best(rows, "Sulcus", "cpu", 2, several),
      best(rows, "onnx", "cpu", 2, several),
      0.85,
    ),
    ...[1, several].map((slices) => {
      const better = quicker(best(rows, "onnx", "webgpu", 1, slices), best(rows, "Tensor", "webgpu", 1, slices));
      const what = `${software}WebGPU, ${slices} slice${slices > 1 ? "s" : ""}: to the better of the others`;
      return ratio(what, best(rows, "Sulcus", "webgpu", 1, slices), better, 0.4);
    }),
    ...downloads(wire),
    expanding(rows),
    firstVerdict(visits),
    ...holding(memory),
  ].filter(Boolean);
}

/** The quickest row of a contender whose title begins so: Sulcus has two builds for the processor. */
function best(rows, title, engine, threads, slices) {
  const fitting = rows.filter((row) => row.contender.startsWith(title) && row.engine === engine);
  return fitting.filter((row) => row.threads === threads && row.slices === slices).reduce(quicker, undefined);
}

function quicker(a, b) {
  return !a || (b && b.ms_median < a.ms_median) ? b : a;
}

function ratio(what, ours, theirs, bar) {
  if (!ours || !theirs) return undefined;
  const value = ours.ms_median / theirs.ms_median;
  return { what, value: value.toFixed(2), bar: `at most ${bar}`, met: value <= bar };
}

function atMost(what, value, bar, unit) {
  return { what, value: `${value.toFixed(2)} ${unit}`, bar: `at most ${bar} ${unit}`, met: value <= bar };
}

const DOWNLOADS = { "Sulcus, worker-cpu": 0.8, "Sulcus, worker-cpu-relaxed": 0.8, "Sulcus, worker-webgpu": 1.7, weights: 21 };

function downloads(wire) {
  const limited = wire.filter(({ what }) => what in DOWNLOADS);
  return limited.map(({ what, brotli }) => atMost(`download, ${what}`, brotli / 1e6, DOWNLOADS[what], "MB"));
}

function expanding(rows) {
  const row = rows.find(({ engine, expand_weights_ms: time }) => engine === "cpu" && time);
  return row && atMost("expanding the weights", row.expand_weights_ms, 150, "ms");
}

function firstVerdict(visits) {
  const warm = visits.find(({ engine, cache }) => engine === "cpu" && cache === "warm");
  if (!warm) return undefined;
  return atMost("first verdict after first paint, warm", (warm.verdict_ms - warm.first_paint_ms) / 1000, 1.5, "s");
}

/** Xception's folded kernels and biases as f32. */
const WEIGHTS_F32 = 83.3e6;

function holding(memory) {
  const ours = memory.filter(({ contender }) => /^sulcus-cpu.*-1$/.test(contender));
  return ours.flatMap(({ contender, peak_bytes: peak, wasm_bytes: early, wasm_bytes_after_1000: late }) => [
    atMost(`peak of memory, ${contender}`, peak / WEIGHTS_F32, 2.5, "times the f32 weights"),
    late && atMost(`growth over 1,000 slices, ${contender}`, 100 * (late / early - 1), 1, "%"),
  ]);
}

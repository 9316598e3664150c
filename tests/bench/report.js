// The report: what was measured, where, and how it stands beside the bars.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { cpus, platform, totalmem } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bars } from "./bars.js";
import { inMegabytes } from "./memory.js";
import { median, summary, tenths } from "./statistics.js";

const PACKAGES = fileURLToPath(new URL("node_modules/", import.meta.url));
const ENGINES = { cpu: "CPU", webgpu: "WebGPU" };

/** Machine, browser, versions and network: what the numbers hold for. */
export async function describe(options, browser, adapter) {
  const version = async (name) => JSON.parse(await readFile(join(PACKAGES, name, "package.json"), "utf8")).version;
  const [processor] = cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: {
      processor: processor.model.trim(),
      cores: cpus().length,
      memory_gb: Math.round(totalmem() / 2 ** 30),
      system: platform(),
      adapter: adapter?.name ?? "none",
      software_adapter: Boolean(adapter?.software),
    },
    browser: `Chromium ${browser.version()}`,
    versions: {
      sulcus: commit(),
      "onnxruntime-web": await version("onnxruntime-web"),
      "TensorFlow.js": await version("@tensorflow/tfjs-core"),
    },
    network: {
      architecture: "Xception",
      weights_sha256: createHash("sha256").update(await readFile(options.weights)).digest("hex"),
    },
    rounds: options.runs,
    command: "cargo xtask bench browser",
  };
}

/** The commit that was measured, with a plus where files differ from it. */
function commit() {
  try {
    const git = (...words) => execFileSync("git", words, { encoding: "utf8" }).trim();
    return git("rev-parse", "--short", "HEAD") + (git("status", "--porcelain", "--untracked-files=no") ? "+" : "");
  } catch {
    return "unknown"; // not a clone
  }
}

/** The report as it is written: a row a measurement, with the bars and their values. */
export function assemble({ facts, chosen, results, sizes, slices, memory, visits, wire }) {
  const rows = chosen.flatMap((contender) => rowsOf(contender, results.get(contender.name), sizes, slices));
  const report = { ...facts, rows, wire, visits, memory };
  return { ...report, bars: bars(report) };
}

function rowsOf({ name, title, engine, threads, build }, result, sizes, slices) {
  const about = { contender: title, name, engine, threads, size: sizes[engine] };
  if (result.failure) return [{ ...about, failure: result.failure }];
  const row = (count, times) => ({ ...about, slices: count, ...summary(times) });
  const start = { load_ms: tenths(median(result.loads)), first_ms: tenths(median(result.firsts)) };
  const own = build ? { expand_weights_ms: tenths(median(result.expands)) } : {};
  const one = { ...row(1, result.singles), ...start, ...own, largest_difference: result.apart };
  const series = row(slices, result.series);
  // One slice keeps one worker busy: the others only count in a series.
  return build && threads > 1 ? [series] : [one, series];
}

export async function write(path, report) {
  await writeFile(path, `${JSON.stringify(report, null, 2)}\n`);
  console.log(`wrote ${path}`);
}

/** The report as Markdown, as README has it. */
export function print(report) {
  const { machine, browser, rows, versions } = report;
  const { adapter, software_adapter: software } = machine;
  const graphics = `WebGPU on ${adapter}${software ? ", which is software" : ""}`;
  const against = `onnxruntime-web ${versions["onnxruntime-web"]}, TensorFlow.js ${versions["TensorFlow.js"]}`;
  console.log(`\n${browser}, ${machine.processor}, ${machine.cores} cores, ${graphics}; ${against}\n`);
  table(
    ["contender", "engine", "threads", "input", "slices", "median ms", "least", "spread", "n"],
    rows.map((row) => [row.contender, ENGINES[row.engine], row.threads, row.size, ...timesOf(row)]),
  );
  table(
    ["download", "bytes", "brotli"],
    report.wire.map(({ what, bytes, brotli }) => [what, inMegabytes(bytes), inMegabytes(brotli)]),
  );
  table(
    ["visit", "first paint", "engine ready", "first verdict"],
    report.visits.map((visit) => [
      `${ENGINES[visit.engine]}, ${visit.cache}`,
      ...["first_paint_ms", "ready_ms", "verdict_ms"].map((moment) => `${visit[moment]} ms`),
    ]),
  );
  printMemory(report.memory);
  const verdict = ({ met }) => (met ? "yes" : "no");
  table(["", "measured", "bar", "met"], report.bars.map((bar) => [bar.what, bar.value, bar.bar, verdict(bar)]));
}

/** What `measureMemory` found. */
export function printMemory(memory) {
  const late = memory.some((row) => row.wasm_bytes_after_1000);
  table(
    ["memory", "input", "held", "peak", "WebAssembly's part", ...(late ? ["that after 1,000 slices"] : [])],
    memory.map((row) => {
      const parts = [row.held_bytes, row.peak_bytes, row.wasm_bytes, ...(late ? [row.wasm_bytes_after_1000] : [])];
      return [row.contender, row.size, ...parts.map(inMegabytes)];
    }),
  );
}

function timesOf({ failure, slices, ms_median: middle, ms_min: least, ms_spread: spread, n }) {
  return failure ? ["", failure, "", "", ""] : [slices, middle, least, spread, n];
}

/** A table in Markdown; nothing where there are no rows. */
function table(head, rows) {
  if (rows.length === 0) return;
  const line = (cells) => console.log(`| ${cells.join(" | ")} |`);
  line(head);
  line(head.map(() => "---"));
  rows.forEach(line);
  console.log();
}

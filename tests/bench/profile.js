// Where the time goes: functions by their own time on the processor, kernels on WebGPU.
import { openPage } from "./rounds.js";

/** Slices that are watched. */
const WATCHED = { cpu: 8, webgpu: 2 };
const LISTED = 25;

/** Prints a list for every contender. */
export async function profile(browser, options, contenders, sizes) {
  for (const contender of contenders) {
    const { engine, name } = contender;
    const size = sizes[engine];
    const gpu = engine === "webgpu";
    const page = await openPage(browser, options, contender, size, gpu ? { prelude: "gpu-times" } : {});
    await page.evaluate((count) => window.prepare(count), options.slices);
    console.log(`\n${name}, ${size} x ${size}, milliseconds a slice`);
    const watch = gpu ? kernels : functions;
    const spent = await watch(browser, page, WATCHED[engine]);
    list(spent, WATCHED[engine]);
    if (gpu) await compareWithPeak(page, size, spent, WATCHED.webgpu);
    await page.context().close();
  }
}

function list(spent, slices) {
  const total = spent.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  const sorted = [...spent].sort((a, b) => b.milliseconds - a.milliseconds).slice(0, LISTED);
  for (const { what, milliseconds, times } of sorted) {
    const share = ((100 * milliseconds) / total).toFixed(1);
    const often = times ? `  ${times / slices} times` : "";
    console.log(`${(milliseconds / slices).toFixed(2).padStart(10)}  ${share.padStart(5)} %  ${what}${often}`);
  }
  console.log(`${(total / slices).toFixed(2).padStart(10)}  in all`);
}

/** The self time of every function of every thread, from Chromium's sampling profiler. */
async function functions(browser, page, slices) {
  await browser.startTracing(page, { categories: ["disabled-by-default-v8.cpu_profiler"] });
  await page.evaluate((count) => window.work(count), slices);
  const { traceEvents } = JSON.parse(await browser.stopTracing());
  const [names, times] = [new Map(), new Map()];
  for (const { pid, id, args } of traceEvents.filter(({ name }) => name === "ProfileChunk")) {
    const { cpuProfile = {}, timeDeltas = [] } = args.data;
    const key = (node) => `${pid} ${id} ${node}`;
    for (const { id: node, callFrame } of cpuProfile.nodes ?? []) names.set(key(node), callFrame.functionName);
    (cpuProfile.samples ?? []).forEach((node, index) => {
      const name = names.get(key(node)) || "(anonymous)";
      times.set(name, (times.get(name) ?? 0) + timeDeltas[index] / 1000);
    });
  }
  const waiting = ["(root)", "(idle)", "(program)"];
  return [...times].filter(([what]) => !waiting.includes(what)).map(([what, milliseconds]) => ({ what, milliseconds }));
}

/** The time of every kernel, from the timestamps of its dispatches. */
async function kernels(browser, page, slices) {
  await page.evaluate(() => window.watched(1));
  await page.evaluate((count) => window.work(count), slices);
  const [spent] = await page.evaluate(() => window.watched(1));
  return spent.map(({ kernel, dispatches, milliseconds }) => ({ what: kernel, times: dispatches, milliseconds }));
}

async function compareWithPeak(page, size, spent, slices) {
  const peak = await page.evaluate(() => import("./peak.js").then(({ peak }) => peak()));
  const seconds = spent.reduce((sum, { milliseconds }) => sum + milliseconds, 0) / slices / 1000;
  const reached = (2 * multiplications(size)) / seconds;
  const giga = (rate) => (rate / 1e9).toPrecision(3);
  console.log(`${giga(reached)} of ${giga(peak)} GFLOP/s measured on this adapter: ${((100 * reached) / peak).toFixed(1)} %`);
}

/** Multiply-adds of Xception's convolutions for one grey slice. */
export function multiplications(size) {
  const first = Math.floor((size - 3) / 2) + 1;
  let side = first - 2;
  const separable = (from, to) => side * side * from * (9 + to);
  let sum = first * first * 9 * 32 + side * side * 9 * 32 * 64;
  const strided = (from, middle, to) => {
    sum += separable(from, middle) + separable(middle, to);
    side = Math.ceil(side / 2);
    sum += side * side * from * to;
  };
  strided(64, 128, 128);
  strided(128, 256, 256);
  strided(256, 728, 728);
  sum += 8 * 3 * separable(728, 728);
  strided(728, 728, 1024);
  return sum + separable(1024, 1536) + separable(1536, 2048);
}

// Memory: what a contender's page holds once it is warm, whether that grows, and the most it ever held.
//
// The process tells, since the browser's own measure leaves out WebAssembly: its memory without the files that every
// process of the browser maps, less what a page takes that loads nothing. The WebAssembly memories are named beside it;
// they never shrink, and they show growth to the byte.
import { readFile } from "node:fs/promises";
import { openPage } from "./rounds.js";

const EARLY = 20;
const LATE = 1000;

/** `{ contender, size, held_bytes, peak_bytes, wasm_bytes }` of each; with `growing`, wasm bytes after many slices too. */
export async function measureMemory(browser, options, contenders, sizes, growing) {
  const empty = await memoryOfEmptyPage(browser, options);
  const rows = [];
  for (const contender of contenders) {
    const size = sizes[contender.engine];
    const page = await openPage(browser, options, contender, size, { prelude: "linear-memory" });
    await page.evaluate((count) => window.prepare(count), Math.min(options.slices, EARLY));
    await page.evaluate((count) => window.work(count), EARLY - 1);
    const { held, peak } = await memoryOfPage(browser, page);
    const row = { contender: contender.name, size, held_bytes: held - empty.held, peak_bytes: peak - empty.peak };
    row.wasm_bytes = await wasmBytes(page, contender);
    if (growing) {
      await page.evaluate((count) => window.work(count), LATE - EARLY);
      row.wasm_bytes_after_1000 = await wasmBytes(page, contender);
      row.held_bytes_after_1000 = (await memoryOfPage(browser, page)).held - empty.held;
    }
    rows.push(row);
    console.log(`  memory  ${contender.name}: ${inMegabytes(row.held_bytes)}`);
    await page.context().close();
  }
  return rows;
}

async function memoryOfEmptyPage(browser, { address }) {
  const page = await browser.newPage();
  await page.goto(`${address}/bench/`);
  const memory = await memoryOfPage(browser, page);
  await page.close();
  return memory;
}

async function wasmBytes(page, { runtime, threads }) {
  const programs = runtime === "sulcus" ? threads : 1;
  const answers = await page.evaluate((count) => window.watched(count), programs);
  return answers.reduce((sum, bytes) => sum + bytes, 0);
}

/** What the process of the only page with work to do has now, and the most it had, in bytes; Linux alone tells. */
async function memoryOfPage(browser, page) {
  const garbage = await page.context().newCDPSession(page);
  await garbage.send("HeapProfiler.collectGarbage");
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  await session.detach();
  const renderers = processInfo.filter(({ type }) => type === "renderer");
  const all = await Promise.all(renderers.map(({ id }) => memoryOf(id)));
  return all.reduce((most, one) => (one.held > most.held ? one : most), { held: 0, peak: 0 });
}

async function memoryOf(process) {
  const status = await readFile(`/proc/${process}/status`, "utf8").catch(() => "");
  const field = (name) => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1] ?? 0) * 1024;
  const files = field("RssFile");
  return { held: field("VmRSS") - files, peak: field("VmHWM") - files };
}

export const inMegabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

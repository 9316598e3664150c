// Memory: what a contender holds once it is warm, whether that grows, and the most that its process took.
import { readFile } from "node:fs/promises";
import { openPage } from "./rounds.js";

const EARLY = 20;
const LATE = 1000;

/** Bytes held after a few and after many slices, and the peak of the process, a row a contender. */
export async function measureMemory(browser, options, contenders, sizes, growing) {
  const rows = [];
  for (const contender of contenders) {
    const size = sizes[contender.engine];
    const page = await openPage(browser, options, contender, size);
    await page.evaluate((count) => window.prepare(count), Math.min(options.slices, EARLY));
    const held = async (count) => {
      await page.evaluate((count) => window.work(count), count);
      return page.evaluate(() => window.memory());
    };
    const early = await held(growing ? EARLY : 1);
    const late = growing ? await held(LATE - EARLY) : undefined;
    const row = { contender: contender.name, size, memory_bytes: early, ...(late && { after_1000_slices: late }) };
    rows.push({ ...row, peak_process_bytes: await peakOfRenderers(browser) });
    console.log(`  ${contender.name}: ${inMegabytes(early)}${late ? `, after ${LATE} slices ${inMegabytes(late)}` : ""}`);
    await page.context().close();
  }
  return rows;
}

/** The most that any process of a page has had in memory, the browser's own programs included; Linux alone tells. */
async function peakOfRenderers(browser) {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  await session.detach();
  const renderers = processInfo.filter(({ type }) => type === "renderer");
  const peaks = await Promise.all(renderers.map(({ id }) => peakOf(id)));
  return Math.max(0, ...peaks) || undefined;
}

async function peakOf(process) {
  const status = await readFile(`/proc/${process}/status`, "utf8").catch(() => "");
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
}

export const inMegabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

// Visits of the page itself: how long until something is seen, until an engine answers, and until the first verdict.
//
// Each visit clicks a sample as soon as there is one. Cold means a new profile of the browser; warm, one that has
// been here twice, so that files and compiled programs may lie in its caches. The server is on the same machine, so
// downloads cost next to nothing; the bytes stand in the report.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { launchOptions } from "./browser.js";
import { median } from "./statistics.js";

/** Long enough for software WebGPU. */
const PATIENCE = 600_000;
const MOMENTS = ["first_paint", "ready", "verdict"];

/** `{ engine, cache, n, first_paint_ms, ready_ms, verdict_ms }`: medians over `options.runs` profiles. */
export async function visitPage(options, flags, engine) {
  const visits = { cold: [], warm: [] };
  for (let run = 0; run < options.runs; run += 1) {
    const profile = await mkdtemp(join(tmpdir(), "sulcus-profile-"));
    visits.cold.push(await visit(options, flags, engine, profile));
    await visit(options, flags, engine, profile);
    visits.warm.push(await visit(options, flags, engine, profile));
    await rm(profile, { recursive: true, force: true });
  }
  return Object.entries(visits).map(([cache, seen]) => {
    const middle = (name) => Math.round(median(seen.map((one) => one[name])));
    const moments = MOMENTS.map((name) => [`${name}_ms`, middle(name)]);
    return { engine, cache, n: seen.length, ...Object.fromEntries(moments) };
  });
}

/** One visit, in a browser of its own that has this profile. */
async function visit({ address }, flags, engine, profile) {
  const context = await chromium.launchPersistentContext(profile, launchOptions(flags));
  try {
    const page = context.pages()[0] ?? (await context.newPage());
    page.setDefaultTimeout(PATIENCE);
    await page.addInitScript(watchWorkers);
    await page.goto(`${address}/?engine=${engine}`);
    await page.getByRole("button", { name: /^Sample: / }).first().click();
    await page.waitForFunction(() => window.moments.verdict);
    return await page.evaluate(() => ({
      ...window.moments,
      first_paint: performance.getEntriesByName("first-contentful-paint")[0].startTime,
    }));
  } finally {
    await context.close();
  }
}

/** Runs in the page before its own scripts: keeps when a worker was ready and when one first gave a verdict. */
function watchWorkers() {
  window.moments = {};
  window.Worker = class extends Worker {
    constructor(...given) {
      super(...given);
      this.addEventListener("message", ({ data: [text] }) => {
        const { ready, prediction } = JSON.parse(text).message;
        if (ready) window.moments.ready ??= performance.now();
        if (prediction) window.moments.verdict ??= performance.now();
      });
    }
  };
}

// The benchmark in a browser. `cargo xtask bench browser` builds and serves what it needs, then starts this.
import { openBrowser } from "./browser.js";
import { contenders } from "./contenders.js";
import { measureMemory } from "./memory.js";
import { classifyNatively, makeModel } from "./model.js";
import { readOptions } from "./options.js";
import { profile } from "./profile.js";
import { assemble, describe, print, printMemory, write } from "./report.js";
import { measure } from "./rounds.js";
import { makeSlices } from "./slices.js";
import { visitPage } from "./visits.js";
import { wire } from "./wire.js";

/** Side of the input where WebGPU runs in software, and 299 takes minutes. */
const SOFTWARE_SIZE = 96;

const options = readOptions();
const { browser, flags, adapter } = await openBrowser(options);
try {
  const chosen = await contenders(options, adapter);
  if (chosen.length === 0) throw new Error(`no contender has a name with ${options.only.join(" or ")} in it`);
  const sizes = { cpu: options.size, webgpu: adapter?.software ? Math.min(SOFTWARE_SIZE, options.size) : options.size };
  const engines = new Set(chosen.map(({ engine }) => engine));
  const answers = await prepare([...new Set([...engines].map((engine) => sizes[engine]))]);
  if (options.profile) await profile(browser, options, chosen, sizes);
  else if (options.memory) printMemory(await measureMemory(browser, options, chosen, sizes, true));
  else await compare(chosen, sizes, answers);
} finally {
  await browser.close();
}

/** Makes the model and the slices of every size, and asks `sulcus classify` for the answers. */
async function prepare(needed) {
  const answers = new Map();
  for (const size of needed) {
    console.log(`making the model and ${options.slices} slices of ${size} x ${size}`);
    await makeModel(options, size);
    await makeSlices(browser, options, size, options.slices);
    answers.set(size, await classifyNatively(options, size, options.slices));
  }
  return answers;
}

async function compare(chosen, sizes, answers) {
  const results = await measure(browser, options, chosen, { sizes, answers, slow: adapter?.software });
  const memory = await measureMemory(browser, options, chosen.filter(({ engine }) => engine === "cpu"), sizes, false);
  const complete = options.only.length === 0;
  const visits = complete ? await visitPage(options, flags, "cpu") : [];
  if (complete && adapter && !adapter.software) visits.push(...(await visitPage(options, flags, "webgpu")));
  const facts = await describe(options, browser, adapter);
  const found = { facts, chosen, results, sizes, slices: options.slices, memory, visits, wire: await wire(options) };
  const report = assemble(found);
  print(report);
  if (options.json) await write(options.json, report);
  if ([...results.values()].some(({ failure }) => failure)) process.exitCode = 1;
}

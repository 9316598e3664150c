// The rounds: in each, every contender has a page of its own, loads, warms up, and is then timed.
//
// Every second round goes through them the other way round, so that a machine that gets slower or quicker meanwhile
// favours nobody.

/** Answers before the first that is timed: what is compiled on demand is compiled then. */
const WARM_UP = 2;
/** Single slices that are timed in a round. */
const SINGLES = 5;
/** The same where a slice takes seconds. */
const SLOW = { warmUp: 0, singles: 2 };
/** How far probabilities may lie from those of `sulcus classify`. */
const TOLERANCE = 1e-3;

/**
 * Times of every contender by name: `{ singles, series, loads, firsts, expands, apart }`, or `{ failure }`.
 * `sizes` says at which size an engine runs, `answers` what `sulcus classify` says of the slices of a size.
 */
export async function measure(browser, options, contenders, { sizes, answers, slow }) {
  const results = new Map(contenders.map(({ name }) => [name, { singles: [], series: [], loads: [], firsts: [], expands: [], apart: 0 }]));
  for (let round = 0; round < options.runs; round += 1) {
    const order = round % 2 ? [...contenders].reverse() : contenders;
    for (const contender of order) {
      const result = results.get(contender.name);
      if (result.failure) continue;
      const size = sizes[contender.engine];
      const visit = { size, slices: options.slices, slow: contender.engine === "webgpu" && slow };
      try {
        await measureOnce(browser, options, contender, visit, answers.get(size), result);
        console.log(`  round ${round + 1}  ${contender.name}: ${result.singles.slice(-SINGLES).map(Math.round).join(" ")} ms`);
      } catch (error) {
        result.failure = error.message.split("\n")[0];
        console.log(`  round ${round + 1}  ${contender.name}: failed: ${result.failure}`);
      }
    }
  }
  return results;
}

async function measureOnce(browser, options, contender, visit, answers, result) {
  const page = await openPage(browser, options, contender, visit.size);
  try {
    const { load, first, about } = await page.evaluate((count) => window.prepare(count), visit.slices);
    result.loads.push(load);
    result.firsts.push(first);
    if (about.expand) result.expands.push(about.expand);
    const check = (found, expected) => (result.apart = Math.max(result.apart, distance(found, expected)));
    const { warmUp, singles } = visit.slow ? SLOW : { warmUp: WARM_UP, singles: SINGLES };
    for (let run = -warmUp; run < singles; run += 1) {
      const index = Math.max(run, 0) % visit.slices;
      const { milliseconds, probabilities } = await page.evaluate((index) => window.classify(index), index);
      check(probabilities, [answers[index]]);
      if (run >= 0) result.singles.push(milliseconds);
    }
    const { milliseconds, probabilities } = await page.evaluate(() => window.series());
    check(probabilities, answers);
    result.series.push(milliseconds);
  } finally {
    await page.context().close();
  }
}

/** A page of a context of its own: nothing that another contender left is in its memory or its caches. */
export async function openPage(browser, { address }, contender, size, more = {}) {
  const context = await browser.newContext();
  const page = await context.newPage();
  const { runtime, build, engine, threads } = contender;
  const query = new URLSearchParams({ runtime, engine, threads, size, ...(build && { build }), ...more });
  await page.goto(`${address}/bench/?${query}`);
  await page.waitForFunction(() => document.title === "ready");
  return page;
}

/** The largest difference of probabilities. Throws where a class is another, or the difference is too large. */
export function distance(found, expected) {
  const best = (values) => values.indexOf(Math.max(...values));
  let largest = 0;
  expected.forEach((wanted, index) => {
    const given = found[index];
    const apart = Math.max(...wanted.map((value, place) => Math.abs(value - given[place])));
    if (best(wanted) !== best(given) || !(apart <= TOLERANCE)) {
      throw new Error(`slice ${index} got ${given.map((value) => value.toFixed(4))}, sulcus classify says ${wanted}`);
    }
    largest = Math.max(largest, apart);
  });
  return largest;
}

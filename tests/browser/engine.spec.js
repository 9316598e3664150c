// Which engine answers, what is said while it loads, and what when it can't.
import { ANSWERED, ON_CPU, SLOW, expect, test } from "./page.js";
import { pngFile } from "./scans.js";

const NAMES = { cpu: "CPU", webgpu: "WebGPU" };
/** Why the page does not use WebGPU by itself in each project. */
const OBSTACLES = {
  cpu: "the browser offers no graphics adapter",
  webgpu: "the only graphics adapter is a software one",
};

test("the engine that the address asks for answers, named with its time", async ({ sulcus }, { project }) => {
  const other = project.name === "cpu" ? "webgpu" : "cpu";
  await sulcus.add([pngFile("ellipse.png")]);
  await sulcus.finished();
  expect(await sulcus.prediction(sulcus.rows.first())).toMatchObject({ engine: project.name });
  await expect(sulcus.foot).toContainText(new RegExp(`[\\d.]+ (ms|s), ${NAMES[project.name]}`));
  await expect(sulcus.banner).toContainText(NAMES[project.name]);
  expect(sulcus.requests.filter((url) => url.includes(`worker-${project.name}/`))).not.toEqual([]);
  expect(sulcus.requests.filter((url) => url.includes(`worker-${other}/`))).toEqual([]);
});

test("where WebGPU would not help the processor answers, and the page says why", async ({ fresh }, { project }) => {
  test.setTimeout(SLOW);
  await fresh.open();
  await fresh.ready();
  await expect(fresh.banner).toContainText(`no WebGPU: ${OBSTACLES[project.name]}`);
  await fresh.add([pngFile("ellipse.png")]);
  await fresh.finished();
  expect(await fresh.prediction(fresh.rows.first())).toMatchObject({ engine: "cpu" });
  await expect(fresh.foot).toContainText(/[\d.]+ (ms|s), CPU/);
});

// In the other project WebGPU can be had.
test("an engine that can't be had is no reason to be silent", ON_CPU, async ({ fresh }) => {
  await fresh.open("?engine=webgpu");
  const alert = fresh.page.getByRole("alert");
  await expect(alert).toContainText("Nothing can be classified yet.");
  await expect(alert).toContainText(`WebGPU: ${OBSTACLES.cpu}`);
  await expect(alert).toContainText("switched off by ?engine=webgpu");
});

test("loading says how much is done, can be stopped and taken up again", async ({ fresh }) => {
  test.setTimeout(SLOW);
  let arrive;
  const held = new Promise((resolve) => (arrive = resolve));
  await fresh.page.route(/\.safetensors$/, (route) => held.then(() => route.continue()), { times: 1 });
  await fresh.open("?engine=cpu");
  await expect(fresh.page.getByText(/^Loading the model: 0\.0 MB of \d+\.\d MB \(0 %\)$/)).toBeVisible();
  await fresh.button("Stop").click();
  await expect(fresh.page.getByRole("alert")).toContainText(/stopped/i);
  arrive();
  await fresh.button("Try again").click();
  await fresh.ready();
});

test("a model that does not arrive is named with the reason, and can be asked for again", async ({ fresh }) => {
  test.setTimeout(SLOW);
  await fresh.page.route(/\.safetensors$/, (route) => route.fulfill({ status: 503 }), { times: 1 });
  await fresh.open("?engine=cpu");
  await expect(fresh.page.getByRole("alert")).toContainText(/weights\/.+\.safetensors: the server answered 503/i);
  // Chromium itself writes down that a file could not be had; nothing else may have been written.
  expect(fresh.troubles.splice(0)).toEqual([expect.stringContaining("503")]);
  await fresh.button("Try again").click();
  await fresh.ready();
});

test("a model that is not the one of the catalogue is refused", async ({ fresh }) => {
  await fresh.page.route(/\.safetensors$/, async (route) => {
    const response = await route.fetch();
    const body = await response.body();
    body[body.length - 1] ^= 1;
    await route.fulfill({ response, body });
  });
  await fresh.open("?engine=cpu");
  await expect(fresh.page.getByRole("alert")).toContainText(/SHA-256|checksum/i);
  await expect(fresh.button("Try again")).toBeVisible();
});

// Software WebGPU takes half a minute a slice.
test("a worker that stops is replaced, and every other slice is answered", ON_CPU, async ({ fresh }) => {
  test.setTimeout(SLOW);
  await fresh.open("?engine=cpu");
  await fresh.ready();
  await fresh.add(Array.from({ length: 12 }, (_, number) => pngFile(`${number}.png`)));
  await expect(fresh.rows.filter({ hasText: ANSWERED })).not.toHaveCount(0);
  const before = await fresh.page.evaluate(() => {
    window.workers[0].dispatchEvent(new ErrorEvent("error", { message: "made to stop" }));
    return window.workers.length;
  });
  await fresh.finished();
  const failed = fresh.rows.filter({ hasText: "engine failed: the CPU engine stopped while it had this file" });
  await expect(failed).toHaveCount(1);
  await expect(fresh.rows.filter({ hasText: ANSWERED })).toHaveCount(11);
  expect(await fresh.page.evaluate(() => window.workers.length)).toBeGreaterThanOrEqual(before);
  await fresh.button("Try 1 slice again").click();
  await fresh.finished();
  await expect(fresh.rows.filter({ hasText: ANSWERED })).toHaveCount(12);
});

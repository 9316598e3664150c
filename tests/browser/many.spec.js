// Fifty files at once, and the way out of a long queue.
import { ANSWERED, ON_CPU, SLOW, expect, test } from "./page.js";
import { brokenOff, declaredPng, emptyFile, pngFile, textAsPng } from "./scans.js";

const SOUND = { cpu: 25, webgpu: 3 };

/** Fifty files. Software WebGPU is slow, so there most of them are mistakes, which cost nothing. */
function fifty(engine) {
  const sound = SOUND[engine];
  const mistakes = [textAsPng, emptyFile, (name) => declaredPng(name, 9000, 10), (name) => brokenOff(name, JPEG, 4)];
  return Array.from({ length: 50 }, (_, index) => {
    const name = `${String(index + 1).padStart(2, "0")}.png`;
    return index < sound - 1 || index === 49 ? pngFile(name) : mistakes[index % mistakes.length](name);
  });
}

const JPEG = Buffer.from([0xff, 0xd8, 0xff, 0xe0]);

test("fifty files at once are all answered or listed with the reason", async ({ sulcus }, { project }) => {
  test.setTimeout(SLOW);
  const files = fifty(project.name);
  await sulcus.add(files);
  await sulcus.finished();
  const lines = await sulcus.rows.allTextContents();
  expect(lines).toHaveLength(50);
  lines.forEach((line, index) => expect(line).toContain(files[index].name));
  const answered = lines.filter((line) => ANSWERED.test(line));
  const listed = lines.filter((line) => /unreadable: .{10}/.test(line));
  expect(answered).toHaveLength(SOUND[project.name]);
  expect(answered.length + listed.length).toBe(50);
  await expect(sulcus.spoken).toContainText("All 50 slices done");
});

test("while it works the page says how far it is and answers the hand", async ({ sulcus }, { project }) => {
  await sulcus.add(fifty(project.name));
  await expect(sulcus.progress).toBeVisible();
  await expect(sulcus.page.getByText(/^\d+ of 50$/)).toBeVisible();

  const last = sulcus.row("50.png");
  await last.click();
  await expect(last).toHaveAttribute("aria-selected", "true");
  await expect(sulcus.progress).toBeVisible();
});

// From here on it is about the queue, which is the page's own, whatever the engine.

test("the slice that is looked at is answered before those that stand above it", ON_CPU, async ({ sulcus }) => {
  await sulcus.add(fifty("cpu"));
  await sulcus.page.keyboard.press("End");
  await sulcus.finished();
  const ids = await sulcus.rows.evaluateAll((rows) => rows.map((row) => Number(row.id.replace(/\D/g, ""))));
  const order = await sulcus.page.evaluate(() => [...window.predictions.keys()]);
  const answered = order.filter((id) => ids.includes(id));
  expect(answered.indexOf(ids.at(-1))).toBeLessThan(answered.length - 1);
});

test("cancelling keeps what is answered, and the rest can be taken up again", ON_CPU, async ({ sulcus }) => {
  await sulcus.add(Array.from({ length: 40 }, (_, index) => pngFile(`${index}.png`)));
  await expect(sulcus.row("0.png")).toContainText(ANSWERED);
  await sulcus.button("Cancel").click();
  await sulcus.finished();
  const cancelled = sulcus.rows.filter({ hasText: "cancelled" });
  const count = await cancelled.count();
  expect(count).toBeGreaterThan(0);
  await expect(sulcus.rows.filter({ hasText: ANSWERED })).toHaveCount(40 - count);

  const next = await cancelled.first().getAttribute("id");
  await sulcus.button(`Try ${count === 1 ? "1 slice" : `${count} slices`} again`).click();
  await expect(cancelled).toHaveCount(0);
  await expect(sulcus.page.locator(`#${next}`)).toContainText(ANSWERED);
});

test("every core has a slice of a long list, and no worker is started anew for it", ON_CPU, async ({ sulcus }) => {
  const cores = await sulcus.page.evaluate(() => navigator.hardwareConcurrency);
  const workers = sulcus.page.workers().length;
  expect(workers).toBe(Math.min(cores, 4));
  await sulcus.add(Array.from({ length: 24 }, (_, index) => pngFile(`${index}.png`)));
  await expect(sulcus.rows.filter({ hasText: "working" })).toHaveCount(workers);
  await sulcus.finished();
  await expect(sulcus.rows.filter({ hasText: ANSWERED })).toHaveCount(24);
  expect(sulcus.page.workers()).toHaveLength(workers);
});

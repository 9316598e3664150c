// The page never claims more than it can: the notice is always in view, and every figure comes from a report.
import { expect, test } from "./page.js";
import { pngFile, textAsPng } from "./scans.js";

const SIZES = [{ width: 1280, height: 720 }, { width: 390, height: 844 }];

/** The whole notice lies in the window, and no dialog over it. */
async function expectNotice({ page, notice }, state) {
  for (const size of SIZES) {
    await page.setViewportSize(size);
    const said = `${state}, ${size.width} px wide`;
    await expect.soft(notice, said).toBeInViewport({ ratio: 1 });
    const dialog = page.getByRole("dialog");
    if (!(await dialog.count())) continue;
    const [over, under] = [await dialog.boundingBox(), await notice.boundingBox()];
    expect.soft(over.y + over.height, `${said}: lower edge of the dialog`).toBeLessThanOrEqual(under.y);
  }
}

test("the notice is in view while the model loads and where it can't be had", async ({ fresh }) => {
  let refuse;
  const held = new Promise((resolve) => (refuse = resolve));
  await fresh.page.route(/\.safetensors$/, (route) => held.then(() => route.fulfill({ status: 503 })));
  await fresh.open();
  await expect(fresh.page.getByText(/^Loading the model/)).toBeVisible();
  await expectNotice(fresh, "loading");
  refuse();
  await expect(fresh.page.getByRole("alert")).toBeVisible();
  await expectNotice(fresh, "failed");
  fresh.troubles.length = 0;
});

test("the notice is in view whether the list is empty, worked on, answered or refused", async ({ sulcus }) => {
  await expectNotice(sulcus, "empty");
  await sulcus.add([textAsPng("letter.png"), pngFile("a.png"), pngFile("b.png")]);
  await expectNotice(sulcus, "working");
  await sulcus.finished();
  await expectNotice(sulcus, "refused");
  await sulcus.page.keyboard.press("End");
  await expectNotice(sulcus, "answered");
  await sulcus.button("Enlarge").click();
  await expectNotice(sulcus, "enlarged");
});

test("the notice is in view beside every dialog", async ({ sulcus }) => {
  for (const opener of ["Tests and figures", "How to check", "Keys"]) {
    await sulcus.button(opener).click();
    await expect(sulcus.page.getByRole("dialog")).toBeVisible();
    await expectNotice(sulcus, opener);
    await sulcus.page.keyboard.press("Escape");
    await expect(sulcus.page.getByRole("dialog")).toBeHidden();
  }
});

test("no state speaks of a diagnosis", async ({ sulcus }) => {
  await sulcus.add([pngFile("a.png")]);
  await sulcus.finished();
  await expect(sulcus.page.locator("body")).not.toContainText(/diagnos/i);
});

/** The evaluation reports as the site serves them, by protocol. */
async function reports(request) {
  const names = await (await request.get("weights/reports/index.json")).json();
  const all = await Promise.all(names.map(async (name) => (await request.get(`weights/reports/${name}`)).json()));
  const evaluations = all.map((report, index) => ({ ...report, address: `weights/reports/${names[index]}` }));
  return Object.fromEntries(evaluations.filter((report) => report.protocol).map((report) => [report.protocol, report]));
}

const percent = (share) => `${(100 * share).toFixed(2)} %`;

test("the leaky and the honest figure stand side by side, as their reports have them", async ({ sulcus, request }) => {
  const { grouped, official } = await reports(request);
  expect([grouped.leaky, official.leaky]).toEqual([false, true]);
  await sulcus.button("Tests and figures").click();
  const cards = sulcus.page.getByRole("dialog", { name: "How good is this?" }).getByRole("article");
  const expected = [["Patients held out", grouped], ["Official Testing part (leaky)", official]];
  await expect(cards).toHaveCount(expected.length);
  for (const [index, [title, report]] of expected.entries()) {
    const card = cards.nth(index);
    await expect(card.getByRole("heading", { name: title, exact: true })).toBeVisible();
    const figure = card.getByRole("link", { name: percent(report.accuracy) });
    await expect(figure).toHaveAttribute("href", report.address);
    const [low, high] = report.accuracy_ci95.map(percent);
    const line = `n = ${report.n}, 95 % interval ${low} to ${high}, macro-F1 ${report.macro_f1.toFixed(4)}`;
    await expect(card.getByText(line)).toBeVisible();
    await expect(card).toContainText(report.weights_sha256.slice(0, 16));
    const cells = (await card.getByRole("row").allTextContents()).join("\n");
    for (const count of report.confusion.flat()) expect(cells).toContain(String(count));
  }
  const [left, right] = [await cards.first().boundingBox(), await cards.last().boundingBox()];
  expect(right.x).toBeGreaterThan(left.x + left.width - 1);
  expect(right.y).toBe(left.y);
});

test("the figure beside the verdict is the honest one", async ({ sulcus, request }) => {
  const { grouped } = await reports(request);
  const link = sulcus.verdict.getByRole("link", { name: percent(grouped.accuracy) });
  await expect(link).toHaveAttribute("href", grouped.address);
  await expect(sulcus.verdict).toContainText(`of ${grouped.n} slices of patients it has not seen`);
});

test("the honest figure is that of the model that answers, named by its checksum", async ({ sulcus, request }) => {
  const { models } = await (await request.get("weights/manifest.json")).json();
  const used = models.find((model) => model.default);
  const { grouped } = await reports(request);
  expect(grouped.weights_sha256).toBe(used.sha256);
  await expect(sulcus.banner).toContainText(`${used.title} (${used.sha256.slice(0, 8)})`);
});

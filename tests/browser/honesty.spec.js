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

/** The catalogue's model that answers, and the reports as the site serves them. */
async function site(request) {
  const { models } = await (await request.get("weights/manifest.json")).json();
  const index = await (await request.get("weights/reports/index.json")).json();
  const read = async ({ address }) => ({ ...(await (await request.get(address)).json()), address });
  const used = models.find((model) => model.default);
  const reports = await Promise.all(index.map(read));
  const ofNetwork = reports.filter(({ architecture }) => architecture === used.architecture);
  const tests = ofNetwork.filter(({ kind }) => kind === "evaluation");
  const own = ({ weights_sha256 }) => weights_sha256 === used.sha256;
  return {
    used,
    tests,
    folds: ofNetwork.filter(({ kind }) => kind === "folds"),
    honest: tests.find((report) => own(report) && report.leaky === false),
    leaky: tests.find((report) => report.leaky),
    calibration: reports.find((report) => report.kind === "calibration" && own(report)),
  };
}

const percent = (share) => `${(100 * share).toFixed(2)} %`;
const count = (n) => n.toLocaleString("en");

async function openEvidence(sulcus) {
  await sulcus.button("Tests and figures").click();
  return sulcus.page.getByRole("dialog", { name: "How good is this?" });
}

test("the leaky and the honest figure stand side by side, as their reports have them", async ({ sulcus, request }) => {
  const { tests, used } = await site(request);
  const dialog = await openEvidence(sulcus);
  const cards = dialog.getByRole("group").filter({ hasText: used.sha256.slice(0, 8) }).getByRole("article");
  for (const report of tests) {
    const card = cards.filter({ hasText: report.weights_sha256.slice(0, 16) }).filter({ hasText: percent(report.accuracy) });
    await expect(card).toHaveCount(1);
    await expect(card.getByRole("heading")).toContainText(report.leaky ? "(leaky)" : "Patients held out");
    await expect(card.getByRole("link", { name: percent(report.accuracy) })).toHaveAttribute("href", report.address);
    const [low, high] = report.accuracy_ci95.map(percent);
    await expect(card).toContainText(`95 % interval ${low} to ${high}`);
    await expect(card).toContainText(`n = ${count(report.n)} slices in ${report.clusters} groups`);
    await expect(card).toContainText(`macro-F1 ${report.macro_f1.toFixed(4)}`);
    const { test_with_twin_in_train: twins, test_with_patient_in_train: patients } = report.leakage;
    const shared = (n) => (n ? `${count(n)} of ${count(report.n)}` : "none");
    await expect(card).toContainText(`a copy in training: ${shared(twins)}; with a patient in training: ${shared(patients)}`);
  }
  await sulcus.page.setViewportSize({ width: 1280, height: 720 });
  const [left, right] = [await cards.nth(0).boundingBox(), await cards.nth(1).boundingBox()];
  expect(right.x).toBeGreaterThan(left.x + left.width - 1);
  expect(right.y).toBe(left.y);
});

test("a report on other scans says that leakage is not known, and one that can't be read is listed with the reason", async ({
  fresh,
  request,
}) => {
  const { honest } = await site(request);
  const index = await (await request.get("weights/reports/index.json")).json();
  const content = index.find(({ address }) => address === honest.address).content;
  const { macro_f1: _, ...cut } = content;
  const added = [
    { address: "weights/reports/elsewhere.json", content: { ...content, leaky: null, leakage: null, accuracy: 0.4321 } },
    { address: "weights/reports/cut.json", content: cut },
    { address: "weights/reports/newer.json", content: { ...content, kind: "throughput" } },
  ];
  await fresh.page.route("**/weights/reports/index.json", (route) => route.fulfill({ json: [...index, ...added] }));
  await fresh.open();
  await fresh.ready();
  const dialog = await openEvidence(fresh);
  const card = dialog.getByRole("article").filter({ hasText: "43.21 %" });
  await expect(card.getByRole("heading")).toHaveText("Other scans (leakage not known)");
  await expect(card).toContainText("Nothing is known of what the test slices share with training.");
  const line = (name) => dialog.getByRole("listitem").filter({ has: fresh.page.getByRole("link", { name }) });
  await expect(line("cut.json")).toContainText("missing field `macro_f1`");
  await expect(line("newer.json")).toContainText("\"throughput\" is no kind of report that is known here");
  await expect(fresh.verdict.getByRole("link", { name: percent(honest.accuracy) })).toHaveAttribute("href", honest.address);
});

test("where the reports can't be had the page says why it claims nothing", async ({ fresh }) => {
  await fresh.page.route("**/weights/reports/index.json", (route) => route.fulfill({ body: "<html>" }));
  await fresh.open();
  await fresh.ready();
  const dialog = await openEvidence(fresh);
  await expect(dialog.getByRole("status")).toContainText("nothing is claimed. cannot read weights/reports/index.json");
});

test("several folds are one card, with a line a fold", async ({ sulcus, request }) => {
  const { folds } = await site(request);
  const dialog = await openEvidence(sulcus);
  for (const report of folds) {
    const card = dialog.getByRole("article").filter({ has: sulcus.page.locator(`a[href="${report.address}"]`) });
    await expect(card.getByRole("heading")).toHaveText(`${report.folds.length} folds, patients held out`);
    await expect(card).toContainText(`recipe ${report.recipe.name}`);
    await expect(card).toContainText(`Mean of the folds ${percent(report.accuracy_over_folds.mean)}`);
    const lines = card.getByRole("group", { name: "Folds" }).getByRole("row");
    for (const [index, { n, accuracy }] of report.folds.entries()) {
      await expect(lines.nth(index + 1)).toContainText(`${count(n)}${percent(accuracy)}`);
    }
    const matrix = card.getByRole("group", { name: "Confusion matrix" }).getByRole("columnheader");
    await expect(matrix).toHaveCount(report.classes.length + 1);
    const only = card.getByText("Only these classes were in it: glioma, meningioma, pituitary tumour.");
    await expect(only).toHaveCount(report.classes.length === 3 ? 1 : 0);
  }
});

test("both figures of a network stand in one line of the first table", async ({ sulcus, request }) => {
  const { used, honest, leaky } = await site(request);
  const dialog = await openEvidence(sulcus);
  const row = dialog.getByRole("row").filter({ has: sulcus.page.getByRole("rowheader", { name: used.title, exact: true }) });
  const links = row.first().getByRole("link");
  await expect(links).toHaveText([percent(honest.accuracy), percent(leaky.accuracy)]);
});

test("a confusion matrix can be read cell by cell, with recall and precision", async ({ sulcus, request }) => {
  const { honest } = await site(request);
  const dialog = await openEvidence(sulcus);
  const card = dialog.getByRole("article").filter({ hasText: "Patients held out" }).first();
  const table = card.getByRole("group", { name: "Confusion matrix" }).getByRole("row");
  for (const [index, { recall }] of honest.per_class.entries()) {
    const cells = table.nth(index + 1).getByRole("cell");
    await expect(cells).toHaveText([...honest.confusion[index].map(count), percent(recall)]);
  }
  const precisions = honest.per_class.map(({ precision }) => percent(precision));
  await expect(table.nth(5).getByRole("cell")).toHaveText([...precisions, ""]);
});

test("the reliability diagram has a dot for every bin that holds slices, and says the same in words", async ({ sulcus, request }) => {
  const { calibration } = await site(request);
  const filled = calibration.calibration_error.reliability.filter((bin) => bin.count);
  const dialog = await openEvidence(sulcus);
  const chart = dialog.getByRole("img", { name: /^Reliability diagram/ }).first();
  await expect(chart.locator("circle")).toHaveCount(filled.length);
  const { count: slices, confidence, accuracy } = filled.at(-1);
  const said = `${count(slices)} have a probability above`;
  await expect(chart).toHaveAccessibleName(new RegExp(said));
  await expect(chart).toHaveAccessibleName(new RegExp(`said ${confidence.toFixed(2)} on average, right ${accuracy.toFixed(2)}`));
  const figure = dialog.getByRole("figure").filter({ has: sulcus.page.getByRole("img", { name: /^Reliability/ }) }).first();
  await figure.getByText("The numbers").click();
  await expect(figure.getByRole("row")).toHaveCount(filled.length + 1);
});

test("what unsure and refusals are worth comes from the calibration report", async ({ sulcus, request }) => {
  const { calibration } = await site(request);
  const { abstention, calibration_error: error, foreign } = calibration;
  const dialog = await openEvidence(sulcus);
  const link = dialog.getByRole("link", { name: error.after.toFixed(4) });
  await expect(link).toHaveAttribute("href", calibration.address);
  await expect(dialog).toContainText(
    `Of the held-out slices ${percent(abstention.coverage)} get a class, and of these ${percent(abstention.risk)} are wrong.`,
  );
  await expect(dialog).toContainText(`said of ${percent(foreign.methods.at(-1).held_out_refused)} of`);
});

test("the figure beside the verdict is the honest one", async ({ sulcus, request }) => {
  const { honest } = await site(request);
  const link = sulcus.verdict.getByRole("link", { name: percent(honest.accuracy) });
  await expect(link).toHaveAttribute("href", honest.address);
  await expect(sulcus.verdict).toContainText(`of ${count(honest.n)} slices of patients it has not seen`);
});

test("the honest figure is that of the model that answers, named by its checksum", async ({ sulcus, request }) => {
  const { used, honest } = await site(request);
  expect(honest.weights_sha256).toBe(used.sha256);
  await expect(sulcus.banner).toContainText(`${used.title} (${used.sha256.slice(0, 8)})`);
});

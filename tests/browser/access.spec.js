// axe finds nothing to object to, in any state, theme or width.
import AxeBuilder from "@axe-core/playwright";

import { expect, test } from "./page.js";
import { pngFile, textAsPng } from "./scans.js";

const WIDE = { width: 1280, height: 720 };
const PHONE = { width: 390, height: 844 };
/** Colours depend on the theme alone and places on the width alone, so that each project takes two of four views. */
const VIEWS = {
  cpu: [["dark", WIDE], ["light", PHONE]],
  webgpu: [["light", WIDE], ["dark", PHONE]],
};
const DIALOGS = {
  "How good is this?": "Tests and figures",
  "How to check that nothing leaves this computer": "How to check",
  Keys: "Keys",
};

/** Lets axe look at the page. */
async function expectAccessible(page, state) {
  for (const [colorScheme, size] of VIEWS[test.info().project.name]) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize(size);
    const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
    const lines = ({ id, nodes }) => nodes.map((node) => `${id}: ${node.target} ${node.failureSummary}`);
    const found = violations.flatMap(lines);
    expect.soft(found, `${state}, ${colorScheme}, ${size.width} px wide`).toEqual([]);
  }
}

test("axe finds nothing while the model loads", async ({ fresh }) => {
  await fresh.page.route(/\.safetensors$/, () => {});
  await fresh.open();
  await expect(fresh.page.getByText(/^Loading the model/)).toBeVisible();
  await expectAccessible(fresh.page, "loading");
});

test("axe finds nothing where no engine can answer", async ({ fresh }) => {
  await fresh.page.route(/\.safetensors$/, (route) => route.fulfill({ status: 503 }));
  await fresh.open();
  await expect(fresh.page.getByRole("alert")).toBeVisible();
  fresh.troubles.length = 0;
  await expectAccessible(fresh.page, "failed");
});

test("axe finds nothing in the empty page", async ({ sulcus }) => {
  await expect(sulcus.samples.first()).toBeVisible();
  await expectAccessible(sulcus.page, "empty");
});

test("axe finds nothing while slices are classified", async ({ sulcus }) => {
  await sulcus.add(Array.from({ length: 30 }, (_, index) => pngFile(`${index}.png`)));
  await sulcus.button("Cancel").click();
  await expectAccessible(sulcus.page, "working and cancelled");
});

test("axe finds nothing in an answer, a refusal and the large slice", async ({ sulcus }) => {
  await sulcus.samples.first().click();
  await sulcus.add([textAsPng("letter.png")]);
  await sulcus.finished();
  await expectAccessible(sulcus.page, "answered");
  await sulcus.row("letter.png").click();
  await expectAccessible(sulcus.page, "refused");
  await sulcus.button("Enlarge").click();
  await expectAccessible(sulcus.page, "enlarged");
});

for (const [title, opener] of Object.entries(DIALOGS)) {
  test(`axe finds nothing in the dialog “${title}”`, async ({ sulcus }) => {
    await sulcus.button(opener).click();
    await expect(sulcus.page.getByRole("dialog", { name: title })).toBeVisible();
    await expectAccessible(sulcus.page, title);
  });
}

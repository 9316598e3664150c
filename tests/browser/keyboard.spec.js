// Everything can be done by the keyboard alone.
import { expect, test } from "./page.js";
import { textAsPng } from "./scans.js";

/** Presses Tab until this has the focus. */
async function tabTo(page, target) {
  const focused = () => target.evaluate((element) => element === document.activeElement);
  for (let presses = 0; presses < 40 && !(await focused()); presses += 1) await page.keyboard.press("Tab");
  await expect(target).toBeFocused();
}

/** Three rows that cost no engine any time. */
async function addThree(sulcus) {
  await sulcus.add(["a.png", "b.png", "c.png"].map(textAsPng));
  await sulcus.finished();
}

async function expectSelected(sulcus, name) {
  await expect(sulcus.row(name)).toHaveAttribute("aria-selected", "true");
  await expect(sulcus.rows.and(sulcus.page.locator("[aria-selected=true]"))).toHaveCount(1);
}

test("a sample is chosen with Tab and Enter", async ({ sulcus }) => {
  await tabTo(sulcus.page, sulcus.samples.first());
  await sulcus.page.keyboard.press("Enter");
  await expect(sulcus.rows).toHaveCount(1);
  await expect(sulcus.list).toBeFocused();
  await sulcus.finished();
  await expect(sulcus.rows.first()).toContainText(/\d\.\d\d$/);
});

test("the file chooser opens with Tab and Enter", async ({ sulcus }) => {
  // On a busy machine Chromium now and then lets the key go by.
  await expect(async () => {
    await tabTo(sulcus.page, sulcus.button("Choose files"));
    const chooser = sulcus.page.waitForEvent("filechooser", { timeout: 5_000 });
    await sulcus.page.keyboard.press("Enter");
    expect((await chooser).isMultiple()).toBe(true);
  }).toPass();
});

test("arrows, Home and End go through the slices and stop at the ends", async ({ sulcus }) => {
  await addThree(sulcus);
  const steps = [["ArrowDown", "b"], ["ArrowRight", "c"], ["ArrowDown", "c"], ["ArrowUp", "b"], ["ArrowLeft", "a"]];
  for (const [key, name] of [...steps, ["ArrowUp", "a"], ["End", "c"], ["Home", "a"]]) {
    await sulcus.page.keyboard.press(key);
    await expectSelected(sulcus, `${name}.png`);
  }
  const active = await sulcus.list.getAttribute("aria-activedescendant");
  await expect(sulcus.row("a.png")).toHaveId(active);
});

test("? lists the keys and Escape closes the list", async ({ sulcus }) => {
  await sulcus.page.keyboard.press("?");
  const dialog = sulcus.page.getByRole("dialog", { name: "Keys" });
  await expect(dialog).toBeVisible();
  for (const key of ["Home, End", "Enter", "Escape", "Delete", "Ctrl Z", "?"]) {
    await expect(dialog.getByRole("rowheader", { name: key, exact: true })).toBeVisible();
  }
  await sulcus.page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
});

test("a dialog gives the focus back to the button that opened it", async ({ sulcus }) => {
  const opener = sulcus.button("Tests and figures");
  await tabTo(sulcus.page, opener);
  await sulcus.page.keyboard.press("Enter");
  await expect(sulcus.page.getByRole("dialog", { name: "How good is this?" })).toBeVisible();
  await sulcus.page.keyboard.press("Escape");
  await expect(opener).toBeFocused();
});

test("Delete removes a slice and Ctrl Z brings it back to its place", async ({ sulcus }) => {
  await addThree(sulcus);
  await sulcus.page.keyboard.press("ArrowDown");
  await sulcus.page.keyboard.press("Delete");
  await expect(sulcus.rows).toHaveCount(2);
  await expectSelected(sulcus, "c.png");
  await sulcus.page.keyboard.press("Control+z");
  await expect(sulcus.rows).toContainText(["a.png", "b.png", "c.png"]);
  await expectSelected(sulcus, "b.png");
});

test("the undo button brings a removed slice back as well", async ({ sulcus }) => {
  await addThree(sulcus);
  await sulcus.page.keyboard.press("Delete");
  await tabTo(sulcus.page, sulcus.button("Undo: bring back a.png"));
  await sulcus.page.keyboard.press("Enter");
  await expect(sulcus.rows).toContainText(["a.png", "b.png", "c.png"]);
});

test("the focus of a button that goes with what it did moves on", async ({ sulcus }) => {
  await addThree(sulcus);
  await tabTo(sulcus.page, sulcus.button("Clear list"));
  await sulcus.page.keyboard.press("Enter");
  await expect(sulcus.button("Choose files")).toBeFocused();
});

test("Enter opens a slice large and Escape leaves it", async ({ sulcus }) => {
  await addThree(sulcus);
  await tabTo(sulcus.page, sulcus.list);
  await sulcus.page.keyboard.press("Enter");
  await expect(sulcus.button("Shrink")).toBeVisible();
  await expect(sulcus.list).toBeHidden();
  await sulcus.page.keyboard.press("ArrowDown");
  await expect(sulcus.spoken).toContainText("b.png");
  await sulcus.page.keyboard.press("Escape");
  await expect(sulcus.button("Enlarge")).toBeVisible();
  await expectSelected(sulcus, "b.png");
});

test("keys pressed in the filter write and move no slice", async ({ sulcus }) => {
  await addThree(sulcus);
  const filter = sulcus.page.getByRole("searchbox", { name: "Filter by name or verdict" });
  await tabTo(sulcus.page, filter);
  await sulcus.page.keyboard.type("b.?");
  await sulcus.page.keyboard.press("Backspace");
  await sulcus.page.keyboard.press("Delete");
  await expect(filter).toHaveValue("b.");
  await expect(sulcus.rows).toContainText(["b.png"]);
  await filter.fill("");
  await expect(sulcus.rows).toHaveCount(3);
});

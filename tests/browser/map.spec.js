// The map of a network that says where it sees evidence: over the slice, in words, and as `sulcus classify` computes it.
import AxeBuilder from "@axe-core/playwright";

import { PATIENCE, mapNatively } from "./native.js";
import { brightness, offer } from "./network.js";
import { expect, test } from "./page.js";
import { file, greyPng } from "./scans.js";

const WIDTH = 120;
const HEIGHT = 90;
/** The middle of the spot, as the parts of the picture left of it and above it: the network is shown all of the head. */
const SPOT = [0.3, 0.25];

/** A grey head, wider than high, with a white spot in its upper left. */
function spotted(name) {
  const [x, y] = [SPOT[0] * WIDTH, SPOT[1] * HEIGHT];
  const value = (column, row) => {
    if (Math.hypot(column - x, row - y) < 7) return 255;
    return ((column - WIDTH / 2) / 50) ** 2 + ((row - HEIGHT / 2) / 40) ** 2 <= 1 ? 100 : 0;
  };
  const values = Array.from({ length: WIDTH * HEIGHT }, (_, index) => value(index % WIDTH, Math.floor(index / WIDTH)));
  return file(name, greyPng(WIDTH, HEIGHT, values), "image/png");
}

const mapped = brightness();
const slice = spotted("spot.png");
const words = /^The network sees most evidence of a tumour in the upper left part of the picture \(>0\.99\)\. About [2-9] % /;

/** A page whose network has maps, with the slice answered. */
async function openMapped(sulcus, project) {
  await offer(sulcus.page.context(), mapped);
  await sulcus.open(`?engine=${project.name}`);
  await sulcus.ready();
  await sulcus.add([slice]);
  await sulcus.finished();
}

const saidOf = ({ page }) => page.getByRole("region", { name: "Slice" }).getByText(/^The network sees /);

/** Red, green, blue and opacity of the drawn map at a part of the picture. */
function drawnAt(page, [x, y]) {
  const drawn = page.locator(".layers > canvas[aria-hidden]");
  return drawn.evaluate((canvas, [x, y]) => {
    const { data } = canvas.getContext("2d").getImageData(x * canvas.width, y * canvas.height, 1, 1);
    return [...data];
  }, [x, y]);
}

test("the page's map is that of sulcus classify, of the same part of the slice", async ({ fresh }, { project }) => {
  test.setTimeout(PATIENCE);
  const { side, values, shown } = (await mapNatively([slice], mapped.bytes)).get(slice.name).map;
  await openMapped(fresh, project);
  const { map } = await fresh.prediction(fresh.rows.first());
  expect(map.evidence.side).toBe(side);
  map.evidence.values.forEach((value, index) => expect(Math.abs(value - values[index]), `cell ${index}`).toBeLessThanOrEqual(1e-3));
  expect([map.shown.left, map.shown.top, map.shown.side, map.shown.side]).toEqual(shown);
  expect(shown[1], "the slice is wider than high, so the network was shown air above it").toBeLessThan(0);
});

test("the map lies over what it is about, and words say where that is", async ({ fresh }, { project }) => {
  await openMapped(fresh, project);
  await expect(saidOf(fresh)).toHaveText(words);
  await expect(saidOf(fresh)).toContainText("No segmentation, no measurement.");
  const [x, y] = SPOT;
  const [red, green, blue, opacity] = await drawnAt(fresh.page, SPOT);
  expect(red > green && green > blue && opacity > 100, `${[red, green, blue, opacity]}`).toBe(true);
  for (const elsewhere of [[1 - x, 1 - y], [x, 1 - y], [x + 0.25, y], [0.02, 0.02]]) {
    expect((await drawnAt(fresh.page, elsewhere))[3], `at ${elsewhere}`).toBe(0);
  }
});

test("the map follows the slice when it is magnified and moved", async ({ fresh }, { project }) => {
  await openMapped(fresh, project);
  const layers = fresh.page.locator(".layers > *");
  const boxes = async () => Promise.all((await layers.all()).map((layer) => layer.boundingBox()));
  const before = await boxes();
  expect(before).toHaveLength(3);
  await fresh.page.getByRole("group", { name: /^Slice view/ }).focus();
  for (const key of ["+", "+", "+", "Shift+ArrowLeft", "Shift+ArrowUp"]) await fresh.page.keyboard.press(key);
  await expect.poll(async () => (await boxes())[0].width).toBeGreaterThan(1.5 * before[0].width);
  const [slice, ...others] = await boxes();
  for (const box of others) expect(box).toEqual(slice);
});

test("the map is hidden and shown by its button and by M, and the slice stays where it is", async ({ fresh }, { project }) => {
  await openMapped(fresh, project);
  const { page, spoken } = fresh;
  const button = fresh.button("Map");
  const stage = page.getByRole("group", { name: /^Slice view/ });
  const place = await stage.boundingBox();
  await expect(button).toHaveAttribute("aria-pressed", "true");
  await button.click();
  await expect(button).toHaveAttribute("aria-pressed", "false");
  await expect(saidOf(fresh)).toBeHidden();
  await expect(page.locator(".layers > canvas[aria-hidden]")).toBeHidden();
  await expect(spoken).toHaveText("Map hidden.");
  expect(await stage.boundingBox()).toEqual(place);
  await page.keyboard.press("m");
  await expect(saidOf(fresh)).toBeVisible();
  await expect(spoken).toContainText("Map shown. The network sees most evidence of a tumour in the upper left part of the picture");
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog", { name: "Keys" }).getByRole("rowheader", { name: "M", exact: true })).toBeVisible();
});

test("axe finds nothing in a slice with its map", async ({ fresh }, { project }) => {
  await openMapped(fresh, project);
  for (const [colorScheme, width] of [["dark", 1280], ["light", 390]]) {
    await fresh.page.emulateMedia({ colorScheme });
    await fresh.page.setViewportSize({ width, height: 800 });
    const { violations } = await new AxeBuilder({ page: fresh.page }).setLegacyMode().analyze();
    expect.soft(violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target}`))).toEqual([]);
  }
});

test("a network that says only what it sees has no map, no button and no key for one", async ({ fresh }, { project }) => {
  await offer(fresh.page.context(), brightness({ map: false }));
  await fresh.open(`?engine=${project.name}`);
  await fresh.ready();
  await fresh.add([slice]);
  await fresh.finished();
  await expect(fresh.rows.first()).toContainText(/\d\.\d\d$/);
  await expect(fresh.button("Map")).toHaveCount(0);
  await expect(saidOf(fresh)).toHaveCount(0);
  await fresh.page.keyboard.press("m");
  await expect(fresh.spoken).not.toContainText("Map");
  await fresh.page.keyboard.press("?");
  const dialog = fresh.page.getByRole("dialog", { name: "Keys" });
  await expect(dialog.getByRole("rowheader", { name: "?", exact: true })).toBeVisible();
  await expect(dialog.getByRole("rowheader", { name: "M", exact: true })).toHaveCount(0);
});

// Several networks: which one answers, what fetching another costs, and what becomes of the list; and that a network's
// file is fetched once.
import { createHash } from "node:crypto";

import AxeBuilder from "@axe-core/playwright";

import { ANSWERED, SLOW, Sulcus, expect, test } from "./page.js";
import { pngFile } from "./scans.js";

test.describe.configure({ timeout: SLOW });

/** The same weights under another checksum: the header of a safetensors file may end in spaces. */
function padded(bytes) {
  const length = Number(bytes.readBigUInt64LE(0));
  const longer = Buffer.alloc(8);
  longer.writeBigUInt64LE(BigInt(length + 8));
  return Buffer.concat([longer, bytes.subarray(8, 8 + length), Buffer.from(" ".repeat(8)), bytes.subarray(8 + length)]);
}

/** The catalogue's own network and a twin of it, which the site then offers as well. */
let first;
let twin;
let twinBytes;

test.beforeAll(async ({ request }) => {
  const { models } = await (await request.get("weights/manifest.json")).json();
  first = models.find((model) => model.default);
  twinBytes = padded(await (await request.get(`weights/${first.file}`)).body());
  const sha256 = createHash("sha256").update(twinBytes).digest("hex");
  twin = { ...first, id: "twin", title: "Twin", file: "twin.safetensors", sha256, bytes: twinBytes.length, default: false };
});

/** Opens a page that offers both, on the CPU, and waits until it answers. */
async function openWithTwin(sulcus, query = "?engine=cpu") {
  const context = sulcus.page.context();
  await context.route(/weights\/manifest\.json$/, (route) => route.fulfill({ json: { schema: 1, models: [first, twin] } }));
  await context.route(/twin\.safetensors$/, (route) => route.fulfill({ body: twinBytes }));
  await sulcus.open(query);
  await sulcus.ready();
}

/** What is asked for from now on belongs to another page that is loading. */
function watchAgain(sulcus) {
  sulcus.requests.length = 0;
  sulcus.loaded = Infinity;
}

async function openChoice(sulcus) {
  await sulcus.button("Change model").click();
  const dialog = sulcus.page.getByRole("dialog", { name: "Which network answers?" });
  await expect(dialog).toBeVisible();
  return dialog;
}

const name = (model) => `${model.title} (${model.sha256.slice(0, 8)})`;
const size = () => `${(twin.bytes / 1e6).toFixed(1)} MB`;
const weightsAskedFor = ({ requests }) => requests.filter((url) => url.endsWith(".safetensors"));

test("only the chosen network is fetched, and the others say how large they are", async ({ fresh }) => {
  await openWithTwin(fresh);
  const dialog = await openChoice(fresh);
  await expect(dialog.getByRole("heading", { name: `${first.title} chosen` })).toBeVisible();
  await expect(dialog.getByRole("heading", { name: `Twin ${size()} to fetch` })).toBeVisible();
  await expect(dialog.getByRole("link", { name: `Fetch Twin (${size()})` })).toBeVisible();
  expect(weightsAskedFor(fresh)).toEqual([expect.stringContaining(first.file)]);
});

test("with an empty list the page opens anew with the other network", async ({ fresh }) => {
  await openWithTwin(fresh);
  const dialog = await openChoice(fresh);
  await expect(dialog).toContainText("nothing is lost");
  watchAgain(fresh);
  await dialog.getByRole("link", { name: `Fetch Twin (${size()})` }).click();
  await expect(fresh.banner).toContainText(`${name(twin)}`);
  await fresh.ready();
  expect(new URL(fresh.page.url()).searchParams.get("model")).toBe("twin");
  expect(weightsAskedFor(fresh)).toEqual([expect.stringContaining("twin.safetensors")]);
  await fresh.add([pngFile("a.png")]);
  await fresh.finished();
  await expect(fresh.foot).toContainText(/Twin: [\d.]+ (ms|s), CPU/);
});

test("a list stays where it is and is handed to the new tab; then both change without a connection", async ({ fresh }) => {
  await openWithTwin(fresh);
  await fresh.add([pngFile("a.png"), pngFile("b.png")]);
  await fresh.finished();
  let dialog = await openChoice(fresh);
  await expect(dialog).toContainText("handed to the new tab");
  watchAgain(fresh);
  const opened = fresh.page.context().waitForEvent("page");
  await dialog.getByRole("link", { name: `Fetch Twin (${size()}) in a new tab` }).click();
  const other = new Sulcus(await opened);
  await expect(other.rows).toContainText(["a.png", "b.png"]);
  await expect(other.rows.last()).toContainText(ANSWERED, { timeout: SLOW });
  fresh.loaded = fresh.requests.length;
  await expect(other.foot).toContainText("Twin: ");
  await other.page.close();

  await expect(fresh.rows).toHaveCount(2);
  await fresh.page.keyboard.press("Escape");
  dialog = await openChoice(fresh);
  await dialog.getByRole("button", { name: "Use Twin" }).click();
  await expect(dialog).toBeHidden();
  await expect(fresh.banner).toContainText(name(twin));
  await fresh.finished();
  await expect(fresh.foot).toContainText("Twin: ");
  await expect(fresh.verdict).toContainText("Other networks on this slice");
  await expect(fresh.verdict.getByRole("listitem").filter({ hasText: `${first.title}: ` })).toBeVisible();

  dialog = await openChoice(fresh);
  await dialog.getByRole("button", { name: `Use ${first.title}` }).click();
  await expect(fresh.foot).toContainText(`${first.title}: `);
  await expect(fresh.verdict.getByRole("listitem").filter({ hasText: "Twin: " })).toBeVisible();
});

test("fetching another network says how much has come and can be stopped", async ({ fresh }) => {
  await openWithTwin(fresh);
  await fresh.page.context().route(/twin\.safetensors$/, () => {});
  const dialog = await openChoice(fresh);
  watchAgain(fresh);
  await dialog.getByRole("link", { name: /^Fetch Twin/ }).click();
  await expect(fresh.page.getByText(`Loading the model: 0.0 MB of ${size()} (0 %)`)).toBeVisible();
  await fresh.button("Stop").click();
  await expect(fresh.page.getByRole("alert")).toContainText(/stopped/i);
  const choice = fresh.page.getByRole("dialog", { name: "Which network answers?" });
  await fresh.page.getByRole("region", { name: "Loading" }).getByRole("button", { name: "Change model" }).click();
  await choice.getByRole("link", { name: new RegExp(`^Fetch ${first.title}`) }).click();
  await fresh.ready();
  await expect(fresh.banner).toContainText(name(first));
});

test("an address that names no network is answered with those there are", async ({ fresh }) => {
  await fresh.open("?engine=cpu&model=resnet");
  const alert = fresh.page.getByRole("alert");
  const { models } = await (await fresh.page.request.get("weights/manifest.json")).json();
  const ids = models.map(({ id }) => id).join(", ");
  await expect(alert).toContainText(`the address asks for the model "resnet"; there are: ${ids}`, { ignoreCase: true });
});

test("a network is chosen by the keyboard alone", async ({ fresh }) => {
  await openWithTwin(fresh, "?engine=cpu");
  const opener = fresh.button("Change model");
  await opener.focus();
  await fresh.page.keyboard.press("Enter");
  const link = fresh.page.getByRole("link", { name: /^Fetch Twin/ });
  for (let presses = 0; presses < 10 && !(await link.evaluate((it) => it === document.activeElement)); presses += 1) {
    await fresh.page.keyboard.press("Tab");
  }
  await expect(link).toBeFocused();
  await fresh.page.keyboard.press("Escape");
  await expect(opener).toBeFocused();
});

test("axe finds nothing in the choice of a network", async ({ fresh }) => {
  await openWithTwin(fresh);
  await openChoice(fresh);
  for (const [colorScheme, width] of [["dark", 1280], ["light", 390]]) {
    await fresh.page.emulateMedia({ colorScheme });
    await fresh.page.setViewportSize({ width, height: 800 });
    const { violations } = await new AxeBuilder({ page: fresh.page }).setLegacyMode().analyze();
    expect.soft(violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target}`))).toEqual([]);
  }
});

test("a network's file is fetched once", async ({ fresh }) => {
  await fresh.open("?engine=cpu");
  await fresh.ready();
  expect(weightsAskedFor(fresh)).toHaveLength(1);
  await expect.poll(() => fresh.page.evaluate(async () => (await (await caches.open("sulcus-weights")).keys()).length)).toBe(1);
  watchAgain(fresh);
  await fresh.page.reload();
  await fresh.ready();
  expect(weightsAskedFor(fresh)).toEqual([]);
});

test("a kept file that was damaged is fetched anew, and files of former versions are let go", async ({ fresh }) => {
  await fresh.page.context().route("**/blank", (route) => route.fulfill({ body: "", contentType: "text/html" }));
  await fresh.open("blank");
  await fresh.page.evaluate(async (sha256) => {
    const store = await caches.open("sulcus-weights");
    await store.put(sha256, new Response(new Uint8Array(1000)));
    await store.put("0".repeat(64), new Response(new Uint8Array(10)));
  }, first.sha256);
  watchAgain(fresh);
  await fresh.open("?engine=cpu");
  await fresh.ready();
  expect(weightsAskedFor(fresh)).toHaveLength(1);
  const names = () => fresh.page.evaluate(async () => (await (await caches.open("sulcus-weights")).keys()).map(({ url }) => url));
  await expect.poll(names).toEqual([expect.stringContaining(first.sha256)]);
});

test("a browser that keeps nothing is answered all the same", async ({ fresh }) => {
  await fresh.page.addInitScript(() => {
    CacheStorage.prototype.open = () => Promise.reject(new DOMException("no room", "QuotaExceededError"));
  });
  await fresh.open("?engine=cpu");
  await fresh.ready();
  await fresh.add([pngFile("a.png")]);
  await fresh.finished();
  await expect(fresh.rows.first()).toContainText(ANSWERED);
});

// Nothing leaves this computer. The fixtures hold every other test to it as well.
import { expect, test } from "./page.js";
import { pngFile } from "./scans.js";

test("nothing is requested while slices are answered, removed and brought back", async ({ sulcus }, { project }) => {
  // The watch reaches into workers: their own program is among what it saw.
  expect(sulcus.requests.filter((url) => url.endsWith(`worker-${project.name}/worker.js`))).toHaveLength(1);
  const before = sulcus.requests.length;
  await sulcus.add([pngFile("one.png")]);
  await sulcus.finished();
  await sulcus.button("Remove").click();
  await expect(sulcus.welcome).toBeVisible();
  await sulcus.samples.first().click();
  await sulcus.finished();
  await sulcus.button("Clear list").click();
  await sulcus.button(/^Undo: /).click();
  await expect(sulcus.rows).toHaveCount(1);
  expect(sulcus.requests.slice(before)).toEqual([]);
});

test("once the page is ready the browser itself refuses every connection", async ({ sulcus }) => {
  const refusal = sulcus.page.evaluate(() => fetch("weights/manifest.json").then(() => "sent", (error) => error.name));
  expect(await refusal).toBe("TypeError");
  // The browser writes down what it refuses.
  await expect.poll(() => sulcus.troubles.join("\n")).toContain("connect-src 'none'");
  const picture = sulcus.page.evaluate(() => {
    const image = new Image();
    image.src = "samples/samples.json?picture";
    return new Promise((resolve) => {
      image.onload = () => resolve("sent");
      image.onerror = () => resolve("refused");
    });
  });
  expect(await picture).toBe("refused");
  // It counts as asked for, though it never left the browser.
  sulcus.requests.splice(sulcus.loaded);
  await expect.poll(() => sulcus.troubles.join("\n")).toContain("img-src blob: data:");
  sulcus.troubles.length = 0;
});

test("the workers have lost the means to connect", async ({ sulcus }) => {
  const means = ["fetch", "XMLHttpRequest", "WebSocket", "EventSource", "WebTransport", "importScripts", "caches", "Worker"];
  expect(sulcus.page.workers()).not.toHaveLength(0);
  for (const worker of sulcus.page.workers()) {
    expect(await worker.evaluate((names) => names.filter((name) => name in self), means)).toEqual([]);
  }
});

test("the page goes on without a network", async ({ sulcus }) => {
  await sulcus.page.context().setOffline(true);
  await sulcus.add([pngFile("offline.png")]);
  await sulcus.finished();
  expect(await sulcus.prediction(sulcus.rows.first())).toBeTruthy();
  await sulcus.page.context().setOffline(false);
});

test("nothing is kept but the network's own file: no cookie, no scan, no answer", async ({ sulcus, request }) => {
  await sulcus.add([pngFile("one.png")]);
  await sulcus.finished();
  expect(await sulcus.page.context().storageState({ indexedDB: true })).toEqual({ cookies: [], origins: [] });
  expect(await sulcus.page.evaluate(() => sessionStorage.length)).toBe(0);
  const { models } = await (await request.get("weights/manifest.json")).json();
  const { sha256, bytes } = models.find((model) => model.default);
  expect(await sulcus.page.evaluate(keptFiles)).toEqual([{ store: "sulcus-weights", name: sha256, bytes, sha256 }]);
});

/** Runs in the page: all that lies in its cache storage, by what it holds. */
async function keptFiles() {
  const digest = async (bytes) => {
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    return [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  };
  const found = [];
  for (const store of await caches.keys()) {
    const cache = await caches.open(store);
    for (const request of await cache.keys()) {
      const bytes = await (await cache.match(request)).arrayBuffer();
      const name = request.url.split("/").at(-1);
      found.push({ store, name, bytes: bytes.byteLength, sha256: await digest(bytes) });
    }
  }
  return found;
}

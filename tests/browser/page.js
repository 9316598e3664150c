// The page as a person meets it: by roles and names, never by its elements.
import { test as base, expect } from "@playwright/test";

export { expect };

/** How the row of an answered file ends: a probability, or a refusal; the pictures that tests draw are no brain MRI. */
export const ANSWERED = /([<>]?\d\.\d\d|not a brain MRI)$/;

export const NOTICE = "Research and teaching only; not a medical device.";
/** Marks a test that only the project on the CPU has, for a reason that stands above it: a skip would be listed. */
export const ON_CPU = { tag: "@cpu" };
/** Software WebGPU needs half a minute a slice, and more while it compiles. */
export const SLOW = 600_000;

export class Sulcus {
  /** What must not happen: errors on the console, exceptions. */
  troubles = [];
  /** Every address asked for, by the page or by a worker. */
  requests = [];
  /** How many of these there were when the page said that it was ready. */
  loaded = Infinity;

  constructor(page) {
    this.page = page;
    this.welcome = page.getByRole("heading", { name: "Drop brain MRI slices here" });
    this.list = page.getByRole("listbox", { name: "Slices" });
    this.rows = this.list.getByRole("option");
    this.verdict = page.getByRole("region", { name: "Verdict" });
    this.progress = page.getByRole("progressbar", { name: "Slices classified" });
    this.banner = page.getByRole("banner");
    this.foot = page.getByRole("contentinfo");
    this.spoken = page.getByRole("status");
    this.samples = page.getByRole("button", { name: /^Sample: / });
    this.notice = page.getByText(NOTICE);
  }

  /** A new tab, watched from its first request on. */
  static async in(context) {
    const page = await context.newPage();
    const sulcus = new Sulcus(page);
    context.on("request", (request) => {
      if (/^(https?|wss?):/.test(request.url())) sulcus.requests.push(request.url());
    });
    page.on("websocket", (socket) => sulcus.requests.push(socket.url()));
    page.on("console", (message) => {
      if (message.type() === "error") sulcus.troubles.push(message.text());
    });
    page.on("pageerror", (error) => sulcus.troubles.push(error.message));
    await page.addInitScript(recordPredictions);
    return sulcus;
  }

  async open(query = "") {
    await this.page.goto(`./${query}`);
  }

  /** Waits until an engine answers. */
  async ready() {
    // The first words are these, or those of an engine that stopped; then there is nothing to wait for.
    await expect(this.spoken).toHaveText(/./, { timeout: SLOW });
    await expect(this.spoken).toHaveText("Ready", { timeout: 1000 });
    this.loaded = this.requests.length;
  }

  row(name) {
    return this.rows.filter({ has: this.page.getByText(name, { exact: true }) });
  }

  button(name) {
    return this.page.getByRole("button", { name, exact: typeof name === "string" });
  }

  /** Gives the page these files through its file chooser. */
  async add(files) {
    const before = await this.rows.count();
    const chooser = this.page.waitForEvent("filechooser");
    await this.button(/^(Choose|Add) files$/).click();
    await (await chooser).setFiles(files);
    await expect(this.rows).toHaveCount(before + files.length);
  }

  /** Waits until every row is answered, refused or cancelled. */
  async finished() {
    await expect(this.progress).toBeHidden({ timeout: SLOW });
  }

  /** The worker's answer behind a row, to the last bit; the page rounds it to two digits. */
  async prediction(row) {
    const id = Number((await row.getAttribute("id")).replace(/\D/g, ""));
    return this.page.evaluate((id) => window.predictions.get(id), id);
  }

  /** The probabilities as the page shows them for the selected slice, by class. */
  async shownProbabilities() {
    const list = this.verdict.getByRole("list", { name: "Probabilities" });
    const lines = await list.getByRole("listitem").allTextContents();
    return Object.fromEntries(lines.map((line) => /^(.+?)([<>]?\d\.\d\d)$/.exec(line).slice(1)));
  }

  /** Makes the page as it was before the test. */
  async tidy() {
    await this.page.keyboard.press("Escape");
    await this.page.emulateMedia({ colorScheme: null });
    await this.page.setViewportSize({ width: 1280, height: 720 });
    if (await this.rows.count()) await this.button("Clear list").click();
    await expect(this.welcome).toBeVisible();
  }

  /** What holds in every test, whatever it is about. */
  expectPeace(baseURL) {
    expect.soft(this.troubles.splice(0), "errors on the console and exceptions").toEqual([]);
    const foreign = this.requests.filter((url) => new URL(url).host !== new URL(baseURL).host);
    expect.soft(foreign, "requests to other hosts").toEqual([]);
    expect.soft(this.requests.splice(this.loaded), "requests once the page is ready").toEqual([]);
  }
}

/** Runs in the page before its own scripts: keeps the workers and what they predict, by the row's number. */
function recordPredictions() {
  window.predictions = new Map();
  window.workers = [];
  window.Worker = class extends Worker {
    constructor(...given) {
      super(...given);
      window.workers.push(this);
      this.addEventListener("message", ({ data: [text] }) => {
        const { ready, prediction } = JSON.parse(text).message;
        if (ready) this.classes = ready.model.classes;
        if (!prediction) return;
        const { id, verdict, top_class } = prediction;
        const named = this.classes[verdict.class] ?? verdict;
        window.predictions.set(id, { ...prediction, verdict: named, topClass: this.classes[top_class] });
      });
    }
  };
}

export const test = base.extend({
  /** A page on the project's engine, loaded once for all tests: loading takes longest. */
  loaded: [
    async ({ browser }, use, { project }) => {
      const context = await browser.newContext({ baseURL: project.use.baseURL });
      const sulcus = await Sulcus.in(context);
      await sulcus.open(`?engine=${project.name}`);
      await sulcus.ready();
      await use(sulcus);
      await context.close();
    },
    { scope: "worker", timeout: SLOW },
  ],

  /** The loaded page with an empty list. */
  sulcus: async ({ loaded, baseURL }, use) => {
    await loaded.tidy();
    await use(loaded);
    loaded.expectPeace(baseURL);
  },

  /** A page of its own, not yet opened. */
  fresh: async ({ context, baseURL }, use) => {
    const sulcus = await Sulcus.in(context);
    await use(sulcus);
    sulcus.expectPeace(baseURL);
  },
});

// The page and the desktop command give the same answers to the same bytes.
import { PATIENCE, classifyNatively } from "./native.js";
import { SLOW, expect, test } from "./page.js";
import { declaredPng, emptyFile, file, textAsPng } from "./scans.js";

const CLASSES = ["glioma", "meningioma", "notumor", "pituitary"];
const WORDS = ["glioma", "meningioma", "no tumour", "pituitary tumour"];
const refused = [textAsPng("text.png"), declaredPng("huge.png", 30_000, 30_000), emptyFile("empty.png")];
let samples;
let sampleFiles;
let native;

test.beforeAll(async ({ request }) => {
  test.setTimeout(PATIENCE);
  const { slices } = await (await request.get("samples/samples.json")).json();
  samples = slices.map((slice) => slice.file);
  const read = async (name) => file(name, await (await request.get(`samples/${name}`)).body());
  sampleFiles = await Promise.all(samples.map(read));
  native = await classifyNatively([...sampleFiles, ...refused]);
});

/** Has the page answer every sample, and compares. */
async function compareSamples(sulcus, expected) {
  await sulcus.button("Try all").click();
  await expect(sulcus.rows).toHaveCount(samples.length);
  await sulcus.finished();
  for (const name of samples) {
    const { verdict, probabilities } = await sulcus.prediction(sulcus.row(name));
    expect.soft(verdict, name).toBe(expected.get(name).verdict);
    CLASSES.forEach((label, index) => {
      const apart = Math.abs(probabilities[index] - expected.get(name).probabilities[label]);
      expect.soft(apart, `${name}, ${label}: distance from the native probability`).toBeLessThanOrEqual(1e-3);
    });
  }
}

test("every sample gets the verdict and the probabilities that sulcus classify gives", async ({ sulcus }) => {
  test.setTimeout(SLOW);
  await compareSamples(sulcus, native);
});

test("the other networks of the catalogue agree with sulcus classify too", async ({ fresh, request }) => {
  test.setTimeout(PATIENCE);
  const { models } = await (await request.get("weights/manifest.json")).json();
  for (const { id, file } of models.filter((model) => !model.default)) {
    // The site serves the file under a name with the first digits of its checksum.
    const expected = await classifyNatively(sampleFiles, file.replace(/\.[0-9a-f]{8}(?=\.)/, ""));
    await fresh.open(`?engine=cpu&model=${id}`);
    await fresh.ready();
    await compareSamples(fresh, expected);
  }
});

test("the page shows the engine's probabilities in two digits, never rounded to certainty", async ({ sulcus }) => {
  await sulcus.samples.first().click();
  await sulcus.finished();
  const { verdict, topClass, probabilities } = await sulcus.prediction(sulcus.rows.first());
  const shown = await sulcus.shownProbabilities();
  expect(Object.keys(shown)).toEqual(WORDS);
  probabilities.forEach((probability, index) => expect(shown[WORDS[index]]).toBe(twoDigits(probability)));

  const best = Math.max(...probabilities);
  const word = WORDS[CLASSES.indexOf(verdict)];
  const named = CLASSES.includes(verdict);
  const line = `${twoDigits(best)} ${named ? "likely" : `nearest: ${WORDS[CLASSES.indexOf(topClass)]}`}`;
  await expect(sulcus.verdict.getByText(line, { exact: true })).toBeVisible();
  const title = named ? new RegExp(`^${word}$`, "i") : "Unsure";
  await expect(sulcus.verdict.getByText(title).first()).toBeVisible();
  await expect(sulcus.rows.first()).toContainText((named ? word : "unsure") + twoDigits(best));
});

function twoDigits(probability) {
  if (probability > 0.99 && probability < 1) return ">0.99";
  if (probability < 0.01 && probability > 0) return "<0.01";
  return probability.toFixed(2);
}

test("a refused file is refused in the words of sulcus classify", async ({ sulcus }) => {
  await sulcus.add(refused);
  await sulcus.finished();
  for (const { name } of refused) {
    const [message] = native.get(name).error.split("\n");
    await expect(sulcus.row(name)).toContainText(`unreadable: ${message}`);
  }
});

// Files that can't be answered: each is listed with its name and an error that teaches, and costs the others nothing.
import { ANSWERED, expect, test } from "./page.js";
import { brokenOff, declaredPng, emptyFile, pngFile, textAsPng } from "./scans.js";

const MISTAKES = [
  { name: "broken.jpg", found: /the JPEG is damaged: ./ },
  { name: "letter.png", found: /this is not an image: it begins with .+; accepted are JPEG, PNG, .+ DICOM/ },
  { name: "huge.png", found: /the file declares 30000 x 30000 pixels; the limit is 8192 x 8192/ },
  { name: "empty.png", found: /the file is empty/ },
];

let jpeg;

test.beforeAll(async ({ request }) => {
  const { slices } = await (await request.get("samples/samples.json")).json();
  jpeg = await (await request.get(`samples/${slices[0].file}`)).body();
});

function mistakes() {
  const cut = brokenOff("broken.jpg", jpeg, 200);
  return [cut, textAsPng("letter.png"), declaredPng("huge.png", 30_000, 30_000), emptyFile("empty.png")];
}

test("sound slices are answered beside broken files", async ({ sulcus }) => {
  await sulcus.add([pngFile("first.png"), ...mistakes(), pngFile("last.png")]);
  await sulcus.finished();
  for (const name of ["first.png", "last.png"]) {
    expect(await sulcus.prediction(sulcus.row(name)), name).toBeTruthy();
    await expect(sulcus.row(name)).toContainText(ANSWERED);
  }
});

test("a broken file is listed with its name, what was found and what would be accepted", async ({ sulcus }) => {
  await sulcus.add(mistakes());
  await sulcus.finished();
  for (const { name, found } of MISTAKES) {
    const line = await sulcus.row(name).textContent();
    expect.soft(line).toContain(`${name}unreadable: `);
    expect.soft(line).toMatch(found);
  }
});

test("the error of a broken file stands beside the list, with what to do now", async ({ sulcus }) => {
  await sulcus.add(mistakes());
  await sulcus.finished();
  for (const { name, found } of MISTAKES) {
    await sulcus.row(name).click();
    // The file's name stands below the error: once it is there, so is the rest.
    await expect(sulcus.verdict.getByText(name, { exact: true })).toBeVisible();
    await expect(sulcus.verdict.getByText("Unreadable")).toBeVisible();
    const text = await sulcus.verdict.textContent();
    expect.soft(text).toMatch(new RegExp(found, "i"));
    expect.soft(text, `${name}: advice`).toMatch(/What now: ./);
  }
});

test("half a JPEG gets no verdict", async ({ sulcus }) => {
  await sulcus.add([brokenOff("half.jpg", jpeg, jpeg.length / 2)]);
  await sulcus.finished();
  expect(await sulcus.prediction(sulcus.row("half.jpg"))).toBeUndefined();
  await expect(sulcus.row("half.jpg")).toContainText(/unreadable: the JPEG is damaged: ./);
});

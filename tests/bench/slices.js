// The slices: the page's samples, as they are and mirrored.
//
// Heads have the size that the network was trained with; a larger input is tiled with them. Then its classes differ by
// more than rounding, and a contender that computes something else is found out.
//
// Each is written twice: as a PNG, which Sulcus decodes and prepares within the time that is measured, and as its bare
// grey values, which the other runtimes get prepared. Every slice reaches from 0 to 255, so that scaling it to -1 and 1
// changes nothing.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { greyPng } from "../browser/scans.js";

/** Writes `slice-0.png`, `slice-0.grey` and so on into the folder of a size. */
export async function makeSlices(browser, options, size, count) {
  const folder = join(options.made, String(size));
  await mkdir(folder, { recursive: true });
  const page = await browser.newPage();
  await page.goto(`${options.address}/bench/`);
  const { models } = JSON.parse(await readFile(join(options.dist, "weights/manifest.json"), "utf8"));
  const head = Math.min(size, models[0].input_size);
  const slices = await page.evaluate(drawSamples, { size, head, count });
  await page.close();
  for (const [index, values] of slices.entries()) {
    const grey = Buffer.from(values, "latin1");
    await writeFile(join(folder, `slice-${index}.grey`), grey);
    await writeFile(join(folder, `slice-${index}.png`), greyPng(size, size, grey));
  }
}

/** Runs in a page of the benchmark's server: the grey values of `count` slices, one a character. */
async function drawSamples({ size, head, count }) {
  const { slices } = await (await fetch("/samples/samples.json")).json();
  const pictures = await Promise.all(
    slices.map(async ({ file }) => createImageBitmap(await (await fetch(`/samples/${file}`)).blob())),
  );
  const context = new OffscreenCanvas(size, size).getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";

  function draw(picture, [across, down]) {
    context.setTransform(across, 0, 0, down, across < 0 ? size : 0, down < 0 ? size : 0);
    for (let y = 0; y < size; y += head) {
      for (let x = 0; x < size; x += head) context.drawImage(picture, x, y, head, head);
    }
    return context.getImageData(0, 0, size, size).data.filter((_, index) => index % 4 === 0);
  }

  /** From 0 to 255, as text. */
  function stretched(grey) {
    const darkest = grey.reduce((least, value) => Math.min(least, value));
    const brightest = grey.reduce((most, value) => Math.max(most, value));
    const stretch = (value) => Math.round(((value - darkest) * 255) / (brightest - darkest));
    return Array.from(grey, (value) => String.fromCharCode(stretch(value))).join("");
  }

  const mirrored = [
    [1, 1],
    [-1, 1],
    [1, -1],
    [-1, -1],
  ];
  return Array.from({ length: count }, (_, index) => {
    const way = mirrored[Math.floor(index / pictures.length) % mirrored.length];
    return stretched(draw(pictures[index % pictures.length], way));
  });
}

// Every way in ends in an answer: chosen files, a folder, a drop, a paste; pictures and DICOM.
import { mkdir, writeFile } from "node:fs/promises";

import { ANSWERED, expect, test } from "./page.js";
import { PATIENT, dicomFile, pngFile } from "./scans.js";

async function expectAnswered(sulcus, name) {
  await sulcus.finished();
  await expect(sulcus.row(name)).toContainText(ANSWERED);
  await expect(sulcus.page.getByRole("img", { name, exact: true })).toBeVisible();
}

/** Fires an event of a drop or a paste that carries this file, as the browser would. */
async function carry(page, type, { name, mimeType, buffer }) {
  const given = { type, name, mimeType, base64: buffer.toString("base64") };
  await page.evaluate(async ({ type, name, mimeType, base64 }) => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const data = new DataTransfer();
    data.items.add(new File([bytes], name, { type: mimeType }));
    const event =
      type === "paste"
        ? new ClipboardEvent(type, { clipboardData: data, bubbles: true, cancelable: true })
        : new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true });
    document.body.dispatchEvent(event);
  }, given);
}

test("a chosen file is answered", async ({ sulcus }) => {
  await sulcus.add([pngFile("chosen.png")]);
  await expectAnswered(sulcus, "chosen.png");
});

test("a chosen folder is answered with what lies deeper in it", async ({ sulcus }, testInfo) => {
  const folder = testInfo.outputPath("study");
  await mkdir(`${folder}/series`, { recursive: true });
  await writeFile(`${folder}/series/slice.png`, pngFile("slice.png").buffer);
  const chooser = sulcus.page.waitForEvent("filechooser");
  await sulcus.button("Choose a folder").click();
  await (await chooser).setFiles(folder);
  await expectAnswered(sulcus, "slice.png");
});

test("a dropped file is answered", async ({ sulcus }) => {
  await carry(sulcus.page, "dragover", pngFile("dropped.png"));
  await carry(sulcus.page, "drop", pngFile("dropped.png"));
  await expectAnswered(sulcus, "dropped.png");
});

test("what can't be read of a drop is listed with the reason, and the rest is answered", async ({ sulcus }) => {
  await sulcus.page.evaluate(() => {
    const { webkitGetAsEntry } = DataTransferItem.prototype;
    DataTransferItem.prototype.webkitGetAsEntry = () => {
      DataTransferItem.prototype.webkitGetAsEntry = webkitGetAsEntry;
      const file = (_, refuse) => refuse(new DOMException("it was moved", "NotFoundError"));
      return { isFile: true, name: "moved.png", file };
    };
    const data = new DataTransfer();
    data.items.add(new File(["seen when the drop began"], "moved.png"));
    data.items.add(new File(["no picture"], "text.png"));
    document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
  });
  await expect(sulcus.rows).toHaveCount(2);
  await sulcus.finished();
  await expect(sulcus.row("moved.png")).toContainText("it was moved");
  await expect(sulcus.row("text.png")).toContainText("unreadable");
});

test("a pasted picture is answered", async ({ sulcus }) => {
  await carry(sulcus.page, "paste", pngFile("pasted.png"));
  await expectAnswered(sulcus, "pasted.png");
});

test("a DICOM slice is answered, and what it says of the patient is not shown", async ({ sulcus }) => {
  await sulcus.add([dicomFile("IM000001")]);
  await expectAnswered(sulcus, "IM000001");
  await expect(sulcus.verdict).toContainText("IM000001: 64 × 64 DICOM");
  const html = await sulcus.page.content();
  for (const name of PATIENT.split("^")) expect(html).not.toContain(name);
});

test("a file's content decides what it is, not its name", async ({ sulcus }) => {
  await sulcus.add([{ ...pngFile("x"), name: "scan.dcm", mimeType: "application/dicom" }]);
  await expectAnswered(sulcus, "scan.dcm");
  await expect(sulcus.verdict).toContainText("64 × 64 PNG");
});

test("the same file can be given twice", async ({ sulcus }) => {
  await sulcus.add([pngFile("twice.png")]);
  await sulcus.add([pngFile("twice.png")]);
  await sulcus.finished();
  const [first, second] = await Promise.all([0, 1].map((index) => sulcus.prediction(sulcus.rows.nth(index))));
  expect(second.probabilities).toEqual(first.probabilities);
});

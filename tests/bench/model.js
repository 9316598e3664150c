// The network that every contender runs: the weights file that ships, at the benchmark's size.
//
// Xception is fully convolutional, so the same kernels take another size; only the manifest says which. The slices of
// the benchmark are prepared already, so it also says that nothing is cropped and no intensity is moved: what Sulcus
// prepares is, to the bit, what the other runtimes are given.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Writes `xception.safetensors`, its catalogue and `xception.onnx` into the folder of a size. */
export async function makeModel(options, size) {
  const folder = join(options.made, String(size));
  await mkdir(folder, { recursive: true });
  const [weights, onnx] = [join(folder, "xception.safetensors"), join(folder, "xception.onnx")];
  const bytes = resized(await readFile(options.weights), size);
  await writeFile(weights, bytes);
  await writeFile(join(folder, "manifest.json"), JSON.stringify(catalogueOf(bytes, size)));
  await run(options.sulcus, ["export", "--weights", weights, "--format", "onnx", "--out", onnx]);
}

/** The answers of `sulcus classify` to the slices of a size: probabilities in the order of the classes. */
export async function classifyNatively(options, size, slices) {
  const folder = join(options.made, String(size));
  const weights = join(folder, "xception.safetensors");
  const files = Array.from({ length: slices }, (_, index) => join(folder, `slice-${index}.png`));
  const { stdout } = await run(options.sulcus, ["classify", "--json", "--weights", weights, ...files], { maxBuffer: 1 << 24 });
  return stdout.trim().split("\n").map((line) => Object.values(JSON.parse(line).probabilities));
}

/** The same weights file for another input. */
export function resized(bytes, size) {
  const data = 8 + Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.subarray(8, data).toString());
  const manifest = JSON.parse(header.__metadata__.manifest);
  manifest.input = { size, crop: "none", margin: 0, intensity: { low: 0, high: 100 } };
  header.__metadata__.manifest = JSON.stringify(manifest);
  const text = Buffer.from(JSON.stringify(header));
  const padded = Buffer.concat([text, Buffer.alloc(-text.length & 7, " ")]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  return Buffer.concat([length, padded, bytes.subarray(data)]);
}

function catalogueOf(bytes, size) {
  const model = {
    id: "xception",
    title: "Xception",
    architecture: "xception",
    input_size: size,
    file: "xception.safetensors",
    bytes: bytes.length,
    sha256: createHash("sha256").update(bytes).digest("hex"),
    report: "reports/browser-speed.json",
    default: true,
  };
  return { schema: 1, models: [model] };
}

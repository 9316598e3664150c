// A network that is small enough to be written here, and whose map is known: evidence is where the slice is bright.
import { createHash } from "node:crypto";

const SIDE = 64;
const CLASSES = ["glioma", "meningioma", "notumor", "pituitary"];
const CHANNELS = 8;

/** `{ entry, bytes }`: its weights file and what a catalogue says of it. It may say what it sees and not where. */
export function brightness({ map = true } = {}) {
  const name = map ? "bright" : "bright-without-map";
  const bytes = safetensors(tensors(), { manifest: JSON.stringify(manifest(name, map)) });
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const file = { file: `${name}.safetensors`, bytes: bytes.length, sha256 };
  const entry = { id: name, title: "Brightness", architecture: name, input_size: SIDE, ...file, report: "none.json", default: true };
  return { entry, bytes };
}

/** Has the site offer this network and no other. */
export function offer(context, { entry, bytes }) {
  return Promise.all([
    context.route(/weights\/manifest\.json$/, (route) => route.fulfill({ json: { schema: 1, models: [entry] } })),
    context.route(new RegExp(`${entry.file}$`), (route) => route.fulfill({ body: bytes })),
  ]);
}

/** Pixels above the middle grey, the brightest of every 8 x 8, and from them 8 x 8 logits: -10 for nothing, 10 for white. */
function graph(name, map) {
  const pool = { max_pool: { size: 2, stride: 2, padding: "same" } };
  const nodes = [
    node("image", { image: { channels: 1 } }, []),
    node("stem", convolution("stem", CHANNELS, 3, 2), [0]),
    node("stem_act", { activation: "relu" }, [1]),
    node("pool1", pool, [2]),
    node("pool2", pool, [3]),
    node("evidence", convolution("evidence", 1, 1, 1), [4], 2),
    node("evidence_level", "log_mean_exp", [5], 2),
    node("presence", { linear: { outputs: 1 } }, [6], 2),
    node("avg_pool", "global_average", [4], 2),
    node("kinds", { linear: { outputs: CLASSES.length - 1 } }, [8], 2),
    node("predictions", { presence: { none: CLASSES.indexOf("notumor") } }, [7, 9], 2),
  ];
  return { name, smallest: 32, nodes, outputs: map ? [10, 5] : [10] };
}

function node(name, op, inputs, block = 1) {
  return { name, op, inputs, block };
}

function convolution(layer, outputs, size, stride) {
  return { convolution: { layer, role: "kernel", outputs, window: { size, stride, padding: "same" }, groups: 1, bias: true } };
}

function tensors() {
  const kinds = CLASSES.length - 1;
  return {
    "evidence.bias": tensor([1], 0, -10),
    "evidence.kernel": tensor([1, CHANNELS, 1, 1], 0, 20),
    "kinds.bias": tensor([kinds], 0, 2),
    "kinds.kernel": tensor([kinds, CHANNELS]),
    "presence.bias": tensor([1]),
    "presence.kernel": tensor([1, 1], 0, 1),
    "stem.bias": tensor([CHANNELS]),
    // The middle pixel, in the first channel.
    "stem.kernel": tensor([CHANNELS, 1, 3, 3], 4, 1),
  };
}

/** Zeros, but for one value. */
function tensor(shape, index = 0, value = 0) {
  const values = new Float32Array(shape.reduce((product, length) => product * length));
  values[index] = value;
  return { shape, values };
}

function manifest(name, map) {
  return {
    schema: 2,
    architecture: name,
    graph: graph(name, map),
    input: { size: SIDE, crop: "head", margin: 0.02, intensity: { low: 0.5, high: 99.5 } },
    classes: CLASSES,
    recipe: "",
    data_fingerprint: "",
    split: "grouped",
    metrics: null,
    licence: "MIT",
    date: "2026-01-01",
    credit: "",
  };
}

/** A safetensors file: the length of its header, the header, and the values of all tensors. */
function safetensors(tensors, metadata) {
  const header = { __metadata__: metadata };
  let end = 0;
  for (const [name, { shape, values }] of Object.entries(tensors)) {
    header[name] = { dtype: "F32", shape, data_offsets: [end, (end += values.byteLength)] };
  }
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, ...Object.values(tensors).map(({ values }) => Buffer.from(values.buffer))]);
}

// Reading a weights file: safetensors, int8 kernels beside their scales (ARCHITECTURE.md, "Weights file").

/** `{ manifest, tensors }` of a weights file; tensors are `{ shape, values }` by name, as floats. */
export function readTensors(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const begin = 8 + Number(view.getBigUint64(0, true));
  const { __metadata__: metadata, ...entries } = JSON.parse(new TextDecoder().decode(bytes.subarray(8, begin)));
  const raw = ({ data_offsets: [from, to] }) => bytes.slice(begin + from, begin + to).buffer;
  const tensors = new Map();
  for (const [name, entry] of Object.entries(entries)) {
    if (name.endsWith(".scale")) continue;
    const scales = entries[`${name}.scale`];
    const values = scales
      ? dequantised(new Int8Array(raw(entry)), new Float32Array(raw(scales)))
      : new Float32Array(raw(entry));
    tensors.set(name, { shape: entry.shape, values });
  }
  return { manifest: JSON.parse(metadata.manifest), tensors };
}

/** Int8 values times the scale of their output channel, which is the first axis. */
function dequantised(values, scales) {
  const each = values.length / scales.length;
  return Float32Array.from(values, (value, index) => value * scales[Math.floor(index / each)]);
}

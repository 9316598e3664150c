// The slices, as a file for Sulcus and as prepared pixels for the other runtimes.

/** `count` slices: `{ file, pixels }`, the PNG and its `size * size` values in -1 to 1. */
export function readSlices(size, count) {
  return Promise.all(Array.from({ length: count }, (_, index) => readSlice(size, index)));
}

async function readSlice(size, index) {
  const [file, grey] = await Promise.all(["png", "grey"].map((end) => readBytes(`/made/${size}/slice-${index}.${end}`)));
  return { file, pixels: Float32Array.from(grey, (value) => (value * 2) / 255 - 1) };
}

/** The bytes of a file of the benchmark's server. */
export async function readBytes(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address}: the server answered ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

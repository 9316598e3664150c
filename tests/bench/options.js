// What `cargo xtask bench browser` hands over: its own options, and where things lie.
import { parseArgs } from "node:util";

/** The options as numbers, texts and lists. */
export function readOptions() {
  const text = { type: "string" };
  const flag = { type: "boolean", default: false };
  const { values } = parseArgs({
    options: {
      address: text,
      made: text,
      sulcus: text,
      weights: text,
      dist: text,
      size: text,
      slices: text,
      runs: text,
      json: text,
      only: { type: "string", multiple: true, default: [] },
      profile: flag,
      memory: flag,
    },
  });
  const number = (name) => Number(values[name]);
  return { ...values, size: number("size"), slices: number("slices"), runs: number("runs") };
}

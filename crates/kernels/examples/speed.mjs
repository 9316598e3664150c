// Times `main` of examples/speed.rs, compiled to WebAssembly:
//   cargo build --profile wasm --package kernels --example speed --target wasm32-unknown-unknown
//   node crates/kernels/examples/speed.mjs target/wasm32-unknown-unknown/wasm/examples/speed.wasm 20
// Several files take turns, so that a busy machine is as busy for each.
import { readFileSync } from "node:fs";

const files = process.argv.slice(2).filter((argument) => argument.endsWith(".wasm"));
const times = Number(process.argv.slice(2).find((argument) => !argument.endsWith(".wasm")) ?? 20);

const contenders = [];
for (const file of files) {
  const { instance } = await WebAssembly.instantiate(readFileSync(file), {});
  instance.exports.main(0, 0); // packs weights, and V8 compiles
  instance.exports.main(0, 0);
  contenders.push({ file, run: () => instance.exports.main(0, 0), milliseconds: [], cpu: [] });
}
for (let time = 0; time < times; time += 1) {
  for (const { run, milliseconds, cpu } of contenders) {
    const start = performance.now();
    const used = process.cpuUsage();
    run();
    milliseconds.push(performance.now() - start);
    cpu.push(process.cpuUsage(used).user / 1000);
  }
}
const middle = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)].toFixed(1);
for (const { file, milliseconds, cpu } of contenders) {
  const least = Math.min(...milliseconds).toFixed(1);
  console.log(`${file}: least ${least} ms, median ${middle(milliseconds)} ms; CPU time: median ${middle(cpu)} ms`);
}

// What an adapter can do at most: multiply and add in registers, nothing read but a few values.

const THREADS = 64;
const GROUPS = 1024;
const ROUNDS = 256;
/** Four chains of four floats, two operations each. */
const OPERATIONS = THREADS * GROUPS * ROUNDS * 4 * 4 * 2;

const SHADER = `
@group(0) @binding(0) var<storage, read_write> values: array<vec4f>;
@compute @workgroup_size(${THREADS})
fn main(@builtin(global_invocation_id) id: vec3u) {
  let factor = values[0];
  var a = values[1]; var b = values[2]; var c = values[3]; var d = vec4f(f32(id.x));
  for (var round = 0; round < ${ROUNDS}; round++) {
    a = fma(a, factor, b); b = fma(b, factor, c); c = fma(c, factor, d); d = fma(d, factor, a);
  }
  values[id.x] = a + b + c + d;
}`;

/** Floating-point operations a second, the best of a few tries. */
export async function peak() {
  const device = await (await navigator.gpu.requestAdapter()).requestDevice();
  const module = device.createShaderModule({ code: SHADER });
  const pipeline = device.createComputePipeline({ layout: "auto", compute: { module } });
  const buffer = device.createBuffer({ size: THREADS * GROUPS * 16, usage: GPUBufferUsage.STORAGE });
  const bindings = [{ binding: 0, resource: { buffer } }];
  const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries: bindings });
  let best = Infinity;
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(GROUPS);
    pass.end();
    const began = performance.now();
    device.queue.submit([encoder.finish()]);
    await device.queue.onSubmittedWorkDone();
    best = Math.min(best, performance.now() - began);
  }
  device.destroy();
  return OPERATIONS / (best / 1000);
}

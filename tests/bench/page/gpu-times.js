// Put before a program that computes on WebGPU: gives every dispatch a pass of its own with its times, and tells on the
// channel "watched" what each kernel took. Only for profiles: the passes cost time of their own.
{
  const MOST = 4096; // queries of a set, by the WebGPU specification
  const names = new WeakMap();
  const devices = new WeakMap();
  const timings = new WeakMap();
  const pending = [];

  class TimedPass {
    #groups = new Map();

    constructor(encoder, begin) {
      Object.assign(this, { encoder, begin });
    }

    setPipeline(pipeline) {
      this.pipeline = pipeline;
    }

    setBindGroup(index, ...group) {
      this.#groups.set(index, group);
    }

    dispatchWorkgroups(...counts) {
      this.#dispatch("dispatchWorkgroups", counts);
    }

    dispatchWorkgroupsIndirect(...place) {
      this.#dispatch("dispatchWorkgroupsIndirect", place);
    }

    #dispatch(kind, given) {
      const timing = timings.get(this.encoder) ?? newTiming(this.encoder);
      const at = timing.kernels.length * 2;
      const timed = at + 2 <= MOST;
      const timestampWrites = { querySet: timing.set, beginningOfPassWriteIndex: at, endOfPassWriteIndex: at + 1 };
      const pass = this.begin.call(this.encoder, timed ? { timestampWrites } : {});
      if (timed) timing.kernels.push(names.get(this.pipeline));
      pass.setPipeline(this.pipeline);
      for (const [index, group] of this.#groups) pass.setBindGroup(index, ...group);
      pass[kind](...given);
      pass.end();
    }

    end() {}
    pushDebugGroup() {}
    popDebugGroup() {}
    insertDebugMarker() {}
  }

  function newTiming(encoder) {
    const device = devices.get(encoder);
    const timing = { device, set: device.createQuerySet({ type: "timestamp", count: MOST }), kernels: [] };
    timings.set(encoder, timing);
    return timing;
  }

  function replace(type, method, make) {
    const original = type.prototype[method];
    type.prototype[method] = make(original);
  }

  const name = ({ label, compute }) => [label, compute.entryPoint].filter(Boolean).join(" ") || "unnamed";
  replace(GPUAdapter, "requestDevice", (original) => function (descriptor = {}) {
    const requiredFeatures = [...new Set([...(descriptor.requiredFeatures ?? []), "timestamp-query"])];
    return original.call(this, { ...descriptor, requiredFeatures });
  });
  replace(GPUDevice, "createComputePipeline", (original) => function (descriptor) {
    const pipeline = original.call(this, descriptor);
    names.set(pipeline, name(descriptor));
    return pipeline;
  });
  replace(GPUDevice, "createComputePipelineAsync", (original) => async function (descriptor) {
    const pipeline = await original.call(this, descriptor);
    names.set(pipeline, name(descriptor));
    return pipeline;
  });
  replace(GPUDevice, "createCommandEncoder", (original) => function (descriptor) {
    const encoder = original.call(this, descriptor);
    devices.set(encoder, this);
    return encoder;
  });
  replace(GPUCommandEncoder, "beginComputePass", (original) => function () {
    return new TimedPass(this, original);
  });
  replace(GPUCommandEncoder, "finish", (original) => function (descriptor) {
    const timing = timings.get(this);
    if (timing) pending.push(readBack(this, timing));
    return original.call(this, descriptor);
  });

  function readBack(encoder, { device, set, kernels }) {
    const size = kernels.length * 16;
    const resolved = device.createBuffer({ size, usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC });
    const copy = device.createBuffer({ size, usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ });
    encoder.resolveQuerySet(set, 0, kernels.length * 2, resolved, 0);
    encoder.copyBufferToBuffer(resolved, 0, copy, 0, size);
    return { kernels, copy, spent: [set, resolved] };
  }

  /** Milliseconds and dispatches of each kernel since the last time it was asked. */
  async function report() {
    const totals = new Map();
    for (const { kernels, copy, spent } of pending.splice(0)) {
      await copy.mapAsync(GPUMapMode.READ);
      const times = new BigUint64Array(copy.getMappedRange());
      kernels.forEach((kernel, index) => {
        const total = totals.get(kernel) ?? { kernel, dispatches: 0, milliseconds: 0 };
        total.dispatches += 1;
        total.milliseconds += Number(times[index * 2 + 1] - times[index * 2]) / 1e6;
        totals.set(kernel, total);
      });
      for (const resource of [copy, ...spent]) resource.destroy();
    }
    return [...totals.values()];
  }

  const channel = new BroadcastChannel("watched");
  channel.onmessage = async ({ data }) => {
    if (data === "report") channel.postMessage(await report());
  };
}

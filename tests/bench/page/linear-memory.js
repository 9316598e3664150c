// Put before a program: tells on the channel "watched" how many bytes its WebAssembly memories have. They never shrink.
{
  const { Memory } = WebAssembly;
  const memories = new Set();

  function keep(instance) {
    for (const value of Object.values(instance.exports)) if (value instanceof Memory) memories.add(value);
  }

  for (const method of ["instantiate", "instantiateStreaming"]) {
    const original = WebAssembly[method];
    WebAssembly[method] = async (...given) => {
      const made = await original(...given);
      keep(made.instance ?? made);
      return made;
    };
  }
  WebAssembly.Memory = class extends Memory {
    constructor(descriptor) {
      super(descriptor);
      memories.add(this);
    }
  };

  const channel = new BroadcastChannel("watched");
  channel.onmessage = ({ data }) => {
    if (data !== "report") return;
    channel.postMessage([...memories].reduce((sum, memory) => sum + memory.buffer.byteLength, 0));
  };
}

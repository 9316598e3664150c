// A network in TensorFlow.js, from the graph that `crates/graph` writes as JSON: node by node, in its inference form.

/** A function from an image `[batch, side, side, 1]` to probabilities `[batch, classes]`. */
export function network(tf, graph, tensors, temperature) {
  const constants = new Map();
  for (const [name, tensor] of tensors) constants.set(name, tf.tidy(() => inTensorFlowsLayout(tf, name, tensor)));
  const layers = new Layers(tf, constants);
  const fused = activationsOfConvolutions(graph);
  return (image) => {
    const values = [];
    graph.nodes.forEach((node, id) => {
      const read = node.inputs.map((input) => values[input]);
      values.push(fused.has(id) ? read[0] : layers.apply(node, read, image, fused.activation(id)));
    });
    return tf.softmax(tf.div(values[graph.outputs[0]], temperature));
  };
}

/** Activations that are the only reader of a convolution across channels: TensorFlow.js computes both at once. */
function activationsOfConvolutions(graph) {
  const readers = graph.nodes.map(() => []);
  graph.nodes.forEach((node, id) => node.inputs.forEach((input) => readers[input].push(id)));
  const names = new Map();
  graph.nodes.forEach(({ op: { convolution } }, id) => {
    const [reader, ...others] = readers[id];
    const activation = graph.nodes[reader]?.op.activation;
    if (convolution?.groups === 1 && activation && others.length === 0) names.set(id, { activation, reader });
  });
  const covered = new Set([...names.values()].map(({ reader }) => reader));
  return { has: (id) => covered.has(id), activation: (id) => names.get(id)?.activation ?? "linear" };
}

class Layers {
  #constants;

  constructor(tf, constants) {
    this.tf = tf;
    this.#constants = constants;
  }

  #get(name) {
    if (!this.#constants.has(name)) throw new Error(`the weights file has no ${name}`);
    return this.#constants.get(name);
  }

  /** The value of a node. An operation without sizes is a text, any other an object with its one name. */
  apply({ name, op }, [x, other], image, activation) {
    const { tf } = this;
    if (op.image) return image;
    if (op.convolution) return this.#convolution(op.convolution, x, activation);
    if (op.max_pool) return tf.maxPool(x, op.max_pool.size, op.max_pool.stride, op.max_pool.padding);
    if (op.activation === "relu") return tf.relu(x);
    if (op.activation === "relu6") return tf.relu6(x);
    if (op === "add") return tf.add(x, other);
    if (op === "global_average") return tf.mean(x, [1, 2]);
    if (op.linear) return tf.add(tf.matMul(x, this.#get(`${name}.kernel`), false, true), this.#get(`${name}.bias`));
    throw new Error(`no operation for ${name}: ${JSON.stringify(op)}`);
  }

  #convolution({ layer, role, window: { stride: strides, padding: pad }, groups, bias }, x, activation) {
    const filter = this.#get(`${layer}.${role === "kernel" ? "kernel" : `${role}_kernel`}`);
    if (groups > 1) {
      const spatial = this.tf.depthwiseConv2d(x, filter, strides, pad);
      return bias ? this.tf.add(spatial, this.#get(`${layer}.bias`)) : spatial;
    }
    return this.tf.fused.conv2d({ x, filter, bias: this.#get(`${layer}.bias`), strides, pad, activation });
  }
}

/** From `[out, in, height, width]`, pointwise `[out, in]`, to channels last. */
function inTensorFlowsLayout(tf, name, { shape, values }) {
  const tensor = tf.tensor(values, shape);
  if (name.endsWith(".pointwise_kernel")) return tf.reshape(tf.transpose(tensor), [1, 1, shape[1], shape[0]]);
  if (name.endsWith(".depthwise_kernel")) return tf.transpose(tensor, [2, 3, 0, 1]);
  return shape.length === 4 ? tf.transpose(tensor, [2, 3, 1, 0]) : tensor;
}

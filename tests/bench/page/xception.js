// Xception (Chollet 2017) in TensorFlow.js, as `crates/networks` has it with its normalisation folded.

/** Modules that halve height and width, with the 1x1 convolution beside each. */
const SHORTCUTS = new Map([
  [2, "conv2d"],
  [3, "conv2d_1"],
  [4, "conv2d_2"],
  [13, "conv2d_3"],
]);

/** A function from an image `[batch, side, side, 1]` to probabilities `[batch, classes]`. */
export function xception(tf, tensors, temperature) {
  const layers = new Layers(tf, tensors);
  return (image) => {
    let features = layers.convolution(image, "block1_conv1", 2, "relu");
    features = layers.convolution(features, "block1_conv2", 1, "relu");
    for (let module = 2; module <= 13; module += 1) features = layers.residual(features, module);
    features = layers.separable(features, "block14_sepconv1", "relu");
    features = layers.separable(features, "block14_sepconv2", "relu");
    return tf.softmax(tf.div(layers.head(tf.mean(features, [1, 2])), temperature));
  };
}

class Layers {
  #constants = new Map();

  constructor(tf, tensors) {
    this.tf = tf;
    for (const [name, tensor] of tensors) this.#constants.set(name, tf.tidy(() => inTensorFlowsLayout(tf, name, tensor)));
  }

  #get(name) {
    if (!this.#constants.has(name)) throw new Error(`the weights file has no ${name}`);
    return this.#constants.get(name);
  }

  convolution(x, layer, strides, activation) {
    const [filter, bias] = [this.#get(`${layer}.kernel`), this.#get(`${layer}.bias`)];
    return this.tf.fused.conv2d({ x, filter, bias, strides, pad: "valid", activation });
  }

  separable(x, layer, activation) {
    const spatial = this.tf.depthwiseConv2d(x, this.#get(`${layer}.depthwise_kernel`), 1, "same");
    const [filter, bias] = [this.#get(`${layer}.pointwise_kernel`), this.#get(`${layer}.bias`)];
    return this.tf.fused.conv2d({ x: spatial, filter, bias, strides: 1, pad: "valid", activation });
  }

  residual(input, module) {
    const shortcut = SHORTCUTS.get(module);
    const convolutions = shortcut ? 2 : 3;
    // What module 2 takes has just come out of a ReLU.
    let main = module > 2 ? this.tf.relu(input) : input;
    for (let index = 1; index <= convolutions; index += 1) {
      const activation = index < convolutions ? "relu" : "linear";
      main = this.separable(main, `block${module}_sepconv${index}`, activation);
    }
    if (!shortcut) return this.tf.add(main, input);
    const beside = this.convolution(input, shortcut, 2, "linear");
    return this.tf.add(this.tf.maxPool(main, 3, 2, "same"), beside);
  }

  head(pooled) {
    return this.tf.add(this.tf.matMul(pooled, this.#get("predictions.kernel"), false, true), this.#get("predictions.bias"));
  }
}

/** From `[out, in, height, width]`, pointwise `[out, in]`, to channels last. */
function inTensorFlowsLayout(tf, name, { shape, values }) {
  const tensor = tf.tensor(values, shape);
  if (name.endsWith(".pointwise_kernel")) return tf.reshape(tf.transpose(tensor), [1, 1, shape[1], shape[0]]);
  if (name.endsWith(".depthwise_kernel")) return tf.transpose(tensor, [2, 3, 0, 1]);
  return shape.length === 4 ? tf.transpose(tensor, [2, 3, 1, 0]) : tensor;
}

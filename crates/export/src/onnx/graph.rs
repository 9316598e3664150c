//! A graph while it is drawn: node by node, from what goes in to what comes out.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use graph::{Convolution, Placed, Window};
use weights::{Tensor, Values};

use super::messages::{AttributeProto, AttributeType, DataType, GraphProto, NodeProto, TensorProto};

/// A graph in the making.
pub struct Drawing<'a> {
    tensors: &'a BTreeMap<String, Tensor>,
    nodes: Vec<NodeProto>,
    initializers: Vec<TensorProto>,
}

impl<'a> Drawing<'a> {
    /// An empty graph that takes its constants from `tensors`.
    #[must_use]
    pub fn new(tensors: &'a BTreeMap<String, Tensor>) -> Self {
        Self { tensors, nodes: Vec::new(), initializers: Vec::new() }
    }

    /// The nodes and constants drawn so far, as a message without inputs and outputs.
    #[must_use]
    pub fn finish(self, name: &str) -> GraphProto {
        GraphProto { node: self.nodes, name: name.to_owned(), initializer: self.initializers, ..GraphProto::default() }
    }

    /// Adds an operation whose only output has the operation's own name.
    fn node(&mut self, operator: &str, name: &str, inputs: Vec<String>, attributes: Vec<AttributeProto>) -> String {
        self.nodes.push(NodeProto {
            input: inputs,
            output: vec![name.to_owned()],
            name: name.to_owned(),
            op_type: operator.to_owned(),
            attribute: attributes,
        });
        name.to_owned()
    }

    /// A convolution; the name of its value.
    ///
    /// # Errors
    /// Kernel or bias is missing.
    pub fn convolution(
        &mut self,
        input: &str,
        name: &str,
        convolution: &Convolution,
        placed: Placed,
    ) -> anyhow::Result<String> {
        let mut inputs = vec![input.to_owned(), self.constant(&convolution.kernel(), 4)?];
        if convolution.bias {
            inputs.push(self.constant(&convolution.bias(), 1)?);
        }
        let mut attributes = attributes(convolution.window, placed);
        attributes.push(integer("group", convolution.groups));
        Ok(self.node("Conv", name, inputs, attributes))
    }

    /// The largest value under a window; padding counts as smaller than any.
    pub fn max_pool(&mut self, input: &str, name: &str, window: Window, placed: Placed) -> String {
        self.node("MaxPool", name, vec![input.to_owned()], attributes(window, placed))
    }

    /// Negative values to zero.
    pub fn relu(&mut self, input: &str, name: &str) -> String {
        self.node("Relu", name, vec![input.to_owned()], Vec::new())
    }

    /// Values to between 0 and 6.
    pub fn relu6(&mut self, input: &str, name: &str) -> String {
        let bounds = [("relu6.least", 0.0), ("relu6.most", 6.0)];
        if !self.initializers.iter().any(|constant| constant.name == bounds[0].0) {
            self.initializers.extend(bounds.map(|(name, value)| floats(name, &[], &[value])));
        }
        let inputs = std::iter::once(input).chain(bounds.map(|(name, _)| name)).map(str::to_owned).collect();
        self.node("Clip", name, inputs, Vec::new())
    }

    /// The sum of two values of one shape.
    pub fn add(&mut self, name: &str, left: &str, right: &str) -> String {
        self.two("Add", name, left, right)
    }

    /// The mean of every channel, `[batch, channels]`.
    pub fn global_average(&mut self, input: &str, name: &str) -> String {
        let averaged = self.average(input, name);
        self.flat(averaged, "pooled")
    }

    /// The mean of every channel, `[batch, channels]`, each pixel weighed by the sigmoid of a map.
    pub fn weighted_average(&mut self, input: &str, map: &str, name: &str) -> String {
        let weights = self.sigmoid(map, &format!("{name}.weights"));
        let product = self.two("Mul", &format!("{name}.product"), input, &weights);
        let product = self.average(&product, &format!("{name}.mean"));
        let weights = self.average(&weights, &format!("{name}.mean_weight"));
        let ratio = self.two("Div", &format!("{name}.ratio"), &product, &weights);
        self.flat(ratio, name)
    }

    /// `[batch, channels, 1, 1]`.
    fn average(&mut self, input: &str, name: &str) -> String {
        self.node("GlobalAveragePool", name, vec![input.to_owned()], Vec::new())
    }

    fn flat(&mut self, input: String, name: &str) -> String {
        self.node("Flatten", name, vec![input], vec![integer("axis", 1)])
    }

    /// Every value between 0 and 1.
    pub fn sigmoid(&mut self, input: &str, name: &str) -> String {
        self.node("Sigmoid", name, vec![input.to_owned()], Vec::new())
    }

    /// Rows and columns of other numbers, by the nearest of those that are there.
    pub fn resize(&mut self, input: &str, name: &str, from: [usize; 2], to: [usize; 2]) -> String {
        let nearest = |axis: usize| (0..to[axis]).map(|index| index * from[axis] / to[axis]).collect::<Vec<_>>();
        let rows = self.gather(input, &format!("{name}.rows"), &nearest(0), 2);
        self.gather(&rows, name, &nearest(1), 3)
    }

    /// The values at `indices` along an axis.
    fn gather(&mut self, input: &str, name: &str, indices: &[usize], axis: usize) -> String {
        let constant = format!("{name}.indices");
        self.initializers.push(integers64(&constant, indices));
        self.node("Gather", name, vec![input.to_owned(), constant], vec![integer("axis", axis)])
    }

    /// `ln(mean(exp(x)))` over `pixels` pixels, `[batch, channels]`.
    pub fn log_mean_exp(&mut self, input: &str, name: &str, pixels: usize) -> String {
        let attributes = vec![integers("axes", &[2, 3]), integer("keepdims", 0)];
        let sum = self.node("ReduceLogSumExp", &format!("{name}.sum"), vec![input.to_owned()], attributes);
        let count = format!("{name}.count");
        self.initializers.push(floats(&count, &[], &[(pixels as f32).ln()]));
        self.two("Sub", name, &sum, &count)
    }

    /// The values of one vector, then those of another.
    pub fn concatenate(&mut self, left: &str, right: &str, name: &str) -> String {
        self.node("Concat", name, vec![left.to_owned(), right.to_owned()], vec![integer("axis", 1)])
    }

    /// Logits of classes of which one is that nothing is there: see [`graph::Op::Presence`].
    pub fn presence(&mut self, [level, kinds]: [&str; 2], none: usize, classes: usize, name: &str) -> String {
        let shares =
            self.node("LogSoftmax", &format!("{name}.kinds"), vec![kinds.to_owned()], vec![integer("axis", 1)]);
        let others = self.two("Add", &format!("{name}.others"), &shares, level);
        let nothing = self.two("Sub", &format!("{name}.nothing"), level, level);
        let logits = self.concatenate(&nothing, &others, &format!("{name}.logits"));
        let place = |class: usize| if class == none { 0 } else { class + usize::from(class < none) };
        self.gather(&logits, name, &(0..classes).map(place).collect::<Vec<_>>(), 1)
    }

    fn two(&mut self, operator: &str, name: &str, left: &str, right: &str) -> String {
        self.node(operator, name, vec![left.to_owned(), right.to_owned()], Vec::new())
    }

    /// A linear layer with the kernel `LAYER.kernel` `[classes, features]`; to `name`.
    ///
    /// # Errors
    /// Kernel or bias is missing.
    pub fn linear(&mut self, input: &str, layer: &str, name: &str) -> anyhow::Result<String> {
        let kernel = self.constant(&format!("{layer}.kernel"), 2)?;
        let bias = self.constant(&format!("{layer}.bias"), 1)?;
        Ok(self.node("Gemm", name, vec![input.to_owned(), kernel, bias], vec![integer("transB", 1)]))
    }

    /// The softmax of `logits`, divided by `temperature` first; to `name`.
    pub fn softmax(&mut self, logits: &str, temperature: Option<f32>, name: &str) -> String {
        let mut scaled = logits.to_owned();
        if let Some(temperature) = temperature {
            let constant = "temperature".to_owned();
            self.initializers.push(floats(&constant, &[], &[temperature]));
            scaled = self.node("Div", "scaled_logits", vec![scaled, constant], Vec::new());
        }
        self.node("Softmax", name, vec![scaled], vec![integer("axis", 1)])
    }

    /// A tensor as a constant of `axes` axes, those that lack being of length 1; the name of its value as floats.
    ///
    /// Int8 is kept, and `DequantizeLinear` multiplies it by the scale of its output channel.
    fn constant(&mut self, name: &str, axes: usize) -> anyhow::Result<String> {
        let tensor = self.tensor(name)?;
        let mut shape = tensor.shape.clone();
        if shape.len() > axes {
            bail!("the tensor \"{name}\" has the shape {shape:?}; at most {axes} axes were expected");
        }
        shape.resize(axes, 1);
        match &tensor.values {
            Values::Float(values) => {
                self.initializers.push(floats(name, &shape, values));
                Ok(name.to_owned())
            }
            Values::Int8 { values, scales } => {
                let scale = format!("{name}.scale");
                self.initializers.push(int8(name, &shape, values));
                self.initializers.push(floats(&scale, &[scales.len()], scales));
                let inputs = vec![name.to_owned(), scale];
                Ok(self.node("DequantizeLinear", &format!("{name}.float"), inputs, vec![integer("axis", 0)]))
            }
        }
    }

    fn tensor(&self, name: &str) -> anyhow::Result<&'a Tensor> {
        self.tensors.get(name).with_context(|| format!("the tensor \"{name}\" is missing"))
    }
}

fn attributes(window: Window, Placed { before, after, .. }: Placed) -> Vec<AttributeProto> {
    vec![
        integers("kernel_shape", &[window.size; 2]),
        integers("pads", &[before, before, after, after]),
        integers("strides", &[window.stride; 2]),
    ]
}

fn floats(name: &str, shape: &[usize], values: &[f32]) -> TensorProto {
    let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    constant(name, shape, DataType::Float, bytes)
}

fn int8(name: &str, shape: &[usize], values: &[i8]) -> TensorProto {
    constant(name, shape, DataType::Int8, values.iter().map(|value| value.cast_unsigned()).collect())
}

fn integers64(name: &str, values: &[usize]) -> TensorProto {
    let bytes = values.iter().flat_map(|&value| (value as i64).to_le_bytes()).collect();
    constant(name, &[values.len()], DataType::Int64, bytes)
}

fn constant(name: &str, shape: &[usize], data_type: DataType, raw_data: Vec<u8>) -> TensorProto {
    let dims = shape.iter().map(|&length| length as i64).collect();
    TensorProto { dims, data_type: data_type.into(), name: name.to_owned(), raw_data }
}

fn integer(name: &str, value: usize) -> AttributeProto {
    let r#type = AttributeType::Int.into();
    AttributeProto { name: name.to_owned(), i: Some(value as i64), ints: Vec::new(), r#type }
}

fn integers(name: &str, values: &[usize]) -> AttributeProto {
    let ints = values.iter().map(|&value| value as i64).collect();
    AttributeProto { name: name.to_owned(), i: None, ints, r#type: AttributeType::Ints.into() }
}

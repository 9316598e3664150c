//! A graph while it is drawn: layer by layer, from what goes in to what comes out.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use weights::{Tensor, Values};

use super::messages::{AttributeProto, AttributeValue, DataType, GraphProto, NodeProto, TensorProto};

/// A value of the graph that is an image or features: `[batch, channels, side, side]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Features {
    /// Name of the value.
    pub name: String,
    /// Height and width.
    pub side: usize,
}

/// What a window does at the border.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Padding {
    /// It stays inside.
    Valid,
    /// As Keras pads: the output has `ceil(side / stride)` pixels, and what is odd of the padding goes to the end.
    Same,
}

/// Size of a window, its step and its padding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Height and width.
    pub size: usize,
    /// Pixels from one place to the next.
    pub stride: usize,
    /// At the border.
    pub padding: Padding,
}

impl Window {
    /// Pixels of padding before and after, and the side of the output.
    fn on(self, side: usize) -> ([usize; 2], usize) {
        match self.padding {
            Padding::Valid => ([0, 0], (side.saturating_sub(self.size)) / self.stride + 1),
            Padding::Same => {
                let output = side.div_ceil(self.stride);
                let total = ((output - 1) * self.stride + self.size).saturating_sub(side);
                ([total / 2, total - total / 2], output)
            }
        }
    }

    fn attributes(self, [before, after]: [usize; 2]) -> Vec<AttributeProto> {
        vec![
            integers("kernel_shape", &[self.size; 2]),
            integers("pads", &[before, before, after, after]),
            integers("strides", &[self.stride; 2]),
        ]
    }
}

/// A graph in the making.
pub struct Graph<'a> {
    tensors: &'a BTreeMap<String, Tensor>,
    nodes: Vec<NodeProto>,
    initializers: Vec<TensorProto>,
}

impl<'a> Graph<'a> {
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

    /// A convolution with the kernel `NAME.kernel`, and `NAME.bias` where there is one.
    ///
    /// # Errors
    /// The kernel is missing.
    pub fn convolution(&mut self, input: &Features, layer: &str, window: Window) -> anyhow::Result<Features> {
        let bias = format!("{layer}.bias");
        let bias = self.tensors.contains_key(&bias).then_some(bias);
        self.apply(input, layer, &format!("{layer}.kernel"), bias.as_deref(), window, 1)
    }

    /// A depthwise 3x3 convolution, then a 1x1 convolution across channels with its bias.
    ///
    /// # Errors
    /// A kernel is missing.
    pub fn separable(&mut self, input: &Features, layer: &str) -> anyhow::Result<Features> {
        let depthwise = format!("{layer}.depthwise_kernel");
        let channels = self.tensor(&depthwise)?.shape.first().copied().unwrap_or(1);
        let window = Window { size: 3, stride: 1, padding: Padding::Same };
        let spatial = self.apply(input, &format!("{layer}_depthwise"), &depthwise, None, window, channels)?;
        let window = Window { size: 1, stride: 1, padding: Padding::Valid };
        self.apply(&spatial, layer, &format!("{layer}.pointwise_kernel"), Some(&format!("{layer}.bias")), window, 1)
    }

    fn apply(
        &mut self,
        input: &Features,
        name: &str,
        kernel: &str,
        bias: Option<&str>,
        window: Window,
        groups: usize,
    ) -> anyhow::Result<Features> {
        let (padding, side) = window.on(input.side);
        let mut inputs = vec![input.name.clone(), self.constant(kernel, 4)?];
        if let Some(bias) = bias {
            inputs.push(self.constant(bias, 1)?);
        }
        let mut attributes = window.attributes(padding);
        attributes.push(integer("group", groups));
        Ok(Features { name: self.node("Conv", name, inputs, attributes), side })
    }

    /// The largest value under a window; padding counts as smaller than any.
    pub fn max_pool(&mut self, input: &Features, name: &str, window: Window) -> Features {
        let (padding, side) = window.on(input.side);
        Features { name: self.node("MaxPool", name, vec![input.name.clone()], window.attributes(padding)), side }
    }

    /// Negative values to zero.
    pub fn relu(&mut self, input: &Features, name: &str) -> Features {
        Features { name: self.node("Relu", name, vec![input.name.clone()], Vec::new()), side: input.side }
    }

    /// The sum of two values of one shape.
    pub fn add(&mut self, name: &str, left: &Features, right: &Features) -> Features {
        let inputs = vec![left.name.clone(), right.name.clone()];
        Features { name: self.node("Add", name, inputs, Vec::new()), side: left.side }
    }

    /// Global average pooling, then a linear layer with the kernel `LAYER.kernel` `[classes, features]`; to `name`.
    ///
    /// # Errors
    /// Kernel or bias is missing.
    pub fn head(&mut self, input: &Features, layer: &str, name: &str) -> anyhow::Result<String> {
        let averaged = self.node("GlobalAveragePool", "avg_pool", vec![input.name.clone()], Vec::new());
        let pooled = self.node("Flatten", "pooled", vec![averaged], vec![integer("axis", 1)]);
        let inputs =
            vec![pooled, self.constant(&format!("{layer}.kernel"), 2)?, self.constant(&format!("{layer}.bias"), 1)?];
        Ok(self.node("Gemm", name, inputs, vec![integer("transB", 1)]))
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

fn floats(name: &str, shape: &[usize], values: &[f32]) -> TensorProto {
    let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    constant(name, shape, DataType::Float, bytes)
}

fn int8(name: &str, shape: &[usize], values: &[i8]) -> TensorProto {
    constant(name, shape, DataType::Int8, values.iter().map(|value| value.cast_unsigned()).collect())
}

fn constant(name: &str, shape: &[usize], data_type: DataType, raw_data: Vec<u8>) -> TensorProto {
    let dims = shape.iter().map(|&length| length as i64).collect();
    TensorProto { dims, data_type, name: name.to_owned(), raw_data }
}

fn integer(name: &str, value: usize) -> AttributeProto {
    AttributeProto { name: name.to_owned(), value: AttributeValue::Int(value as i64) }
}

fn integers(name: &str, values: &[usize]) -> AttributeProto {
    let values = values.iter().map(|&value| value as i64).collect();
    AttributeProto { name: name.to_owned(), value: AttributeValue::Ints(values) }
}

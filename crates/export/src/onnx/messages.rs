//! The part of ONNX's messages that a network here needs, and their protobuf encoding.
//!
//! Names and field numbers are those of `onnx/onnx.proto` of ONNX 1.17, IR version 8. Fields that are left out here are
//! optional there. Written by hand: a network needs eleven messages and four kinds of fields, and they are only written.

/// A message of protobuf.
trait Message {
    /// Writes every field.
    fn write(&self, fields: &mut Fields);
}

/// The fields of a message in protobuf's encoding.
#[derive(Default)]
struct Fields(Vec<u8>);

/// How a field's value is laid out: as a number.
const VARINT: u64 = 0;
/// As bytes after their length.
const DELIMITED: u64 = 2;

impl Fields {
    /// Seven bits a byte, the lowest first; the highest bit says that more follow.
    fn varint(&mut self, mut value: u64) {
        while value > 0x7f {
            self.0.push((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    fn integer(&mut self, field: u64, value: i64) {
        self.varint(field << 3 | VARINT);
        self.varint(value.cast_unsigned());
    }

    fn integers(&mut self, field: u64, values: &[i64]) {
        for &value in values {
            self.integer(field, value);
        }
    }

    fn bytes(&mut self, field: u64, bytes: &[u8]) {
        self.varint(field << 3 | DELIMITED);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    fn text(&mut self, field: u64, text: &str) {
        self.bytes(field, text.as_bytes());
    }

    fn texts(&mut self, field: u64, texts: &[String]) {
        for text in texts {
            self.text(field, text);
        }
    }

    fn message(&mut self, field: u64, message: &impl Message) {
        let mut fields = Self::default();
        message.write(&mut fields);
        self.bytes(field, &fields.0);
    }

    fn messages(&mut self, field: u64, messages: &[impl Message]) {
        for message in messages {
            self.message(field, message);
        }
    }
}

/// A file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ModelProto {
    /// Version of the file format.
    pub ir_version: i64,
    /// What wrote the file.
    pub producer_name: String,
    /// Its version.
    pub producer_version: String,
    /// For people.
    pub doc_string: String,
    /// The network.
    pub graph: GraphProto,
    /// Which version of the operators.
    pub opset_import: Vec<OperatorSetIdProto>,
    /// What else there is to know, by name.
    pub metadata_props: Vec<StringStringEntryProto>,
}

impl ModelProto {
    /// The file's bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut fields = Fields::default();
        self.write(&mut fields);
        fields.0
    }
}

impl Message for ModelProto {
    fn write(&self, fields: &mut Fields) {
        fields.integer(1, self.ir_version);
        fields.text(2, &self.producer_name);
        fields.text(3, &self.producer_version);
        fields.text(6, &self.doc_string);
        fields.message(7, &self.graph);
        fields.messages(8, &self.opset_import);
        fields.messages(14, &self.metadata_props);
    }
}

/// A version of a set of operators.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OperatorSetIdProto {
    /// Whose operators; empty for ONNX's own.
    pub domain: String,
    /// Which version.
    pub version: i64,
}

impl Message for OperatorSetIdProto {
    fn write(&self, fields: &mut Fields) {
        fields.text(1, &self.domain);
        fields.integer(2, self.version);
    }
}

/// A text by name.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StringStringEntryProto {
    /// The name.
    pub key: String,
    /// The text.
    pub value: String,
}

impl Message for StringStringEntryProto {
    fn write(&self, fields: &mut Fields) {
        fields.text(1, &self.key);
        fields.text(2, &self.value);
    }
}

/// Nodes in an order in which they can be computed, and the constants they use.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct GraphProto {
    /// The operations.
    pub node: Vec<NodeProto>,
    /// Name of the network.
    pub name: String,
    /// The constants.
    pub initializer: Vec<TensorProto>,
    /// What must be given.
    pub input: Vec<ValueInfoProto>,
    /// What comes out.
    pub output: Vec<ValueInfoProto>,
}

impl Message for GraphProto {
    fn write(&self, fields: &mut Fields) {
        fields.messages(1, &self.node);
        fields.text(2, &self.name);
        fields.messages(5, &self.initializer);
        fields.messages(11, &self.input);
        fields.messages(12, &self.output);
    }
}

/// One operation.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct NodeProto {
    /// Names of the values it takes.
    pub input: Vec<String>,
    /// Names of the values it gives.
    pub output: Vec<String>,
    /// Its own name.
    pub name: String,
    /// The operator.
    pub op_type: String,
    /// How it is applied.
    pub attribute: Vec<AttributeProto>,
}

impl Message for NodeProto {
    fn write(&self, fields: &mut Fields) {
        fields.texts(1, &self.input);
        fields.texts(2, &self.output);
        fields.text(3, &self.name);
        fields.text(4, &self.op_type);
        fields.messages(5, &self.attribute);
    }
}

/// A setting of an operation.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AttributeProto {
    /// Which setting.
    pub name: String,
    /// What it is set to.
    pub value: AttributeValue,
}

/// One number or several.
#[derive(Debug, Clone, PartialEq)]
pub enum AttributeValue {
    /// One.
    Int(i64),
    /// Several.
    Ints(Vec<i64>),
}

impl Default for AttributeValue {
    fn default() -> Self {
        Self::Ints(Vec::new())
    }
}

impl Message for AttributeProto {
    fn write(&self, fields: &mut Fields) {
        fields.text(1, &self.name);
        match &self.value {
            AttributeValue::Int(value) => {
                fields.integer(3, *value);
                fields.integer(20, 2);
            }
            AttributeValue::Ints(values) => {
                fields.integers(8, values);
                fields.integer(20, 7);
            }
        }
    }
}

/// A constant.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TensorProto {
    /// Length of each axis.
    pub dims: Vec<i64>,
    /// How a value is stored.
    pub data_type: DataType,
    /// Its name.
    pub name: String,
    /// The values, row-major, little-endian.
    pub raw_data: Vec<u8>,
}

/// How a value is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DataType {
    /// IEEE 754, 32 bits.
    #[default]
    Float = 1,
    /// Signed, 8 bits.
    Int8 = 3,
    /// Signed, 64 bits: indices.
    Int64 = 7,
}

impl Message for TensorProto {
    fn write(&self, fields: &mut Fields) {
        fields.integers(1, &self.dims);
        fields.integer(2, self.data_type as i64);
        fields.text(8, &self.name);
        fields.bytes(9, &self.raw_data);
    }
}

/// Name and axes of a tensor of floats that goes in or comes out.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ValueInfoProto {
    /// The name.
    pub name: String,
    /// What ONNX wraps in `TypeProto`, `TypeProto.Tensor` and `TensorShapeProto`.
    pub axes: Vec<Dimension>,
    /// For people.
    pub doc_string: String,
}

/// Length of an axis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dimension {
    /// Always the same.
    Value(i64),
    /// Another from call to call, by a name.
    Parameter(String),
}

/// A tensor's type: floats with these axes.
struct TypeProto<'a>(&'a [Dimension]);
/// What it is a tensor of.
struct TensorType<'a>(&'a [Dimension]);
/// Its shape.
struct TensorShapeProto<'a>(&'a [Dimension]);

impl Message for ValueInfoProto {
    fn write(&self, fields: &mut Fields) {
        fields.text(1, &self.name);
        fields.message(2, &TypeProto(&self.axes));
        fields.text(3, &self.doc_string);
    }
}

impl Message for TypeProto<'_> {
    fn write(&self, fields: &mut Fields) {
        fields.message(1, &TensorType(self.0));
    }
}

impl Message for TensorType<'_> {
    fn write(&self, fields: &mut Fields) {
        fields.integer(1, DataType::Float as i64);
        fields.message(2, &TensorShapeProto(self.0));
    }
}

impl Message for TensorShapeProto<'_> {
    fn write(&self, fields: &mut Fields) {
        fields.messages(1, self.0);
    }
}

impl Message for Dimension {
    fn write(&self, fields: &mut Fields) {
        match self {
            Self::Value(length) => fields.integer(1, *length),
            Self::Parameter(name) => fields.text(2, name),
        }
    }
}

//! The part of ONNX's messages that a network here needs.
//!
//! Names and field numbers are those of `onnx/onnx.proto` of ONNX 1.17, IR version 8. Fields that are left out here are
//! optional there. Spelled out, so that building needs no compiler of protobuf.

use prost::{Enumeration, Message, Oneof};

/// A file.
#[derive(Clone, PartialEq, Message)]
pub struct ModelProto {
    /// Version of the file format.
    #[prost(int64, required, tag = "1")]
    pub ir_version: i64,
    /// What wrote the file.
    #[prost(string, required, tag = "2")]
    pub producer_name: String,
    /// Its version.
    #[prost(string, required, tag = "3")]
    pub producer_version: String,
    /// For people.
    #[prost(string, required, tag = "6")]
    pub doc_string: String,
    /// The network.
    #[prost(message, required, tag = "7")]
    pub graph: GraphProto,
    /// Which version of the operators.
    #[prost(message, repeated, tag = "8")]
    pub opset_import: Vec<OperatorSetIdProto>,
    /// What else there is to know, by name.
    #[prost(message, repeated, tag = "14")]
    pub metadata_props: Vec<StringStringEntryProto>,
}

/// A version of a set of operators.
#[derive(Clone, PartialEq, Message)]
pub struct OperatorSetIdProto {
    /// Whose operators; empty for ONNX's own.
    #[prost(string, required, tag = "1")]
    pub domain: String,
    /// Which version.
    #[prost(int64, required, tag = "2")]
    pub version: i64,
}

/// A text by name.
#[derive(Clone, PartialEq, Message)]
pub struct StringStringEntryProto {
    /// The name.
    #[prost(string, required, tag = "1")]
    pub key: String,
    /// The text.
    #[prost(string, required, tag = "2")]
    pub value: String,
}

/// Nodes in an order in which they can be computed, and the constants they use.
#[derive(Clone, PartialEq, Message)]
pub struct GraphProto {
    /// The operations.
    #[prost(message, repeated, tag = "1")]
    pub node: Vec<NodeProto>,
    /// Name of the network.
    #[prost(string, required, tag = "2")]
    pub name: String,
    /// The constants.
    #[prost(message, repeated, tag = "5")]
    pub initializer: Vec<TensorProto>,
    /// What must be given.
    #[prost(message, repeated, tag = "11")]
    pub input: Vec<ValueInfoProto>,
    /// What comes out.
    #[prost(message, repeated, tag = "12")]
    pub output: Vec<ValueInfoProto>,
}

/// One operation.
#[derive(Clone, PartialEq, Message)]
pub struct NodeProto {
    /// Names of the values it takes.
    #[prost(string, repeated, tag = "1")]
    pub input: Vec<String>,
    /// Names of the values it gives.
    #[prost(string, repeated, tag = "2")]
    pub output: Vec<String>,
    /// Its own name.
    #[prost(string, required, tag = "3")]
    pub name: String,
    /// The operator.
    #[prost(string, required, tag = "4")]
    pub op_type: String,
    /// How it is applied.
    #[prost(message, repeated, tag = "5")]
    pub attribute: Vec<AttributeProto>,
}

/// A setting of an operation.
#[derive(Clone, PartialEq, Message)]
pub struct AttributeProto {
    /// Which setting.
    #[prost(string, required, tag = "1")]
    pub name: String,
    /// Its value, where that is one number.
    #[prost(int64, optional, tag = "3")]
    pub i: Option<i64>,
    /// Its value, where that is several numbers.
    #[prost(int64, repeated, packed = "false", tag = "8")]
    pub ints: Vec<i64>,
    /// Which of the two.
    #[prost(enumeration = "AttributeType", required, tag = "20")]
    pub r#type: i32,
}

/// What a setting is set to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enumeration)]
#[repr(i32)]
pub enum AttributeType {
    /// One number.
    Int = 2,
    /// Several.
    Ints = 7,
}

/// A constant.
#[derive(Clone, PartialEq, Message)]
pub struct TensorProto {
    /// Length of each axis.
    #[prost(int64, repeated, packed = "false", tag = "1")]
    pub dims: Vec<i64>,
    /// How a value is stored.
    #[prost(enumeration = "DataType", required, tag = "2")]
    pub data_type: i32,
    /// Its name.
    #[prost(string, required, tag = "8")]
    pub name: String,
    /// The values, row-major, little-endian.
    #[prost(bytes = "vec", required, tag = "9")]
    pub raw_data: Vec<u8>,
}

/// How a value is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enumeration)]
#[repr(i32)]
pub enum DataType {
    /// IEEE 754, 32 bits.
    Float = 1,
    /// Signed, 8 bits.
    Int8 = 3,
    /// Signed, 64 bits: indices.
    Int64 = 7,
}

/// Name and type of a tensor that goes in or comes out.
#[derive(Clone, PartialEq, Message)]
pub struct ValueInfoProto {
    /// The name.
    #[prost(string, required, tag = "1")]
    pub name: String,
    /// The type.
    #[prost(message, required, tag = "2")]
    pub r#type: TypeProto,
    /// For people.
    #[prost(string, required, tag = "3")]
    pub doc_string: String,
}

/// A type: here always a tensor.
#[derive(Clone, PartialEq, Message)]
pub struct TypeProto {
    /// Of what.
    #[prost(message, required, tag = "1")]
    pub tensor_type: TensorTypeProto,
}

/// The type of a tensor, `TypeProto.Tensor` of ONNX.
#[derive(Clone, PartialEq, Message)]
pub struct TensorTypeProto {
    /// How a value is stored.
    #[prost(enumeration = "DataType", required, tag = "1")]
    pub elem_type: i32,
    /// The axes.
    #[prost(message, required, tag = "2")]
    pub shape: TensorShapeProto,
}

/// The axes of a tensor.
#[derive(Clone, PartialEq, Message)]
pub struct TensorShapeProto {
    /// From the first to the last.
    #[prost(message, repeated, tag = "1")]
    pub dim: Vec<Dimension>,
}

/// An axis, `TensorShapeProto.Dimension` of ONNX.
#[derive(Clone, PartialEq, Eq, Hash, Message)]
pub struct Dimension {
    /// Its length.
    #[prost(oneof = "Length", tags = "1, 2")]
    pub value: Option<Length>,
}

/// Length of an axis.
#[derive(Clone, PartialEq, Eq, Hash, Oneof)]
pub enum Length {
    /// Always the same.
    #[prost(int64, tag = "1")]
    Value(i64),
    /// Another from call to call, by a name.
    #[prost(string, tag = "2")]
    Parameter(String),
}

impl From<Length> for Dimension {
    fn from(length: Length) -> Self {
        Self { value: Some(length) }
    }
}

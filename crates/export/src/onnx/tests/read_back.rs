//! The messages of an ONNX file, read from its bytes by field numbers alone.

use super::super::messages::{
    AttributeProto, AttributeValue, DataType, Dimension, GraphProto, ModelProto, NodeProto, OperatorSetIdProto,
    StringStringEntryProto, TensorProto, ValueInfoProto,
};

/// A message's fields: number, and value or bytes.
struct Fields<'a>(Vec<(u64, Field<'a>)>);

#[derive(Clone, Copy)]
enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first().unwrap();
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return value;
        }
    }
    panic!("a number has more than ten bytes");
}

impl<'a> Fields<'a> {
    fn read(mut bytes: &'a [u8]) -> Self {
        let mut fields = Vec::new();
        while !bytes.is_empty() {
            let key = varint(&mut bytes);
            let field = match key & 7 {
                0 => Field::Number(varint(&mut bytes)),
                2 => {
                    let length = usize::try_from(varint(&mut bytes)).unwrap();
                    let (value, rest) = bytes.split_at(length);
                    bytes = rest;
                    Field::Bytes(value)
                }
                other => panic!("field {} has the wire type {other}", key >> 3),
            };
            fields.push((key >> 3, field));
        }
        Self(fields)
    }

    fn numbers(&self, number: u64) -> Vec<i64> {
        let number = |(found, field): &(u64, Field<'a>)| match field {
            Field::Number(value) if *found == number => Some(value.cast_signed()),
            _ => None,
        };
        self.0.iter().filter_map(number).collect()
    }

    fn all(&self, number: u64) -> Vec<&'a [u8]> {
        let bytes = |(found, field): &(u64, Field<'a>)| match field {
            Field::Bytes(bytes) if *found == number => Some(*bytes),
            _ => None,
        };
        self.0.iter().filter_map(bytes).collect()
    }

    fn texts(&self, number: u64) -> Vec<String> {
        self.all(number).into_iter().map(|bytes| String::from_utf8(bytes.to_vec()).unwrap()).collect()
    }

    fn text(&self, number: u64) -> String {
        self.texts(number).pop().unwrap_or_default()
    }

    fn message(&self, number: u64) -> Fields<'a> {
        Fields::read(self.all(number)[0])
    }

    fn messages<T>(&self, number: u64, read: impl Fn(&Fields<'a>) -> T) -> Vec<T> {
        self.all(number).into_iter().map(|bytes| read(&Fields::read(bytes))).collect()
    }
}

/// A whole file.
pub fn model(bytes: &[u8]) -> ModelProto {
    let fields = Fields::read(bytes);
    ModelProto {
        ir_version: fields.numbers(1)[0],
        producer_name: fields.text(2),
        producer_version: fields.text(3),
        doc_string: fields.text(6),
        graph: graph(&fields.message(7)),
        opset_import: fields
            .messages(8, |fields| OperatorSetIdProto { domain: fields.text(1), version: fields.numbers(2)[0] }),
        metadata_props: fields
            .messages(14, |fields| StringStringEntryProto { key: fields.text(1), value: fields.text(2) }),
    }
}

fn graph(fields: &Fields<'_>) -> GraphProto {
    GraphProto {
        node: fields.messages(1, node),
        name: fields.text(2),
        initializer: fields.messages(5, tensor),
        input: fields.messages(11, value),
        output: fields.messages(12, value),
    }
}

fn node(fields: &Fields<'_>) -> NodeProto {
    NodeProto {
        input: fields.texts(1),
        output: fields.texts(2),
        name: fields.text(3),
        op_type: fields.text(4),
        attribute: fields.messages(5, attribute),
    }
}

fn attribute(fields: &Fields<'_>) -> AttributeProto {
    let value = match fields.numbers(20)[0] {
        2 => AttributeValue::Int(fields.numbers(3)[0]),
        7 => AttributeValue::Ints(fields.numbers(8)),
        other => panic!("{} is of type {other}", fields.text(1)),
    };
    AttributeProto { name: fields.text(1), value }
}

fn tensor(fields: &Fields<'_>) -> TensorProto {
    let data_type = match fields.numbers(2)[0] {
        1 => DataType::Float,
        3 => DataType::Int8,
        7 => DataType::Int64,
        other => panic!("{} is of type {other}", fields.text(8)),
    };
    TensorProto { dims: fields.numbers(1), data_type, name: fields.text(8), raw_data: fields.all(9)[0].to_vec() }
}

fn value(fields: &Fields<'_>) -> ValueInfoProto {
    let tensor = fields.message(2).message(1);
    assert_eq!(tensor.numbers(1), [1], "only floats go in and come out");
    let axis = |fields: &Fields<'_>| match fields.numbers(1).first() {
        Some(&length) => Dimension::Value(length),
        None => Dimension::Parameter(fields.text(2)),
    };
    ValueInfoProto { name: fields.text(1), axes: tensor.message(2).messages(1, axis), doc_string: fields.text(3) }
}

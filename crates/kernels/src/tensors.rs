//! The tensors that a network is packed from.

use std::collections::BTreeMap;

use graph::{Tensor, TensorError};

/// Tensors by name, each of which is taken once: the memory of one is free before the next is read.
pub(crate) struct Tensors<T> {
    pub(crate) network: String,
    pub(crate) unread: BTreeMap<String, T>,
    pub(crate) read: fn(T) -> Tensor,
}

impl<T> Tensors<T> {
    /// The values of a tensor that must have this shape.
    pub(crate) fn take(&mut self, name: &str, expected: &[usize]) -> Result<Vec<f32>, TensorError> {
        let missing = || TensorError::Missing { name: name.to_owned(), network: self.network.clone() };
        let Tensor { shape: found, values } = (self.read)(self.unread.remove(name).ok_or_else(missing)?);
        if found != expected || values.len() != expected.iter().product::<usize>() {
            let (values, expected) = (values.len(), expected.to_vec());
            return Err(TensorError::Shape { name: name.to_owned(), found, values, expected });
        }
        Ok(values)
    }

    /// Refuses tensors that no layer took.
    pub(crate) fn finish(self) -> Result<(), TensorError> {
        match self.unread.into_keys().next() {
            Some(name) => Err(TensorError::Unknown { name, network: self.network }),
            None => Ok(()),
        }
    }
}

//! The tensors that a network is packed from.

use std::collections::BTreeMap;

use crate::KernelError;

/// Values of one parameter, row-major; kernels are `[out, in, height, width]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    /// Length of each axis.
    pub shape: Vec<usize>,
    /// The product of `shape` many values.
    pub values: Vec<f32>,
}

/// Tensors by name, each of which is taken once: the memory of one is free before the next is read.
pub(crate) struct Tensors<T> {
    pub(crate) architecture: &'static str,
    pub(crate) unread: BTreeMap<String, T>,
    pub(crate) read: fn(T) -> Tensor,
}

impl<T> Tensors<T> {
    /// The values of a tensor that must have this shape.
    pub(crate) fn take(&mut self, name: &str, expected: &[usize]) -> Result<Vec<f32>, KernelError> {
        let architecture = self.architecture;
        let tensor =
            self.unread.remove(name).ok_or_else(|| KernelError::Missing { name: name.to_owned(), architecture })?;
        let Tensor { shape, values } = (self.read)(tensor);
        if shape != expected || values.len() != expected.iter().product::<usize>() {
            let (values, expected) = (values.len(), expected.to_vec());
            return Err(KernelError::Shape { name: name.to_owned(), found: shape, values, expected });
        }
        Ok(values)
    }

    /// Refuses tensors that no layer took.
    pub(crate) fn finish(self) -> Result<(), KernelError> {
        let architecture = self.architecture;
        match self.unread.into_keys().next() {
            Some(name) => Err(KernelError::Unknown { name, architecture }),
            None => Ok(()),
        }
    }
}

//! Parameters by name: the one way in and out of a network, for import, checkpoints and export.

use std::collections::BTreeMap;

use burn::module::{Param, ParamId, RunningState};
use burn::tensor::{Tensor, TensorData};

use crate::identity::identity;
use crate::training::fused::steps;
use crate::{NamedTensor, NetworkError};

/// A place in a network where a parameter lives.
pub(crate) enum ParameterMut<'a> {
    Vector(&'a mut Param<Tensor<1>>),
    Matrix(&'a mut Param<Tensor<2>>),
    Kernel(&'a mut Param<Tensor<4>>),
    /// A running statistic of batch normalisation: kept, but not trained.
    Statistic(&'a mut RunningState<Tensor<1>>),
}

/// A parameter's Keras name and its place.
pub(crate) type NamedParameter<'a> = (String, ParameterMut<'a>);

impl ParameterMut<'_> {
    /// A new network draws its random weights when they are first used; asking for their shape is no use, so that
    /// loading draws none.
    pub(crate) fn shape(&self) -> Vec<usize> {
        match self {
            Self::Vector(param) => param.lazy_shape().to_vec(),
            Self::Matrix(param) => param.lazy_shape().to_vec(),
            Self::Kernel(param) => param.lazy_shape().to_vec(),
            Self::Statistic(state) => state.value().dims().to_vec(),
        }
    }

    /// `None` for a statistic: no optimiser has to do with it.
    pub(crate) fn id(&self) -> Option<ParamId> {
        match self {
            Self::Vector(param) => Some(param.id),
            Self::Matrix(param) => Some(param.id),
            Self::Kernel(param) => Some(param.id),
            Self::Statistic(_) => None,
        }
    }

    fn data(&self) -> TensorData {
        match self {
            Self::Vector(param) => param.val().into_data(),
            Self::Matrix(param) => param.val().into_data(),
            Self::Kernel(param) => param.val().into_data(),
            Self::Statistic(state) => state.value_sync().into_data(),
        }
    }

    fn set(&mut self, id: ParamId, data: TensorData) {
        match self {
            Self::Vector(param) => replace(param, id, data),
            Self::Matrix(param) => replace(param, id, data),
            Self::Kernel(param) => replace(param, id, data),
            Self::Statistic(state) => {
                let device = state.value().device();
                state.update(Tensor::from_data(data, &device));
                state.value_sync();
            }
        }
    }
}

/// Moves every parameter of `into` towards the same parameter of `from`, by `share` of the way.
pub(crate) fn blend(into: Vec<NamedParameter<'_>>, from: Vec<NamedParameter<'_>>, share: f64) {
    for ((_, into), (_, from)) in into.into_iter().zip(from) {
        match (into, from) {
            (ParameterMut::Vector(into), ParameterMut::Vector(from)) => lerp(into, from.val(), share),
            (ParameterMut::Matrix(into), ParameterMut::Matrix(from)) => lerp(into, from.val(), share),
            (ParameterMut::Kernel(into), ParameterMut::Kernel(from)) => lerp(into, from.val(), share),
            (ParameterMut::Statistic(into), ParameterMut::Statistic(from)) => {
                into.update(steps::lerp(into.value_sync(), from.value_sync(), share));
                into.value_sync();
            }
            // Two networks of one architecture have the same parameters in the same order.
            _ => debug_assert!(false, "the networks differ in architecture"),
        }
    }
}

fn lerp<const D: usize>(into: &mut Param<Tensor<D>>, from: Tensor<D>, share: f64) {
    *into = Param::initialized(into.id, steps::lerp(into.val(), from, share));
}

fn replace<const D: usize>(param: &mut Param<Tensor<D>>, id: ParamId, data: TensorData) {
    let device = param.lazy_device();
    let tensor = Tensor::from_data(data, &device);
    *param = Param::initialized(id, if device.is_autodiff() { tensor.require_grad() } else { tensor });
}

/// Gives every parameter the identity that belongs to its name.
pub(crate) fn identify(parameters: Vec<NamedParameter<'_>>) {
    for (name, mut parameter) in parameters {
        let data = parameter.data();
        parameter.set(identity(&name), data);
    }
}

/// Reads every parameter.
pub(crate) fn read(parameters: &[NamedParameter<'_>]) -> Result<BTreeMap<String, NamedTensor>, NetworkError> {
    parameters.iter().map(|(name, parameter)| read_one(name, parameter)).collect()
}

fn read_one(name: &str, parameter: &ParameterMut<'_>) -> Result<(String, NamedTensor), NetworkError> {
    let shape = parameter.shape();
    let values = parameter
        .data()
        .try_to_vec()
        .map_err(|error| NetworkError::Device { name: name.to_owned(), reason: error.to_string() })?;
    Ok((name.to_owned(), NamedTensor { shape, values }))
}

/// Fills every parameter from `tensors`.
///
/// # Errors
/// A parameter's tensor is missing or of another shape; nothing is changed then.
pub(crate) fn write(
    parameters: Vec<NamedParameter<'_>>,
    tensors: &BTreeMap<String, NamedTensor>,
    architecture: &str,
) -> Result<(), NetworkError> {
    for (name, parameter) in &parameters {
        check(name, parameter, tensors, architecture)?;
    }
    for (name, mut parameter) in parameters {
        if let Some(tensor) = tensors.get(&name) {
            parameter.set(identity(&name), TensorData::new(tensor.values.clone(), tensor.shape.clone()));
        }
    }
    Ok(())
}

fn check(
    name: &str,
    parameter: &ParameterMut<'_>,
    tensors: &BTreeMap<String, NamedTensor>,
    architecture: &str,
) -> Result<(), NetworkError> {
    let tensor = tensors
        .get(name)
        .ok_or_else(|| NetworkError::Missing { name: name.to_owned(), architecture: architecture.to_owned() })?;
    let expected = parameter.shape();
    if tensor.shape != expected || tensor.values.len() != expected.iter().product::<usize>() {
        return Err(NetworkError::Shape { name: name.to_owned(), found: tensor.shape.clone(), expected });
    }
    Ok(())
}

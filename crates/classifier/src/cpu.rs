//! The network on the CPU: the kernels of this workspace.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use graph::Graph;
use imaging::PreparedSlice;
use kernels::{Answer, Network, Stage, Workspace};
#[cfg(not(target_arch = "wasm32"))]
use rayon::prelude::*;

use crate::ood::refuse;
use crate::{ClassifierError, Observation};

/// A packed network with its buffers.
#[derive(Debug)]
pub(crate) struct Cpu {
    network: Network,
    /// Those that no thread is using: as many as slices were ever looked at together.
    workspaces: Mutex<Vec<Workspace>>,
}

impl Cpu {
    pub(crate) fn load(graph: Graph, tensors: BTreeMap<String, weights::Tensor>) -> Result<Self, ClassifierError> {
        let dequantise = |tensor: weights::Tensor| graph::Tensor { values: tensor.to_f32(), shape: tensor.shape };
        let network = Network::pack(graph, tensors, dequantise)?;
        Ok(Self { network, workspaces: Mutex::default() })
    }

    pub(crate) fn observe(
        &self,
        slices: &[PreparedSlice],
        stage: Option<&str>,
    ) -> Result<Vec<Observation>, ClassifierError> {
        // The caller has shared single slices out already.
        if let [slice] = slices {
            return Ok(vec![self.look_at(slice, stage)?]);
        }
        // A browser has no threads to share slices out to: there, every worker has a network of its own.
        #[cfg(target_arch = "wasm32")]
        let slices = slices.iter();
        #[cfg(not(target_arch = "wasm32"))]
        let slices = slices.par_iter();
        slices.map(|slice| self.look_at(slice, stage)).collect()
    }

    fn look_at(&self, slice: &PreparedSlice, stage: Option<&str>) -> Result<Observation, ClassifierError> {
        let mut means = None;
        let answer = self.run(slice, &mut |name, activations| {
            if Some(name) == stage {
                means = Some(activations.means());
            }
        })?;
        match (means, stage) {
            (None, Some(stage)) => Err(refuse(&format!("the network has no stage \"{stage}\""))),
            (means, _) => Ok(Observation::new(answer, means.unwrap_or_default())),
        }
    }

    pub(crate) fn activations(&self, slices: &[PreparedSlice]) -> Result<Vec<(String, Vec<f32>)>, ClassifierError> {
        let mut stages: Vec<(String, Vec<f32>)> = Vec::new();
        let mut add = |name: &str, values: Vec<f32>| match stages.iter_mut().find(|(stage, _)| stage == name) {
            Some((_, all)) => all.extend(values),
            None => stages.push((name.to_owned(), values)),
        };
        for slice in slices {
            let output = self.run(slice, &mut |name, activations| add(name, activations.values()))?;
            add("avg_pool", output.features);
        }
        Ok(stages)
    }

    fn run(&self, slice: &PreparedSlice, observe: &mut dyn FnMut(&str, Stage<'_>)) -> Result<Answer, ClassifierError> {
        let workspaces = || self.workspaces.lock().unwrap_or_else(PoisonError::into_inner);
        let mut workspace = workspaces().pop().unwrap_or_default();
        let output = self.network.run(slice.pixels(), slice.size() as usize, &mut workspace, observe);
        workspaces().push(workspace);
        Ok(output?)
    }
}

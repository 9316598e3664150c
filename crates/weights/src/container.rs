//! Tensors in and out of safetensors, without a manifest: starting weights and checkpoints.
//!
//! An int8 tensor `NAME` is stored as `NAME` (I8) beside `NAME.scale` (F32, one value an output channel). Sizes are
//! checked before anything is allocated, so that a hostile file costs no more memory than a few times its own length.

use std::borrow::Cow;
use std::collections::BTreeMap;

use half::f16;
use safetensors::tensor::{Metadata, TensorInfo, View};
use safetensors::{Dtype, SafeTensorError};

use crate::{Tensor, Values, WeightsError};

/// Largest weights file read or written, in bytes.
pub const SIZE_LIMIT: usize = 512 << 20;

/// Largest safetensors header read or written, in bytes. A model's header has about 50 kB.
pub const HEADER_LIMIT: usize = 2 << 20;

/// Bytes before the header: its length as a little-endian u64.
const PREFIX: usize = 8;

/// What the name of an int8 tensor's scales adds to its own.
const SCALE_SUFFIX: &str = ".scale";

/// Reads the tensors of a safetensors file, with or without a manifest.
///
/// I8 tensors need their scales beside them; F16 becomes F32; other types are refused.
///
/// # Errors
/// Any [`WeightsError`] about sizes, the header or a tensor; never one about the manifest.
pub fn read_tensors(bytes: &[u8]) -> Result<BTreeMap<String, Tensor>, WeightsError> {
    Container::open(bytes)?.tensors()
}

/// Writes tensors as a safetensors file without a manifest. The same tensors give the same bytes.
///
/// # Errors
/// [`WeightsError::TooLarge`], [`HeaderTooLarge`](WeightsError::HeaderTooLarge),
/// [`ReservedName`](WeightsError::ReservedName), or what [`Tensor::check`] finds.
pub fn write_tensors(tensors: &BTreeMap<String, Tensor>) -> Result<Vec<u8>, WeightsError> {
    write_container(tensors, None)
}

/// A safetensors file whose header has been checked against its length.
pub(crate) struct Container<'bytes> {
    header: Metadata,
    data: &'bytes [u8],
}

impl<'bytes> Container<'bytes> {
    /// Checks lengths, parses the header, and checks that the tensors it declares fill the rest exactly.
    pub(crate) fn open(bytes: &'bytes [u8]) -> Result<Self, WeightsError> {
        check_size(bytes.len())?;
        let truncated = |expected: u64| WeightsError::Truncated { found: bytes.len(), expected };
        let (prefix, rest) = bytes.split_first_chunk().ok_or_else(|| truncated(PREFIX as u64))?;
        let declared = u64::from_le_bytes(*prefix);
        let header_size = check_header_size(declared)?;
        let data_start = PREFIX as u64 + declared;
        let (header, data) = rest.split_at_checked(header_size).ok_or_else(|| truncated(data_start))?;
        let header: Metadata = serde_json::from_slice(header).map_err(bad_header)?;
        let expected = data_start.saturating_add(header.data_len() as u64);
        let found = bytes.len();
        match (found as u64).cmp(&expected) {
            std::cmp::Ordering::Less => Err(truncated(expected)),
            std::cmp::Ordering::Greater => Err(WeightsError::TrailingBytes { found, expected }),
            std::cmp::Ordering::Equal => Ok(Self { header, data }),
        }
    }

    /// The text under `key` in `__metadata__`.
    pub(crate) fn metadata(&self, key: &str) -> Option<&str> {
        self.header.metadata().as_ref()?.get(key).map(String::as_str)
    }

    /// Every tensor, each int8 tensor joined with its scales.
    pub(crate) fn tensors(&self) -> Result<BTreeMap<String, Tensor>, WeightsError> {
        let mut tensors = BTreeMap::new();
        for name in self.header.offset_keys() {
            if self.is_scales(&name) {
                continue;
            }
            let tensor = self.tensor(&name)?;
            tensor.check(&name)?;
            tensors.insert(name, tensor);
        }
        Ok(tensors)
    }

    /// Whether the name is an int8 tensor's name with the suffix of its scales.
    fn is_scales(&self, name: &str) -> bool {
        name.strip_suffix(SCALE_SUFFIX)
            .and_then(|owner| self.header.info(owner))
            .is_some_and(|info| info.dtype == Dtype::I8)
    }

    fn tensor(&self, name: &str) -> Result<Tensor, WeightsError> {
        let (info, bytes) = self.entry(name)?;
        let values = match info.dtype {
            Dtype::I8 => Values::Int8 {
                values: bytes.iter().map(|byte| byte.cast_signed()).collect(),
                scales: self.scales(name, info)?,
            },
            Dtype::F32 => Values::Float(floats(bytes)),
            Dtype::F16 => Values::Float(half_floats(bytes)),
            other => {
                return Err(WeightsError::UnsupportedType { name: name.to_owned(), found: other.to_string() });
            }
        };
        Ok(Tensor { shape: info.shape.clone(), values })
    }

    fn scales(&self, owner: &str, owner_info: &TensorInfo) -> Result<Vec<f32>, WeightsError> {
        let missing = || WeightsError::MissingScales { name: owner.to_owned() };
        let (info, bytes) = self.entry(&format!("{owner}{SCALE_SUFFIX}")).map_err(|_| missing())?;
        if info.dtype != Dtype::F32 {
            return Err(missing());
        }
        if info.shape.as_slice() != owner_info.shape.get(..1).unwrap_or_default() {
            return Err(WeightsError::ScaleCount {
                name: owner.to_owned(),
                shape: owner_info.shape.clone(),
                scales: info.shape.clone(),
            });
        }
        Ok(floats(bytes))
    }

    /// What the header says of a tensor, and its bytes.
    fn entry(&self, name: &str) -> Result<(&TensorInfo, &'bytes [u8]), WeightsError> {
        self.header
            .info(name)
            .and_then(|info| Some((info, self.data.get(info.data_offsets.0..info.data_offsets.1)?)))
            .ok_or_else(|| WeightsError::Header { reason: format!("it has no usable entry for tensor \"{name}\"") })
    }
}

/// Checks the tensors, then lays them out under a header with at most one metadata entry: with more, their order in the
/// file would be left to a hash map.
pub(crate) fn write_container(
    tensors: &BTreeMap<String, Tensor>,
    metadata: Option<(&str, String)>,
) -> Result<Vec<u8>, WeightsError> {
    let mut entries: BTreeMap<String, Entry> = BTreeMap::new();
    for (name, tensor) in tensors {
        tensor.check(name)?;
        for (name, entry) in entries_of(name, tensor) {
            if name == "__metadata__" || entries.contains_key(&name) {
                return Err(WeightsError::ReservedName { name });
            }
            entries.insert(name, entry);
        }
    }
    check_size(entries.values().map(View::data_len).fold(0, usize::saturating_add))?;
    let metadata = metadata.map(|(key, text)| [(key.to_owned(), text)].into_iter().collect());
    let bytes = safetensors::serialize(entries, metadata).map_err(bad_header)?;
    // What is written can be read: the limits hold for the header and the whole as well.
    Container::open(&bytes)?;
    Ok(bytes)
}

/// A tensor as safetensors lays it out.
struct Entry {
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl View for Entry {
    fn dtype(&self) -> Dtype {
        self.dtype
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.bytes)
    }

    fn data_len(&self) -> usize {
        self.bytes.len()
    }
}

/// One entry for floats; values and scales for int8.
fn entries_of(name: &str, tensor: &Tensor) -> Vec<(String, Entry)> {
    let entry = |dtype, shape: &[usize], bytes: Vec<u8>| Entry { dtype, shape: shape.to_vec(), bytes };
    match &tensor.values {
        Values::Float(values) => vec![(name.to_owned(), entry(Dtype::F32, &tensor.shape, float_bytes(values)))],
        Values::Int8 { values, scales } => {
            let bytes = values.iter().map(|value| value.cast_unsigned()).collect();
            vec![
                (name.to_owned(), entry(Dtype::I8, &tensor.shape, bytes)),
                (format!("{name}{SCALE_SUFFIX}"), entry(Dtype::F32, &[scales.len()], float_bytes(scales))),
            ]
        }
    }
}

fn check_size(bytes: usize) -> Result<(), WeightsError> {
    if bytes > SIZE_LIMIT {
        return Err(WeightsError::TooLarge { bytes });
    }
    Ok(())
}

fn check_header_size(declared: u64) -> Result<usize, WeightsError> {
    match usize::try_from(declared) {
        Ok(size) if size <= HEADER_LIMIT => Ok(size),
        _ => Err(WeightsError::HeaderTooLarge { declared }),
    }
}

fn bad_header(error: impl Into<SafeTensorError>) -> WeightsError {
    WeightsError::Header { reason: error.into().to_string() }
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    let (chunks, _) = bytes.as_chunks::<4>();
    chunks.iter().map(|chunk| f32::from_le_bytes(*chunk)).collect()
}

fn half_floats(bytes: &[u8]) -> Vec<f32> {
    let (chunks, _) = bytes.as_chunks::<2>();
    chunks.iter().map(|chunk| f16::from_le_bytes(*chunk).to_f32()).collect()
}

fn float_bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

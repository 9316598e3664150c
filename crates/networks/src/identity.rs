//! What Burn knows a parameter by.

use burn::module::ParamId;

/// A parameter's identity, which optimiser states are filed under: the same for the same name in every run, so that a
/// resumed run finds its states again. FNV-1a.
pub(crate) fn identity(name: &str) -> ParamId {
    let hash = name
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    ParamId::from(hash)
}

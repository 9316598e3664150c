//! JPEG-LS (ITU-T T.87), lossless and near-lossless, one component of 2 to 16 bits.

mod bits;
mod frame;
mod scan;

pub(super) use frame::decode;

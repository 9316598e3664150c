//! JPEG-LS (ITU-T T.87), lossless and near-lossless, one component or three of 2 to 16 bits, interleaved in any way.

mod bits;
mod frame;
mod scan;

pub(super) use frame::decode;

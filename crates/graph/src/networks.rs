//! The networks, a file each.

pub(crate) mod vgg16;
pub(crate) mod xception;

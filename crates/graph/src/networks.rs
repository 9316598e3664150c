//! The networks, a file each.

pub(crate) mod efficientnet_lite0;
pub(crate) mod vgg16;
pub(crate) mod xception;

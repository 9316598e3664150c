//! A head that says where: a map of evidence beside the classes, and classes that are read from it.

use crate::{Builder, NodeId, Op, Window};

/// Two stages of a network that a map is made of, as in feature pyramids (Lin et al. 2017).
#[derive(Debug, Clone, Copy)]
pub struct Pyramid {
    /// The stage whose height and width the map has: an eighth of the image's.
    pub fine: &'static str,
    /// A later stage, of half the height and width, which knows what is seen.
    pub coarse: &'static str,
    /// What takes a map from the size of the former to that of the latter.
    pub halving: Window,
}

/// Channels of what the map is made from.
const WIDTH: usize = 64;

impl Builder {
    /// A head with two answers, classes and a map `evidence` of one channel, whose sigmoid says for every place how likely
    /// something is there.
    ///
    /// What it is, is read from two vectors: the mean of the last features, and the mean of the features of the coarse stage
    /// where the map is high. With a class `none` for nothing, whether something is there is told from the map alone: a
    /// network that reads it from averaged features learns which scanner a slice comes from where `none` has a scanner of its
    /// own.
    pub fn evidence(&mut self, pyramid: &Pyramid, classes: usize, none: Option<usize>) -> &mut Self {
        let last = self.here();
        let map = self.head().map(pyramid);
        let halved = self.max_pool("evidence_halved", pyramid.halving).here();
        let seen = self.resume_at(pyramid.coarse).join("evidence_pool", Op::WeightedAverage, halved).here();
        self.resume(last).follow("avg_pool", Op::GlobalAverage).join("features", Op::Concatenate, seen);
        match none {
            None => self.follow("predictions", Op::Linear { outputs: classes }),
            Some(none) => {
                let kinds = self.follow("kinds", Op::Linear { outputs: classes.saturating_sub(1) }).here();
                let level = self.resume(map).follow("evidence_level", Op::LogMeanExp);
                level.follow("presence", Op::Linear { outputs: 1 }).join("predictions", Op::Presence { none }, kinds)
            }
        };
        self.output().resume(map).output()
    }

    /// The map: both stages brought to one width, summed at the finer one's size, and mixed with their neighbours.
    fn map(&mut self, pyramid: &Pyramid) -> NodeId {
        let pixel = Window::valid(1);
        let coarse = self.resume_at(pyramid.coarse).biased_convolution("evidence_coarse", WIDTH, pixel).here();
        let fine = self.resume_at(pyramid.fine).here();
        let resized = self.resume(coarse).join("evidence_resized", Op::Resize, fine).here();
        self.resume(fine).biased_convolution("evidence_fine", WIDTH, pixel).add("evidence_sum", resized);
        self.relu("evidence_sum_act").biased_convolution("evidence_mixed", WIDTH, Window::same(3));
        self.relu("evidence_mixed_act").biased_convolution("evidence", 1, pixel).here()
    }
}

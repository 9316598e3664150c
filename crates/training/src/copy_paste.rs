//! Copy-paste augmentation: tumours put into healthy slices and taken out of others, so that the scanner tells nothing of the class.
//!
//! In public sets the healthy slices come from another source than the tumours, and a network that knows the source
//! has no need to find the tumour. Copying what matters from one picture into another breaks such a link (Ghiasi et
//! al. 2021). Three grafts are made, all with soft edges and matched to the brightness around them:
//!
//! * a *transplant* puts a tumour into a healthy slice, at the place in the head where it grew; the label follows it;
//! * a *repair* covers a tumour with the mirror image of the other half of the head, or with the same place in another
//!   patient's slice of the same plane; the slice counts as healthy;
//! * a *sham* covers some other place with its mirror image; the label stays, so that seams tell nothing.

use anyhow::Context;
use dataset::Dataset;
use rand::Rng;
use rand::seq::IndexedRandom;
use scans::Slices;

use crate::box_filter::smooth;
use crate::recipe::{Recipe, Transplant};
use crate::tumour_masks::TumourMasks;

/// Donors drawn for a transplant, of which the one most like the healthy slice is taken: mostly of the same plane.
const DRAWN: usize = 6;
/// A head is repaired from its other half where it resembles its mirror image this much.
const SYMMETRIC: f32 = 0.6;
/// Slices drawn for a repair from another patient, of which the most alike is taken.
const COMPARED: usize = 24;
/// A slice is repaired from another one that resembles it this much.
const ALIKE: f32 = 0.7;
/// Signal in [-1, 1] above which a pixel is head.
const AIR: f32 = -0.85;
/// Part of a tumour that must lie in the head it is put into.
const IN_HEAD: f32 = 0.8;
/// Part of a tumour that may lie on its own mirror image; a tumour of the midline can't be covered by itself.
const MIDLINE: f32 = 0.1;
/// Pixels over which a graft's edge fades, per side of 128.
const FADE: usize = 3;
/// Pixels around a tumour that a repair covers as well, per side of 128: oedema reaches beyond the outline.
const OEDEMA: usize = 8;
/// Contrast of a transplanted tumour beside its own: scanners and sequences differ in it.
const CONTRAST: std::ops::Range<f32> = 0.6..1.4;
/// Part of the transplanted tumours that are darker than their surroundings where they were brighter, or the other way
/// round, as in another sequence.
const INVERTED: f64 = 0.15;

/// A slice with a tumour whose outline is known.
struct Donor {
    index: usize,
    label: usize,
    /// How much of the graft is seen in each pixel, 0 to 1.
    mask: Vec<f32>,
    /// The same for the tumour with the oedema around it.
    whole: Vec<f32>,
    /// Whether the other half of the head can cover it.
    symmetric: bool,
}

/// Some slices of a data set, with the labels of all.
#[derive(Clone, Copy)]
pub struct LabelledSlices<'a> {
    /// At one size.
    pub slices: &'a Slices,
    /// Of every record.
    pub labels: &'a [usize],
    /// Which records.
    pub indices: &'a [usize],
}

/// What grafts are made from, at one size of slices.
pub struct CopyPaste<'a> {
    slices: &'a Slices,
    transplant: &'a Transplant,
    healthy: usize,
    donors: Vec<Donor>,
    /// By index of the record, its place in `donors`.
    donor_of: Vec<Option<usize>>,
}

impl<'a> CopyPaste<'a> {
    /// What a recipe grafts with, `None` where it does not graft: the tumours of the `train` slices.
    ///
    /// # Errors
    /// The recipe's healthy class is none of the data set.
    pub fn of(
        recipe: &'a Recipe,
        dataset: &Dataset,
        outlines: &TumourMasks,
        train: LabelledSlices<'a>,
    ) -> anyhow::Result<Option<Self>> {
        let Some(transplant) = &recipe.transplant else { return Ok(None) };
        let healthy = dataset.classes.iter().position(|class| *class == transplant.healthy);
        let healthy = healthy.with_context(|| {
            format!(
                "`transplant.healthy` is \"{}\"; the classes are {}",
                transplant.healthy,
                dataset.classes.join(", ")
            )
        })?;
        let mask = |index: usize| outlines.mask(&dataset.records[index].path, train.slices.get(index)?);
        Ok(Some(Self::new(train, mask, transplant, healthy)))
    }

    /// Finds the donors among the `train` slices. `mask_of` gives the pixels of a record's tumour, and `healthy` is the
    /// label of those without one.
    #[must_use]
    pub fn new(
        train: LabelledSlices<'a>,
        mask_of: impl Fn(usize) -> Option<Vec<bool>>,
        transplant: &'a Transplant,
        healthy: usize,
    ) -> Self {
        let LabelledSlices { slices, labels, indices } = train;
        let donor = |&index: &usize| {
            let slice = slices.get(index)?;
            let mask = mask_of(index)?;
            let side = slice.size() as usize;
            let grown = grown(&mask, side, OEDEMA);
            let symmetric = resemblance(slice.pixels(), &mirrored(slice.pixels(), side)) >= SYMMETRIC
                && on_midline(&grown, side) <= MIDLINE;
            Some(Donor { index, label: labels[index], mask: soft(&mask, side), whole: soft(&grown, side), symmetric })
        };
        let donors: Vec<Donor> = indices.iter().filter(|&&index| labels[index] != healthy).filter_map(donor).collect();
        let mut donor_of = vec![None; labels.len()];
        for (place, donor) in donors.iter().enumerate() {
            donor_of[donor.index] = Some(place);
        }
        Self { slices, transplant, healthy, donors, donor_of }
    }

    /// Slices that can lend a tumour, and those of them that their other half can repair.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        (self.donors.len(), self.donors.iter().filter(|donor| donor.symmetric).count())
    }

    /// A slice with a graft and the label it has then; `None`, most of the time, where it stays as it is.
    pub(crate) fn graft(&self, index: usize, label: usize, random: &mut impl Rng) -> Option<(Vec<f32>, usize)> {
        let Transplant { grow, repair, sham, .. } = *self.transplant;
        let slice = self.slices.get(index)?;
        let (pixels, side) = (slice.pixels(), slice.size() as usize);
        let own = self.donor_of[index].map(|place| &self.donors[place]);
        if label == self.healthy && random.random::<f32>() < grow {
            let donor = self.donor_like(pixels, random)?;
            let tumour = self.slices.get(donor.index)?.pixels();
            let sign = if random.random_bool(INVERTED) { -1.0 } else { 1.0 };
            return Some((blend(pixels, tumour, &donor.mask, sign * random.random_range(CONTRAST)), donor.label));
        }
        if let Some(own) = own
            && random.random::<f32>() < repair
            && let Some(source) = self.without_tumour(own, pixels, random)
        {
            return Some((blend(pixels, &source, &own.whole, 1.0), self.healthy));
        }
        if random.random::<f32>() >= sham {
            return None;
        }
        let place = &self.donors.choose(random)?.mask;
        let free = label == self.healthy || own.is_some_and(|own| apart(&own.mask, place, side));
        free.then(|| (blend(pixels, &mirrored(pixels, side), place, 1.0), label))
    }

    /// What can cover a tumour: the other half of the head, or another patient's slice, by chance where both can.
    fn without_tumour(&self, own: &Donor, pixels: &[f32], random: &mut impl Rng) -> Option<Vec<f32>> {
        if own.symmetric && random.random() {
            return Some(mirrored(pixels, pixels.len().isqrt()));
        }
        let clear = |other: &&Donor| own.whole.iter().zip(&other.whole).all(|(own, other)| own * other == 0.0);
        let others = self.donors.choose_multiple(random, COMPARED).filter(clear);
        let alike = others.filter_map(|other| {
            let other = self.slices.get(other.index)?.pixels();
            Some((resemblance(pixels, other), other))
        });
        let (resemblance, other) = alike.max_by(|a, b| a.0.total_cmp(&b.0))?;
        (resemblance >= ALIKE).then(|| other.to_vec())
    }

    /// A healthy slice that is none of the donors' own, with a tumour of theirs and its label; `None` where the tumour would
    /// lie outside the head.
    pub fn grow_in(&self, pixels: &[f32], random: &mut impl Rng) -> Option<(Vec<f32>, usize)> {
        let donor = self.donor_like(pixels, random)?;
        let tumour = self.slices.get(donor.index)?.pixels();
        lies_in_head(pixels, &donor.mask).then(|| (blend(pixels, tumour, &donor.mask, 1.0), donor.label))
    }

    /// The same slice with a graft without meaning at the place of some tumour.
    pub fn sham_in(&self, pixels: &[f32], random: &mut impl Rng) -> Option<Vec<f32>> {
        let place = &self.donor_like(pixels, random)?.mask;
        let mirrored = mirrored(pixels, pixels.len().isqrt());
        lies_in_head(pixels, place).then(|| blend(pixels, &mirrored, place, 1.0))
    }

    /// Of some donors drawn by chance, the one that resembles `pixels` most.
    fn donor_like(&self, pixels: &[f32], random: &mut impl Rng) -> Option<&Donor> {
        let likeness =
            |donor: &&Donor| self.slices.get(donor.index).map_or(-1.0, |slice| resemblance(pixels, slice.pixels()));
        let drawn: Vec<&Donor> = self.donors.choose_multiple(random, DRAWN).collect();
        drawn.into_iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)))
    }
}

/// Whether most of what a mask shows is head, not air.
fn lies_in_head(pixels: &[f32], mask: &[f32]) -> bool {
    let shown = || pixels.iter().zip(mask).filter(|(_, share)| **share > 0.5);
    let head = shown().filter(|(value, _)| **value > AIR).count();
    head as f32 >= IN_HEAD * shown().count().max(1) as f32
}

/// Left and right exchanged.
fn mirrored(pixels: &[f32], side: usize) -> Vec<f32> {
    pixels.chunks_exact(side).flat_map(|row| row.iter().rev().copied()).collect()
}

/// Pearson's correlation of two slices, 0 where one has a single value.
fn resemblance(a: &[f32], b: &[f32]) -> f32 {
    let count = a.len() as f32;
    let (mean_a, mean_b) = (a.iter().sum::<f32>() / count, b.iter().sum::<f32>() / count);
    let (mut product, mut square_a, mut square_b) = (0.0, 0.0, 0.0);
    for (a, b) in a.iter().zip(b) {
        let (a, b) = (a - mean_a, b - mean_b);
        product += a * b;
        square_a += a * a;
        square_b += b * b;
    }
    let length = (square_a * square_b).sqrt();
    if length > 0.0 { product / length } else { 0.0 }
}

/// The part of a mask that lies on its own mirror image.
fn on_midline(mask: &[bool], side: usize) -> f32 {
    let total = mask.iter().filter(|&&set| set).count();
    let both = mask.chunks_exact(side).map(|row| row.iter().zip(row.iter().rev()).filter(|(a, b)| **a && **b).count());
    both.sum::<usize>() as f32 / total.max(1) as f32
}

/// Whether a graft at `place`, and the mirror image it is made of, keep clear of `mask`.
fn apart(mask: &[f32], place: &[f32], side: usize) -> bool {
    let source = mirrored(place, side);
    mask.iter().zip(place).zip(&source).all(|((mask, place), source)| *mask * (place + source) == 0.0)
}

/// A mask grown by its fading edge: the mean over a square around each pixel, twice, and full inside the outline.
fn soft(mask: &[bool], side: usize) -> Vec<f32> {
    let radius = (FADE * side).div_ceil(128);
    let grown: Vec<f32> = grown(mask, side, FADE).iter().map(|&set| f32::from(u8::from(set))).collect();
    smooth(&grown, side, radius)
}

/// A mask and all pixels within a square of `margin` pixels, per side of 128, around its own.
fn grown(mask: &[bool], side: usize, margin: usize) -> Vec<bool> {
    let hard: Vec<f32> = mask.iter().map(|&set| f32::from(u8::from(set))).collect();
    smooth(&hard, side, (margin * side).div_ceil(128)).iter().map(|&value| value > 0.0).collect()
}

/// `source` seen through `mask` in `ground`, with the brightness that `ground` has along the mask's edge and `contrast`
/// times its own contrast.
fn blend(ground: &[f32], source: &[f32], mask: &[f32], contrast: f32) -> Vec<f32> {
    let edge: Vec<usize> = (0..mask.len()).filter(|&index| mask[index] > 0.0 && mask[index] < 1.0).collect();
    let mean = |pixels: &[f32]| edge.iter().map(|&index| pixels[index]).sum::<f32>() / edge.len().max(1) as f32;
    let (level, own) = (mean(ground), mean(source));
    let shown = |source: f32| (level + contrast * (source - own)).clamp(-1.0, 1.0);
    let mixed = ground.iter().zip(source).zip(mask);
    mixed.map(|((ground, source), share)| ground + share * (shown(*source) - ground)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIDE: usize = 32;

    /// A disc of brightness `level`, with a brighter spot on its left half where `spot` is set.
    fn head(level: f32, spot: bool) -> Vec<f32> {
        let value = |index: usize| {
            let (x, y) = ((index % SIDE) as f32 - 15.5, (index / SIDE) as f32 - 15.5);
            let in_spot = (x + 6.0).hypot(y) < 3.0;
            if spot && in_spot {
                level + 0.5
            } else if x.hypot(y) < 14.0 {
                level
            } else {
                -1.0
            }
        };
        (0..SIDE * SIDE).map(value).collect()
    }

    fn spot() -> Vec<bool> {
        (0..SIDE * SIDE).map(|index| ((index % SIDE) as f32 - 9.5).hypot((index / SIDE) as f32 - 15.5) < 3.0).collect()
    }

    #[test]
    fn a_repaired_slice_looks_as_without_its_tumour() {
        let mask = soft(&spot(), SIDE);
        let (sick, healthy) = (head(0.0, true), head(0.0, false));
        let repaired = blend(&sick, &mirrored(&sick, SIDE), &mask, 1.0);
        assert!(repaired.iter().zip(&healthy).all(|(a, b)| (a - b).abs() < 1e-5));
        assert!(sick.iter().zip(&healthy).any(|(a, b)| (a - b).abs() > 0.4));
    }

    #[test]
    fn a_transplant_keeps_its_contrast_in_a_darker_head() {
        let mask = soft(&spot(), SIDE);
        let grown = blend(&head(-0.4, false), &head(0.2, true), &mask, 1.0);
        let (centre, beside) = (grown[15 * SIDE + 9], grown[15 * SIDE + 22]);
        assert!((beside + 0.4).abs() < 1e-6);
        assert!((centre - beside - 0.5).abs() < 0.02, "{centre} beside {beside}");
    }

    #[test]
    fn a_tumour_of_the_midline_is_seen_as_such() {
        let middle: Vec<bool> = (0..SIDE * SIDE).map(|index| (14..18).contains(&(index % SIDE))).collect();
        assert!(on_midline(&middle, SIDE) > 0.99);
        assert!(on_midline(&spot(), SIDE) < 1e-6);
    }

    #[test]
    fn a_sham_keeps_clear_of_the_tumour_and_of_its_mirror_image() {
        let mask = soft(&spot(), SIDE);
        assert!(!apart(&mask, &mask, SIDE));
        assert!(!apart(&mask, &mirrored(&mask, SIDE), SIDE));
        let below: Vec<f32> = (0..SIDE * SIDE).map(|index| f32::from(u8::from(index / SIDE > 26))).collect();
        assert!(apart(&mask, &below, SIDE));
    }

    #[test]
    fn a_mask_fades_outside_the_outline() {
        let (hard, soft) = (spot(), soft(&spot(), SIDE));
        assert!(hard.iter().zip(&soft).all(|(hard, soft)| !hard || *soft > 0.999));
        assert!(soft.iter().any(|&share| share > 0.0 && share < 1.0));
    }
}

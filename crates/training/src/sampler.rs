//! Which slices an epoch sees, and in which order.

use std::collections::BTreeMap;

use anyhow::bail;
use rand::Rng;
use rand::seq::SliceRandom;

/// How often each class is drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Draw {
    /// A weight a class; empty where every slice is drawn once.
    weights: Vec<f64>,
}

impl Draw {
    /// Weights by the names of classes; a class that is not named weighs 1.
    ///
    /// # Errors
    /// A name is no class.
    pub fn new(weights: &BTreeMap<String, f64>, classes: &[String]) -> anyhow::Result<Self> {
        if let Some(unknown) = weights.keys().find(|name| !classes.contains(name)) {
            bail!("`data.draw` names \"{unknown}\"; the classes are {}", classes.join(", "));
        }
        if weights.is_empty() {
            return Ok(Self { weights: Vec::new() });
        }
        Ok(Self { weights: classes.iter().map(|class| weights.get(class).copied().unwrap_or(1.0)).collect() })
    }

    /// As many records as `indices` holds, in an order by chance. Of a class that is drawn more often than it has slices,
    /// each is drawn equally often, but for one.
    pub fn order(&self, indices: &[usize], labels: &[usize], random: &mut impl Rng) -> Vec<usize> {
        let mut order = if self.weights.is_empty() { indices.to_vec() } else { self.drawn(indices, labels, random) };
        order.shuffle(random);
        order
    }

    fn drawn(&self, indices: &[usize], labels: &[usize], random: &mut impl Rng) -> Vec<usize> {
        let of_class = |class| indices.iter().copied().filter(|&index| labels[index] == class).collect::<Vec<_>>();
        let mut classes: Vec<(Vec<usize>, f64)> =
            self.weights.iter().enumerate().map(|(class, &weight)| (of_class(class), weight)).collect();
        classes.retain(|(members, _)| !members.is_empty());
        let mut weight_left: f64 = classes.iter().map(|(_, weight)| weight).sum();
        let mut drawn = Vec::with_capacity(indices.len());
        for (mut members, weight) in classes {
            members.shuffle(random);
            let count = ((indices.len() - drawn.len()) as f64 * weight / weight_left).round() as usize;
            weight_left -= weight;
            drawn.extend(members.iter().cycle().take(count));
        }
        drawn
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    fn classes() -> Vec<String> {
        ["a", "b", "c"].map(String::from).to_vec()
    }

    fn counts(draw: &Draw, labels: &[usize]) -> Vec<usize> {
        let indices: Vec<usize> = (0..labels.len()).collect();
        let order = draw.order(&indices, labels, &mut ChaCha8Rng::seed_from_u64(1));
        assert_eq!(order.len(), labels.len());
        (0..3).map(|class| order.iter().filter(|&&index| labels[index] == class).count()).collect()
    }

    #[test]
    fn without_weights_every_slice_is_drawn_once() {
        let draw = Draw::new(&BTreeMap::new(), &classes()).unwrap();
        let mut order = draw.order(&[4, 7, 9], &[0; 10], &mut ChaCha8Rng::seed_from_u64(1));
        order.sort_unstable();
        assert_eq!(order, [4, 7, 9]);
    }

    #[test]
    fn classes_are_drawn_by_their_weights_however_rare_they_are() {
        let labels = [[0; 90].as_slice(), &[1; 20], &[2; 10]].concat();
        let draw = Draw::new(&BTreeMap::from([("a".to_owned(), 1.0), ("c".to_owned(), 2.0)]), &classes()).unwrap();
        assert_eq!(counts(&draw, &labels), [30, 30, 60]);
    }

    #[test]
    fn a_class_without_slices_leaves_its_share_to_the_others() {
        let labels = [[0; 30].as_slice(), &[1; 10]].concat();
        let draw = Draw::new(&BTreeMap::from([("a".to_owned(), 1.0)]), &classes()).unwrap();
        assert_eq!(counts(&draw, &labels), [20, 20, 0]);
    }

    #[test]
    fn a_weight_of_no_class_is_refused() {
        let error = Draw::new(&BTreeMap::from([("notumour".to_owned(), 1.0)]), &classes()).unwrap_err();
        assert!(error.to_string().contains("notumour"), "{error}");
    }
}

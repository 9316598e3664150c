//! Slices with their maps, as a report shows them.

use anyhow::Context;
use classifier::EvidenceMap;
use dataset::Dataset;
use maud::{Markup, html};
use scans::Slices;
use training::{TumourMasks, largest};

use crate::map_figures::Maps;
use crate::predictions_file::Part;

/// Slices of each kind, those with a wrong class and those with the right one.
const EACH: usize = 10;

/// Some slices of a part with their maps: wrong answers first, spread over the part.
///
/// # Errors
/// A slice that was classified is gone.
pub fn of(
    dataset: &Dataset,
    slices: &Slices,
    outlines: &TumourMasks,
    part: &Part,
    maps: Maps<'_>,
) -> anyhow::Result<Vec<Markup>> {
    let verdict = |place: usize| largest(&part.probabilities[place]);
    let is_wrong = |place: &usize| verdict(*place) != dataset.records[part.indices[*place]].label;
    let (wrong, right): (Vec<usize>, Vec<usize>) = (0..maps.maps.len()).partition(is_wrong);
    let spread = |places: Vec<usize>| {
        let step = places.len().div_ceil(EACH).max(1);
        places.into_iter().step_by(step).collect::<Vec<_>>()
    };
    let figure = |place: usize| {
        let index = part.indices[place];
        let (record, slice) =
            (&dataset.records[index], slices.get(index).context("a slice that was classified is gone")?);
        let (truth, verdict) = (dataset.class(record), &dataset.classes[verdict(place)]);
        let (side, values) = (maps.maps[place].len().isqrt(), maps.maps[place].clone());
        let map = EvidenceMap { side, values };
        let mask = outlines.mask(&record.path, slice);
        let description = format!("{}: {truth}, taken for {verdict}, with the map of evidence", record.path);
        let heat = |x: f32, y: f32| map.at(x, y);
        let picture =
            pages::picture_with_map(slice.pixels(), slice.size() as usize, heat, mask.as_deref(), &description)?;
        Ok(html! {
            figure.slice {
                (picture)
                figcaption {
                    @if truth == verdict { strong { (truth) } } @else { strong { (truth) } " taken for " strong { (verdict) } }
                    br;
                    (record.path)
                }
            }
        })
    };
    [spread(wrong), spread(right)].concat().into_iter().map(figure).collect()
}

//! A map of evidence over its slice: where it lies, its colour, its outline, and what it says in words.
//!
//! All lengths are in pixels of the displayed slice, whatever the screen makes of them.

use std::fmt::Write;
use std::sync::Arc;

use protocol::{EvidenceMap, Picture, PlacedMap};

use crate::item::Item;
use crate::wording;

/// Red, green and blue of evidence: one warm hue, which no class has.
const HUE: [u8; 3] = [255, 112, 67];
/// Evidence up to here is not seen, nor spoken of.
const LEAST: f32 = 0.1;
/// The opacity of certainty: the slice below stays legible.
const MOST_OPAQUE: f32 = 0.6;
/// The outline is drawn here.
const OUTLINED: f32 = 0.5;
/// Steps of the outline in a cell of the map: evidence between cells is no straight line.
const STEPS: usize = 4;
/// The most steps of the outline along a side.
const MOST_STEPS: usize = 256;
/// Points along a side of the picture at which evidence is looked up to say how much of it is above the outline.
const POINTS: u32 = 200;

/// The middle of the picture is between these parts of its width and height.
const MIDDLE: [f64; 2] = [0.4, 0.6];

/// Words for the parts of the picture, row by row: there is no telling which side of the head is which.
const PARTS: [[&str; 3]; 3] = [
    ["upper left", "upper middle", "upper right"],
    ["left", "central", "right"],
    ["lower left", "lower middle", "lower right"],
];

/// How opaque evidence is: not at all up to [`LEAST`], and from there evenly to [`MOST_OPAQUE`].
pub fn opacity(evidence: f32) -> f32 {
    MOST_OPAQUE * ((evidence - LEAST) / (1.0 - LEAST)).clamp(0.0, 1.0)
}

/// The colour of evidence, as SVG writes it.
pub fn hue() -> String {
    let [red, green, blue] = HUE;
    format!("rgb({red}, {green}, {blue})")
}

/// A map and the slice that it is about.
#[derive(Clone, Debug, PartialEq)]
pub struct Overlay {
    map: Arc<PlacedMap>,
    picture: Picture,
}

/// The square that the map covers; parts of it may lie beside the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// Its left border.
    pub left: f64,
    /// Its upper border.
    pub top: f64,
    /// Its width.
    pub width: f64,
    /// Its height, which differs where the picture was shrunk to an odd size.
    pub height: f64,
}

impl Overlay {
    /// That of a row, if it has an answer that says where.
    pub fn of(item: &Item) -> Option<Self> {
        Some(Self { map: item.map()?.clone(), picture: item.picture.clone()? })
    }

    /// Columns and rows of the picture.
    pub fn size(&self) -> [u32; 2] {
        [self.picture.width, self.picture.height]
    }

    /// Where the map lies.
    pub fn place(&self) -> Place {
        let Picture { width, height, source_width, source_height, .. } = self.picture;
        let [x, y] = [(width, source_width), (height, source_height)].map(|(shown, source)| ratio(shown, source));
        let square = self.map.shown();
        let side = f64::from(square.side);
        Place { left: f64::from(square.left) * x, top: f64::from(square.top) * y, width: side * x, height: side * y }
    }

    /// Rows and columns of the map.
    pub fn cells(&self) -> u32 {
        self.evidence().side as u32
    }

    /// Red, green, blue and opacity of every cell.
    pub fn rgba(&self) -> Vec<u8> {
        let [red, green, blue] = HUE;
        let pixel = |value: &f32| [red, green, blue, (255.0 * opacity(*value)).round() as u8];
        self.evidence().values.iter().flat_map(pixel).collect()
    }

    /// Where evidence is [`OUTLINED`], as the data of an SVG path.
    pub fn outline(&self) -> String {
        let place = self.place();
        let mut data = String::new();
        for [from, to] in lines_of(self.evidence()) {
            let [[x0, y0], [x1, y1]] = [from, to].map(|point| place.point(point));
            // Writing into a text can't fail.
            let _ = write!(data, "M{x0:.2} {y0:.2}L{x1:.2} {y1:.2}");
        }
        data
    }

    /// What the map says, in two sentences.
    pub fn in_words(&self) -> String {
        let Some((part, evidence)) = self.strongest().filter(|(_, evidence)| *evidence >= LEAST) else {
            return format!("The network sees no evidence of a tumour above {LEAST} anywhere in the picture.");
        };
        let above = match 100.0 * self.share_outlined() {
            0.0 if evidence <= OUTLINED => "No part".to_owned(),
            share if share < 1.0 => "Less than 1 %".to_owned(),
            share => format!("About {share:.0} %"),
        };
        let strongest = wording::probability(evidence);
        format!(
            "The network sees most evidence of a tumour in the {part} part of the picture ({strongest}). {above} of the \
             picture is above {OUTLINED}."
        )
    }

    fn evidence(&self) -> &EvidenceMap {
        self.map.evidence()
    }

    /// The part of the picture with the strongest cell, and its evidence; padding beside the picture does not count.
    fn strongest(&self) -> Option<(&'static str, f32)> {
        let (place, side) = (self.place(), self.evidence().side);
        let cells = self.evidence().values.iter().enumerate().filter_map(|(index, &value)| {
            let middle = [index % side, index / side].map(|cell| (cell as f64 + 0.5) / side as f64);
            Some((self.part(place.point(middle))?, value))
        });
        cells.max_by(|a, b| a.1.total_cmp(&b.1))
    }

    /// The part of the picture with a point; none beside the picture.
    fn part(&self, [x, y]: [f64; 2]) -> Option<&'static str> {
        let [width, height] = self.size();
        let word = |place: f64, extent: u32| {
            let part = place / f64::from(extent);
            let index = MIDDLE.into_iter().filter(|limit| part >= *limit).count();
            (0.0..1.0).contains(&part).then_some(index)
        };
        Some(PARTS[word(y, height)?][word(x, width)?])
    }

    /// The share of the picture that has more evidence than [`OUTLINED`].
    fn share_outlined(&self) -> f64 {
        let (place, [width, height]) = (self.place(), self.size());
        let along = |point: u32, extent: u32| (f64::from(point) + 0.5) * f64::from(extent) / f64::from(POINTS);
        let points = (0..POINTS * POINTS).map(|index| [along(index % POINTS, width), along(index / POINTS, height)]);
        let above = points.filter(|&[x, y]| {
            let (x, y) = ((x - place.left) / place.width, (y - place.top) / place.height);
            let is_shown = (0.0..1.0).contains(&x) && (0.0..1.0).contains(&y);
            is_shown && self.evidence().at(x as f32, y as f32) > OUTLINED
        });
        above.count() as f64 / f64::from(POINTS * POINTS)
    }
}

impl Place {
    /// From parts of the square, 0 to 1, to the picture.
    fn point(self, [x, y]: [f64; 2]) -> [f64; 2] {
        [self.left + x * self.width, self.top + y * self.height]
    }
}

/// Pixels of the display for one of the file.
fn ratio(shown: u32, source: u32) -> f64 {
    f64::from(shown) / f64::from(source.max(1))
}

/// Lines where evidence crosses [`OUTLINED`], in parts of the square: in each triangle of a fine grid there is one or none.
fn lines_of(map: &EvidenceMap) -> Vec<[[f64; 2]; 2]> {
    let steps = (map.side * STEPS).min(MOST_STEPS);
    let corner = |column: usize, row: usize| {
        let [x, y] = [column, row].map(|step| step as f64 / steps as f64);
        ([x, y], f64::from(map.at(x as f32, y as f32) - OUTLINED))
    };
    let mut lines = Vec::new();
    for (row, column) in (0..steps).flat_map(|row| (0..steps).map(move |column| (row, column))) {
        let [a, b] = [corner(column, row), corner(column + 1, row)];
        let [c, d] = [corner(column, row + 1), corner(column + 1, row + 1)];
        lines.extend([[a, b, c], [b, d, c]].into_iter().filter_map(crossing));
    }
    lines
}

/// The line on which a value is 0 that is given at the corners of a triangle.
fn crossing([a, b, c]: [([f64; 2], f64); 3]) -> Option<[[f64; 2]; 2]> {
    let cut = |(from, low): ([f64; 2], f64), (to, high): ([f64; 2], f64)| {
        let part = low / (low - high);
        ((low > 0.0) != (high > 0.0)).then(|| [0, 1].map(|axis| from[axis] + part * (to[axis] - from[axis])))
    };
    let mut cuts = [cut(a, b), cut(b, c), cut(c, a)].into_iter().flatten();
    Some([cuts.next()?, cuts.next()?])
}

#[cfg(test)]
#[path = "overlay_tests.rs"]
#[allow(clippy::float_cmp, reason = "these places are whole numbers")]
mod tests;

//! The frame of a page, and pictures in it.

use std::io::Cursor;

use anyhow::{Context, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::{DynamicImage, GrayImage, ImageFormat, Rgb, RgbImage};
use maud::{DOCTYPE, Markup, html};

const STYLE: &str = include_str!("page.css");

/// A whole page around `body`.
#[must_use]
pub fn page(title: &str, body: &Markup) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (maud::PreEscaped(STYLE)) }
            }
            body {
                main {
                    h1 { (title) }
                    (body)
                }
                footer { "Sulcus " (env!("CARGO_PKG_VERSION")) ". For research and teaching. Not a medical device." }
            }
        }
    }
    .into_string()
}

/// A grey picture inside the page, as PNG; `values` are row-major, `side * side` of them, in [-1, 1].
///
/// # Errors
/// `values` are not `side * side`.
pub fn picture(values: &[f32], side: usize, description: &str) -> anyhow::Result<Markup> {
    ensure!(values.len() == side * side, "{} values are no square of side {side}", values.len());
    let bytes = values.iter().map(|value| grey(*value)).collect();
    let image = GrayImage::from_raw(side as u32, side as u32, bytes).context("a picture of this side can't be made")?;
    inline(&image.into(), side, description)
}

/// Colour of evidence, and of outlines.
const EVIDENCE: [u8; 3] = [255, 140, 0];
const OUTLINE: [u8; 3] = [0, 200, 255];

/// As [`picture`], with evidence in orange and the edge of a mask as a line. `heat` gives the evidence, 0 to 1, at a place from 0
/// to 1 across and down; `mask` has a value a pixel.
///
/// # Errors
/// As [`picture`].
pub fn picture_with_map(
    values: &[f32],
    side: usize,
    heat: impl Fn(f32, f32) -> f32,
    mask: Option<&[bool]>,
    description: &str,
) -> anyhow::Result<Markup> {
    ensure!(values.len() == side * side, "{} values are no square of side {side}", values.len());
    let place = |index: u32| (index as f32 + 0.5) / side as f32;
    let image = RgbImage::from_fn(side as u32, side as u32, |x, y| {
        if mask.is_some_and(|mask| is_edge(mask, side, x as usize, y as usize)) {
            return Rgb(OUTLINE);
        }
        let (grey, share) =
            (grey(values[y as usize * side + x as usize]), 0.7 * heat(place(x), place(y)).clamp(0.0, 1.0));
        Rgb(EVIDENCE.map(|channel| (f32::from(grey) + share * (f32::from(channel) - f32::from(grey))).round() as u8))
    });
    inline(&image.into(), side, description)
}

/// Whether a pixel belongs to a mask and one beside it does not.
fn is_edge(mask: &[bool], side: usize, x: usize, y: usize) -> bool {
    let at = |x: usize, y: usize| mask.get(y * side + x).copied().unwrap_or(false);
    let inner = x > 0 && y > 0 && x + 1 < side && y + 1 < side;
    at(x, y) && !(inner && at(x - 1, y) && at(x + 1, y) && at(x, y - 1) && at(x, y + 1))
}

fn grey(value: f32) -> u8 {
    ((value.clamp(-1.0, 1.0) + 1.0) * 127.5).round() as u8
}

fn inline(image: &DynamicImage, side: usize, description: &str) -> anyhow::Result<Markup> {
    let mut png = Cursor::new(Vec::new());
    image.write_to(&mut png, ImageFormat::Png)?;
    let source = format!("data:image/png;base64,{}", STANDARD.encode(png.into_inner()));
    Ok(html! { img src=(source) width=(side) height=(side) alt=(description) loading="lazy"; })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_are_escaped_and_pictures_travel_inside() {
        let picture = picture(&[-1.0, 1.0, 0.0, 3.0], 2, "<a slice>").unwrap();
        let page = page("a & b", &picture);
        assert!(page.contains("a &amp; b") && page.contains("&lt;a slice&gt;"));
        assert!(page.contains("data:image/png;base64,iVBOR"));
        assert!(!page.contains("http"));
    }

    #[test]
    fn evidence_is_orange_and_an_outline_is_a_line() {
        let mask: Vec<bool> =
            (0..25).map(|index| (1..4).contains(&(index % 5)) && (1..4).contains(&(index / 5))).collect();
        let edges: Vec<usize> = (0..25).filter(|index| is_edge(&mask, 5, index % 5, index / 5)).collect();
        assert_eq!(edges, [6, 7, 8, 11, 13, 16, 17, 18]);
        let markup = picture_with_map(&[0.0; 25], 5, |x, _| x, Some(&mask), "a map").unwrap().into_string();
        let png = markup.split("base64,").nth(1).unwrap().split('"').next().unwrap();
        let image = image::load_from_memory(&STANDARD.decode(png).unwrap()).unwrap().into_rgb8();
        assert_eq!((image.get_pixel(1, 1).0, image.get_pixel(2, 2).0 == OUTLINE), (OUTLINE, false));
        let [red, _, blue] = image.get_pixel(4, 0).0;
        assert!(red > 190 && blue < 60, "{red} {blue}");
    }

    #[test]
    fn values_that_are_no_square_are_refused() {
        assert!(picture(&[0.0; 5], 2, "").is_err());
    }
}

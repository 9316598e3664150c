//! The frame of a page, and pictures in it.

use std::io::Cursor;

use anyhow::{Context, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::{GrayImage, ImageFormat};
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
    let bytes = values.iter().map(|value| ((value.clamp(-1.0, 1.0) + 1.0) * 127.5).round() as u8).collect();
    let image = GrayImage::from_raw(side as u32, side as u32, bytes).context("a picture of this side can't be made")?;
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
    fn values_that_are_no_square_are_refused() {
        assert!(picture(&[0.0; 5], 2, "").is_err());
    }
}

//! Pixels on a canvas.

use wasm_bindgen::{Clamped, JsCast};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, ImageData};

/// Gives a canvas a size, which empties it, and what draws on it.
pub fn emptied(canvas: &HtmlCanvasElement, width: u32, height: u32) -> Option<CanvasRenderingContext2d> {
    canvas.set_width(width);
    canvas.set_height(height);
    canvas.get_context("2d").ok()??.dyn_into().ok()
}

/// Gives a canvas these pixels: red, green, blue and opacity, row by row.
pub fn fill(canvas: &HtmlCanvasElement, rgba: &[u8], width: u32, height: u32) {
    let Some(context) = emptied(canvas, width, height) else { return };
    if let Ok(image) = ImageData::new_with_u8_clamped_array_and_sh(Clamped(rgba), width, height) {
        // Fails only where the canvas is detached, and then nobody sees it.
        let _ = context.put_image_data(&image, 0.0, 0.0);
    }
}

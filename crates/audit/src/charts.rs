//! Small pictures of numbers, drawn as SVG inside the page.

use maud::{Markup, html};

const WIDTH: f64 = 256.0;
const HEIGHT: f64 = 96.0;

/// A histogram as bars up to `tallest`; what is taller is cut off. `colour` is the number of the class's colour.
pub fn histogram(bins: &[f64], tallest: f64, colour: usize, description: &str) -> Markup {
    let width = WIDTH / bins.len().max(1) as f64;
    let height = |share: f64| (share / tallest.max(f64::MIN_POSITIVE)).min(1.0) * HEIGHT;
    html! {
        svg viewBox={ "0 0 " (WIDTH) " " (HEIGHT + 16.0) } width="256" role="img" aria-label=(description) {
            @for (bin, share) in bins.iter().enumerate() {
                rect x=(rounded(bin as f64 * width)) y=(rounded(HEIGHT - height(*share)))
                    width=(rounded(width - 1.0)) height=(rounded(height(*share)))
                    fill={ "var(--class-" (colour % 4) ")" } {}
            }
            line x1="0" y1=(HEIGHT) x2=(WIDTH) y2=(HEIGHT) stroke="var(--line)" {}
            text x="0" y=(HEIGHT + 13.0) { "darkest" }
            text x=(WIDTH) y=(HEIGHT + 13.0) text-anchor="end" { "brightest" }
        }
    }
}

/// A bar from 0 to 1 with a mark at chance. The number stands beside it in words, so it is hidden from readers of the
/// page by ear.
pub fn bar(share: f64, chance: f64) -> Markup {
    html! {
        svg.bar viewBox="0 0 100 10" width="100" height="10" aria-hidden="true" {
            rect x="0" y="0" width="100" height="10" fill="var(--panel)" {}
            rect x="0" y="0" width=(rounded(100.0 * share)) height="10" fill="var(--accent)" {}
            line x1=(rounded(100.0 * chance)) y1="0" x2=(rounded(100.0 * chance)) y2="10" stroke="var(--text)" stroke-width="2" {}
        }
    }
}

fn rounded(value: f64) -> String {
    format!("{value:.1}")
}

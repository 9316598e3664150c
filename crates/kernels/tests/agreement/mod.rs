//! How near features must be to what they should be, so that an error at the border shows.
//!
//! Against the largest value of a whole stage, a wrong row of pixels is small: there are few of them, and the largest
//! value lies elsewhere. So every pixel is measured by its own size, and every edge by its own mean.

/// A single value may be off by this part of the stage's root mean square.
const VALUE: f64 = 1e-4;
/// All channels of a pixel may together be off by this part of their own root mean square. Rounding comes to 1.1e-5 after
/// the seventeen convolutions without ReLU of EfficientNet-Lite0.
const PIXEL: f64 = 2e-5;
/// The mean magnitude along an edge may be off by this part; what rounding does to single values cancels out in it.
const EDGE: f64 = 2e-6;

/// Of one channel nothing cancels out over channels: a pixel and an edge of a map may be off by this much more.
const ALONE: f64 = 4.0;

/// Compares features `[images * channels, side, side]`, or vectors where `side` is 1.
pub fn assert_close(what: &str, found: &[f32], expected: &[f32], side: usize) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let stage = root_mean_square(expected.iter().copied().map(f64::from));
    assert!(stage > 1e-3, "{what}: there is nothing to compare, the root mean square is {stage}");
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        let off = (f64::from(*found) - f64::from(*expected)).abs();
        assert!(off <= VALUE * stage, "{what}[{index}] is {found} instead of {expected}");
    }
    let slack = if found.len() == side * side { ALONE } else { 1.0 };
    for pixel in 0..side * side {
        let of = |values| channels(values, side, pixel);
        let off = root_mean_square(of(found).zip(of(expected)).map(|(found, expected)| found - expected));
        // What is small next to its neighbours is the difference of large numbers.
        let own = root_mean_square(of(expected)).max(0.1 * stage);
        let (row, column) = (pixel / side, pixel % side);
        assert!(off <= slack * PIXEL * own, "{what}: row {row}, column {column} of {side} is off by {off} of {own}");
    }
    // A vector has no edges.
    for (edge, pixels) in edges(side).into_iter().filter(|_| side > 1) {
        let of = |values| mean(pixels.iter().flat_map(|&pixel| channels(values, side, pixel)).map(f64::abs));
        let (found, expected) = (of(found), of(expected));
        let off = (found - expected).abs();
        assert!(
            off <= slack * EDGE * expected.max(0.1 * stage),
            "{what}: {edge} has the mean {found} instead of {expected}"
        );
    }
}

/// The pixels along each edge, and those along none.
fn edges(side: usize) -> [(&'static str, Vec<usize>); 5] {
    let last = side - 1;
    [
        ("the upper edge", (0..side).collect()),
        ("the lower edge", (0..side).map(|column| last * side + column).collect()),
        ("the left edge", (0..side).map(|row| row * side).collect()),
        ("the right edge", (0..side).map(|row| row * side + last).collect()),
        ("the inside", (1..last).flat_map(|row| (1..last).map(move |column| row * side + column)).collect()),
    ]
}

/// A pixel in every channel of every image.
fn channels(values: &[f32], side: usize, pixel: usize) -> impl Iterator<Item = f64> {
    values.iter().skip(pixel).step_by(side * side).copied().map(f64::from)
}

fn root_mean_square(values: impl Iterator<Item = f64>) -> f64 {
    mean(values.map(|value| value * value)).sqrt()
}

/// 0 of nothing: a stage of one or two pixels has no inside.
fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0_u32), |(sum, count), value| (sum + value, count + 1));
    sum / f64::from(count.max(1))
}

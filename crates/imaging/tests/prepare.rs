//! What `prepare` promises: what a scanner or an export leaves around and on top of a head changes little.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use imaging::{Crop, InputSpec, PreparedSlice, Rect, Slice, head_bounds, prepare};

const WIDTH: u32 = 200;
const HEIGHT: u32 = 240;
/// The drawn head's box.
const HEAD: Rect = Rect { left: 40, top: 50, width: 120, height: 150 };

/// A head of scalp, skull and brain in the box `HEAD`, on air of `0..=6`.
fn head() -> Vec<f32> {
    (0..WIDTH * HEIGHT)
        .map(|index| {
            let (x, y) = ((index % WIDTH) as f32, (index / WIDTH) as f32);
            let across = (x + 0.5 - (HEAD.left as f32 + 60.0)) / 60.0;
            let down = (y + 0.5 - (HEAD.top as f32 + 75.0)) / 75.0;
            let noise = ((index * 7919 + index / WIDTH * 31) % 7) as f32;
            match across * across + down * down {
                radius if radius > 1.0 => noise,
                radius if radius > 0.85 => 220.0 + noise,
                radius if radius > 0.75 => 20.0 + noise,
                _ => 90.0 + 8.0 * noise,
            }
        })
        .collect()
}

fn slice(width: u32, height: u32, pixels: Vec<f32>) -> Slice {
    Slice::new(width, height, pixels).unwrap()
}

fn drawn_head() -> Slice {
    slice(WIDTH, HEIGHT, head())
}

/// The slice with a border of one value all around it.
fn with_border(inner: &Slice, border: u32, value: f32) -> Slice {
    let (width, height) = (inner.width() + 2 * border, inner.height() + 2 * border);
    let mut pixels = vec![value; (width * height) as usize];
    for y in 0..inner.height() {
        let start = ((y + border) * width + border) as usize;
        let row = &inner.pixels()[(y * inner.width()) as usize..][..inner.width() as usize];
        pixels[start..start + row.len()].copy_from_slice(row);
    }
    slice(width, height, pixels)
}

fn furthest(one: &PreparedSlice, other: &PreparedSlice) -> f32 {
    let apart = one.pixels().iter().zip(other.pixels()).map(|(one, other)| (one - other).abs());
    apart.fold(0.0, f32::max)
}

fn mean_apart(one: &PreparedSlice, other: &PreparedSlice) -> f32 {
    let apart = one.pixels().iter().zip(other.pixels()).map(|(one, other)| (one - other).abs());
    apart.sum::<f32>() / one.pixels().len() as f32
}

fn assert_near(found: Rect, expected: Rect, slack: i32) {
    let ends = |rect: Rect| [rect.left, rect.top, rect.left + rect.width as i32, rect.top + rect.height as i32];
    let near = ends(found).iter().zip(ends(expected)).all(|(found, expected)| (found - expected).abs() <= slack);
    assert!(near, "found {found:?}, expected {expected:?} within {slack}");
}

#[test]
fn the_box_holds_the_head_and_nothing_else() {
    assert_near(head_bounds(&drawn_head()).unwrap(), HEAD, 2);
}

#[test]
fn a_constant_border_changes_nothing() {
    let plain = prepare(&drawn_head(), &InputSpec::default());
    for (border, value) in [(1, 0.0), (40, 0.0), (300, 3.0), (17, 255.0)] {
        let bordered = prepare(&with_border(&drawn_head(), border, value), &InputSpec::default());
        assert!(furthest(&plain, &bordered) == 0.0, "border of {border} pixels of {value}");
    }
}

#[test]
fn another_unit_of_intensity_changes_nothing() {
    let plain = prepare(&drawn_head(), &InputSpec::default());
    for (slope, intercept) in [(257.0, 0.0), (0.003, -1.0), (1.7, 1000.0), (-0.0 + 12.5, -1024.0)] {
        let pixels = head().iter().map(|value| value * slope + intercept).collect();
        let rescaled = prepare(&slice(WIDTH, HEIGHT, pixels), &InputSpec::default());
        assert_eq!(rescaled.crop(), plain.crop());
        let apart = furthest(&plain, &rescaled);
        assert!(apart <= 1e-6, "{slope} x + {intercept} moves a value by {apart}");
    }
}

#[test]
fn burned_in_text_moves_the_box_nowhere() {
    let mut pixels = head();
    for y in 8..20 {
        for x in (6..60).chain(150..196) {
            if (x / 3 + y / 4) % 2 == 0 {
                pixels[y * WIDTH as usize + x] = 255.0;
            }
        }
    }
    assert_near(head_bounds(&slice(WIDTH, HEIGHT, pixels)).unwrap(), HEAD, 2);
}

#[test]
fn a_drawn_frame_moves_the_box_nowhere() {
    let mut pixels = head();
    let (width, height) = (WIDTH as usize, HEIGHT as usize);
    for (index, pixel) in pixels.iter_mut().enumerate() {
        let (x, y) = (index % width, index / width);
        // Uneven, as a frame is after JPEG.
        if [x, y, width - 1 - x, height - 1 - y].contains(&2) {
            *pixel = 180.0 + (index % 60) as f32;
        }
    }
    assert_near(head_bounds(&slice(WIDTH, HEIGHT, pixels)).unwrap(), HEAD, 2);
}

#[test]
fn a_caption_that_touches_the_head_is_left_out() {
    let bar = 10;
    let mut pixels = head()[(HEAD.top as u32 * WIDTH) as usize..].to_vec();
    let height = pixels.len() as u32 / WIDTH + bar;
    let caption = (0..bar * WIDTH).map(|index| if index % 5 == 0 { 250.0 } else { 120.0 });
    pixels.splice(0..0, caption);
    let found = head_bounds(&slice(WIDTH, height, pixels)).unwrap();
    assert_near(found, Rect { top: bar as i32, ..HEAD }, 2);
}

#[test]
fn a_head_that_fills_the_frame_is_kept_whole() {
    let inner = Rect { left: 60, top: 80, width: 80, height: 90 };
    let rows = (inner.top..inner.top + inner.height as i32).flat_map(|y| {
        let start = (y as u32 * WIDTH) as usize + inner.left as usize;
        head()[start..start + inner.width as usize].to_vec()
    });
    let filled = slice(inner.width, inner.height, rows.collect());
    assert_near(head_bounds(&filled).unwrap(), Rect { left: 0, top: 0, ..inner }, 2);
}

#[test]
fn a_slice_of_one_value_gives_a_defined_input() {
    for value in [0.0, -1024.0, 255.0, f32::MAX] {
        let flat = slice(31, 17, vec![value; 31 * 17]);
        assert_eq!(head_bounds(&flat), None);
        let input = prepare(&flat, &InputSpec::default());
        assert!(input.pixels().iter().all(|&value| (-1.0..-0.999_999).contains(&value)));
    }
}

#[test]
fn the_head_keeps_its_proportions() {
    let input = prepare(&drawn_head(), &InputSpec::default());
    let crop = input.crop();
    assert_eq!(crop.width, crop.height);
    // 120 of 156 columns: the head, a rim of 2 % and the padding to a square.
    let bright = |x: usize| (0..299).any(|y| input.pixels()[y * 299 + x] > -0.5);
    let columns = (0..299).filter(|&x| bright(x)).count();
    let expected = 299.0 * 120.0 / f64::from(crop.width);
    assert!((columns as f64 - expected).abs() < 6.0, "{columns} columns, expected {expected}");
}

#[test]
fn without_a_crop_the_whole_slice_is_shown() {
    let spec = InputSpec { crop: Crop::None, ..InputSpec::default() };
    let input = prepare(&drawn_head(), &spec);
    assert_eq!(input.crop(), Rect { left: -20, top: 0, width: 240, height: 240 });
}

#[test]
fn extreme_slices_give_inputs_in_range() {
    let line: Vec<f32> = (0..5000).map(|index| (index % 300) as f32).collect();
    let tall = slice(1, 5000, line.clone());
    let wide = slice(5000, 1, line);
    let dot = slice(1, 1, vec![7.0]);
    let huge = slice(2, 2, vec![f32::MIN, f32::MAX, 0.0, f32::MIN_POSITIVE]);
    for odd in [tall, wide, dot, huge] {
        for size in [0, 1, 2, 299] {
            let input = prepare(&odd, &InputSpec { size, margin: f32::NAN, ..InputSpec::default() });
            assert_eq!(input.pixels().len(), (input.size() * input.size()) as usize);
            assert!(input.pixels().iter().all(|value| (-1.0..=1.0).contains(value)));
        }
    }
}

#[test]
fn shrinking_averages_instead_of_skipping() {
    let stripes = slice(1200, 1200, (0..1200 * 1200).map(|index| (index % 2 * 100) as f32).collect());
    let input = prepare(&stripes, &InputSpec { crop: Crop::None, ..InputSpec::default() });
    let inner: Vec<f32> = (20..279).map(|x| input.pixels()[150 * 299 + x]).collect();
    assert!(inner.iter().all(|value| value.abs() < 0.02), "stripes of -1 and 1 must average to 0: {inner:?}");
}

#[test]
fn a_mirrored_slice_gives_the_mirrored_input() {
    let mirrored =
        head().chunks_exact(WIDTH as usize).flat_map(|row| row.iter().rev().copied().collect::<Vec<_>>()).collect();
    let plain = prepare(&drawn_head(), &InputSpec::default());
    let mirrored = prepare(&slice(WIDTH, HEIGHT, mirrored), &InputSpec::default());
    let turned: Vec<f32> = mirrored.pixels().chunks_exact(299).flat_map(|row| row.iter().rev().copied()).collect();
    let apart: f32 = plain.pixels().iter().zip(&turned).map(|(one, other)| (one - other).abs()).sum();
    assert!(apart / (299.0 * 299.0) < 0.02, "mean difference {}", apart / (299.0 * 299.0));
}

#[test]
fn noise_in_the_air_changes_little() {
    let noisy = head().iter().enumerate().map(|(index, value)| value + (index * 131 % 11) as f32).collect();
    let plain = prepare(&drawn_head(), &InputSpec::default());
    let noisy = prepare(&slice(WIDTH, HEIGHT, noisy), &InputSpec::default());
    assert!(mean_apart(&plain, &noisy) < 0.06, "mean difference {}", mean_apart(&plain, &noisy));
}

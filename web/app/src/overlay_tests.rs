use protocol::Square;

use super::*;

/// An overlay of these cells over a part of a slice of such a size, displayed as it is.
fn overlay(cells: &[f32], shown: Square, [width, height]: [u32; 2]) -> Overlay {
    let evidence = EvidenceMap { side: cells.len().isqrt(), values: cells.to_vec() };
    let map = Arc::new(PlacedMap::new(evidence, shown).unwrap());
    let (source_width, source_height) = (width, height);
    Overlay { map, picture: Picture { width, height, source_width, source_height, format: "PNG".into(), slices: 1 } }
}

/// Nothing in 8 x 8 cells, but for some.
fn cells(strong: &[(usize, usize, f32)]) -> Vec<f32> {
    let mut cells = vec![0.0; 64];
    for (column, row, value) in strong {
        cells[row * 8 + column] = *value;
    }
    cells
}

const WHOLE: Square = Square { left: 0, top: 0, side: 80 };

#[test]
fn a_map_lies_where_the_network_was_shown_the_slice_padding_included() {
    let shown = Square { left: 20, top: -10, side: 60 };
    let place = overlay(&[0.5], shown, [100, 40]).place();
    assert_eq!(place, Place { left: 20.0, top: -10.0, width: 60.0, height: 60.0 });
    assert_eq!(place.point([0.5, 1.0]), [50.0, 50.0]);
}

#[test]
fn a_map_follows_a_slice_that_is_displayed_smaller() {
    let mut overlay = overlay(&[0.5], Square { left: 400, top: -200, side: 3000 }, [4000, 2600]);
    (overlay.picture.width, overlay.picture.height) = (2000, 1300);
    assert_eq!(overlay.place(), Place { left: 200.0, top: -100.0, width: 1500.0, height: 1500.0 });
}

#[test]
fn little_evidence_is_invisible_and_the_slice_shows_through_the_most() {
    let alpha = |value: f32| overlay(&[value], WHOLE, [80, 80]).rgba()[3];
    assert_eq!([0.0, 0.05, 0.1].map(alpha), [0, 0, 0]);
    assert!(alpha(0.3) > 20 && alpha(0.3) < alpha(0.5) && alpha(0.5) < alpha(0.9));
    assert!((100..180).contains(&alpha(1.0)));
}

#[test]
fn evidence_has_one_hue_and_no_class_has_the_same() {
    let rgba = overlay(&cells(&[(1, 1, 0.4), (2, 2, 0.9)]), WHOLE, [80, 80]).rgba();
    assert!(rgba.chunks(4).all(|pixel| pixel[..3] == HUE));
    let [red, green, blue] = HUE;
    let style = include_str!("../style.css");
    assert!(style.contains("--glioma: #") && !style.contains(&format!("#{red:02x}{green:02x}{blue:02x}")));
}

#[test]
fn the_outline_is_where_evidence_between_two_cells_is_one_half() {
    // Cells of 40 pixels: evidence rises from 0 at x = 20 to 1 at x = 60.
    let overlay = overlay(&[0.0, 1.0, 0.0, 1.0], WHOLE, [80, 80]);
    let lines = lines_of(overlay.evidence());
    assert!(!lines.is_empty());
    assert!(lines.iter().flatten().all(|[x, _]| (x - 0.5).abs() < 1e-6), "{lines:?}");
    let length: f64 = lines.iter().map(|[from, to]| (from[1] - to[1]).abs()).sum();
    assert!((length - 1.0).abs() < 1e-6, "from the upper border to the lower one: {length}");
    assert!(overlay.outline().starts_with("M40.00 "));
}

#[test]
fn the_outline_goes_once_around_a_strong_place_and_is_absent_without_one() {
    let lines = lines_of(overlay(&cells(&[(5, 2, 0.9)]), WHOLE, [80, 80]).evidence());
    let middle = [5.5 / 8.0, 2.5 / 8.0];
    let away = |point: &[f64; 2]| (point[0] - middle[0]).hypot(point[1] - middle[1]);
    assert!(lines.iter().flatten().all(|point| (0.02..0.08).contains(&away(point))), "{lines:?}");
    // Every point is the end of two lines: it is closed.
    let ends: Vec<_> = lines.iter().flatten().collect();
    let near = |a: &[f64; 2], b: &[f64; 2]| (a[0] - b[0]).hypot(a[1] - b[1]) < 1e-9;
    assert!(ends.iter().all(|end| ends.iter().filter(|other| near(end, other)).count() == 2));
    assert!(lines_of(overlay(&cells(&[(5, 2, 0.4)]), WHOLE, [80, 80]).evidence()).is_empty());
}

#[test]
fn the_words_say_where_in_the_picture_evidence_is_strongest_and_how_much_is_outlined() {
    let words = |strong: &[(usize, usize, f32)]| overlay(&cells(strong), WHOLE, [80, 80]).in_words();
    let lower_left = words(&[(1, 6, 0.93), (2, 6, 0.93), (6, 1, 0.7)]);
    assert!(lower_left.starts_with(
        "The network sees most evidence of a tumour in the lower left part of the picture (0.93). About "
    ));
    assert!(words(&[(4, 4, 0.8)]).contains("in the central part of the picture (0.80)"));
    assert!(words(&[(3, 0, 0.8)]).contains("in the upper middle part"));
    assert!(words(&[(7, 3, 0.3)]).ends_with("right part of the picture (0.30). No part of the picture is above 0.5."));
    assert!(words(&[(7, 3, 0.6)]).ends_with("Less than 1 % of the picture is above 0.5."));
    let none = "The network sees no evidence of a tumour above 0.1 anywhere in the picture.";
    assert_eq!(words(&[(7, 3, 0.05)]), none);
}

#[test]
fn the_words_are_about_the_picture_and_not_about_what_the_network_was_shown_of_it() {
    // The left half of a wide picture, and as much above and below it.
    let shown = Square { left: 0, top: -40, side: 160 };
    let words = |cells: &[f32]| overlay(cells, shown, [320, 80]).in_words();
    assert!(words(&[1.0; 4]).ends_with("About 50 % of the picture is above 0.5."), "{}", words(&[1.0; 4]));
    let words = words(&cells(&[(7, 0, 1.0), (7, 4, 0.9)]));
    assert!(words.contains("in the lower middle part of the picture (0.90)"), "padding is no part of it: {words}");
}

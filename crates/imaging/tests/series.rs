//! Slices of many files become series in order, and what is missing or there twice is said.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use imaging::series::{Duplicate, Order, SeriesSlice, group};
use imaging::{Orientation, Plane, SliceGeometry, SliceInfo};

const AXIAL: [[f64; 3]; 2] = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]];
const CORONAL: [[f64; 3]; 2] = [[1.0, 0.0, 0.0], [0.0, 0.0, -1.0]];
const SAGITTAL: [[f64; 3]; 2] = [[0.0, 1.0, 0.0], [0.0, 0.0, -1.0]];

fn at([row, column]: [[f64; 3]; 2], position: [f64; 3]) -> SeriesSlice {
    let geometry = SliceGeometry { position, row, column, spacing: [1.0, 1.0] };
    let info = SliceInfo { geometry: Some(geometry), frame: 1, ..SliceInfo::default() };
    SeriesSlice { series: "1.2".to_owned(), info, rows: 9, columns: 9 }
}

fn axial(height: f64) -> SeriesSlice {
    at(AXIAL, [0.0, 0.0, height])
}

/// The head bent forward by so many degrees.
fn tilted(degrees: f64, along: f64) -> SeriesSlice {
    let (sine, cosine) = degrees.to_radians().sin_cos();
    at([[1.0, 0.0, 0.0], [0.0, cosine, sine]], [0.0, -sine * along, cosine * along])
}

fn numbered(instance: Option<i32>, frame: u32) -> SeriesSlice {
    SeriesSlice { info: SliceInfo { instance, frame, ..SliceInfo::default() }, ..axial(0.0) }
}

fn with_number(mut slice: SeriesSlice, instance: i32) -> SeriesSlice {
    slice.info.instance = Some(instance);
    slice
}

#[test]
fn slices_lie_in_order_along_their_normal_whatever_their_numbers() {
    let slices = [axial(9.0), axial(0.0), axial(6.0), axial(3.0)];
    let numbers = slices.map(|slice| with_number(slice, 1));
    let series = group(&numbers);
    assert_eq!(
        (series.len(), series[0].slices.as_slice(), series[0].order),
        (1, [1, 3, 2, 0].as_slice(), Order::Position)
    );
    assert!((series[0].spacing.unwrap() - 3.0).abs() < 1e-9);
    let tilted = [tilted(15.0, 5.0), tilted(15.0, -5.0), tilted(15.0, 0.0)];
    assert_eq!(group(&tilted)[0].slices, [1, 2, 0]);
    let to_the_back = [at(CORONAL, [0.0, 5.0, 0.0]), at(CORONAL, [0.0, -5.0, 0.0])];
    assert_eq!(group(&to_the_back)[0].slices, [1, 0]);
}

#[test]
fn without_places_numbers_and_then_frames_give_the_order() {
    let slices = [numbered(Some(2), 1), numbered(Some(1), 2), numbered(Some(1), 1), numbered(Some(2), 1)];
    let series = group(&slices);
    assert_eq!((series[0].slices.as_slice(), series[0].order), ([2, 1, 0].as_slice(), Order::Instance));
    assert_eq!(series[0].duplicates, [Duplicate { slice: 3, of: 0 }]);
    let series = group(&[numbered(None, 1), numbered(None, 1)]);
    assert_eq!((series[0].slices.as_slice(), series[0].order), ([0, 1].as_slice(), Order::Given));
}

#[test]
fn a_place_is_given_once_and_its_copies_are_named() {
    let echo = |height: f64, instance: i32| with_number(axial(height), instance);
    let series = group(&[echo(0.0, 4), echo(0.0001, 2), echo(5.0, 3), echo(5.0, 1)]);
    assert_eq!(series[0].slices, [1, 3]);
    assert_eq!(series[0].duplicates, [Duplicate { slice: 0, of: 1 }, Duplicate { slice: 2, of: 3 }]);
}

#[test]
fn missing_slices_are_counted() {
    let series = group(&[0.0, 5.0, 10.0, 25.0, 30.0].map(axial));
    let gap = series[0].gaps[0];
    assert_eq!((series[0].gaps.len(), gap.after, gap.missing), (1, 2, 2));
    assert!((gap.distance - 15.0).abs() < 1e-9);
    assert!(group(&[0.0, 5.0, 10.4, 15.0].map(axial))[0].gaps.is_empty());
}

#[test]
fn a_localizer_falls_into_a_series_a_plane() {
    let slices = [axial(0.0), at(CORONAL, [0.0; 3]), at(SAGITTAL, [0.0; 3]), axial(9.0), at(CORONAL, [0.0, 9.0, 0.0])];
    let series = group(&slices);
    let planes: Vec<Plane> = series.iter().map(|series| series.orientation.unwrap().nearest).collect();
    assert_eq!(planes, [Plane::Axial, Plane::Coronal, Plane::Sagittal]);
    assert_eq!(series[1].slices, [1, 4]);
}

#[test]
fn series_sizes_and_missing_places_keep_slices_apart() {
    let other = SeriesSlice { series: "1.3".to_owned(), ..axial(1.0) };
    let larger = SeriesSlice { rows: 512, ..axial(2.0) };
    let series = group(&[axial(0.0), other, larger, numbered(Some(1), 1)]);
    assert_eq!(series.iter().map(|series| series.slices.clone()).collect::<Vec<_>>(), [[0], [1], [2], [3]]);
    assert_eq!(group(&[]), []);
}

#[test]
fn planes_are_named_with_their_angle_where_they_are_oblique() {
    let named = |slice: SeriesSlice| Orientation::of(&slice.info.geometry.unwrap()).to_string();
    assert_eq!(named(axial(0.0)), "axial");
    assert_eq!(named(tilted(15.0, 0.0)), "axial");
    assert_eq!(named(tilted(30.0, 0.0)), "oblique, 30\u{b0} from axial");
    assert_eq!(named(tilted(65.0, 0.0)), "oblique, 25\u{b0} from coronal");
    assert_eq!(named(at(SAGITTAL, [0.0; 3])), "sagittal");
    assert!((Orientation::of(&tilted(12.0, 0.0).info.geometry.unwrap()).degrees - 12.0).abs() < 1e-6);
}

#[test]
fn places_that_are_no_numbers_do_not_stop_the_others() {
    let series = group(&[axial(f64::NAN), axial(0.0), axial(f64::INFINITY)]);
    let placed: usize = series.iter().map(|series| series.slices.len() + series.duplicates.len()).sum();
    assert_eq!(placed, 3);
}

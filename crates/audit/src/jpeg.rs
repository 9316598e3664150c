//! How a JPEG was compressed, from its header alone.
//!
//! Each source of a collection tends to have saved its files with one program at one quality.

use serde::Serialize;

/// How a JPEG was compressed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Compression {
    /// The quality, 1 to 100, whose table of luma comes nearest to the file's.
    pub quality: u32,
    /// The table is exactly the one of that quality, as most programs write it.
    pub standard: bool,
    /// How densely colour is kept: `4:2:0`, `4:2:2`, `4:4:4`; `grey` where there is none.
    pub sampling: String,
}

impl std::fmt::Display for Compression {
    /// `quality 75, 4:2:0`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let about = if self.standard { "" } else { "about " };
        write!(f, "{about}quality {}, {}", self.quality, self.sampling)
    }
}

/// The table of luma of ITU-T T.81, annex K, in the order of a file (zigzag), at quality 50.
const LUMA: [u32; 64] = [
    16, 11, 12, 14, 12, 10, 16, 14, 13, 14, 18, 17, 16, 19, 24, 40, 26, 24, 22, 22, 24, 49, 35, 37, 29, 40, 58, 51, 61,
    60, 57, 51, 56, 55, 64, 72, 92, 78, 64, 68, 87, 69, 55, 56, 80, 109, 81, 87, 95, 98, 103, 104, 103, 62, 77, 113,
    121, 112, 100, 120, 92, 101, 103, 99,
];

/// Reads the segments before the first scan; `None` where they are broken or name no table.
pub fn compression(bytes: &[u8]) -> Option<Compression> {
    let mut tables: [Option<[u32; 64]>; 4] = [None; 4];
    let mut components: Vec<[u8; 3]> = Vec::new();
    let mut at = 2;
    while let &[0xff, marker, high, low] = bytes.get(at..at + 4)? {
        if marker == 0xff {
            at += 1;
            continue;
        }
        let length = usize::from(high) << 8 | usize::from(low);
        let segment = bytes.get(at + 4..at + 2 + length)?;
        match marker {
            0xdb => read_tables(segment, &mut tables)?,
            // Frames; 0xc4, 0xc8 and 0xcc are something else.
            0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => {
                components = segment.get(6..)?.chunks_exact(3).map(|c| [c[0], c[1], c[2]]).collect();
            }
            0xda => break,
            _ => {}
        }
        at += 2 + length;
    }
    let table = tables.get(usize::from(components.first()?[2]))?.as_ref()?;
    let (quality, distance) = nearest_quality(table);
    Some(Compression { quality, standard: distance == 0, sampling: sampling(&components) })
}

/// A segment of tables: a byte with precision and place, then 64 numbers of one or two bytes, again and again.
fn read_tables(mut segment: &[u8], tables: &mut [Option<[u32; 64]>; 4]) -> Option<()> {
    while let Some((&kind, rest)) = segment.split_first() {
        let wide = kind >> 4 != 0;
        let numbers = rest.get(..if wide { 128 } else { 64 })?;
        let number = |index: usize| {
            let bytes = if wide { &numbers[2 * index..][..2] } else { &numbers[index..][..1] };
            bytes.iter().fold(0, |number, &byte| number << 8 | u32::from(byte))
        };
        *tables.get_mut(usize::from(kind & 15))? = Some(std::array::from_fn(number));
        segment = &rest[numbers.len()..];
    }
    Some(())
}

/// The quality whose table differs least, and the sum of the differences.
fn nearest_quality(table: &[u32; 64]) -> (u32, u32) {
    let distance = |quality: u32| {
        let percent = if quality < 50 { 5000 / quality } else { 200 - 2 * quality };
        let scaled = LUMA.iter().map(|base| ((base * percent + 50) / 100).clamp(1, 255));
        scaled.zip(table).map(|(scaled, &found)| scaled.abs_diff(found)).sum()
    };
    (1..=100).map(|quality| (quality, distance(quality))).min_by_key(|(_, distance)| *distance).unwrap_or((1, u32::MAX))
}

/// The field's name for how densely luma is sampled against colour.
fn sampling(components: &[[u8; 3]]) -> String {
    let &[[_, luma, _], [_, colour, _], ..] = components else { return "grey".to_owned() };
    let ratio = |luma: u8, colour: u8| luma / colour.max(1);
    match (ratio(luma >> 4, colour >> 4), ratio(luma & 15, colour & 15)) {
        (1, 1) => "4:4:4".to_owned(),
        (2, 1) => "4:2:2".to_owned(),
        (2, 2) => "4:2:0".to_owned(),
        (1, 2) => "4:4:0".to_owned(),
        (4, 1) => "4:1:1".to_owned(),
        (across, down) => format!("{across} x {down}"),
    }
}

#[cfg(test)]
mod tests {
    use image::codecs::jpeg::JpegEncoder;
    use image::{DynamicImage, GrayImage};

    use super::*;

    fn encoded(picture: &DynamicImage, quality: u8) -> Vec<u8> {
        let mut bytes = Vec::new();
        picture.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, quality)).unwrap();
        bytes
    }

    #[test]
    fn the_quality_a_file_was_written_with_is_found() {
        let grey: DynamicImage = GrayImage::from_fn(16, 16, |x, y| image::Luma([(x * y) as u8])).into();
        for quality in [10, 50, 75, 90, 95] {
            let found = compression(&encoded(&grey, quality)).unwrap();
            let expected = Compression { quality: quality.into(), standard: true, sampling: "grey".to_owned() };
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn another_table_is_given_the_nearest_quality_and_called_so() {
        let grey: DynamicImage = GrayImage::new(16, 16).into();
        let mut bytes = encoded(&grey, 75);
        let table = bytes.windows(2).position(|pair| pair == [0xff, 0xdb]).unwrap() + 5;
        bytes[table] += 1;
        let found = compression(&bytes).unwrap();
        assert_eq!((found.quality, found.standard), (75, false));
    }

    #[test]
    fn no_bytes_are_read_beyond_the_end() {
        let bytes = encoded(&GrayImage::new(16, 16).into(), 75);
        let scan = bytes.windows(2).position(|pair| pair == [0xff, 0xda]).unwrap();
        for end in 0..scan {
            assert_eq!(compression(&bytes[..end]), None);
        }
    }
}

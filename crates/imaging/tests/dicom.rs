//! DICOM files written by dicom-rs, with known pixels in every layout, read back.
#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use dicom_core::value::PrimitiveValue;
use dicom_core::{DataElement, VR};
use dicom_dictionary_std::tags;
use dicom_object::meta::FileMetaTableBuilder;
use dicom_object::{FileDicomObject, InMemDicomObject};
use imaging::{DecodeError, Limits, Slice, Window, decode};

const EXPLICIT_LITTLE: &str = "1.2.840.10008.1.2.1";
const EXPLICIT_BIG: &str = "1.2.840.10008.1.2.2";
const IMPLICIT_LITTLE: &str = "1.2.840.10008.1.2";

/// An image of 3 x 2 pixels of 16 bits.
fn image(words: [u16; 6]) -> InMemDicomObject {
    let mut object = InMemDicomObject::new_empty();
    let number = |value: u16| PrimitiveValue::from(value);
    object.put(DataElement::new(tags::MODALITY, VR::CS, "MR"));
    object.put(DataElement::new(tags::PATIENT_ID, VR::LO, "case 7 "));
    object.put(DataElement::new(tags::SAMPLES_PER_PIXEL, VR::US, number(1)));
    object.put(DataElement::new(tags::PHOTOMETRIC_INTERPRETATION, VR::CS, "MONOCHROME2"));
    object.put(DataElement::new(tags::ROWS, VR::US, number(2)));
    object.put(DataElement::new(tags::COLUMNS, VR::US, number(3)));
    object.put(DataElement::new(tags::BITS_ALLOCATED, VR::US, number(16)));
    object.put(DataElement::new(tags::BITS_STORED, VR::US, number(16)));
    object.put(DataElement::new(tags::HIGH_BIT, VR::US, number(15)));
    object.put(DataElement::new(tags::PIXEL_REPRESENTATION, VR::US, number(0)));
    object.put(DataElement::new(tags::PIXEL_DATA, VR::OW, PrimitiveValue::U16(words.as_slice().into())));
    object
}

fn with_numbers(mut object: InMemDicomObject, numbers: &[(dicom_core::Tag, u16)]) -> InMemDicomObject {
    for &(tag, value) in numbers {
        object.put(DataElement::new(tag, VR::US, PrimitiveValue::from(value)));
    }
    object
}

fn with_texts(mut object: InMemDicomObject, texts: &[(dicom_core::Tag, VR, &str)]) -> InMemDicomObject {
    for &(tag, vr, text) in texts {
        object.put(DataElement::new(tag, vr, text));
    }
    object
}

fn written(object: InMemDicomObject, transfer_syntax: &str) -> Vec<u8> {
    let meta = FileMetaTableBuilder::new()
        .transfer_syntax(transfer_syntax)
        .media_storage_sop_class_uid("1.2.840.10008.5.1.4.1.1.4")
        .media_storage_sop_instance_uid("2.25.7");
    let file: FileDicomObject<_> = object.with_meta(meta).unwrap();
    let mut bytes = Vec::new();
    file.write_all(&mut bytes).unwrap();
    bytes
}

fn read(object: InMemDicomObject, transfer_syntax: &str) -> Slice {
    let study = decode(&written(object, transfer_syntax), &Limits::default()).unwrap();
    study.slices.into_iter().next().unwrap()
}

fn refused(object: InMemDicomObject) -> DecodeError {
    decode(&written(object, EXPLICIT_LITTLE), &Limits::default()).unwrap_err()
}

#[test]
fn every_uncompressed_encoding_gives_the_same_pixels() {
    for syntax in [IMPLICIT_LITTLE, EXPLICIT_LITTLE, EXPLICIT_BIG] {
        let slice = read(image([0, 1, 256, 1000, 4095, 65535]), syntax);
        assert_eq!((slice.width(), slice.height()), (3, 2), "{syntax}");
        assert_eq!(slice.pixels(), [0.0, 1.0, 256.0, 1000.0, 4095.0, 65535.0], "{syntax}");
    }
}

#[test]
fn files_without_preamble_or_meta_information_are_read() {
    for (syntax, cut) in
        [(IMPLICIT_LITTLE, true), (EXPLICIT_LITTLE, true), (EXPLICIT_BIG, true), (EXPLICIT_LITTLE, false)]
    {
        let bytes = written(image([9, 8, 7, 6, 5, 4]), syntax);
        let length = u32::from_le_bytes(bytes[140..144].try_into().unwrap()) as usize;
        let start = if cut { 144 + length } else { 132 };
        let study = decode(&bytes[start..], &Limits::default()).unwrap();
        assert_eq!(study.slices[0].pixels(), [9.0, 8.0, 7.0, 6.0, 5.0, 4.0], "{syntax}");
    }
}

#[test]
fn rescale_gives_modality_units() {
    let rescaled = [(tags::RESCALE_SLOPE, VR::DS, "0.5"), (tags::RESCALE_INTERCEPT, VR::DS, "-1024")];
    let slice = read(with_texts(image([0, 2, 4, 2048, 4096, 5]), &rescaled), EXPLICIT_LITTLE);
    assert_eq!(slice.pixels(), [-1024.0, -1023.0, -1022.0, 0.0, 1024.0, -1021.5]);
}

#[test]
fn signed_pixels_of_fewer_bits_ignore_what_lies_beside_them() {
    // 12 bits up to bit 13: -1, -2048, 2047, and the same with the unused bits set.
    let numbers = [(tags::BITS_STORED, 12), (tags::HIGH_BIT, 13), (tags::PIXEL_REPRESENTATION, 1)];
    let stored = |value: i16| ((value << 4) as u16) >> 2;
    let words = [stored(-1), stored(-2048), stored(2047), stored(-1) | 0xc003, stored(-2048) | 0xc003, stored(5) | 3];
    let slice = read(with_numbers(image(words), &numbers), EXPLICIT_LITTLE);
    assert_eq!(slice.pixels(), [-1.0, -2048.0, 2047.0, -1.0, -2048.0, 5.0]);
}

#[test]
fn monochrome1_is_inverted_with_its_window() {
    let texts = [
        (tags::PHOTOMETRIC_INTERPRETATION, VR::CS, "MONOCHROME1"),
        (tags::WINDOW_CENTER, VR::DS, "1000.5\\7"),
        (tags::WINDOW_WIDTH, VR::DS, "201\\9"),
    ];
    let object = with_numbers(image([0, 4095, 900, 1000, 1100, 5]), &[(tags::BITS_STORED, 12), (tags::HIGH_BIT, 11)]);
    let slice = read(with_texts(object, &texts), EXPLICIT_LITTLE);
    assert_eq!(slice.pixels(), [4095.0, 0.0, 3195.0, 3095.0, 2995.0, 4090.0]);
    assert_eq!(slice.window(), Window::between(2995.0, 3195.0));
    assert_eq!(slice.to_grey8(), [255, 0, 255, 128, 0, 255]);
}

#[test]
fn colours_become_luma_in_either_plane_order() {
    let colour = [(tags::PHOTOMETRIC_INTERPRETATION, VR::CS, "RGB")];
    let bytes = |bytes: [u8; 18]| {
        let mut object = with_texts(image([0; 6]), &colour);
        object.put(DataElement::new(tags::PIXEL_DATA, VR::OB, PrimitiveValue::U8(bytes.as_slice().into())));
        with_numbers(
            object,
            &[(tags::SAMPLES_PER_PIXEL, 3), (tags::BITS_ALLOCATED, 8), (tags::BITS_STORED, 8), (tags::HIGH_BIT, 7)],
        )
    };
    let pixels = bytes([255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 9, 9, 255, 255, 255, 0, 0, 0]);
    let planes = bytes([255, 0, 0, 9, 255, 0, 0, 255, 0, 9, 255, 0, 0, 0, 255, 9, 255, 0]);
    let expected = [76.245, 149.685, 29.07, 9.0, 255.0, 0.0];
    assert_eq!(read(with_numbers(pixels, &[(tags::PLANAR_CONFIGURATION, 0)]), EXPLICIT_LITTLE).pixels(), expected);
    assert_eq!(read(with_numbers(planes, &[(tags::PLANAR_CONFIGURATION, 1)]), EXPLICIT_LITTLE).pixels(), expected);
}

#[test]
fn a_palette_gives_its_colours_luma() {
    let mut object =
        with_texts(image([3, 4, 5, 2, 9, 4]), &[(tags::PHOTOMETRIC_INTERPRETATION, VR::CS, "PALETTE COLOR")]);
    let descriptors = [
        (tags::RED_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR, tags::RED_PALETTE_COLOR_LOOKUP_TABLE_DATA),
        (tags::GREEN_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR, tags::GREEN_PALETTE_COLOR_LOOKUP_TABLE_DATA),
        (tags::BLUE_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR, tags::BLUE_PALETTE_COLOR_LOOKUP_TABLE_DATA),
    ];
    for (descriptor, data) in descriptors {
        object.put(DataElement::new(descriptor, VR::US, PrimitiveValue::U16([3, 3, 16].as_slice().into())));
        object.put(DataElement::new(data, VR::OW, PrimitiveValue::U16([0, 25700, 65535].as_slice().into())));
    }
    // Values outside of the palette take its nearest entry.
    assert_eq!(read(object, EXPLICIT_LITTLE).pixels(), [0.0, 100.0, 255.0, 0.0, 255.0, 100.0]);
}

#[test]
fn sequences_before_the_pixels_are_skipped() {
    let mut object = image([1, 2, 3, 4, 5, 6]);
    let inner = with_texts(image([9, 9, 9, 9, 9, 9]), &[(tags::PATIENT_ID, VR::LO, "other")]);
    let sequence = dicom_core::value::DataSetSequence::from(vec![inner.clone(), inner]);
    object.put(DataElement::new(tags::REFERENCED_IMAGE_SEQUENCE, VR::SQ, sequence));
    for syntax in [IMPLICIT_LITTLE, EXPLICIT_LITTLE, EXPLICIT_BIG] {
        let study = decode(&written(object.clone(), syntax), &Limits::default()).unwrap();
        assert_eq!(study.slices[0].pixels(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], "{syntax}");
        assert_eq!(study.source.patient_id.as_deref(), Some("case 7"), "{syntax}");
    }
}

#[test]
fn a_hostile_size_is_refused_before_anything_is_allocated() {
    let object = with_numbers(image([0; 6]), &[(tags::ROWS, 40000), (tags::COLUMNS, 30000)]);
    assert_eq!(refused(object), DecodeError::TooManyPixels { width: 30000, height: 40000, limit: 8192 });
    let object = with_numbers(image([0; 6]), &[(tags::ROWS, 8000), (tags::COLUMNS, 8000)]);
    assert!(refused(object).to_string().contains("12 of 128000000 bytes of pixels"));
}

#[test]
fn several_frames_are_counted() {
    let mut object = with_texts(image([0; 6]), &[(tags::NUMBER_OF_FRAMES, VR::IS, "24")]);
    object.put(DataElement::new(tags::PIXEL_DATA, VR::OW, PrimitiveValue::U16(vec![0; 24 * 6].into())));
    assert_eq!(refused(object), DecodeError::ManyFrames { frames: 24 });
}

#[test]
fn an_unread_transfer_syntax_is_named() {
    let uid = "1.2.840.10008.1.2.4.100";
    let mut bytes = written(image([0; 6]), EXPLICIT_LITTLE);
    let padded = format!("{EXPLICIT_LITTLE}\0").into_bytes();
    let at = bytes.windows(padded.len()).position(|window| window == padded).unwrap();
    let longer = [uid.as_bytes(), b"\0"].concat();
    bytes[at - 2..at].copy_from_slice(&(longer.len() as u16).to_le_bytes());
    bytes.splice(at..at + padded.len(), longer);
    let error = decode(&bytes, &Limits::default()).unwrap_err().to_string();
    assert!(error.contains("MPEG-2 video (1.2.840.10008.1.2.4.100)"), "{error}");
}

#[test]
fn a_report_is_said_to_hold_no_image() {
    let mut object = image([0; 6]);
    object.remove_element(tags::PIXEL_DATA);
    assert!(refused(object).to_string().contains("it holds no image"));
}

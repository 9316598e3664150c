//! Where a slice lies in the patient.

/// Where the pixels of a slice lie, in millimetres to the patient's left, back and head (LPS).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SliceGeometry {
    /// The centre of the first pixel.
    pub position: [f64; 3],
    /// Unit vector along a row of pixels, towards higher columns.
    pub row: [f64; 3],
    /// Unit vector down a column of pixels, towards higher rows.
    pub column: [f64; 3],
    /// Distance of two rows, then of two columns, as in DICOM's `PixelSpacing`.
    pub spacing: [f64; 2],
}

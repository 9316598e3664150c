//! Transfer syntaxes: how a DICOM file's elements and pixels are written (PS3.5 and PS3.6).

/// How elements are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    ImplicitLittle,
    ExplicitLittle,
    ExplicitBig,
}

/// How pixels are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compression {
    Native,
    Rle,
    /// Of any process: the code stream says which.
    Jpeg,
    JpegLs,
    Jpeg2000,
}

/// One transfer syntax that is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Syntax {
    pub(super) encoding: Encoding,
    pub(super) compression: Compression,
    pub(super) deflated: bool,
}

pub(super) const IMPLICIT_LITTLE: &str = "1.2.840.10008.1.2";
pub(super) const EXPLICIT_LITTLE: &str = "1.2.840.10008.1.2.1";
pub(super) const EXPLICIT_BIG: &str = "1.2.840.10008.1.2.2";

/// The syntax of a UID, or `None` where it is not read.
pub(super) fn of(uid: &str) -> Option<Syntax> {
    let compression = match uid {
        IMPLICIT_LITTLE | EXPLICIT_LITTLE | EXPLICIT_BIG | "1.2.840.10008.1.2.1.99" => Compression::Native,
        "1.2.840.10008.1.2.5" => Compression::Rle,
        "1.2.840.10008.1.2.4.50" | "1.2.840.10008.1.2.4.51" | "1.2.840.10008.1.2.4.57" | "1.2.840.10008.1.2.4.70" => {
            Compression::Jpeg
        }
        "1.2.840.10008.1.2.4.80" | "1.2.840.10008.1.2.4.81" => Compression::JpegLs,
        "1.2.840.10008.1.2.4.90" | "1.2.840.10008.1.2.4.91" => Compression::Jpeg2000,
        _ => return None,
    };
    let encoding = match uid {
        IMPLICIT_LITTLE => Encoding::ImplicitLittle,
        EXPLICIT_BIG => Encoding::ExplicitBig,
        _ => Encoding::ExplicitLittle,
    };
    Some(Syntax { encoding, compression, deflated: uid == "1.2.840.10008.1.2.1.99" })
}

/// The name of a transfer syntax, for errors.
pub(super) fn name(uid: &str) -> &'static str {
    match uid {
        IMPLICIT_LITTLE => "Implicit VR Little Endian",
        EXPLICIT_LITTLE => "Explicit VR Little Endian",
        EXPLICIT_BIG => "Explicit VR Big Endian",
        "1.2.840.10008.1.2.1.98" => "Encapsulated Uncompressed Explicit VR Little Endian",
        "1.2.840.10008.1.2.1.99" => "Deflated Explicit VR Little Endian",
        "1.2.840.10008.1.2.4.50" => "JPEG Baseline (Process 1)",
        "1.2.840.10008.1.2.4.51" => "JPEG Extended (Process 2 and 4)",
        "1.2.840.10008.1.2.4.57" => "JPEG Lossless (Process 14)",
        "1.2.840.10008.1.2.4.70" => "JPEG Lossless (Process 14, Selection Value 1)",
        "1.2.840.10008.1.2.4.80" => "JPEG-LS Lossless",
        "1.2.840.10008.1.2.4.81" => "JPEG-LS Near-Lossless",
        "1.2.840.10008.1.2.4.90" => "JPEG 2000 Lossless",
        "1.2.840.10008.1.2.4.91" => "JPEG 2000",
        "1.2.840.10008.1.2.4.92" | "1.2.840.10008.1.2.4.93" => "JPEG 2000 Part 2 Multi-component",
        "1.2.840.10008.1.2.4.94" | "1.2.840.10008.1.2.4.95" => "JPIP Referenced",
        "1.2.840.10008.1.2.4.100" | "1.2.840.10008.1.2.4.101" => "MPEG-2 video",
        "1.2.840.10008.1.2.4.102" | "1.2.840.10008.1.2.4.103" => "MPEG-4 AVC video",
        "1.2.840.10008.1.2.4.107" | "1.2.840.10008.1.2.4.108" => "HEVC video",
        "1.2.840.10008.1.2.4.110" | "1.2.840.10008.1.2.4.111" | "1.2.840.10008.1.2.4.112" => "JPEG XL",
        "1.2.840.10008.1.2.4.201" | "1.2.840.10008.1.2.4.202" => "High-Throughput JPEG 2000 Lossless",
        "1.2.840.10008.1.2.4.203" => "High-Throughput JPEG 2000",
        "1.2.840.10008.1.2.5" => "RLE Lossless",
        _ => "a transfer syntax unknown here",
    }
}

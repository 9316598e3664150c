//! The markers of a JPEG code stream (ITU-T T.81, annex B), read before a decoder sees the bytes.
//!
//! A decoder paints what is missing grey and reserves what a header declares. Here a stream is held against its own
//! markers first: is every component coded to its last bit, and are there enough bytes for the pixels?

use std::borrow::Cow;

const START: [u8; 2] = [0xff, 0xd8];
const END: u8 = 0xd9;
const SCAN: u8 = 0xda;
const APP14: u8 = 0xee;
/// Coefficients of a block.
const COEFFICIENTS: usize = 64;
/// No scan has coded this coefficient yet.
const MISSING: u8 = u8::MAX;

/// One marker and the content of its segment, without its length.
pub(crate) struct Segment<'a> {
    pub(crate) marker: u8,
    pub(crate) content: &'a [u8],
    /// Where the bytes after the segment begin: entropy-coded data after a start of scan.
    pub(crate) end: usize,
}

/// The segments of a stream in order; entropy-coded data and fill bytes are skipped.
pub(crate) struct Segments<'a> {
    code: &'a [u8],
    at: usize,
}

impl<'a> Segments<'a> {
    /// # Errors
    /// In words, when the bytes do not begin like JPEG.
    pub(crate) fn of(code: &'a [u8]) -> Result<Self, String> {
        let starts = code.starts_with(&START);
        starts.then_some(Self { code, at: START.len() }).ok_or_else(|| "it does not begin like JPEG".to_owned())
    }

    /// The next segment; `None` where the stream ends without a marker.
    pub(crate) fn next(&mut self) -> Result<Option<Segment<'a>>, String> {
        let Some(at) = self.next_marker() else { return Ok(None) };
        let marker = self.code[at + 1];
        if matches!(marker, 0x01 | 0xd0..=END) {
            self.at = at + 2;
            return Ok(Some(Segment { marker, content: &[], end: self.at }));
        }
        let cut = || "the JPEG header is cut off".to_owned();
        let &[high, low] = self.code.get(at + 2..at + 4).ok_or_else(cut)? else { return Err(cut()) };
        let length = usize::from(u16::from_be_bytes([high, low]));
        let content = self.code.get(at + 4..at + 2 + length).ok_or_else(cut)?;
        self.at = at + 2 + length;
        Ok(Some(Segment { marker, content, end: self.at }))
    }

    /// Goes on at an index, after what only a decoder can tell from markers.
    pub(crate) fn skip_to(&mut self, at: usize) {
        self.at = at;
    }

    /// The index of the next `FF` that begins a marker: after it comes no stuffed zero and no further fill byte.
    fn next_marker(&self) -> Option<usize> {
        let rest = self.code.get(self.at..)?;
        let offset = rest.windows(2).position(|pair| pair[0] == 0xff && !matches!(pair[1], 0 | 0xff))?;
        Some(self.at + offset)
    }
}

/// What the frame header declares.
pub(crate) struct Frame {
    /// The second byte of its marker: `C0` baseline, `C1` extended, `C2` progressive, `C3` lossless, ...
    pub(crate) process: u8,
    /// Bits of a sample.
    pub(crate) precision: u8,
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Identifier and sampling factors (horizontal in the high four bits) of every component.
    components: Vec<[u8; 2]>,
}

/// A stream whose markers have been read.
pub(crate) struct Stream<'a> {
    pub(crate) code: &'a [u8],
    pub(crate) frame: Frame,
    /// An Adobe segment says how colours are coded.
    pub(crate) says_colours: bool,
    /// Components of the first scan.
    first_scan: usize,
    /// For every component and coefficient the lowest bit that a scan has coded.
    coded: Vec<[u8; COEFFICIENTS]>,
    has_end: bool,
}

impl<'a> Stream<'a> {
    /// Reads all markers.
    ///
    /// # Errors
    /// In words, when a segment is cut off, contradicts another, or there is no frame or no scan.
    pub(crate) fn read(code: &'a [u8]) -> Result<Self, String> {
        let mut segments = Segments::of(code)?;
        let mut stream: Option<Self> = None;
        let mut says_colours = false;
        while let Some(Segment { marker, content, .. }) = segments.next()? {
            match (marker, &mut stream) {
                (0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf, None) => {
                    let frame = Frame::read(marker, content)?;
                    let coded = vec![[MISSING; COEFFICIENTS]; frame.components.len()];
                    stream = Some(Self { code, frame, says_colours: false, first_scan: 0, coded, has_end: false });
                }
                (SCAN, Some(stream)) => stream.scan(content)?,
                (SCAN, None) => return Err("its JPEG has a scan before its frame header".to_owned()),
                (APP14, _) => says_colours |= content.starts_with(b"Adobe"),
                (END, Some(stream)) => {
                    stream.has_end = true;
                    break;
                }
                _ => {}
            }
        }
        let stream = stream.filter(|stream| stream.first_scan > 0).ok_or("its JPEG holds no image")?;
        Ok(Self { says_colours, ..stream })
    }

    /// What a scan codes: a baseline scan all coefficients, a progressive one a band of them down to a bit.
    fn scan(&mut self, content: &[u8]) -> Result<(), String> {
        let broken = || "a JPEG scan header does not fit the frame".to_owned();
        let (&count, rest) = content.split_first().ok_or_else(broken)?;
        let count = usize::from(count);
        let (chosen, &[first, last, bits]) = rest.split_at_checked(2 * count).ok_or_else(broken)? else {
            return Err(broken());
        };
        let (band, bit) = if self.frame.process == 0xc2 {
            (usize::from(first)..usize::from(last) + 1, bits & 15)
        } else {
            (0..64, 0)
        };
        for chosen in chosen.chunks_exact(2) {
            let place = self.frame.components.iter().position(|component| component[0] == chosen[0]);
            let coded = self.coded.get_mut(place.ok_or_else(broken)?).and_then(|coded| coded.get_mut(band.clone()));
            coded.ok_or_else(broken)?.iter_mut().for_each(|lowest| *lowest = bit.min(*lowest));
        }
        if self.first_scan == 0 {
            self.first_scan = count;
        }
        Ok(())
    }

    /// Whether the scans code every bit of every component, and there are bytes enough to do so.
    ///
    /// # Errors
    /// In words, when they do not: the file was cut off, or its header is hostile.
    pub(crate) fn check_whole(&self) -> Result<(), String> {
        if self.coded.iter().flatten().any(|&lowest| lowest != 0) {
            return Err("the file ends before its image does: scans are missing".to_owned());
        }
        let Frame { width, height, .. } = self.frame;
        // A block of 8 x 8 samples, or a lossless sample, takes a bit at least.
        let side = if self.is_lossless() { 1 } else { 8 * self.largest_sampling() };
        let units = u64::from(width.div_ceil(side)) * u64::from(height.div_ceil(side));
        if 8 * (self.code.len() as u64) < units {
            return Err(format!("{} bytes are too few for {width} x {height} pixels", self.code.len()));
        }
        Ok(())
    }

    /// The code with its end marked: some writers leave the mark out.
    pub(crate) fn with_end(&self) -> Cow<'a, [u8]> {
        if self.has_end { self.code.into() } else { [self.code, &[0xff, END]].concat().into() }
    }

    pub(crate) fn components(&self) -> usize {
        self.frame.components.len()
    }

    pub(crate) fn is_lossless(&self) -> bool {
        self.frame.process == 0xc3
    }

    /// Whether one scan codes all components together, none of them at a lower resolution.
    pub(crate) fn is_one_full_scan(&self) -> bool {
        self.first_scan == self.components() && self.frame.components.iter().all(|component| component[1] == 0x11)
    }

    fn largest_sampling(&self) -> u32 {
        let factors = self.frame.components.iter().flat_map(|component| [component[1] >> 4, component[1] & 15]);
        factors.max().map_or(1, |factor| u32::from(factor).max(1))
    }
}

impl Frame {
    fn read(process: u8, content: &[u8]) -> Result<Self, String> {
        let cut = || "the JPEG frame header is cut off".to_owned();
        let &[precision, h1, h0, w1, w0, count, ref rest @ ..] = content else { return Err(cut()) };
        let components: Vec<[u8; 2]> = rest.chunks_exact(3).map(|one| [one[0], one[1]]).collect();
        if components.len() != usize::from(count) || components.is_empty() {
            return Err(cut());
        }
        let [height, width] = [[h1, h0], [w1, w0]].map(|pair| u32::from(u16::from_be_bytes(pair)));
        if width == 0 || height == 0 {
            return Err(format!("its JPEG declares {width} x {height} pixels"));
        }
        Ok(Self { process, precision, width, height, components })
    }
}

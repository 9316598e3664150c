//! JPEG Lossless (ITU-T T.81, process 14): Huffman-coded differences from a neighbour, 2 to 16 bits.

use super::Fault;

/// A decoded frame.
pub(super) struct Frame {
    pub(super) components: usize,
    /// Samples, pixel by pixel.
    pub(super) samples: Vec<u16>,
}

/// Canonical Huffman codes by length.
#[derive(Default, Clone)]
struct Table {
    /// For every length: the first code, how many, and where their values begin.
    lengths: [(u32, u32, usize); 17],
    values: Vec<u8>,
}

/// Markers before the scan.
#[derive(Default)]
struct Header {
    tables: [Table; 4],
    precision: u32,
    width: u32,
    height: u32,
    identifiers: Vec<u8>,
    restart_interval: usize,
}

/// The scan's choices.
struct Scan {
    /// Index of the Huffman table of each component.
    tables: Vec<usize>,
    predictor: u8,
    point_transform: u32,
}

/// Decodes one frame of the expected size.
///
/// # Errors
/// When the code is cut off, of another process, or declares another size.
pub(super) fn decode(code: &[u8], expected: (u32, u32)) -> Result<Frame, Fault> {
    let mut header = Header::default();
    let mut at = 2;
    if !code.starts_with(&[0xff, 0xd8]) {
        return Err("the pixels do not begin like JPEG".into());
    }
    loop {
        let (marker, segment) = segment(code, at)?;
        at += 4 + segment.len();
        match marker {
            0xc3 => header.frame(segment, expected)?,
            0xc4 => header.huffman(segment)?,
            0xdd => {
                let interval = segment.get(..2).ok_or("the JPEG restart interval is cut off")?;
                header.restart_interval = usize::from(interval[0]) << 8 | usize::from(interval[1]);
            }
            0xda => {
                let scan = header.scan(segment)?;
                return Ok(header.decode(&scan, &code[at..])?);
            }
            0xc0..=0xcf if marker != 0xcc => {
                return Err(Fault::Unsupported(format!("its pixels are JPEG of the process {marker:02X}")));
            }
            _ => {}
        }
    }
}

/// The marker at `at` and its segment's content.
pub(super) fn segment(code: &[u8], at: usize) -> Result<(u8, &[u8]), String> {
    let cut = "the JPEG header is cut off";
    match code.get(at..at + 4) {
        Some(&[0xff, marker, high, low]) => {
            let length = usize::from(high) << 8 | usize::from(low);
            let content = length.checked_sub(2).and_then(|length| code.get(at + 4..at + 4 + length));
            content.map(|content| (marker, content)).ok_or_else(|| cut.to_owned())
        }
        Some(_) => Err(format!("byte {at} of the JPEG header is no marker")),
        None => Err(cut.to_owned()),
    }
}

impl Header {
    fn frame(&mut self, segment: &[u8], expected: (u32, u32)) -> Result<(), Fault> {
        let &[precision, h1, h0, w1, w0, count, ref components @ ..] = segment else {
            return Err("the JPEG frame header is cut off".into());
        };
        self.precision = precision.into();
        self.height = u32::from(h1) << 8 | u32::from(h0);
        self.width = u32::from(w1) << 8 | u32::from(w0);
        if (self.width, self.height) != expected {
            return Err(super::other_size((self.width, self.height), expected).into());
        }
        let whole = components.len() == 3 * usize::from(count) && matches!(count, 1 | 3);
        let sampled = components.chunks_exact(3).any(|component| component[1] != 0x11);
        if !whole || sampled || !(2..=16).contains(&precision) {
            let reason = "its lossless JPEG has subsampled components or an unusual depth";
            return Err(Fault::Unsupported(reason.to_owned()));
        }
        self.identifiers = components.chunks_exact(3).map(|component| component[0]).collect();
        Ok(())
    }

    fn huffman(&mut self, mut segment: &[u8]) -> Result<(), String> {
        while let Some((&which, rest)) = segment.split_first() {
            let cut = || "a Huffman table is cut off".to_owned();
            let counts = rest.get(..16).ok_or_else(cut)?;
            let total: usize = counts.iter().map(|&count| usize::from(count)).sum();
            let values = rest.get(16..16 + total).ok_or_else(cut)?;
            let mut table = Table { values: values.to_vec(), ..Table::default() };
            let (mut code, mut start) = (0, 0);
            for (length, &count) in (1..).zip(counts) {
                table.lengths[length] = (code, count.into(), start);
                code = (code + u32::from(count)) << 1;
                start += usize::from(count);
            }
            self.tables[usize::from(which & 3)] = table;
            segment = &rest[16 + total..];
        }
        Ok(())
    }

    fn scan(&self, segment: &[u8]) -> Result<Scan, String> {
        let broken = || "the JPEG scan header does not fit the frame".to_owned();
        let (&count, rest) = segment.split_first().ok_or_else(broken)?;
        let count = usize::from(count);
        if self.identifiers.is_empty() || count != self.identifiers.len() || rest.len() != 2 * count + 3 {
            return Err(broken());
        }
        let tables = rest[..2 * count].chunks_exact(2).map(|pair| usize::from(pair[1] >> 4 & 3)).collect();
        let (predictor, point_transform) = (rest[2 * count], u32::from(rest[2 * count + 2] & 15));
        if !(1..=7).contains(&predictor) || point_transform >= self.precision {
            return Err(broken());
        }
        Ok(Scan { tables, predictor, point_transform })
    }

    fn decode(&self, scan: &Scan, code: &[u8]) -> Result<Frame, String> {
        let components = self.identifiers.len();
        let (width, height) = (self.width as usize, self.height as usize);
        let row_length = width * components;
        // A pixel takes a bit at least.
        if code.len().saturating_mul(8) < row_length * height {
            return Err("the JPEG scan is cut off".to_owned());
        }
        let mut samples = vec![0_u16; row_length * height];
        let mut bits = Bits { code, at: 0, held: 0, count: 0 };
        let start = 1_i32 << (self.precision - scan.point_transform - 1);
        let mut until_restart = self.restart_interval;
        let mut fresh = 0;
        for pixel in 0..width * height {
            if self.restart_interval > 0 && until_restart == 0 {
                bits.restart();
                until_restart = self.restart_interval;
                fresh = pixel;
            }
            until_restart = until_restart.saturating_sub(1);
            let (column, first_row) = (pixel % width, pixel < fresh - fresh % width + width);
            for (component, &table) in scan.tables.iter().enumerate() {
                let index = pixel * components + component;
                let left = || i32::from(samples[index - components]);
                let above = || i32::from(samples[index - row_length]);
                let predicted = if pixel == fresh {
                    start
                } else if first_row {
                    left()
                } else if column == 0 {
                    above()
                } else {
                    let corner = i32::from(samples[index - row_length - components]);
                    predict(scan.predictor, left(), above(), corner)
                };
                let difference = bits.difference(&self.tables[table]).ok_or("the JPEG scan is cut off or damaged")?;
                samples[index] = (predicted + difference) as u16;
            }
        }
        for sample in &mut samples {
            *sample <<= scan.point_transform;
        }
        Ok(Frame { components, samples })
    }
}

/// The predictors of table H.1.
fn predict(predictor: u8, left: i32, above: i32, corner: i32) -> i32 {
    match predictor {
        1 => left,
        2 => above,
        3 => corner,
        4 => left + above - corner,
        5 => left + ((above - corner) >> 1),
        6 => above + ((left - corner) >> 1),
        _ => (left + above) >> 1,
    }
}

/// Bits of a scan, without the zero bytes stuffed after `FF`.
struct Bits<'a> {
    code: &'a [u8],
    at: usize,
    held: u64,
    count: u32,
}

impl Bits<'_> {
    fn fill(&mut self) {
        while self.count <= 48 {
            let byte = match (self.code.get(self.at), self.code.get(self.at + 1)) {
                (Some(0xff), Some(0)) => {
                    self.at += 2;
                    0xff
                }
                (Some(0xff) | None, _) => return,
                (Some(&byte), _) => {
                    self.at += 1;
                    byte
                }
            };
            self.held = self.held << 8 | u64::from(byte);
            self.count += 8;
        }
    }

    fn take(&mut self, count: u32) -> Option<u32> {
        if self.count < count {
            self.fill();
        }
        self.count = self.count.checked_sub(count)?;
        Some((self.held >> self.count & ((1 << count) - 1)) as u32)
    }

    /// One Huffman code and the bits it announces.
    fn difference(&mut self, table: &Table) -> Option<i32> {
        let mut code = 0;
        for &(first, count, start) in &table.lengths[1..] {
            code = code << 1 | self.take(1)?;
            if code.wrapping_sub(first) < count {
                let size = u32::from(*table.values.get(start + (code - first) as usize)?);
                return match size {
                    0 => Some(0),
                    1..=15 => {
                        let bits = self.take(size)? as i32;
                        Some(if bits < 1 << (size - 1) { bits - (1 << size) + 1 } else { bits })
                    }
                    16 => Some(32768),
                    _ => None,
                };
            }
        }
        None
    }

    /// Goes on behind the next restart marker.
    fn restart(&mut self) {
        (self.held, self.count) = (0, 0);
        let marker = self.code[self.at.min(self.code.len())..]
            .windows(2)
            .position(|pair| pair[0] == 0xff && (0xd0..=0xd7).contains(&pair[1]));
        self.at = marker.map_or(self.code.len(), |offset| self.at + offset + 2);
    }
}

//! The samples of a JPEG-LS scan.
//!
//! Names follow the standard: `near` is NEAR, a context's `a`, `b`, `c`, `n` its A, B, C and N.

use super::bits::Bits;

/// Run lengths' exponents (table A.1).
const RUN_ORDER: [u32; 32] =
    [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13, 14, 15];

/// The coding parameters of a scan.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parameters {
    pub(super) width: usize,
    pub(super) max: i32,
    pub(super) near: i32,
    pub(super) thresholds: [i32; 3],
    pub(super) reset: i32,
}

/// What has been learned of the errors in one context.
#[derive(Clone, Copy)]
struct Context {
    a: i32,
    b: i32,
    c: i32,
    n: i32,
}

/// The state of a scan.
struct Decoder<'a> {
    parameters: Parameters,
    /// Quantised error range, its bits, and the longest code.
    range: i32,
    range_bits: u32,
    limit: u32,
    contexts: [Context; 365],
    runs: [Context; 2],
    run_index: usize,
    bits: Bits<'a>,
}

/// The row that is decoded and the one above it, of one component; index `x + 1` holds sample `x`.
///
/// One sample of border on each side: the row above's first stands left of it, its last right of it.
struct Rows {
    above: Vec<i32>,
    row: Vec<i32>,
}

/// Where in a frame the components of a scan lie.
pub(super) struct Target<'s> {
    /// Samples of the frame, pixel by pixel.
    pub(super) samples: &'s mut [u16],
    /// Components of the frame, of the scan, and before the scan's first.
    pub(super) total: usize,
    pub(super) count: usize,
    pub(super) first: usize,
}

/// Decodes the samples of a scan. `by_sample`: components take turns at every sample, and else at every row.
///
/// # Errors
/// In words, when the code ends before the last sample.
pub(super) fn decode_scan(
    parameters: Parameters,
    by_sample: bool,
    code: &[u8],
    target: &mut Target,
) -> Result<(), String> {
    let mut decoder = Decoder::new(parameters, code);
    let width = parameters.width;
    let rows = || Rows { above: vec![0; width + 2], row: vec![0; width + 2] };
    let mut rows: Vec<Rows> = (0..target.count).map(|_| rows()).collect();
    let mut run_indices = vec![0; target.count];
    for pixels in target.samples.chunks_exact_mut(width * target.total) {
        for Rows { above, row } in &mut rows {
            above[width + 1] = above[width];
            row[0] = above[1];
        }
        let complete = if by_sample {
            decoder.rows(&mut rows)
        } else {
            let mut turns = rows.iter_mut().zip(&mut run_indices);
            turns.try_for_each(|(rows, run_index)| {
                decoder.run_index = *run_index;
                decoder.rows(std::slice::from_mut(rows))?;
                *run_index = decoder.run_index;
                Some(())
            })
        };
        complete.ok_or("the JPEG-LS scan is cut off or damaged")?;
        for (component, Rows { above, row }) in rows.iter_mut().enumerate() {
            let places = pixels[target.first + component..].iter_mut().step_by(target.total);
            places.zip(&row[1..]).for_each(|(place, &sample)| *place = sample as u16);
            std::mem::swap(above, row);
        }
    }
    Ok(())
}

impl<'a> Decoder<'a> {
    fn new(parameters: Parameters, code: &'a [u8]) -> Self {
        let step = 2 * parameters.near + 1;
        let range = (parameters.max + 2 * parameters.near) / step + 1;
        let depth = bits_for(parameters.max + 1).max(2);
        let start = Context { a: ((range + 32) / 64).max(2), b: 0, c: 0, n: 1 };
        Self {
            parameters,
            range,
            range_bits: bits_for(range),
            limit: 2 * (depth + depth.max(8)),
            contexts: [start; 365],
            runs: [start; 2],
            run_index: 0,
            bits: Bits::new(code),
        }
    }

    /// Decodes a row of one component, or of several that take turns at every sample.
    fn rows(&mut self, rows: &mut [Rows]) -> Option<()> {
        let width = self.parameters.width;
        let mut x = 1;
        while x <= width {
            let is_flat = |rows: &Rows| rows.gradients(x).iter().all(|gradient| gradient.abs() <= self.parameters.near);
            if !rows.iter().all(is_flat) {
                for rows in &mut *rows {
                    rows.row[x] = self.regular(rows.gradients(x), rows.row[x - 1], rows.above[x], rows.above[x - 1])?;
                }
                x += 1;
                continue;
            }
            let length = self.run_length(width + 1 - x)?;
            for Rows { row, .. } in &mut *rows {
                let left = row[x - 1];
                row[x..x + length].fill(left);
            }
            x += length;
            if x <= width {
                let alone = rows.len() == 1;
                for Rows { above, row } in &mut *rows {
                    let alike = alone && (row[x - 1] - above[x]).abs() <= self.parameters.near;
                    row[x] = self.interruption(row[x - 1], above[x], alike)?;
                }
                self.run_index = self.run_index.saturating_sub(1);
                x += 1;
            }
        }
        Some(())
    }

    /// A sample outside of runs (A.3 to A.6).
    fn regular(&mut self, gradients: [i32; 3], left: i32, up: i32, corner: i32) -> Option<i32> {
        let Parameters { near, max, reset, .. } = self.parameters;
        let [q1, q2, q3] = gradients.map(|gradient| self.quantized(gradient));
        let mixed = 81 * q1 + 9 * q2 + q3;
        let sign = if mixed < 0 { -1 } else { 1 };
        let index = mixed.unsigned_abs() as usize;
        let context = self.contexts[index];
        let predicted = (median_edge(left, up, corner) + sign * context.c).clamp(0, max);
        let k = golomb_order(context.n, context.a)?;
        let mapped = self.bits.golomb(k, self.limit, self.range_bits)?;
        let swapped = near == 0 && k == 0 && 2 * context.b <= -context.n;
        let error = unmapped(mapped, swapped);
        self.contexts[index] = context.updated(error, near, reset);
        Some(self.reconstructed(predicted, sign * error))
    }

    /// How many samples of `left` follow, at most `room` (A.7.1).
    fn run_length(&mut self, room: usize) -> Option<usize> {
        let mut length = 0;
        while self.bits.bit()? {
            let whole = 1 << RUN_ORDER[self.run_index];
            length += whole;
            if length <= room {
                self.run_index = (self.run_index + 1).min(31);
            }
            if length >= room {
                return Some(room);
            }
        }
        let rest = self.bits.take(RUN_ORDER[self.run_index])? as usize;
        (length + rest < room).then_some(length + rest)
    }

    /// The sample that ends a run (A.7.2); `alike` where its neighbours are, which is not asked of several components.
    fn interruption(&mut self, left: i32, up: i32, alike: bool) -> Option<i32> {
        let Parameters { reset, .. } = self.parameters;
        let kind = i32::from(alike);
        let run = &mut self.runs[usize::from(alike)];
        let k = golomb_order(run.n, if alike { run.a.saturating_add(run.n >> 1) } else { run.a })?;
        let limit = self.limit.checked_sub(RUN_ORDER[self.run_index] + 1)?;
        let mapped = self.bits.golomb(k, limit, self.range_bits)?;
        let shifted = mapped + kind;
        let odd = shifted & 1 == 1;
        let size = (shifted >> 1) + i32::from(odd);
        let error = if (k != 0 || 2 * run.b >= run.n) == odd { -size } else { size };
        // B of a run's context counts its negative errors (Nn).
        run.b += i32::from(error < 0);
        run.a = run.a.saturating_add((mapped + 1 - kind) >> 1);
        if run.n == reset {
            (run.a, run.n, run.b) = (run.a >> 1, run.n >> 1, run.b >> 1);
        }
        run.n += 1;
        let sign = if !alike && left > up { -1 } else { 1 };
        Some(self.reconstructed(if alike { left } else { up }, sign * error))
    }

    /// Prediction and error, back in the range of samples (A.4.4).
    fn reconstructed(&self, predicted: i32, error: i32) -> i32 {
        let Parameters { near, max, .. } = self.parameters;
        let step = 2 * near + 1;
        let mut value = predicted.wrapping_add(error.wrapping_mul(step));
        if value < -near {
            value = value.wrapping_add(self.range * step);
        } else if value > max + near {
            value = value.wrapping_sub(self.range * step);
        }
        value.clamp(0, max)
    }

    /// The region of a gradient, -4 to 4 (A.3.3).
    fn quantized(&self, gradient: i32) -> i32 {
        let [t1, t2, t3] = self.parameters.thresholds;
        let region = match gradient.abs() {
            size if size <= self.parameters.near => 0,
            size if size < t1 => 1,
            size if size < t2 => 2,
            size if size < t3 => 3,
            _ => 4,
        };
        region * gradient.signum()
    }
}

impl Rows {
    /// Differences of the neighbours of sample `x - 1`.
    fn gradients(&self, x: usize) -> [i32; 3] {
        let (left, up, corner, right) = (self.row[x - 1], self.above[x], self.above[x - 1], self.above[x + 1]);
        [right - up, up - corner, corner - left]
    }
}

impl Context {
    /// After an error (A.6): its size, its bias, and the correction of the prediction.
    fn updated(mut self, error: i32, near: i32, reset: i32) -> Self {
        self.b = self.b.saturating_add(error.saturating_mul(2 * near + 1));
        self.a = self.a.saturating_add(error.saturating_abs());
        if self.n == reset {
            (self.a, self.b, self.n) = (self.a >> 1, self.b >> 1, self.n >> 1);
        }
        self.n += 1;
        if self.b <= -self.n {
            self.b = (self.b + self.n).max(1 - self.n);
            self.c = (self.c - 1).max(-128);
        } else if self.b > 0 {
            self.b = (self.b - self.n).min(0);
            self.c = (self.c + 1).min(127);
        }
        self
    }
}

/// The smallest number of bits that counts to `count`.
fn bits_for(count: i32) -> u32 {
    i32::BITS - (count - 1).max(0).leading_zeros()
}

/// The order k with `n << k >= a`; `None` where a damaged stream has made it absurd.
fn golomb_order(n: i32, a: i32) -> Option<u32> {
    (0..24).find(|&k| i64::from(n) << k >= i64::from(a))
}

/// The neighbour that an edge nearby suggests (A.4.1).
fn median_edge(left: i32, up: i32, corner: i32) -> i32 {
    if corner >= left.max(up) {
        left.min(up)
    } else if corner <= left.min(up) {
        left.max(up)
    } else {
        left + up - corner
    }
}

/// The signed error of a code (A.5.2); `swapped` where negative errors are likelier.
fn unmapped(mapped: i32, swapped: bool) -> i32 {
    let half = mapped >> 1;
    if (mapped & 1 == 1) == swapped { half } else { -half - 1 }
}

//! Planes with zeros around them: the neighbours of a pixel are then so many offsets from it, and a convolution one run
//! through memory.

use graph::{Placed, Window};

/// Pixels of several planes that are framed together; with its copies this many stay in the nearest cache.
const PIXELS: usize = 3072;

/// Pixels that are worked on side by side.
const LANES: usize = 16;

/// A kernel of one channel, row by row.
pub type Kernel<const K: usize> = [[f32; K]; K];

/// Planes one below the other, with `K / 2` rows of zeros before each and after the last, and as many zeros before each row
/// and after the last: room for a kernel of `K` x `K`.
///
/// A convolution is computed around every pixel; where its stride is more than 1, some of it is taken.
#[derive(Debug, Clone, Copy)]
pub struct Frame<const K: usize> {
    height: usize,
    width: usize,
    /// Planes that it holds at most.
    planes: usize,
    /// From one window to the next.
    stride: usize,
    rows: Placed,
    columns: Placed,
}

impl<const K: usize> Frame<K> {
    /// Pixels that a kernel reaches to each side.
    const REACH: usize = K / 2;

    /// For windows on planes of which there are so many.
    pub fn new(window: Window, height: usize, width: usize, planes: usize) -> Self {
        let fitting = PIXELS / ((height + Self::REACH) * (width + Self::REACH));
        let along = |extent| window.on(extent).unwrap_or(Placed { before: 0, after: 0, count: 0 });
        let (rows, columns) = (along(height), along(width));
        Self { height, width, planes: fitting.clamp(1, planes.max(1)), stride: window.stride, rows, columns }
    }

    /// Whether a convolution is one around pixels.
    pub fn fits(window: Window, height: usize, width: usize) -> bool {
        let reaches = |placed: Placed| placed.before.max(placed.after) <= Self::REACH;
        window.size == K
            && [height, width].map(|extent| window.on(extent)).into_iter().all(|on| on.is_some_and(reaches))
    }

    /// Pixels of the planes that it holds.
    pub fn capacity(self) -> usize {
        (self.planes * self.height * self.width).max(1)
    }

    /// Height and width of what comes out.
    pub fn output(self) -> [usize; 2] {
        [self.rows.count, self.columns.count]
    }

    /// Pixels that come out of the planes that it holds.
    pub fn output_capacity(self) -> usize {
        (self.planes * self.output_area()).max(1)
    }

    fn output_area(self) -> usize {
        self.rows.count * self.columns.count
    }

    /// From a row to the next.
    fn pitch(self) -> usize {
        self.width + Self::REACH
    }

    /// From a plane to the next.
    fn plane(self) -> usize {
        (self.height + Self::REACH) * self.pitch()
    }

    /// Where the first neighbour in row `row` of the kernel of the first pixel lies.
    fn offset(self, row: usize) -> usize {
        row * self.pitch()
    }

    /// Where the first pixel lies.
    fn first(self) -> usize {
        self.offset(Self::REACH) + Self::REACH
    }

    /// Without a pixel in it.
    pub fn empty(self) -> Vec<f32> {
        vec![0.0; self.planes * self.plane() + Self::REACH * self.pitch() + Self::REACH + 2 * LANES]
    }

    /// From the first pixel to the last of so many planes, and on to a multiple of [`LANES`].
    fn run(self, planes: usize) -> usize {
        self.extent(planes).next_multiple_of(LANES)
    }

    fn extent(self, planes: usize) -> usize {
        (planes * (self.height + Self::REACH)).saturating_sub(Self::REACH + 1) * self.pitch() + self.width
    }

    fn planes_of(self, pixels: &[f32]) -> usize {
        pixels.len() / (self.height * self.width)
    }

    /// Puts a function of every pixel into a frame.
    #[inline(always)]
    pub fn fill(self, framed: &mut [f32], pixels: &[f32], of: impl Fn(f32) -> f32) {
        for (plane, pixels) in pixels.chunks_exact(self.height * self.width).enumerate() {
            let rows = framed[self.first() + plane * self.plane()..].chunks_mut(self.pitch());
            for (row, pixels) in rows.zip(pixels.chunks_exact(self.width)) {
                write(&mut row[..self.width], pixels, &of);
            }
        }
        self.end(framed, self.planes_of(pixels));
    }

    /// Behind the last plane others may be left.
    #[inline(always)]
    fn end(self, framed: &mut [f32], planes: usize) {
        let end = self.first() + self.extent(planes);
        framed[end..end + LANES].fill(0.0);
    }

    /// Whether there is a window around every pixel.
    fn is_whole(self) -> bool {
        self.stride == 1 && self.output() == [self.height, self.width]
    }

    /// Where the pixel that the first window of an output row is around lies in a run that starts at the first pixel.
    fn middle(self, plane: usize, row: usize) -> usize {
        let row = row * self.stride + Self::REACH - self.rows.before;
        plane * self.plane() + row * self.pitch() + Self::REACH - self.columns.before
    }

    /// Puts what came out, gradients, around the pixels that it came from; zeros around the others.
    #[inline(always)]
    pub fn fill_output(self, framed: &mut [f32], output: &[f32]) {
        if self.is_whole() {
            return self.fill(framed, output, |value| value);
        }
        let planes = output.len() / self.output_area().max(1);
        let first = self.first();
        framed[first..first + self.extent(planes)].fill(0.0);
        for (plane, output) in output.chunks_exact(self.output_area()).enumerate() {
            for (row, output) in output.chunks_exact(self.columns.count).enumerate() {
                let pixels = framed[first + self.middle(plane, row)..].iter_mut().step_by(self.stride);
                pixels.zip(output).for_each(|(pixel, value)| *pixel = *value);
            }
        }
        self.end(framed, planes);
    }

    /// Takes the pixels out of a run that starts at the first of them.
    #[inline(always)]
    pub fn take(self, run: &[f32], pixels: &mut [f32]) {
        for (plane, pixels) in pixels.chunks_exact_mut(self.height * self.width).enumerate() {
            let rows = run[plane * self.plane()..].chunks(self.pitch());
            for (row, pixels) in rows.zip(pixels.chunks_exact_mut(self.width)) {
                write(pixels, &row[..self.width], &|value| value);
            }
        }
    }

    /// Takes what comes out of a run that starts at the first pixel.
    #[inline(always)]
    pub fn take_output(self, run: &[f32], output: &mut [f32]) {
        if self.is_whole() {
            return self.take(run, output);
        }
        for (plane, output) in output.chunks_exact_mut(self.output_area()).enumerate() {
            for (row, output) in output.chunks_exact_mut(self.columns.count).enumerate() {
                let values = run[self.middle(plane, row)..].iter().step_by(self.stride);
                output.iter_mut().zip(values).for_each(|(output, value)| *output = *value);
            }
        }
    }

    /// The convolution around every pixel of as many planes as `pixels` are of, as a run that starts at the first pixel.
    #[inline(always)]
    pub fn convolve(self, framed: &[f32], kernel: &Kernel<K>, pixels: &[f32], run: &mut Vec<f32>) {
        let length = self.run(self.planes_of(pixels));
        run.clear();
        run.resize(length, 0.0);
        let run = &mut run[..length];
        for (row, weights) in kernel.iter().enumerate() {
            let framed = &framed[self.offset(row)..][..length + K - 1];
            let taps: [&[f32]; K] = std::array::from_fn(|tap| &framed[tap..tap + length]);
            for (index, sum) in run.iter_mut().enumerate() {
                let mut of_row = weights[0] * taps[0][index];
                for tap in 1..K {
                    of_row += weights[tap] * taps[tap][index];
                }
                *sum += of_row;
            }
        }
    }

    /// Sets the gradients of a run to what an activation lets through, whose outputs are framed.
    #[inline(always)]
    pub fn mask(self, run: &mut [f32], framed: &[f32], of: impl Fn(f32, f32) -> f32) {
        for (gradient, &output) in run.iter_mut().zip(&framed[self.first()..]) {
            *gradient = of(output, *gradient);
        }
    }

    /// The gradient of the kernel over as many planes as `pixels` are of, from framed inputs and framed gradients.
    #[inline(always)]
    pub fn kernel_gradient(self, framed: &[f32], gradients: &[f32], pixels: &[f32]) -> Kernel<K> {
        let run = self.run(self.planes_of(pixels));
        let gradients = &gradients[self.first()..self.first() + run];
        std::array::from_fn(|row| {
            let start = self.offset(row);
            row_gradient(&framed[start..start + run + K - 1], gradients)
        })
    }
}

/// Rows that are long enough for loops of their own.
const LONG: usize = 32;

/// A function of every value of a row. Short rows are done four values at a time.
#[inline(always)]
fn write(row: &mut [f32], values: &[f32], of: &impl Fn(f32) -> f32) {
    let fours = if row.len() < LONG { row.len() / 4 * 4 } else { 0 };
    let ((row, rest), (values, rest_of_values)) = (row.split_at_mut(fours), values.split_at(fours));
    let (fours, values_of_fours) = (row.as_chunks_mut::<4>().0, values.as_chunks::<4>().0);
    for (four, values) in fours.iter_mut().zip(values_of_fours) {
        *four = values.map(of);
    }
    for (place, &value) in rest.iter_mut().zip(rest_of_values) {
        *place = of(value);
    }
}

/// The gradient of a row of the kernel.
#[inline(always)]
fn row_gradient<const K: usize>(framed: &[f32], gradients: &[f32]) -> [f32; K] {
    let mut sums = [[0.0_f32; LANES]; K];
    for (number, gradients) in gradients.chunks_exact(LANES).enumerate() {
        let framed = &framed[number * LANES..][..LANES + K - 1];
        for (tap, sums) in sums.iter_mut().enumerate() {
            for ((sum, value), gradient) in sums.iter_mut().zip(&framed[tap..tap + LANES]).zip(gradients) {
                *sum += gradient * value;
            }
        }
    }
    sums.map(|lanes| lanes.iter().sum())
}

//! Planes with zeros around them: a 3x3 neighbourhood is then nine offsets from any pixel, and a convolution one run
//! through memory.

/// Pixels of several planes that are framed together; with its copies this many stay in the nearest cache.
const PIXELS: usize = 3072;

/// Pixels that are worked on side by side.
const LANES: usize = 16;

/// Planes one below the other, a row of zeros before each and after the last, a zero before each row and after the last.
#[derive(Debug, Clone, Copy)]
pub struct Frame {
    height: usize,
    width: usize,
    /// Planes that it holds at most.
    planes: usize,
}

impl Frame {
    /// For planes of which there are so many.
    pub fn new(height: usize, width: usize, planes: usize) -> Self {
        let fitting = PIXELS / ((height + 1) * (width + 1));
        Self { height, width, planes: fitting.clamp(1, planes.max(1)) }
    }

    /// Pixels of the planes that it holds.
    pub fn capacity(self) -> usize {
        (self.planes * self.height * self.width).max(1)
    }

    fn stride(self) -> usize {
        self.width + 1
    }

    /// Where the neighbour `tap` (0 to 8, row by row) of the first pixel lies.
    fn offset(self, tap: usize) -> usize {
        tap / 3 * self.stride() + tap % 3
    }

    /// Where the first pixel lies.
    fn first(self) -> usize {
        self.offset(4)
    }

    /// Without a pixel in it.
    pub fn empty(self) -> Vec<f32> {
        vec![0.0; (self.planes * (self.height + 1) + 1) * self.stride() + 1 + 2 * LANES]
    }

    /// From the first pixel to the last of so many planes, and on to a multiple of [`LANES`].
    fn run(self, planes: usize) -> usize {
        self.extent(planes).next_multiple_of(LANES)
    }

    fn extent(self, planes: usize) -> usize {
        (planes * (self.height + 1)).saturating_sub(2) * self.stride() + self.width
    }

    fn planes_of(self, pixels: &[f32]) -> usize {
        pixels.len() / (self.height * self.width)
    }

    /// Puts a function of every pixel into a frame.
    #[inline(always)]
    pub fn fill(self, framed: &mut [f32], pixels: &[f32], of: impl Fn(f32) -> f32) {
        for (plane, pixels) in pixels.chunks_exact(self.height * self.width).enumerate() {
            let start = self.first() + plane * (self.height + 1) * self.stride();
            let rows = framed[start..].chunks_mut(self.stride());
            for (row, pixels) in rows.zip(pixels.chunks_exact(self.width)) {
                write(&mut row[..self.width], pixels, &of);
            }
        }
        // Behind the last plane others may be left.
        let end = self.first() + self.extent(self.planes_of(pixels));
        framed[end..end + LANES].fill(0.0);
    }

    /// Takes the pixels out of a run that starts at the first of them.
    #[inline(always)]
    pub fn take(self, run: &[f32], pixels: &mut [f32]) {
        for (plane, pixels) in pixels.chunks_exact_mut(self.height * self.width).enumerate() {
            let rows = run[plane * (self.height + 1) * self.stride()..].chunks(self.stride());
            for (row, pixels) in rows.zip(pixels.chunks_exact_mut(self.width)) {
                write(pixels, &row[..self.width], &|value| value);
            }
        }
    }

    /// The convolution of as many planes as `pixels` are of, as a run that starts at the first pixel.
    #[inline(always)]
    pub fn convolve(self, framed: &[f32], kernel: &[f32; 9], pixels: &[f32], run: &mut Vec<f32>) {
        let length = self.run(self.planes_of(pixels));
        run.clear();
        run.resize(length, 0.0);
        for (row, weights) in kernel.as_chunks::<3>().0.iter().enumerate() {
            let framed = &framed[self.offset(3 * row)..][..length + 2];
            let values = framed[..length].iter().zip(&framed[1..=length]).zip(&framed[2..]);
            for (sum, ((left, middle), right)) in run.iter_mut().zip(values) {
                *sum += weights[0] * left + weights[1] * middle + weights[2] * right;
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
    pub fn kernel_gradient(self, framed: &[f32], gradients: &[f32], pixels: &[f32]) -> [f32; 9] {
        let run = self.run(self.planes_of(pixels));
        let gradients = &gradients[self.first()..self.first() + run];
        let mut kernel = [0.0; 9];
        for (row, kernel) in kernel.chunks_exact_mut(3).enumerate() {
            let start = self.offset(3 * row);
            let sums = row_gradient(&framed[start..start + run + 2], gradients);
            kernel.copy_from_slice(&sums);
        }
        kernel
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
fn row_gradient(framed: &[f32], gradients: &[f32]) -> [f32; 3] {
    let (mut left, mut middle, mut right) = ([0.0_f32; LANES], [0.0_f32; LANES], [0.0_f32; LANES]);
    for (number, gradients) in gradients.chunks_exact(LANES).enumerate() {
        let framed = &framed[number * LANES..number * LANES + LANES + 2];
        let values = framed[..LANES].iter().zip(&framed[1..=LANES]).zip(&framed[2..]).zip(gradients);
        let lanes = left.iter_mut().zip(&mut middle).zip(&mut right);
        for (((left, middle), right), (((a, b), c), gradient)) in lanes.zip(values) {
            *left += gradient * a;
            *middle += gradient * b;
            *right += gradient * c;
        }
    }
    [left, middle, right].map(|lanes| lanes.iter().sum())
}

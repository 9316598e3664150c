//! A moving average in two dimensions.

/// Mean over a square of `2 * radius + 1` pixels a side, of what of it lies in the slice.
pub fn smooth(values: &[f32], side: usize, radius: usize) -> Vec<f32> {
    let along = |values: &[f32], step: usize, stride: usize| -> Vec<f32> {
        (0..side * side)
            .map(|index| {
                let (line, at) = if step == 1 { (index / side, index % side) } else { (index % side, index / side) };
                let (from, to) = (at.saturating_sub(radius), (at + radius).min(side - 1));
                (from..=to).map(|at| values[line * stride + at * step]).sum::<f32>() / (to - from + 1) as f32
            })
            .collect()
    };
    along(&along(values, 1, side), side, 1)
}

//! ReLU.

use cubecl::prelude::*;

/// `max(value, 0)`, or NaN of NaN: CubeCL's `max` turns NaN into 0 on some devices, and training that diverged would
/// look well.
#[cube]
pub fn not_below_zero<N: Size>(value: Vector<f32, N>) -> Vector<f32, N> {
    let zero = Vector::<f32, N>::new(0.0);
    select_many(value.less_than(&zero), zero, value)
}

/// `output = max(input, 0)`.
#[cube(launch_unchecked)]
pub fn relu<F: Float, N: Size>(
    input: &[Vector<F, N>],
    output: &mut [Vector<F, N>],
    units: usize,
    #[define(F)] _precision: ElemType,
) {
    if ABSOLUTE_POS >= units {
        terminate!();
    }
    let value = Vector::<f32, N>::cast_from(input[ABSOLUTE_POS]);
    output[ABSOLUTE_POS] = Vector::cast_from(not_below_zero(value));
}

/// The gradient of [`relu`], from its output.
#[cube(launch_unchecked)]
pub fn relu_gradient<F: Float, N: Size>(
    rectified: &[Vector<F, N>],
    gradient: &[Vector<F, N>],
    output: &mut [Vector<F, N>],
    units: usize,
    #[define(F)] _precision: ElemType,
) {
    if ABSOLUTE_POS >= units {
        terminate!();
    }
    let zero = Vector::<f32, N>::new(0.0);
    let passes = Vector::<f32, N>::cast_from(rectified[ABSOLUTE_POS]).greater_than(&zero);
    let gradient = Vector::<f32, N>::cast_from(gradient[ABSOLUTE_POS]);
    output[ABSOLUTE_POS] = Vector::cast_from(select_many(passes, gradient, zero));
}

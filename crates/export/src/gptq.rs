//! Floats to int8 so that a layer's outputs, not its weights, change least.
//!
//! Rounded to the nearest, errors of single weights add up as chance has it. Here the weights of an output channel are
//! rounded one after another, and what has been lost so far is made up for by those that follow, as far as the inputs
//! they meet go together: GPTQ (Frantar et al. 2023), in the form that needs one Cholesky factor and no inverse
//! (Babai's nearest plane, which gives the same levels).

use faer::{Mat, MatRef};
use weights::{LEVELS, Tensor, Values, WeightsError};

use crate::hessian::Hessian;

/// Quantises as [`weights::quantise`] does, with the same scales, but rounds for inputs with this Hessian.
///
/// The same values and Hessian give the same bytes on the same kind of processor: sums are added in the order of its vector
/// unit, and a level in some hundred thousand may be another. A Hessian of nothing but zeros gives the nearest levels.
///
/// # Errors
/// As [`weights::quantise`]; [`WeightsError::Shape`] too where the Hessian is of another size, and
/// [`WeightsError::NotFinite`] where it holds what is no number.
pub fn quantise(shape: &[usize], values: &[f32], hessian: &Hessian) -> Result<Tensor, WeightsError> {
    let mut tensor = weights::quantise(shape, values)?;
    let Values::Int8 { values: levels, scales } = &mut tensor.values else { return Ok(tensor) };
    let (groups, size) = (hessian.groups(), hessian.size());
    if scales.len() * size != values.len() || groups == 0 || !scales.len().is_multiple_of(groups) {
        return Err(WeightsError::Shape { name: String::new(), shape: vec![groups, size, size], values: values.len() });
    }
    let rows = scales.len() / groups;
    for group in 0..groups {
        let (channels, kernel) = (group * rows..(group + 1) * rows, group * rows * size..(group + 1) * rows * size);
        let (order, factor) = hessian.factor(group)?;
        levels[kernel.clone()].copy_from_slice(&round(&values[kernel], &scales[channels], &order, factor.as_ref()));
    }
    Ok(tensor)
}

/// Components that are rounded one by one before what they owe to all others is summed, in one product of matrices.
const BLOCK: usize = 64;

/// Levels of the rows of `values`, from the strongest input component to the weakest.
///
/// `factor` is L, lower triangular, with the Hessian L Lᵀ in the given order. The squared error of the outputs is the
/// sum over `i` of (Lᵢᵢ eᵢ + Σ Lⱼᵢ eⱼ over j > i)², where e is what rounding changed; each term is made as small as its
/// own level can make it.
fn round(values: &[f32], scales: &[f32], order: &[usize], factor: MatRef<'_, f64>) -> Vec<i8> {
    let (size, rows) = (order.len(), scales.len());
    let mut levels = vec![0_i8; values.len()];
    // A column a component, so that the innermost loop runs over neighbours.
    let mut errors = Mat::<f64>::zeros(rows, size);
    for start in (0..size).step_by(BLOCK).rev() {
        let end = size.min(start + BLOCK);
        let later = factor.submatrix(end, start, size - end, end - start);
        let mut owed = errors.subcols(end, size - end) * later;
        for i in (start..end).rev() {
            let owed = owed.col_as_slice_mut(i - start);
            for j in i + 1..end {
                for (owed, error) in owed.iter_mut().zip(errors.col_as_slice(j)) {
                    *owed += factor[(j, i)] * error;
                }
            }
            for row in 0..rows {
                let (place, scale) = (row * size + order[i], f64::from(scales[row]));
                let value = f64::from(values[place]);
                let wanted = value + owed[row] / factor[(i, i)];
                let level = if scale > 0.0 { (wanted / scale).round().clamp(-LEVELS, LEVELS) } else { 0.0 };
                levels[place] = level as i8;
                errors[(row, i)] = value - level * scale;
            }
        }
    }
    levels
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Inputs of 24 components that go together, as the channels of features do.
    fn inputs() -> Vec<Vec<f32>> {
        let place =
            |place: u16| (0..24_u16).map(move |i| (f32::from(place * (1 + i % 3)) * 0.7).sin() + f32::from(i % 5));
        (0..200).map(|index| place(index).collect()).collect()
    }

    fn hessian(inputs: &[Vec<f32>]) -> Hessian {
        let mut hessian = Hessian::new(1, 24);
        for x in inputs {
            let outer: Vec<f32> = x.iter().flat_map(|a| x.iter().map(move |b| a * b)).collect();
            hessian.add(&outer).unwrap();
        }
        hessian
    }

    fn kernel() -> Vec<f32> {
        (0..72_u16).map(|index| (f32::from(index) * 12.9898).sin() * 0.5).collect()
    }

    /// Squared error of the outputs of all channels over all inputs.
    fn output_error(tensor: &Tensor, kernel: &[f32], inputs: &[Vec<f32>]) -> f32 {
        let change: Vec<f32> = tensor.to_f32().iter().zip(kernel).map(|(after, before)| after - before).collect();
        let output = |row: &[f32], x: &[f32]| row.iter().zip(x).map(|(a, b)| a * b).sum::<f32>().powi(2);
        inputs.iter().flat_map(|x| change.chunks(24).map(move |row| output(row, x))).sum()
    }

    #[test]
    fn outputs_change_less_than_with_the_nearest_levels() {
        let (inputs, kernel) = (inputs(), kernel());
        let nearest = output_error(&weights::quantise(&[3, 24], &kernel).unwrap(), &kernel, &inputs);
        let made = quantise(&[3, 24], &kernel, &hessian(&inputs)).unwrap();
        made.check("made").unwrap();
        let compensated = output_error(&made, &kernel, &inputs);
        assert!(compensated < 0.2 * nearest, "{compensated} against {nearest}");
    }

    #[test]
    fn without_any_input_the_levels_are_the_nearest() {
        let kernel = kernel();
        let made = quantise(&[3, 24], &kernel, &Hessian::new(1, 24)).unwrap();
        assert_eq!(made, weights::quantise(&[3, 24], &kernel).unwrap());
    }

    #[test]
    fn each_group_is_rounded_by_its_own_hessian() {
        let (kernel, shared) = (kernel(), hessian(&inputs()));
        let whole = quantise(&[3, 24], &kernel, &shared).unwrap();
        let mut apart = Hessian::new(3, 24);
        let sums = inputs().iter().fold(vec![0.0; 24 * 24], |sums: Vec<f32>, x| {
            sums.iter().zip(x.iter().flat_map(|a| x.iter().map(move |b| a * b))).map(|(sum, more)| sum + more).collect()
        });
        apart.add(&sums.repeat(3)).unwrap();
        let Values::Int8 { values: apart, .. } = quantise(&[3, 24], &kernel, &apart).unwrap().values else { panic!() };
        let Values::Int8 { values: whole, .. } = whole.values else { panic!() };
        let differing = apart.iter().zip(&whole).filter(|(a, b)| a != b).count();
        assert!(differing <= 2, "{differing} levels differ");
    }

    #[test]
    fn a_hessian_of_another_size_is_refused() {
        let error = quantise(&[3, 24], &kernel(), &Hessian::new(1, 23)).unwrap_err();
        assert!(matches!(error, WeightsError::Shape { .. }));
        let error = quantise(&[3, 24], &kernel(), &Hessian::new(2, 24)).unwrap_err();
        assert!(matches!(error, WeightsError::Shape { .. }));
    }
}

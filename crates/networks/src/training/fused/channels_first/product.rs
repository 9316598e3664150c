//! The product of two matrices (GEMM) into memory that nothing was written to before.

use gemm::Parallelism;

use super::{Values, write};

/// Multiplications that are worth another core.
const PARALLEL: usize = 1 << 20;

/// A matrix `[rows, inner]` times a matrix `[inner, columns]`, both with whatever strides they have.
///
/// Burn fills the product with zeros first, by one core, while the others wait.
///
/// # Panics
/// If one is no matrix of 32-bit floats, or the two don't fit.
#[expect(unsafe_code, reason = "the product takes pointers and strides")]
pub(super) fn product(left: &Values, right: &Values) -> Values {
    let [rows, inner] = left.layout().shape().dims();
    let [other, columns] = right.layout().shape().dims();
    assert_eq!(inner, other, "the columns of the left matrix are the rows of the right one");
    let mut output: Vec<f32> = Vec::with_capacity(rows * columns);
    let parallelism = if rows * inner * columns < PARALLEL { Parallelism::None } else { Parallelism::Rayon(0) };
    let [(left, left_strides), (right, right_strides)] = [left, right].map(|matrix| {
        let layout = matrix.layout();
        (&matrix.storage::<f32>()[layout.start_offset()..], [layout.strides()[0], layout.strides()[1]])
    });
    // SAFETY: a layout's strides lead to values of its storage alone. The output has room for `rows * columns` values, row
    // by row, none of which is read (`read_dst` is false) and all of which are written, also where `inner` is 0.
    unsafe {
        gemm::gemm(
            rows,
            columns,
            inner,
            output.as_mut_ptr(),
            1,
            columns as isize,
            false,
            left.as_ptr(),
            left_strides[1],
            left_strides[0],
            right.as_ptr(),
            right_strides[1],
            right_strides[0],
            0.0,
            1.0,
            false,
            false,
            false,
            parallelism,
        );
        output.set_len(rows * columns);
    }
    write(output, [rows, columns])
}

#[cfg(test)]
mod tests {
    use burn::backend::Flex;
    use burn::backend::ops::FloatTensorOps;
    use burn::tensor::Shape;

    use super::*;

    fn matrix(rows: usize, columns: usize, seed: usize) -> Values {
        let value = |index: usize| ((index * 37 + seed) % 101) as f32 / 50.0 - 1.0;
        write((0..rows * columns).map(value).collect(), [rows, columns])
    }

    #[test]
    fn the_product_is_burns_of_views_and_of_empty_matrices_too() {
        let (wide, tall) = (matrix(17, 300, 1), matrix(300, 90, 2));
        let turned = Flex::float_transpose(matrix(90, 300, 3));
        let part = wide.narrow(1, 40, 200);
        let pairs = [
            (wide.clone(), tall.clone()),
            (wide, turned),
            (part, tall.narrow(0, 100, 200)),
            (Flex::float_transpose(tall), matrix(300, 5, 4)),
        ];
        for (left, right) in pairs {
            let (found, expected) = (product(&left, &right), Flex::float_matmul(left, right).to_contiguous());
            assert_eq!(found.layout().shape(), expected.layout().shape());
            for (found, expected) in found.storage::<f32>().iter().zip(expected.storage::<f32>()) {
                assert!((found - expected).abs() < 1e-4, "{found} {expected}");
            }
        }
        let nothing = product(&write(Vec::new(), [2, 0]), &write(Vec::new(), [0, 3]));
        assert_eq!((nothing.layout().shape(), nothing.storage::<f32>()), (&Shape::new([2, 3]), [0.0; 6].as_slice()));
    }
}

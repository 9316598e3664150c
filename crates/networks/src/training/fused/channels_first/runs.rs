//! Memory that is written run by run, by one core each.

use std::mem::MaybeUninit;

use rayon::prelude::*;

/// `length` values, of which each run of `run` values is written by one core: `write` gets what the core keeps from run to
/// run, the run's number and the run, full of zeros. Gives what `write` gives, too, in the order of the runs.
///
/// The core that writes a run lays down its zeros, so they are in its nearest cache then. A vector of zeros would be written
/// as a whole before, by one core, and be gone from every cache.
#[expect(unsafe_code, reason = "a vector whose values are all written may have its length")]
pub(super) fn written_by_run<M, T: Send>(
    length: usize,
    run: usize,
    memory: impl Fn() -> M + Sync + Send,
    write: impl Fn(&mut M, usize, &mut [f32]) -> T + Sync + Send,
) -> (Vec<f32>, Vec<T>) {
    let mut values = Vec::with_capacity(length);
    let runs = values.spare_capacity_mut()[..length].par_chunks_mut(run.max(1)).enumerate();
    let found = runs.map_init(memory, |memory, (number, run)| write(memory, number, zeroed(run))).collect();
    // SAFETY: every run has been filled with zeros, and the runs are all of the first `length` values.
    unsafe { values.set_len(length) };
    (values, found)
}

/// As [`written_by_run`] where a core keeps nothing and gives nothing.
pub(super) fn written(length: usize, run: usize, write: impl Fn(usize, &mut [f32]) + Sync + Send) -> Vec<f32> {
    written_by_run(length, run, || (), |(), number, run| write(number, run)).0
}

#[expect(unsafe_code, reason = "values that were just written are initialised")]
fn zeroed(run: &mut [MaybeUninit<f32>]) -> &mut [f32] {
    run.fill(MaybeUninit::new(0.0));
    // SAFETY: the line above has written every value.
    unsafe { run.assume_init_mut() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_run_is_zeros_before_it_is_written_and_the_last_may_be_short() {
        let (values, lengths) = written_by_run(
            10,
            4,
            || 0,
            |_, number, run| {
                assert!(run.iter().all(|value| value.to_bits() == 0));
                run.fill(number as f32);
                run.len()
            },
        );
        assert_eq!((values.len(), lengths), (10, vec![4, 4, 2]));
        assert_eq!(values.iter().map(|value| *value as usize).sum::<usize>(), 4 + 2 * 2);
        assert!(written(0, 0, |_, _| ()).is_empty());
    }
}

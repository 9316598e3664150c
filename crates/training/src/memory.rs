//! Running out of a device's memory, as an error that says what to do.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use anyhow::bail;
use model::Hinted;
use scans::panic_message;

/// What Burn's devices call it, in the panics that have no error to return.
const SIGNS: [&str; 5] =
    ["OutOfMemory", "out-of-memory", "out of device memory", "OUT_OF_MEMORY", "can't allocate buffer"];

/// Runs `work`, and turns a panic for want of device memory into an error with `hint`. Other panics go on.
///
/// It works where the device says no: GPUs. On a CPU the operating system ends the process, which is like a kill: the
/// last checkpoint is there.
///
/// # Errors
/// Those of `work`, and the device being out of memory.
pub fn or_hint<T>(hint: &str, work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    // What the panic may have left half done is given up with the run.
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Err(error)) if is_sign(&format!("{error:?}")) => bail!(Hinted::new("the device is out of memory.", hint)),
        Ok(result) => result,
        Err(panic) if is_sign(panic_message(panic.as_ref())) => {
            bail!(Hinted::new("the device is out of memory.", hint))
        }
        Err(panic) => resume_unwind(panic),
    }
}

fn is_sign(text: &str) -> bool {
    SIGNS.iter().any(|sign| text.contains(sign))
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    #[test]
    fn a_device_without_memory_is_an_error_with_a_hint() {
        let texts = [
            "out of device memory allocating 8589934592 bytes",
            "called `Result::unwrap()` on an `Err` value: OutOfMemory { size: 8589934592 }",
            "DriverError(CUDA_ERROR_OUT_OF_MEMORY, \"out of memory\")",
        ];
        for text in texts {
            let panicked = or_hint::<()>("lower `batch`", || panic!("{text}")).unwrap_err();
            let returned = or_hint::<()>("lower `batch`", || Err(anyhow!("{text}"))).unwrap_err();
            for error in [panicked, returned] {
                assert_eq!(error.downcast_ref::<Hinted>().unwrap().hint, "lower `batch`");
            }
        }
    }

    #[test]
    fn other_errors_and_panics_stay_what_they_are() {
        let error = or_hint::<()>("", || Err(anyhow!("the loss is NaN"))).unwrap_err();
        assert_eq!(error.to_string(), "the loss is NaN");
        let other = catch_unwind(|| or_hint::<()>("", || panic!("index out of bounds")));
        assert!(other.is_err());
    }
}

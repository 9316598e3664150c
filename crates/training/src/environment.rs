//! What a run was trained on, for whoever wonders why the same recipe gave other figures.

use burn::tensor::{Device, FloatDType};
use serde::{Deserialize, Serialize};

/// Burn's version; a test holds it against the lock file.
const BURN: &str = "0.22.1";

/// Program, device and machine of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// Version of Sulcus.
    pub sulcus: String,
    /// Version of Burn.
    pub burn: String,
    /// The device trained on, by the name its driver gives it.
    pub device: String,
    /// What activations were made of in training.
    #[serde(default = "single")]
    pub precision: String,
    /// Operating system and kind of processor.
    pub system: String,
    /// Processor cores the program may use.
    pub cores: usize,
    /// What started it, as it is to be typed; unknown for run folders older than this field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// Date and time of the start, or of the last `--resume`, in UTC.
    pub started: String,
}

impl Environment {
    /// What is true of this process.
    #[must_use]
    pub fn of(device: &Device) -> Self {
        let now = time::OffsetDateTime::now_utc();
        Self {
            sulcus: env!("CARGO_PKG_VERSION").to_owned(),
            burn: BURN.to_owned(),
            device: device.identity().map_or_else(|| "CPU".to_owned(), |identity| identity.name),
            precision: single(),
            system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            command: None,
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            started: format!("{} {:02}:{:02}", now.date(), now.hour(), now.minute()),
        }
    }

    /// That of a run that trains in another precision than f32.
    #[must_use]
    pub(crate) fn training_in(self, precision: FloatDType) -> Self {
        Self { precision: format!("{precision:?}").to_lowercase(), ..self }
    }
}

fn single() -> String {
    "f32".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_burn_is_the_locked_one() {
        let lock = std::fs::read_to_string("../../Cargo.lock").unwrap();
        assert!(lock.contains(&format!("name = \"burn\"\nversion = \"{BURN}\"")));
    }

    #[test]
    fn the_cpu_has_a_name() {
        assert_eq!(Environment::of(&Device::flex()).device, "CPU");
    }
}

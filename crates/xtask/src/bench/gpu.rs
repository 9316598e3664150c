//! How busy an NVIDIA GPU is while something runs on it, as `nvidia-smi` says.

use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

/// Looks twice a second until it is stopped.
pub struct Watch {
    child: Option<Child>,
}

impl Watch {
    /// Starts looking. Where there is no `nvidia-smi` nothing is seen.
    pub fn start() -> Self {
        let child = Command::new("nvidia-smi")
            .args(["--query-gpu=utilization.gpu,memory.used", "--format=csv,noheader,nounits", "-lms", "500"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        Self { child: child.ok() }
    }

    /// Ends it, and says what was seen.
    pub fn stop(self) -> Value {
        let Some(mut child) = self.child else { return Value::Null };
        // It ends by being killed; where it has ended by itself, what it printed is read all the same.
        let _ = child.kill();
        let output = child.wait_with_output();
        output.map_or(Value::Null, |output| seen(&String::from_utf8_lossy(&output.stdout)))
    }
}

/// Lines of `utilisation in percent, memory in MiB`.
fn seen(lines: &str) -> Value {
    let line = |line: &str| {
        let (utilisation, memory) = line.split_once(',')?;
        Some((utilisation.trim().parse::<f64>().ok()?, memory.trim().parse::<u64>().ok()?))
    };
    let looks: Vec<(f64, u64)> = lines.lines().filter_map(line).collect();
    let mean = looks.iter().map(|(utilisation, _)| utilisation).sum::<f64>() / looks.len().max(1) as f64;
    let most = looks.iter().map(|(_, memory)| *memory).max().unwrap_or_default();
    json!({ "looks": looks.len(), "utilisation": mean / 100.0, "most_memory_mib": most })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utilisation_is_averaged_and_the_most_memory_kept() {
        let seen = seen("80, 1000\n90, 3000\n[N/A], 1\n100, 2000\n");
        assert_eq!(seen, json!({ "looks": 3, "utilisation": 0.9, "most_memory_mib": 3000 }));
    }
}

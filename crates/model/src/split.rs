//! How slices are divided into those to learn from and those to be measured on.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// By which rule slices are divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SplitProtocol {
    /// As published: `Testing` is the test, `Training` the rest. Leaky: patients and copies are on both sides.
    Official,
    /// File by file, by chance, each class alike. Leaky for the same reason.
    Random,
    /// Whole clusters of patients and copies, by chance, each class alike.
    Grouped,
    /// As `Grouped` within a data set, and once for every source a network that has seen nothing of it.
    #[serde(rename = "leave-source-out")]
    LeaveSourceOut,
}

impl SplitProtocol {
    /// Every rule.
    pub const ALL: [Self; 4] = [Self::Official, Self::Random, Self::Grouped, Self::LeaveSourceOut];

    /// As recipes, manifests and reports spell it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Official => "official",
            Self::Random => "random",
            Self::Grouped => "grouped",
            Self::LeaveSourceOut => "leave-source-out",
        }
    }
}

impl fmt::Display for SplitProtocol {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for SplitProtocol {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|protocol| protocol.name() == name).ok_or_else(|| {
            let accepted = Self::ALL.map(Self::name).join(", ");
            format!("\"{name}\" is no split protocol; accepted are {accepted}")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_it_is_written_and_another_is_refused_with_those_there_are() {
        for protocol in SplitProtocol::ALL {
            assert_eq!(protocol.name().parse(), Ok(protocol));
            assert_eq!(serde_json::to_value(protocol).unwrap(), protocol.name());
        }
        let error = "patient".parse::<SplitProtocol>().unwrap_err();
        assert_eq!(error, "\"patient\" is no split protocol; accepted are official, random, grouped, leave-source-out");
    }
}

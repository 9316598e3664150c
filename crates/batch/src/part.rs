//! One of several jobs that share out the files.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use crate::PathKey;

/// Part `number` of `of`, counted from 1. A file belongs to the part that the SHA-256 of its path says, so that jobs
/// need not know of one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    number: u64,
    of: u64,
}

impl Default for Part {
    /// All files.
    fn default() -> Self {
        Self { number: 1, of: 1 }
    }
}

impl Part {
    /// Whether a file is of this part.
    #[must_use]
    pub fn holds(&self, path: &Path) -> bool {
        self.of == 1 || PathKey::of(path).number() % self.of == self.number - 1
    }
}

impl FromStr for Part {
    type Err = String;

    /// Reads `3/16`.
    fn from_str(text: &str) -> Result<Self, String> {
        let refused = || format!("\"{text}\" is no part; accepted are 1/N to N/N, such as 3/16");
        let (number, of) = text.split_once('/').ok_or_else(refused)?;
        let (number, of) = (number.parse().map_err(|_| refused())?, of.parse().map_err(|_| refused())?);
        if (1..=of).contains(&number) { Ok(Self { number, of }) } else { Err(refused()) }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_of_one_part_and_parts_are_of_about_one_size() {
        let parts: Vec<Part> = (1..=4).map(|number| format!("{number}/4").parse().unwrap()).collect();
        let mut sizes = [0; 4];
        for number in 0..10_000 {
            let path = format!("scans/{number}.png");
            let holding: Vec<_> = (0..4).filter(|&part| parts[part].holds(Path::new(&path))).collect();
            assert_eq!(holding.len(), 1);
            sizes[holding[0]] += 1;
        }
        assert!(sizes.iter().all(|size| (2350..2650).contains(size)), "{sizes:?}");
    }

    #[test]
    fn the_part_of_a_file_is_the_same_on_every_machine() {
        // The first eight bytes of `printf scans/1.png | sha256sum`.
        let number = PathKey::of(Path::new("scans/1.png")).number();
        assert_eq!(number, 0xb99b_63c7_71fe_6355);
    }

    #[test]
    fn parts_that_are_none_are_refused() {
        for text in ["0/4", "5/4", "1/0", "1", "a/b", "1/4/2", "-1/4"] {
            assert!(text.parse::<Part>().unwrap_err().contains("accepted are 1/N to N/N"), "{text}");
        }
        assert_eq!("4/4".parse::<Part>().unwrap().to_string(), "4/4");
    }
}

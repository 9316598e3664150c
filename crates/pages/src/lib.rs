//! HTML pages that need no other file: no script, no font, no picture that is not in the file itself.
//!
//! [`page`] frames what a report or an audit has to say, [`picture`] and [`picture_with_map`] put a slice into it, and [`chart`] is the crate
//! that draws lines as SVG, with `page.css` around them. The crate knows nothing of what is shown.

mod page;

pub use charts as chart;
pub use page::{page, picture, picture_with_map};

//! Any number of scans to answers.
//!
//! [`FileSource`] finds the files of a job, or of one [`Part`] of it. [`Batch`] decodes and classifies them on every core
//! and gives the answers in the order of the files. [`AnswerFile`] keeps the answers as whole lines, so that a job that was
//! killed goes on where it stopped. Memory does not grow with the number of files but for 16 bytes each, by which a file
//! that was answered is known.

mod answer_file;
mod batch;
mod file_source;
mod item;
mod ordered;
mod part;
mod path_key;
mod place;
mod unpack;

pub use answer_file::{AnswerFile, Earlier};
pub use batch::{Answered, Batch, Classified, Outcome};
pub use file_source::FileSource;
pub use item::Source;
pub use part::Part;
pub use path_key::{PathKey, PathKeys};
pub use place::Place;

//! What the libraries say while they work: news on standard output, warnings on standard error.

use log::{Level, LevelFilter, Log, Metadata, Record};

/// The crates that are listened to; what others log is for their developers.
const HEARD: [&str; 4] = ["scans", "training", "evaluation", "export"];

struct Terminal;

impl Log for Terminal {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let from = metadata.target().split("::").next().unwrap_or_default();
        metadata.level() <= Level::Info && HEARD.contains(&from)
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        match record.level() {
            Level::Error | Level::Warn => eprintln!("{}", record.args()),
            _ => println!("{}", record.args()),
        }
    }

    fn flush(&self) {}
}

/// Prints what the libraries say from now on. Where someone listens already, they go on.
pub fn listen() {
    if log::set_logger(&Terminal).is_ok() {
        log::set_max_level(LevelFilter::Info);
    }
}

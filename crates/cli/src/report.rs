//! `sulcus report`: a run folder to its report.

use evaluation::report_again;

use crate::arguments::ReportArguments;

/// Runs `sulcus report`.
///
/// # Errors
/// The run folder is incomplete, the data are not those it was trained on, or the disk refuses.
pub fn run(arguments: &ReportArguments) -> anyhow::Result<()> {
    let device = arguments.device.open()?;
    report_again(&arguments.run, &arguments.data.config(), &device)
}

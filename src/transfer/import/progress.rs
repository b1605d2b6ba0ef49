//! Shows the progress of an import: a bar on a terminal, otherwise a log line for each 10 %.

use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal as _;

/// The progress of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The bytes that have been read. What is read twice counts twice.
    pub read: u64,
    /// The size of all files in bytes.
    pub total: u64,
    /// The number of records that were found.
    pub records: u64,
}

/// The size in bytes below which no progress is shown: such files are read in a moment.
const MIN_BYTES: u64 = 4 << 20;

/// Returns a function that shows progress on the standard error.
pub(super) fn reporter() -> Box<dyn FnMut(Progress) + Send> {
    if std::io::stderr().is_terminal() {
        return Box::new(bar());
    }
    let mut next = 10;
    Box::new(move |progress: Progress| {
        let percent = progress.read.min(progress.total) * 100 / progress.total.max(1);
        if progress.total >= MIN_BYTES && percent >= next {
            log::info!("import: {percent} % read, {} records", progress.records);
            next = percent - percent % 10 + 10;
        }
    })
}

/// Returns a function that draws a progress bar.
fn bar() -> impl FnMut(Progress) + Send {
    let mut shown: Option<ProgressBar> = None;
    move |progress: Progress| {
        if progress.total < MIN_BYTES {
            return;
        }
        let bar = shown.get_or_insert_with(|| {
            let bar = ProgressBar::new(progress.total);
            let form = "{bar:30} {bytes}/{total_bytes} {bytes_per_sec} {eta} {msg}";
            if let Ok(style) = ProgressStyle::with_template(form) {
                bar.set_style(style);
            }
            bar
        });
        bar.set_position(progress.read.min(progress.total));
        bar.set_message(format!("{} records", progress.records));
        if progress.read >= progress.total {
            bar.finish_and_clear();
        }
    }
}

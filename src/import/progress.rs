//! How far an import is: a bar on a terminal, a line now and then elsewhere.

use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal as _;

/// How far an import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Bytes of the files that have been read. What is read twice counts twice.
    pub read: u64,
    /// Bytes that there are.
    pub total: u64,
    /// Records that were found.
    pub records: u64,
}

/// Files that are read in a moment show nothing.
const SMALL: u64 = 4 << 20;

/// Shows progress as fits where the errors go.
pub(super) fn shown() -> Box<dyn FnMut(Progress) + Send> {
    if std::io::stderr().is_terminal() {
        return Box::new(bar());
    }
    let mut next = 10;
    Box::new(move |at: Progress| {
        let percent = at.read.min(at.total) * 100 / at.total.max(1);
        if at.total >= SMALL && percent >= next {
            log::info!("import: {percent} % read, {} records", at.records);
            next = percent - percent % 10 + 10;
        }
    })
}

fn bar() -> impl FnMut(Progress) + Send {
    let mut shown: Option<ProgressBar> = None;
    move |at: Progress| {
        if at.total < SMALL {
            return;
        }
        let bar = shown.get_or_insert_with(|| {
            let bar = ProgressBar::new(at.total);
            let form = "{bar:30} {bytes}/{total_bytes} {bytes_per_sec} {eta} {msg}";
            if let Ok(style) = ProgressStyle::with_template(form) {
                bar.set_style(style);
            }
            bar
        });
        bar.set_position(at.read.min(at.total));
        bar.set_message(format!("{} records", at.records));
        if at.read >= at.total {
            bar.finish_and_clear();
        }
    }
}

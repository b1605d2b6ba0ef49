//! How often tests repeat their faults, and what they measure. The defaults are small; a variable
//! of each test asks for more.

use std::process::Command;
use std::time::{Duration, Instant};

/// Returns the number in an environment variable, or the default.
#[track_caller]
pub fn count_from_env(variable: &str, default: usize) -> usize {
    let given = std::env::var_os(variable);
    given.map_or(default, |n| n.to_string_lossy().parse().unwrap())
}

/// Runs a function and measures it.
pub fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let began = Instant::now();
    let done = work();
    (done, began.elapsed())
}

/// Returns the resident memory of a process in KiB.
pub fn resident_kib(pid: u32) -> usize {
    let args = ["-o", "rss=", "-p", &pid.to_string()];
    let output = Command::new("ps").args(args).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
}

/// Measured durations.
#[derive(Debug, Default)]
pub struct Durations(Vec<Duration>);

impl Durations {
    /// Returns a percentile.
    pub fn percentile(&self, n: usize) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        sorted[(sorted.len() * n).div_ceil(100).saturating_sub(1)]
    }

    /// Prints the median, the 99th percentile and the maximum.
    pub fn print(&self, what: &str) {
        let [median, p99, maximum] = [50, 99, 100].map(|n| self.percentile(n));
        println!(
            "{what}: {} times, median {median:.1?}, p99 {p99:.1?}, maximum {maximum:.1?}",
            self.0.len()
        );
    }

    /// Adds a duration.
    pub fn push(&mut self, took: Duration) {
        self.0.push(took);
    }
}

impl Extend<Duration> for Durations {
    fn extend<I: IntoIterator<Item = Duration>>(&mut self, more: I) {
        self.0.extend(more);
    }
}

impl IntoIterator for Durations {
    type Item = Duration;
    type IntoIter = std::vec::IntoIter<Duration>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl FromIterator<Duration> for Durations {
    fn from_iter<I: IntoIterator<Item = Duration>>(all: I) -> Self {
        Self(all.into_iter().collect())
    }
}

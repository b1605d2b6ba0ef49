//! How often the tests do what they do, and the figures that they print. By default a test is as
//! large as it may be to be run with all others; the whole of a bar is asked for by a variable.

use std::process::Command;
use std::time::{Duration, Instant};

/// How many: what this variable says, else as many as a test does by default.
#[track_caller]
pub fn times(variable: &str, by_default: usize) -> usize {
    let given = std::env::var_os(variable);
    given.map_or(by_default, |n| n.to_string_lossy().parse().unwrap())
}

/// What this comes to, and how long it took.
pub fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let began = Instant::now();
    let done = work();
    (done, began.elapsed())
}

/// The resident memory of a process, in KiB.
pub fn memory(pid: u32) -> usize {
    let args = ["-o", "rss=", "-p", &pid.to_string()];
    let output = Command::new("ps").args(args).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
}

/// Times that were taken of one thing.
#[derive(Debug, Default)]
pub struct Spread(Vec<Duration>);

impl Spread {
    /// The time below which so many of a hundred are.
    pub fn percentile(&self, n: usize) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        sorted[(sorted.len() * n).div_ceil(100).saturating_sub(1)]
    }

    /// Prints its middle and its end.
    pub fn print(&self, what: &str) {
        let [median, p99, most] = [50, 99, 100].map(|n| self.percentile(n));
        println!(
            "{what}: {} times, median {median:.1?}, p99 {p99:.1?}, most {most:.1?}",
            self.0.len()
        );
    }

    /// Adds one.
    pub fn push(&mut self, took: Duration) {
        self.0.push(took);
    }
}

impl Extend<Duration> for Spread {
    fn extend<I: IntoIterator<Item = Duration>>(&mut self, more: I) {
        self.0.extend(more);
    }
}

impl IntoIterator for Spread {
    type Item = Duration;
    type IntoIter = std::vec::IntoIter<Duration>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl FromIterator<Duration> for Spread {
    fn from_iter<I: IntoIterator<Item = Duration>>(all: I) -> Self {
        Self(all.into_iter().collect())
    }
}

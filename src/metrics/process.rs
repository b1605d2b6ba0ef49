//! Metrics of the process, named as in the client libraries of Prometheus. Linux only: elsewhere there is no
//! `/proc`.

use super::text::Sample;
use std::fs;

/// The clock ticks per second in which Linux reports processor time, on all its platforms.
const TICKS_PER_SECOND: f64 = 100.0;

/// Returns what can be read.
pub(super) fn samples() -> Vec<Sample> {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let kilobytes = |name: &str| Some(number(&status, name)? * 1024.0);
    let cpu = ("process_cpu_seconds_total", "Processor time used", cpu_seconds(&stat));
    let gauges = [
        ("process_start_time_seconds", "Unix time at which the process started", start_time(&stat)),
        ("process_resident_memory_bytes", "Memory in use", kilobytes("VmRSS:")),
        ("process_virtual_memory_bytes", "Address space in use", kilobytes("VmSize:")),
        ("process_threads", "Threads", number(&status, "Threads:")),
        ("process_open_fds", "Open file descriptors", open_files()),
        (
            "process_max_fds",
            "Maximum number of open file descriptors",
            number(&limits, "Max open files"),
        ),
    ];
    let cpu = cpu.2.map(|value| Sample::counter(cpu.0, cpu.1, value));
    let gauge = |(name, help, value): (_, _, Option<f64>)| Some(Sample::gauge(name, help, value?));
    cpu.into_iter().chain(gauges.into_iter().filter_map(gauge)).collect()
}

/// Returns the number behind a name at the beginning of a line.
fn number(text: &str, name: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Returns a field of `/proc/self/stat` by its number in proc(5). The second, the name, may hold spaces.
fn field(stat: &str, number: usize) -> Option<f64> {
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(number.checked_sub(3)?)?.parse().ok()
}

fn cpu_seconds(stat: &str) -> Option<f64> {
    Some((field(stat, 14)? + field(stat, 15)?) / TICKS_PER_SECOND)
}

fn start_time(stat: &str) -> Option<f64> {
    let system = fs::read_to_string("/proc/stat").ok()?;
    Some(number(&system, "btime")? + field(stat, 22)? / TICKS_PER_SECOND)
}

fn open_files() -> Option<f64> {
    let count = fs::read_dir("/proc/self/fd").ok()?.count();
    u32::try_from(count).ok().map(f64::from)
}

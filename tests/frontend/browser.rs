//! Headless Chromium.

use std::path::Path;
use std::process::Command;

/// The program's names: Debian's, other distributions', Google's.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

/// Milliseconds of the page's own time, which stands still while it waits for the network.
const TIME_BUDGET_MS: u32 = 120_000;

/// Opens a URL and returns the document once its scripts are done. Panics where there is no browser.
#[track_caller]
pub fn dump_dom(url: &str, profile: &Path) -> String {
    let runs = |name: &&str| Command::new(name).arg("--version").output().is_ok();
    let browser = NAMES.into_iter().find(runs).expect("Chromium is installed");
    let output = Command::new(browser)
        .args(["--headless", "--disable-gpu", "--disable-dev-shm-usage", "--dump-dom"])
        // It refuses to run as root with its sandbox, and opens only pages of these tests.
        .arg("--no-sandbox")
        .args(["--lang=en-GB", "--no-first-run", "--disable-extensions"])
        .arg(format!("--virtual-time-budget={TIME_BUDGET_MS}"))
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(url)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{browser}: {} {errors}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

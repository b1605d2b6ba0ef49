//! Runs the commands of the README and of `docs/editing.md`, in order, with the built program on a
//! database and port of its own, and compares their output with the output that the page shows.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking, here as in the tests themselves"
)]

use serde_json::Value;
use std::fmt::Write as _;
use std::fs::{self, Permissions};
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_roundup");
/// The host and port that the pages show.
const DOCUMENTED_HOST: &str = "127.0.0.1:8080";
/// Installs PostgreSQL on a bare machine. The test runs only what follows.
const INSTALL: &str = "sudo apt-get install -y --no-install-recommends postgresql && ";

#[test]
fn readme_commands_print_the_documented_output() {
    if !has_curl() {
        return;
    }
    let compared = run_commands(include_str!("../README.md"));
    assert!(compared >= 7, "only {compared} outputs of the README were compared");
}

#[test]
fn editing_guide_commands_print_the_documented_output() {
    if !has_curl() {
        return;
    }
    let compared = run_commands(include_str!("../docs/editing.md"));
    assert!(compared >= 12, "only {compared} outputs of docs/editing.md were compared");
}

/// Returns whether curl is installed, and reports a skipped test if it is not.
fn has_curl() -> bool {
    let installed = Command::new("curl").arg("--version").output().is_ok();
    if !installed {
        eprintln!("skipped: curl is not installed");
    }
    installed
}

/// Runs the commands of a page in order. Returns how many outputs were compared.
fn run_commands(page: &str) -> usize {
    let data = DataDir::new();
    let mut server: Option<Server> = None;
    let mut compared = 0;
    for step in steps(page) {
        match step.command.trim().trim_start_matches(INSTALL) {
            "cargo run" => server = Some(Server::start(&data)),
            // This command runs this very test.
            "cargo test" => {}
            command => {
                let server = server.as_ref().expect("the page starts the service first");
                let output = data.run(command, &server.host);
                let output = output.replace(&server.host, DOCUMENTED_HOST);
                if let Some(expected) = &step.expected {
                    assert_output(&step.command, expected, &output);
                    compared += 1;
                }
            }
        }
    }
    compared
}

#[test]
fn ci_runs_the_test_command_of_the_readme() {
    let is_test = |step: &Step| step.command.trim() == "cargo test";
    assert!(steps(include_str!("../README.md")).iter().any(is_test));
    assert!(include_str!("../.ci/run").lines().any(|line| line.trim() == "cargo test"));
}

/// A block of commands, and the output that the page shows for it.
struct Step {
    command: String,
    expected: Option<Expected>,
}

enum Expected {
    Json(Value),
    Text(String),
}

/// Returns the commands of a page with their documented outputs.
fn steps(page: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut fence: Option<(&str, String)> = None;
    for line in page.lines() {
        match (&mut fence, line.strip_prefix("```")) {
            (None, Some(kind)) => fence = Some((kind, String::new())),
            (None, None) => {}
            (Some((_, text)), None) => writeln!(text, "{line}").unwrap(),
            (Some((kind, text)), Some(_)) => {
                let text = std::mem::take(text);
                match *kind {
                    "sh" => steps.push(Step { command: text, expected: None }),
                    "json" => {
                        let value = serde_json::from_str(&text).expect("a JSON block");
                        steps.last_mut().unwrap().expected = Some(Expected::Json(value));
                    }
                    "text" => steps.last_mut().unwrap().expected = Some(Expected::Text(text)),
                    other => panic!("this test cannot run a block of {other:?}"),
                }
                fence = None;
            }
        }
    }
    steps
}

/// The data directory of the service.
struct DataDir(TempDir);

impl DataDir {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        // If the tests run as root, PostgreSQL runs as another account, which must reach it.
        fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).unwrap();
        Self(dir)
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .env_remove("DATABASE_URL")
            .env("ROUNDUP_DATA_DIR", self.0.path().join("data"));
        command
    }

    /// Runs a block in a shell, with the built program in place of `cargo run --` and `host` in
    /// place of the documented one. Returns its standard output.
    fn run(&self, block: &str, host: &str) -> String {
        let block = block.replace("cargo run --", "\"$ROUNDUP\"").replace(DOCUMENTED_HOST, host);
        // A shell variable, because the program rejects unknown environment variables.
        let script = format!("ROUNDUP='{BINARY}'\n{block}");
        let output = self.command("bash").args(["-euo", "pipefail", "-c", &script]).output();
        let output = output.expect("bash");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{block}: {} {stderr}", output.status);
        String::from_utf8(output.stdout).unwrap()
    }
}

/// The running service.
struct Server {
    process: Child,
    /// Its host and port.
    host: String,
}

impl Server {
    fn start(data: &DataDir) -> Self {
        let mut process = data
            .command(BINARY)
            .env("ROUNDUP_LISTEN", "127.0.0.1:0")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(process.stdout.take().unwrap());
        let mut output = String::new();
        for line in stdout.lines().map_while(Result::ok) {
            writeln!(output, "{line}").unwrap();
            // With an empty database the service prints this line once it is ready.
            if line.contains("cargo run -- import") {
                break;
            }
        }
        let host = output.split("http://").nth(1).and_then(|rest| rest.split('/').next());
        let host = host.unwrap_or_else(|| panic!("no URL in {output:?}")).to_owned();
        Self { process, host }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status();
        let status = self.process.wait().unwrap();
        if !std::thread::panicking() {
            assert!(status.success(), "the service ended with {status}");
        }
    }
}

fn assert_output(command: &str, expected: &Expected, output: &str) {
    match expected {
        Expected::Json(expected) => {
            let actual: Value = serde_json::from_str(output)
                .unwrap_or_else(|error| panic!("{command}printed no JSON ({error}): {output}"));
            let (expected, actual) = (mask_values(expected.clone()), mask_values(actual));
            assert_eq!(actual, expected, "{command}prints now:\n{output}");
        }
        Expected::Text(expected) => {
            let output = output.replace('\r', "");
            assert_eq!(mask_cursors(&output), mask_cursors(expected), "{command}");
        }
    }
}

/// Replaces what differs between runs (ids, times, cursors) by its type.
fn mask_values(mut value: Value) -> Value {
    match &mut value {
        Value::Object(members) => {
            for (name, member) in members.iter_mut() {
                let varies = matches!(name.as_str(), "id" | "next" | "prev" | "request_id")
                    || name.ends_with("_id")
                    || name.ends_with("_at");
                *member = match member.take() {
                    Value::String(_) if varies => "(text)".into(),
                    Value::Number(_) if varies => "(number)".into(),
                    other => mask_values(other),
                };
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| *item = mask_values(item.take())),
        _ => {}
    }
    value
}

/// Replaces the value of `after=`: a cursor contains a time.
fn mask_cursors(text: &str) -> String {
    let mut parts = text.split("after=");
    let mut masked = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || "-_".contains(c));
        write!(masked, "after=(cursor){rest}").unwrap();
    }
    masked
}

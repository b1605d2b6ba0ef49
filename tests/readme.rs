//! The README is true: its commands are run, in order, against the built program on a database and
//! a port of its own, and what they print is compared with what the README shows.

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
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_roundup");
const ADDRESS: &str = "127.0.0.1:8080";
/// What a bare machine runs first; only the part behind it is run here.
const INSTALL: &str = "sudo apt-get install -y postgresql && ";

#[test]
fn every_command_of_the_readme_does_what_it_shows() {
    if Command::new("curl").arg("--version").output().is_err() {
        eprintln!("skipped: there is no curl");
        return;
    }
    let run = walk(include_str!("../README.md"));
    assert!(run >= 7, "only {run} of the README's answers were compared");
}

#[test]
fn every_command_of_the_walk_through_for_editors_does_what_it_shows() {
    if Command::new("curl").arg("--version").output().is_err() {
        eprintln!("skipped: there is no curl");
        return;
    }
    let run = walk(include_str!("../docs/editing.md"));
    assert!(run >= 12, "only {run} of the answers were compared");
}

/// Runs a paper's commands, in order; returns how many answers were compared.
fn walk(paper: &str) -> usize {
    let place = Place::new();
    let mut server: Option<Server> = None;
    let mut run = 0;
    for step in steps(paper) {
        match step.command.trim().trim_start_matches(INSTALL) {
            "cargo run" => server = Some(Server::start(&place)),
            // It is what runs this test, and what CI runs: see below.
            "cargo test" => {}
            command => {
                let server = server.as_ref().expect("the paper starts the service first");
                let mut printed = place.run(command, &server.address);
                printed = printed.replace(&server.address, ADDRESS);
                if let Some(shown) = &step.shown {
                    compare(&step.command, shown, &printed);
                    run += 1;
                }
            }
        }
    }
    run
}

#[test]
fn the_test_command_of_the_readme_is_the_one_that_ci_runs() {
    let tests = |step: &Step| step.command.trim() == "cargo test";
    assert!(steps(include_str!("../README.md")).iter().any(tests));
    assert!(include_str!("../.ci/run").lines().any(|line| line == "cargo test"));
}

#[test]
fn the_files_that_the_readme_names_exist() {
    let readme = include_str!("../README.md");
    let targets = readme.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    let files: Vec<&str> =
        targets.map(|(target, _)| target).filter(|target| !target.starts_with("http")).collect();
    assert!(files.len() > 5);
    for file in files {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(file);
        assert!(path.exists(), "README.md names {file}, which is not there");
    }
}

/// A block of commands, and what the README shows as its output.
struct Step {
    command: String,
    shown: Option<Shown>,
}

enum Shown {
    Json(Value),
    Text(String),
}

fn steps(readme: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut fence: Option<(&str, String)> = None;
    for line in readme.lines() {
        match (&mut fence, line.strip_prefix("```")) {
            (None, Some(kind)) => fence = Some((kind, String::new())),
            (None, None) => {}
            (Some((_, text)), None) => writeln!(text, "{line}").unwrap(),
            (Some((kind, text)), Some(_)) => {
                let text = std::mem::take(text);
                match *kind {
                    "sh" => steps.push(Step { command: text, shown: None }),
                    "json" => {
                        let value = serde_json::from_str(&text).expect("the README's JSON");
                        steps.last_mut().unwrap().shown = Some(Shown::Json(value));
                    }
                    "text" => steps.last_mut().unwrap().shown = Some(Shown::Text(text)),
                    other => panic!("a block of {other:?} in README.md is not run"),
                }
                fence = None;
            }
        }
    }
    steps
}

/// Where the service keeps its data; PostgreSQL's account can reach it when the tests run as root.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        let top = tempfile::tempdir().unwrap();
        fs::set_permissions(top.path(), Permissions::from_mode(0o755)).unwrap();
        Self(top)
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .env_remove("DATABASE_URL")
            .env("ROUNDUP_DATA_DIR", self.0.path().join("data"));
        command
    }

    /// Runs a block in a shell, with the built program for `cargo run --` and our port for 8080.
    fn run(&self, block: &str, address: &str) -> String {
        let block = block.replace("cargo run --", "\"$ROUNDUP\"").replace(ADDRESS, address);
        // The program refuses variables that it does not know, so the name is the shell's alone.
        let script = format!("ROUNDUP='{BINARY}'\n{block}");
        let output = self.command("bash").args(["-euo", "pipefail", "-c", &script]).output();
        let output = output.expect("bash");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{block}: {} {said}", output.status);
        String::from_utf8(output.stdout).unwrap()
    }
}

/// The service, started as the README says.
struct Server {
    process: Child,
    address: String,
}

impl Server {
    fn start(place: &Place) -> Self {
        let mut process = place
            .command(BINARY)
            .env("ROUNDUP_LISTEN", "127.0.0.1:0")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let out = BufReader::new(process.stdout.take().unwrap());
        let mut said = String::new();
        for line in out.lines().map_while(Result::ok) {
            writeln!(said, "{line}").unwrap();
            // The last line of the welcome on an empty database.
            if line.contains("cargo run -- import") {
                break;
            }
        }
        let address = said.split("http://").nth(1).and_then(|rest| rest.split('/').next());
        let address = address.unwrap_or_else(|| panic!("no address in {said:?}")).to_owned();
        Self { process, address }
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

fn compare(command: &str, shown: &Shown, printed: &str) {
    match shown {
        Shown::Json(shown) => {
            let value: Value = serde_json::from_str(printed)
                .unwrap_or_else(|error| panic!("{command}printed no JSON ({error}): {printed}"));
            let (shown, value) = (masked(shown.clone()), masked(value));
            assert_eq!(value, shown, "{command}prints now:\n{printed}");
        }
        Shown::Text(shown) => {
            let printed = printed.replace('\r', "");
            assert_eq!(without_cursors(&printed), without_cursors(shown), "{command}");
        }
    }
}

/// The value with what differs from run to run replaced by its kind: ids, times, cursors.
fn masked(mut value: Value) -> Value {
    match &mut value {
        Value::Object(members) => {
            for (name, member) in members.iter_mut() {
                let varies = matches!(name.as_str(), "id" | "next" | "prev" | "request_id")
                    || name.ends_with("_id")
                    || name.ends_with("_at");
                *member = match member.take() {
                    Value::String(_) if varies => "(text)".into(),
                    Value::Number(_) if varies => "(number)".into(),
                    other => masked(other),
                };
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| *item = masked(item.take())),
        _ => {}
    }
    value
}

/// The text with `after=…` cut short: a cursor holds a time.
fn without_cursors(text: &str) -> String {
    let mut pieces = text.split("after=");
    let mut clean = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let rest =
            piece.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || "-_".contains(c));
        write!(clean, "after=(cursor){rest}").unwrap();
    }
    clean
}

//! Checks the documentation against the program: its tables, its links, and the tests and files that
//! it names.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking, here as in the tests themselves"
)]

use roundup::error::Code;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// Folders that hold no files of the project.
const SKIPPED_DIRS: [&str; 3] = [".git", "node_modules", "target"];

/// The pages whose tables name the tests that prove a claim.
const EVIDENCE_PAGES: [&str; 2] = ["docs/reliability.md", "docs/security.md"];

/// The requirements of OWASP ASVS 5.0 that `docs/security.md` covers.
const ASVS: &str = "1.2.4 1.3.1 1.3.6 1.5.1 1.5.3 2.3.3 2.4.1 3.4.1 3.4.2 3.4.3 3.4.4 3.4.5 3.4.6 3.5.2 \
    4.1.1 4.1.3 4.1.4 4.2.1 5.2.3 5.3.3 6.3.8 6.5.2 7.2.3 8.2.1 8.2.2 8.2.3 8.3.2 13.1.2 13.1.3 13.2.6 \
    13.4.4 13.4.5 15.3.1 15.3.2 15.3.3 15.3.4 15.4.2 16.2.5 16.4.1 16.5.1 16.5.2 16.5.3 16.5.4";

#[test]
fn settings_table_matches_the_program() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_roundup"));
    for (name, _) in env::vars_os() {
        if name == "DATABASE_URL" || name.to_string_lossy().starts_with("ROUNDUP_") {
            command.env_remove(name);
        }
    }
    let output = command.arg("config").output().unwrap();
    let output = String::from_utf8(output.stdout).unwrap();
    let rows: Vec<String> = output.lines().collect::<Vec<_>>().chunks(3).map(setting_row).collect();
    assert!(rows.len() > 8, "{output}");
    assert_table("docs/settings.md", "| Variable", &rows);
}

/// Formats one setting, which takes three lines of `roundup config`, as a row of the table.
fn setting_row(lines: &[&str]) -> String {
    let [name, value, help] = lines else { panic!("{lines:?} is not a setting") };
    let (variable, flag) = name.split_once(" (").unwrap();
    let value = value.trim().rsplit_once('[').unwrap().0.trim();
    let value = if value.is_empty() { String::new() } else { format!("`{value}`") };
    let flag = flag.trim_end_matches(')');
    format!("| `{variable}` | `{flag}` | {value} | {} |", help.trim())
}

#[test]
fn error_code_table_matches_the_program() {
    let row = |code: &Code| {
        format!("| `{}` | {} | {} |", code.as_str(), code.status().as_u16(), code.meaning())
    };
    let rows: Vec<String> = Code::ALL.iter().map(row).collect();
    assert_table("docs/api.md", "| Code", &rows);
}

/// Asserts that the table of `page` whose header starts with `header` has these rows. With `ACCEPT=1`
/// in the environment, writes the rows into the page instead.
fn assert_table(page: &str, header: &str, rows: &[String]) {
    let path = root().join(page);
    let text = read(&path);
    let first_row = text.lines().position(|line| line.starts_with(header)).unwrap() + 2;
    let above = text.lines().take(first_row);
    let table = text.lines().skip(first_row).take_while(|line| line.starts_with('|'));
    if env::var_os("ACCEPT").is_some() {
        let below = text.lines().skip(first_row + table.count());
        let lines: Vec<&str> = above.chain(rows.iter().map(String::as_str)).chain(below).collect();
        return fs::write(&path, lines.join("\n") + "\n").unwrap();
    }
    let table: Vec<&str> = table.collect();
    assert_eq!(table, rows, "{page} is out of date; run ACCEPT=1 cargo test --test docs");
}

#[test]
fn security_page_covers_each_requirement_with_a_test() {
    let page = read(&root().join("docs/security.md"));
    let (_, asvs) = page.split_once("\n| Requirement | ").unwrap();
    let is_row = |line: &&str| line.starts_with("| ") && !line.starts_with("| ---");
    let mut numbers = Vec::new();
    for row in asvs.lines().filter(is_row) {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [requirement, measure, test] = *cells.as_slice() else { panic!("{row}") };
        assert!(measure.len() > 10 && test.contains(".rs::"), "{row}");
        numbers.push(requirement.split(' ').next().unwrap());
    }
    assert_eq!(numbers, ASVS.split_whitespace().collect::<Vec<_>>());
    for number in 1..=10 {
        let row = page.lines().find(|line| line.starts_with(&format!("| API{number} ")));
        assert!(row.is_some_and(|row| row.contains(".rs::")), "API{number} of the API Top 10");
    }
}

#[test]
fn named_tests_exist() {
    let sources = rust_sources(&["tests", "src", "crates"]);
    let mut problems = String::new();
    for page in EVIDENCE_PAGES {
        let text = read(&root().join(page));
        let references: Vec<(&str, &str)> =
            code_spans(&text).filter_map(|span| span.split_once("::")).collect();
        assert!(references.len() > 10, "{page} names only {} tests", references.len());
        for (file, test) in references {
            let definition = format!("fn {test}(");
            let path = root().join(file);
            if sources.iter().any(|(source, text)| *source == path && text.contains(&definition)) {
                continue;
            }
            let found = sources.iter().find(|(_, text)| text.contains(&definition));
            let hint = match found {
                Some((source, _)) => format!("it is in {}", relative(source)),
                None => "no such function".to_owned(),
            };
            writeln!(problems, "{page}: {file}::{test}: {hint}").unwrap();
        }
    }
    assert!(problems.is_empty(), "tests that do not exist:\n{problems}");
}

#[test]
fn links_between_pages_work() {
    let mut problems = String::new();
    for page in pages() {
        let text = read(&page);
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
        for (target, _) in targets.filter(|(target, _)| !target.starts_with("http")) {
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let linked = if file.is_empty() { page.clone() } else { page.with_file_name(file) };
            let works =
                linked.exists() && (anchor.is_empty() || has_heading(&read(&linked), anchor));
            if !works {
                writeln!(problems, "{}: {target}", relative(&page)).unwrap();
            }
        }
    }
    assert!(problems.is_empty(), "broken links:\n{problems}");
}

/// Needs systemd; elsewhere the unit is only read.
#[test]
fn the_systemd_unit_is_hardened() {
    let page = read(&root().join("docs/deploy.md"));
    let (_, unit) = page.split_once("```ini\n# /etc/systemd/system/roundup.service\n").unwrap();
    let unit = unit.split("```").next().unwrap();
    assert!(unit.contains("[Service]") && unit.contains("SystemCallFilter="), "{unit}");
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("roundup.service");
    fs::write(&file, unit).unwrap();
    let mut command = Command::new("systemd-analyze");
    let Ok(output) = command.args(["security", "--offline=true", "--no-pager"]).arg(&file).output()
    else {
        return;
    };
    let text = String::from_utf8(output.stdout).unwrap();
    let level = text.lines().find_map(|line| line.split_once("Overall exposure level for "));
    let level = level.and_then(|(_, rest)| rest.split(' ').nth(1)).expect(&text);
    assert!(level.parse::<f64>().unwrap() < 3.0, "{text}");
}

/// Returns whether a page has a heading with this anchor, made as GitHub makes it.
fn has_heading(page: &str, anchor: &str) -> bool {
    let headings = page.lines().filter_map(|line| line.strip_prefix('#'));
    headings.map(|line| line.trim_start_matches('#').trim().to_lowercase()).any(|heading| {
        let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.map(|c| if c == ' ' { '-' } else { c }).eq(anchor.chars())
    })
}

#[test]
fn named_files_exist() {
    let mut problems = String::new();
    for page in pages() {
        let text = read(&page);
        let words = code_spans(&text).flat_map(str::split_whitespace);
        let paths = words.filter(|word| {
            let dirs = [
                ".ci/",
                "benches/",
                "crates/",
                "docs/",
                "examples/",
                "fuzz/",
                "migrations/",
                "openapi/",
                "sql/",
                "src/",
                "tests/",
            ];
            dirs.iter().any(|dir| word.starts_with(dir))
                && !word.contains(['*', '{', '…'])
                && !word.contains("::")
        });
        // A crate's README names the files of its crate.
        let beside = |path: &str| page.with_file_name(path).exists();
        for path in paths.filter(|path| !root().join(path).exists() && !beside(path)) {
            writeln!(problems, "{}: {path}", relative(&page)).unwrap();
        }
    }
    assert!(problems.is_empty(), "files that do not exist:\n{problems}");
}

/// Returns the text between single backquotes, outside of code blocks.
fn code_spans(page: &str) -> impl Iterator<Item = &str> {
    let prose = page.split("```").step_by(2);
    prose.flat_map(|prose| prose.split('`').skip(1).step_by(2))
}

/// Returns the Markdown pages of the repository: all at the root and in `docs`, and every `README.md`.
fn pages() -> Vec<PathBuf> {
    let mut files = Vec::new();
    collect_files(root(), &mut files);
    let is_page = |path: &PathBuf| {
        let dir = path.parent();
        path.extension().is_some_and(|extension| extension == "md")
            && (path.ends_with("README.md")
                || dir == Some(root())
                || dir == Some(&root().join("docs")))
    };
    files.retain(is_page);
    assert!(files.len() > 15, "{files:?}");
    files
}

/// Returns the path and text of every Rust file below `dirs`.
fn rust_sources(dirs: &[&str]) -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    for dir in dirs {
        collect_files(&root().join(dir), &mut files);
    }
    files.retain(|path| path.extension().is_some_and(|extension| extension == "rs"));
    files.into_iter().map(|path| (path.clone(), read(&path))).collect()
}

/// Appends every file below `dir`.
fn collect_files(dir: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let skipped = SKIPPED_DIRS.iter().any(|name| path.ends_with(name));
        if path.is_dir() && !skipped {
            collect_files(&path, files);
        } else if !skipped {
            files.push(path);
        }
    }
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root()).expect("a path in the repository").display().to_string()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

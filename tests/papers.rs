//! What stands in the project's papers holds: the licences of all dependencies are on the list of
//! `deny.toml`, and the tables in `docs/` say what the program says.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking, here as in the tests themselves"
)]

use roundup::error::Code;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

#[test]
fn every_dependency_has_a_licence_that_is_allowed() {
    let allowed = allowed();
    assert!(allowed.contains("MIT") && !allowed.iter().any(|name| name.contains("GPL")));
    let packages = packages();
    assert!(packages.len() > 100, "only {} packages", packages.len());
    let refused: Vec<String> = packages
        .iter()
        .filter(|(_, licence)| !Expression::new(licence).allows(&allowed))
        .map(|(name, licence)| format!("{name}: {licence}"))
        .collect();
    assert!(refused.is_empty(), "not on the list of deny.toml: {refused:#?}");
}

#[test]
fn no_dependency_is_a_c_library_that_must_be_installed() {
    let packages = packages();
    for banned in ["openssl", "openssl-sys", "native-tls", "pq-sys", "actix-governor"] {
        assert!(include_str!("../deny.toml").contains(&format!("crate = \"{banned}\"")));
        assert!(packages.iter().all(|(name, _)| name != banned), "{banned} is in the tree");
    }
}

#[test]
fn a_licence_expression_is_read_as_spdx_means_it() {
    let allowed = BTreeSet::from(["MIT".to_owned(), "ISC".to_owned()]);
    let allows = |text: &str| Expression::new(text).allows(&allowed);
    assert!(allows("MIT") && allows("GPL-3.0 OR MIT") && allows("MIT/Apache-2.0"));
    assert!(allows("MIT AND ISC") && allows("(GPL-3.0 OR MIT) AND ISC"));
    assert!(!allows("GPL-3.0") && !allows("MIT AND GPL-3.0") && !allows(""));
    assert!(!allows("MIT AND (GPL-3.0 OR AGPL-3.0)") && !allows("MIT WITH some-exception"));
}

/// Name and licence of every crate that is built for this platform.
fn packages() -> Vec<(String, String)> {
    let host = Command::new("rustc").arg("-vV").output().expect("rustc");
    let host = String::from_utf8(host.stdout).unwrap();
    let host = host.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--locked", "--format-version=1", "--filter-platform", host])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(metadata.status.success(), "{}", String::from_utf8_lossy(&metadata.stderr));
    let metadata: Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let packages = metadata.get("packages").and_then(Value::as_array).unwrap();
    let field = |package: &Value, name: &str| package.get(name).map(text).unwrap_or_default();
    packages.iter().map(|package| (field(package, "name"), field(package, "license"))).collect()
}

/// The licences that `deny.toml` allows.
fn allowed() -> BTreeSet<String> {
    let deny = include_str!("../deny.toml");
    let list = deny.split_once("allow = [").unwrap().1.split_once(']').unwrap().0;
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// An SPDX licence expression, read from left to right; `AND` binds closer than `OR`.
struct Expression(Vec<String>);

impl Expression {
    fn new(text: &str) -> Self {
        let spaced = text.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
        let mut words: Vec<String> = Vec::new();
        let mut exception = false;
        for word in spaced.split_whitespace() {
            match words.last_mut() {
                Some(last) if exception || word == "WITH" => {
                    last.push(' ');
                    last.push_str(word);
                }
                _ => words.push(word.to_owned()),
            }
            exception = word == "WITH";
        }
        words.reverse();
        Self(words)
    }

    fn allows(mut self, allowed: &BTreeSet<String>) -> bool {
        self.any(allowed) && self.0.is_empty()
    }

    fn next_is(&mut self, word: &str) -> bool {
        self.0.pop_if(|next| next == word).is_some()
    }

    fn any(&mut self, allowed: &BTreeSet<String>) -> bool {
        let mut holds = self.all(allowed);
        while self.next_is("OR") {
            holds |= self.all(allowed);
        }
        holds
    }

    fn all(&mut self, allowed: &BTreeSet<String>) -> bool {
        let mut holds = self.one(allowed);
        while self.next_is("AND") {
            holds &= self.one(allowed);
        }
        holds
    }

    fn one(&mut self, allowed: &BTreeSet<String>) -> bool {
        if !self.next_is("(") {
            return self.0.pop().is_some_and(|name| allowed.contains(&name));
        }
        let holds = self.any(allowed);
        self.next_is(")") && holds
    }
}

#[test]
fn the_table_of_settings_is_what_the_program_says() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_roundup"));
    for (name, _) in std::env::vars_os() {
        if name == "DATABASE_URL" || name.to_string_lossy().starts_with("ROUNDUP_") {
            command.env_remove(name);
        }
    }
    let output = command.arg("config").output().unwrap();
    let output = String::from_utf8(output.stdout).unwrap();
    let rows: Vec<String> = output.lines().collect::<Vec<_>>().chunks(3).map(row).collect();
    assert!(rows.len() > 8);
    compare("docs/operations.md", "| Variable", &rows);
}

/// One setting of `roundup config`, which takes three lines, as a row of the table.
fn row(lines: &[&str]) -> String {
    let [name, value, help] = lines else { panic!("{lines:?} is no setting") };
    let (variable, flag) = name.split_once(" (").unwrap();
    let value = value.trim().rsplit_once('[').unwrap().0.trim();
    let value = if value.is_empty() { String::new() } else { format!("`{value}`") };
    let flag = flag.trim_end_matches(')');
    format!("| `{variable}` | `{flag}` | {value} | {} |", help.trim())
}

#[test]
fn the_table_of_codes_is_what_the_service_answers() {
    let row = |code: &Code| {
        format!("| `{}` | {} | {} |", code.as_str(), code.status().as_u16(), code.meaning())
    };
    let rows: Vec<String> = Code::ALL.iter().map(row).collect();
    compare("docs/api-design.md", "| Code", &rows);
}

/// Holds the table whose head begins so against the rows that it should have; with `ACCEPT=1` in the
/// environment, writes them into it.
fn compare(file: &str, head: &str, rows: &[String]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let text = std::fs::read_to_string(&path).unwrap();
    let begin = text.lines().position(|line| line.starts_with(head)).unwrap() + 2;
    let above = text.lines().take(begin);
    let table = text.lines().skip(begin).take_while(|line| line.starts_with('|'));
    if std::env::var_os("ACCEPT").is_some() {
        let below = text.lines().skip(begin + table.count());
        let lines: Vec<&str> = above.chain(rows.iter().map(String::as_str)).chain(below).collect();
        return std::fs::write(&path, lines.join("\n") + "\n").unwrap();
    }
    let table: Vec<&str> = table.collect();
    assert_eq!(table, rows, "{file} is out of date: ACCEPT=1 cargo test --test papers");
}

/// The rows of OWASP ASVS 5.0 that the service has set itself to.
const ASVS: &str = "1.2.4 1.3.1 1.3.6 1.5.1 1.5.3 2.3.3 2.4.1 3.4.1 3.4.2 3.4.3 3.4.4 3.4.5 3.4.6 3.5.2 \
    4.1.1 4.1.3 4.1.4 4.2.1 5.2.3 5.3.3 6.3.8 6.5.2 7.2.3 8.2.1 8.2.2 8.2.3 8.3.2 13.1.2 13.1.3 13.2.6 \
    13.4.4 13.4.5 15.3.1 15.3.2 15.3.3 15.3.4 15.4.2 16.2.5 16.4.1 16.5.1 16.5.2 16.5.3 16.5.4";

#[test]
fn each_row_of_the_asvs_says_what_is_done_and_names_a_test() {
    let paper = include_str!("../docs/security.md");
    let (_, table) = paper.split_once("\n| Row | ").unwrap();
    let rows = table.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| ---"));
    let mut numbers = Vec::new();
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [row, done, tests] = *cells.as_slice() else { panic!("{row}") };
        assert!(done.len() > 20 && tests.contains('`'), "{row}: {done}: {tests}");
        numbers.push(row.split(' ').next().unwrap());
    }
    assert_eq!(numbers, ASVS.split_whitespace().collect::<Vec<_>>());
    let top = (1..=10).filter(|n| paper.contains(&format!("\n| API{n} ")));
    assert_eq!(top.count(), 10, "rows of the OWASP API Top 10");
}

#[test]
fn the_tests_that_the_papers_name_exist() {
    let mut sources = String::new();
    for folder in ["tests", "src"] {
        gather(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut sources);
    }
    let papers = [include_str!("../docs/security.md"), include_str!("../docs/reliability.md")];
    for paper in papers {
        let quoted = paper.split('`').skip(1).step_by(2);
        // Test names are sentences; settings and files are quoted too.
        let tests: Vec<&str> = quoted
            .filter(|name| name.matches('_').count() > 2)
            .filter(|name| {
                name.chars().all(|c| c == '_' || c.is_ascii_lowercase() || c.is_ascii_digit())
            })
            .collect();
        assert!(tests.len() > 10);
        for test in tests {
            assert!(sources.contains(&format!("fn {test}(")), "there is no test {test}");
        }
    }
}

/// Appends every Rust source below a folder.
fn gather(folder: &Path, sources: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            gather(&path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            sources.push_str(&std::fs::read_to_string(path).unwrap());
        }
    }
}

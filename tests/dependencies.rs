//! Checks the dependencies against `deny.toml` without cargo-deny: their licences, and that none of
//! them is a banned crate.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking, here as in the tests themselves"
)]

use serde_json::Value;
use std::collections::BTreeSet;
use std::process::Command;

#[test]
fn dependencies_have_allowed_licences() {
    let allowed = allowed();
    assert!(allowed.contains("MIT") && !allowed.iter().any(|name| name.contains("GPL")));
    let packages = packages();
    assert!(packages.len() > 100, "only {} packages", packages.len());
    let denied: Vec<String> = packages
        .iter()
        .filter(|(_, licence)| !Expression::new(licence).allows(&allowed))
        .map(|(name, licence)| format!("{name}: {licence}"))
        .collect();
    assert!(denied.is_empty(), "deny.toml does not allow: {denied:#?}");
}

#[test]
fn banned_crates_are_not_dependencies() {
    let packages = packages();
    for banned in ["openssl", "openssl-sys", "native-tls", "pq-sys", "actix-governor"] {
        assert!(include_str!("../deny.toml").contains(&format!("crate = \"{banned}\"")));
        assert!(packages.iter().all(|(name, _)| name != banned), "{banned} is a dependency");
    }
}

#[test]
fn licence_expressions_follow_spdx() {
    let allowed = BTreeSet::from(["MIT".to_owned(), "ISC".to_owned()]);
    let allows = |text: &str| Expression::new(text).allows(&allowed);
    assert!(allows("MIT") && allows("GPL-3.0 OR MIT") && allows("MIT/Apache-2.0"));
    assert!(allows("MIT AND ISC") && allows("(GPL-3.0 OR MIT) AND ISC"));
    assert!(!allows("GPL-3.0") && !allows("MIT AND GPL-3.0") && !allows(""));
    assert!(!allows("MIT AND (GPL-3.0 OR AGPL-3.0)") && !allows("MIT WITH some-exception"));
}

/// Returns the name and licence of every crate that is built for this platform.
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

/// Returns the licences that `deny.toml` allows.
fn allowed() -> BTreeSet<String> {
    let deny = include_str!("../deny.toml");
    let list = deny.split_once("allow = [").unwrap().1.split_once(']').unwrap().0;
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The words of an SPDX licence expression in reverse order. `AND` binds closer than `OR`.
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
        self.either(allowed) && self.0.is_empty()
    }

    fn next_is(&mut self, word: &str) -> bool {
        self.0.pop_if(|next| next == word).is_some()
    }

    fn either(&mut self, allowed: &BTreeSet<String>) -> bool {
        let mut result = self.both(allowed);
        while self.next_is("OR") {
            result |= self.both(allowed);
        }
        result
    }

    fn both(&mut self, allowed: &BTreeSet<String>) -> bool {
        let mut result = self.licence(allowed);
        while self.next_is("AND") {
            result &= self.licence(allowed);
        }
        result
    }

    fn licence(&mut self, allowed: &BTreeSet<String>) -> bool {
        if !self.next_is("(") {
            return self.0.pop().is_some_and(|name| allowed.contains(&name));
        }
        let result = self.either(allowed);
        self.next_is(")") && result
    }
}

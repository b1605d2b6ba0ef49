//! The direction of the arrows between the modules of `src/`: what is named through `crate::` lies
//! below, or is listed here with its reason.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::collections::BTreeSet;
use std::path::Path;

/// What every feature may use, and what uses no feature.
const KERNEL: [&str; 12] = [
    "cache",
    "clock",
    "config",
    "db",
    "error",
    "extract",
    "fields",
    "http",
    "page",
    "permalink",
    "schema",
    "text",
];

/// What holds the features together; they may use the state and the words of the document.
const FRAME: [&str; 6] = ["app", "health", "open", "openapi", "serve", "site"];

/// The features, each using only those before it. One that is not listed may use all of these.
const FEATURES: [&str; 7] = ["keys", "audit", "outlets", "links", "tags", "articles", "comments"];

/// Arrows that point the other way.
const EXCEPTIONS: [(&str, &str, &str); 10] = [
    ("articles", "comments", "include=comments brings a page of them with the article"),
    ("articles", "pages", "format=jsonld is another form of the article"),
    ("articles", "related", "include=related brings some with the article"),
    ("articles", "search", "the list takes words to find"),
    ("keys", "audit", "who made a key is written down"),
    ("outlets", "articles", "a merge changes what is derived from the articles that credit both"),
    ("outlets", "links", "a host is what the addresses on it come down to"),
    ("http", "app", "the middleware and the idempotent write need the state"),
    ("http", "keys", "an idempotent write belongs to the key that asks for it"),
    ("http", "openapi", "a body is checked against the schema that the document shows"),
];

/// Calls `look` with the way of each source file below `src/` and its text without comments.
fn each_source(dir: &Path, look: &mut impl FnMut(&str, &str)) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            each_source(&path, look);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let code: Vec<&str> =
                text.lines().filter(|l| !l.trim_start().starts_with("//")).collect();
            let root = concat!(env!("CARGO_MANIFEST_DIR"), "/src/");
            look(path.to_str().unwrap().strip_prefix(root).unwrap(), &code.join("\n"));
        }
    }
}

fn source(look: &mut impl FnMut(&str, &str)) {
    each_source(concat!(env!("CARGO_MANIFEST_DIR"), "/src").as_ref(), look);
}

/// The modules that a text names behind `crate::`.
fn named(code: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for part in code.split("crate::").skip(1) {
        let list = part.strip_prefix('{').map_or(part, |group| group.split('}').next().unwrap());
        let items = if part.starts_with('{') { list.split(',').collect() } else { vec![list] };
        for item in items {
            let name = item.trim_start().split(|c: char| !(c.is_alphanumeric() || c == '_')).next();
            names.insert(name.unwrap().to_owned());
        }
    }
    names
}

fn allowed(from: &str, to: &str) -> bool {
    let place = |name: &str| FEATURES.iter().position(|feature| *feature == name);
    if from == to || from == "lib" || from == "main" || KERNEL.contains(&to) {
        return true;
    }
    if KERNEL.contains(&from) {
        return false;
    }
    if FRAME.contains(&from) {
        return to != "serve";
    }
    match (place(from), place(to)) {
        (_, None) => ["app", "openapi", "open"].contains(&to) || place(from).is_none(),
        (Some(from), Some(to)) => to < from,
        (None, Some(_)) => true,
    }
}

#[test]
fn every_arrow_points_down() {
    let (mut arrows, mut wrong) = (BTreeSet::new(), BTreeSet::new());
    source(&mut |file, code| {
        let from = file.split(['/', '.']).next().unwrap();
        for to in named(code) {
            let excepted = EXCEPTIONS.iter().any(|(f, t, _)| *f == from && *t == to);
            arrows.insert((from.to_owned(), to.clone()));
            if !allowed(from, &to) && !excepted {
                wrong.insert(format!("{file} uses crate::{to}"));
            }
        }
    });
    assert!(arrows.len() > 40, "only {} arrows were found", arrows.len());
    assert!(wrong.is_empty(), "{wrong:#?}");
    for (from, to, reason) in EXCEPTIONS {
        let used = arrows.contains(&(from.to_owned(), to.to_owned()));
        assert!(used, "the exception {from} -> {to} ({reason}) is no longer needed");
    }
}

#[test]
fn what_is_pure_uses_nothing_of_ours() {
    source(&mut |file, code| {
        if file.starts_with("text/") || file == "clock.rs" || file == "schema.rs" {
            let own = |name: &String| name != "text" && name != "clock" && name != "schema";
            assert!(!named(code).iter().any(own), "{file}: {:?}", named(code));
            for foreign in ["actix_web", "diesel_async", "tokio"] {
                assert!(!code.contains(&format!("{foreign}::")), "{file} names {foreign}");
            }
        }
    });
}

#[test]
fn http_stays_in_routes_and_sql_out_of_them() {
    let mut routes = 0;
    source(&mut |file, code| {
        let feature = file.split_once('/').is_some_and(|(dir, _)| FEATURES.contains(&dir));
        if file.ends_with("/routes.rs") {
            routes += 1;
            assert!(
                !code.contains("use diesel::"),
                "{file} names diesel: statements are query.rs's"
            );
        } else if feature
            && file != "keys/auth.rs"
            && !file.contains("/admin")
            && !file.contains("/routes/")
        {
            assert!(!code.contains("actix_web::"), "{file} names actix: HTTP is routes.rs's");
        }
    });
    assert!(routes >= 5, "only {routes} routes.rs were found");
}

/// No address that somebody wrote is ever asked: connections are made to databases, and by `roundup
/// health` to the service itself.
#[test]
fn connections_are_made_to_databases_alone() {
    let (mut found, mut strange) = (0, Vec::new());
    source(&mut |path, code| {
        let connects = ["Stream::connect", "lookup_host(", "to_socket_addrs("];
        for word in connects.iter().filter(|word| code.contains(**word)) {
            found += 1;
            if !path.starts_with("db/") && path != "main.rs" {
                strange.push(format!("{path}: {word}"));
            }
        }
    });
    assert_eq!(strange, Vec::<String>::new());
    assert!(found >= 3, "only {found} found: the words to look for have changed");
    let manifest = include_str!("../Cargo.toml");
    for client in ["reqwest", "ureq", "awc", "hyper", "curl", "isahc"] {
        assert!(!manifest.lines().any(|line| line.starts_with(client)), "{client}");
    }
}

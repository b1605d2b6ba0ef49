//! The structure of `src/`: no circle among its top-level modules, and HTTP, SQL and connections
//! only where they belong.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// How often each module names each other module.
#[derive(Debug, Default)]
struct Uses(BTreeMap<String, BTreeMap<String, usize>>);

impl Uses {
    /// Adds the modules that the source of a module names.
    fn add(&mut self, module: &str, source: &str, modules: &BTreeSet<String>) {
        let used = self.0.entry(module.to_owned()).or_default();
        for name in named_modules(&production_code(source)) {
            if name != module && modules.contains(&name) {
                *used.entry(name).or_default() += 1;
            }
        }
    }

    fn of(&self, module: &str) -> impl Iterator<Item = (&str, usize)> {
        let used = self.0.get(module).into_iter().flatten();
        used.map(|(name, times)| (name.as_str(), *times))
    }

    /// All modules that a module uses, directly or through others.
    fn reachable(&self, module: &str) -> BTreeSet<&str> {
        let mut found = BTreeSet::new();
        let mut next: Vec<&str> = self.of(module).map(|(name, _)| name).collect();
        while let Some(name) = next.pop() {
            if found.insert(name) {
                next.extend(self.of(name).map(|(name, _)| name));
            }
        }
        found
    }

    /// The groups of modules of which each uses each other, directly or through others.
    fn circles(&self) -> BTreeSet<BTreeSet<&str>> {
        let reachable: BTreeMap<&str, BTreeSet<&str>> =
            self.0.keys().map(|module| (module.as_str(), self.reachable(module))).collect();
        let mut circles = BTreeSet::new();
        for (module, below) in &reachable {
            let uses_back =
                |other: &&&str| reachable.get(*other).is_some_and(|b| b.contains(module));
            let circle: BTreeSet<&str> = below.iter().filter(uses_back).copied().collect();
            if !circle.is_empty() {
                circles.insert(circle);
            }
        }
        circles
    }

    /// Each circle with its edges and how often the code has each; empty if there is no circle.
    fn report_circles(&self) -> String {
        let mut report = String::new();
        for circle in self.circles() {
            let names: Vec<&str> = circle.iter().copied().collect();
            writeln!(report, "a circle of {} modules: {}", names.len(), names.join(" ")).unwrap();
            for module in &circle {
                for (used, times) in self.of(module).filter(|(used, _)| circle.contains(used)) {
                    writeln!(report, "  {module} -> {used} ({times})").unwrap();
                }
            }
        }
        report
    }
}

/// The code of a file without comments and without its `#[cfg(test)]` modules.
fn production_code(source: &str) -> String {
    let code = source.split("#[cfg(test)]\nmod ").next().unwrap();
    let lines = code.lines().map(|line| line.split("//").next().unwrap());
    lines.collect::<Vec<_>>().join("\n")
}

/// The modules that code names in `crate::a`, `crate::{a, b::c}` and such.
fn named_modules(code: &str) -> Vec<String> {
    let mut names = Vec::new();
    for rest in code.split("crate::").skip(1) {
        match rest.strip_prefix('{') {
            None => names.push(identifier(rest)),
            Some(group) => names.extend(group_members(group).into_iter().map(identifier)),
        }
    }
    names
}

fn identifier(text: &str) -> String {
    text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// The members of a `{group}` of a use declaration, from behind its opening brace.
fn group_members(text: &str) -> Vec<&str> {
    let (mut members, mut depth, mut start) = (Vec::new(), 0, 0);
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                members.extend(text.get(start..at));
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    members
}

/// Calls `visit` with the path below `src/` and the text of each source file that is not of tests.
fn each_source(visit: &mut impl FnMut(&str, &str)) {
    each_source_in(&root().join("src"), visit);
}

/// Calls `visit` with the path within a folder and the text of each source of production code in it.
fn each_source_in(folder: &Path, visit: &mut impl FnMut(&str, &str)) {
    fn walk(root: &Path, folder: &Path, visit: &mut impl FnMut(&str, &str)) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap();
            if path.is_dir() {
                walk(root, &path, visit);
            } else if path.extension().is_some_and(|ext| ext == "rs") && !name.contains("tests") {
                let source = std::fs::read_to_string(&path).unwrap();
                visit(path.strip_prefix(root).unwrap().to_str().unwrap(), &source);
            }
        }
    }
    walk(folder, folder, visit);
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The folders of the libraries in `crates/`.
fn crates() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root().join("crates")).unwrap();
    entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect()
}

/// The top-level module of a file: the name of its folder, or its own.
fn top_level(path: &str) -> &str {
    path.split(['/', '.']).next().unwrap()
}

#[test]
fn no_circle_among_the_top_level_modules() {
    let mut modules = BTreeSet::new();
    each_source(&mut |path, _| {
        modules.insert(top_level(path).to_owned());
    });
    // These are the crate itself; nothing can name them.
    modules.remove("lib");
    modules.remove("main");
    let mut uses = Uses::default();
    each_source(&mut |path, source| {
        if modules.contains(top_level(path)) {
            uses.add(top_level(path), source, &modules);
        }
    });
    let edges: usize = uses.0.values().map(BTreeMap::len).sum();
    assert!(modules.len() > 20 && edges > 40, "{} modules, {edges} edges", modules.len());
    let report = uses.report_circles();
    assert!(report.is_empty(), "{report}");
}

/// The uses of a made-up crate of these modules.
fn uses(sources: &[(&str, &str)]) -> Uses {
    let modules = sources.iter().map(|(name, _)| (*name).to_owned()).collect();
    let mut uses = Uses::default();
    for (module, source) in sources {
        uses.add(module, source, &modules);
    }
    uses
}

#[test]
fn a_circle_is_reported_with_its_edges() {
    let uses = uses(&[
        ("config", "use crate::error::Error;"),
        ("error", "use std::fmt;"),
        ("a", "use crate::{config, error::{Code, Error}, b::{self, c::{D}}};"),
        ("b", "fn f() -> crate::c::C { crate::c::new(crate::config::X) }"),
        ("c", "pub(in crate::c) use crate::{a};"),
    ]);
    assert_eq!(
        uses.report_circles(),
        "a circle of 3 modules: a b c\n  a -> b (1)\n  b -> c (2)\n  c -> a (1)\n"
    );
}

#[test]
fn modules_that_use_only_those_below_them_are_no_circle() {
    let uses = uses(&[
        ("a", "use crate::{b, c};\nuse super::d;"),
        (
            "b",
            "use crate::c::x;\n// crate::a is above.\n/// See [`crate::a`].\nfn f() {} // crate::a",
        ),
        ("c", "fn f() {}\n#[cfg(test)]\nmod tests {\n    use crate::a;\n}\n"),
    ]);
    assert_eq!(uses.0["a"].keys().collect::<Vec<_>>(), ["b", "c"]);
    assert_eq!(uses.report_circles(), "");
}

#[test]
fn two_circles_are_reported_apart() {
    let uses = uses(&[
        ("a", "use crate::b;"),
        ("b", "use crate::{a, c};"),
        ("c", "use crate::d;"),
        ("d", "use crate::c;"),
    ]);
    let circles: Vec<Vec<&str>> =
        uses.circles().into_iter().map(|circle| circle.into_iter().collect()).collect();
    assert_eq!(circles, [["a", "b"], ["c", "d"]]);
}

/// A feature has its handlers in `routes`, its statements in `query` and its rows in `model`.
#[test]
fn handlers_run_no_sql_and_queries_know_no_http() {
    let has_part = |path: &str, name: &str| {
        path.ends_with(&format!("/{name}.rs")) || path.contains(&format!("/{name}/"))
    };
    let mut features = BTreeSet::new();
    each_source(&mut |path, source| {
        if has_part(path, "routes") {
            features.insert(top_level(path).to_owned());
            let uses_diesel = production_code(source).contains("diesel::");
            assert!(!uses_diesel, "{path} uses diesel: statements are in query.rs");
        }
    });
    let mut queries = 0;
    each_source(&mut |path, source| {
        let is_feature = features.contains(top_level(path));
        if is_feature && (has_part(path, "query") || has_part(path, "model")) {
            queries += 1;
            let uses_actix = production_code(source).contains("actix_web::");
            assert!(!uses_actix, "{path} uses actix: HTTP is in routes.rs");
        }
    });
    assert!(features.len() >= 5 && queries >= 5, "{features:?}, {queries} queries and models");
}

#[test]
fn no_feature_uses_the_routes_of_another() {
    let features: BTreeSet<String> = {
        let mut found = BTreeSet::new();
        each_source(&mut |path, _| {
            if path.ends_with("/routes.rs") {
                found.insert(top_level(path).to_owned());
            }
        });
        found
    };
    let mut problems = Vec::new();
    each_source(&mut |path, source| {
        let own = format!("crate::{}::", top_level(path));
        let code = production_code(source);
        let calls = code.split("crate::").skip(1).map(|rest| {
            rest.split(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | ':')).next().unwrap()
        });
        for name in calls.filter(|name| name.contains("::routes")) {
            if features.contains(top_level(path)) && !format!("crate::{name}").starts_with(&own) {
                problems.push(format!("{path}: crate::{name}"));
            }
        }
    });
    assert!(features.len() >= 5, "{features:?}");
    assert_eq!(problems, Vec::<String>::new());
}

/// The libraries can be built and fuzzed without the web framework and the query builder.
#[test]
fn the_libraries_use_neither_actix_nor_diesel() {
    for folder in crates() {
        let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        for name in ["actix", "diesel"] {
            assert!(!manifest.contains(name), "{} names {name}", folder.display());
        }
    }
}

/// The service connects to databases, and by `src/fetch` to public servers; `roundup health` and `roundup
/// follow` connect to a service.
#[test]
fn connections_are_made_by_few_modules() {
    let (mut found, mut elsewhere) = (0, Vec::new());
    let mut check = |name: &str, source: &str, permitted: bool| {
        for call in ["Stream::connect", "lookup_host(", "to_socket_addrs("] {
            if production_code(source).contains(call) {
                found += 1;
                if !permitted {
                    elsewhere.push(format!("{name}: {call}"));
                }
            }
        }
    };
    each_source(&mut |path, source| {
        check(path, source, ["db", "main", "fetch"].contains(&top_level(path)));
        let client = production_code(source).replace("reqwest::header", "");
        let permitted = ["fetch", "follow"].contains(&top_level(path));
        assert!(permitted || !client.contains("reqwest::"), "{path} has a client of its own");
    });
    let mut manifests = vec![root().join("Cargo.toml")];
    for folder in crates() {
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        each_source_in(&folder.join("src"), &mut |path, source| {
            check(&format!("{name}/{path}"), source, name == "embedded-postgres");
        });
        manifests.push(folder.join("Cargo.toml"));
    }
    assert_eq!(elsewhere, Vec::<String>::new());
    assert!(found >= 1, "none is found: the calls to look for have changed");
    for manifest in manifests {
        let text = std::fs::read_to_string(&manifest).unwrap();
        for client in ["reqwest", "ureq", "awc", "hyper", "curl", "isahc"] {
            let uses = text.lines().any(|line| line.starts_with(client));
            let permitted = client == "reqwest" && manifest == root().join("Cargo.toml");
            assert!(permitted || !uses, "{} has {client}", manifest.display());
        }
    }
}

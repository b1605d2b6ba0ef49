//! The commands: which of them make a database, what they say of mistakes, and their help.

use crate::service::{command, database, sql};
use std::process::{Command, Output};

/// The program without a database, and with this data directory.
fn bare(data_dir: &std::path::Path) -> Command {
    let mut command = command("unset");
    command.env_remove("DATABASE_URL").env("ROUNDUP_DATA_DIR", data_dir);
    command
}

/// Returns the one line on standard error of a command that failed with this status.
#[track_caller]
fn failure(output: &Output, status: i32) -> String {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(status), "{text}");
    assert!(output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!(text.lines().count(), 1, "{text}");
    text
}

#[test]
fn only_the_service_and_imports_make_a_database() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("none");
    let url = database();
    for words in [
        &["keys", "create", "--name", "a", "--scope", "admin"][..],
        &["keys", "list"],
        &["keys", "revoke", "1"],
        &["export"],
        &["rekey"],
    ] {
        let text = failure(&bare(&missing).args(words).output().unwrap(), 1);
        assert!(
            text.contains("there is no database in") && text.contains("DATABASE_URL"),
            "{text}"
        );
        assert!(!missing.exists(), "{words:?}");
        // An empty database is not one of roundup either.
        let text = failure(&command(&url).args(words).output().unwrap(), 1);
        assert!(text.contains("`roundup migrate` creates them"), "{text}");
    }
    assert_eq!(sql(&url, "select count(*) from pg_tables where schemaname = 'public'"), ["0"]);
    let migrated = command(&url).arg("migrate").output().unwrap();
    assert!(migrated.status.success());
    let listed = command(&url).args(["keys", "list"]).output().unwrap();
    assert!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));
}

#[test]
fn what_is_done_with_commands_is_in_the_audit() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("bridge.txt");
    std::fs::write(&file, "Bridge Opens -- Reuters\n\nMore News\n\nWho pays? -- AFP\n").unwrap();
    let url = database();
    for words in [
        &["import", file.to_str().unwrap()][..],
        &["keys", "create", "--name", "a", "--scope", "admin"],
        &["keys", "revoke", "1"],
        &["export", "--format", "atom"],
    ] {
        let output = command(&url).args(words).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let events =
        "select concat_ws(' ', action, object_kind, object_id, key_name) from audit order by id";
    assert_eq!(
        sql(&url, events),
        [
            "import.create site the command line",
            "import.finish site the command line",
            "key.create key 1 the command line",
            "key.revoke key 1 the command line",
            "export.read site the command line",
        ]
    );
    let detail = "select detail ->> 'files' from audit where action = 'import.create'";
    assert_eq!(sql(&url, detail), ["[\"bridge.txt\"]"]);
}

#[test]
fn a_mistyped_command_or_setting_is_named_with_the_nearest() {
    let dir = tempfile::tempdir().unwrap();
    for (words, wanted) in [
        (&["imprt", "x"][..], "did you mean `import`?"),
        (&["migrat"], "did you mean `migrate`?"),
        (&["keys", "creat"], "did you mean `create`?"),
        (&["--lisen", "127.0.0.1:1"], "did you mean `--listen`?"),
    ] {
        let text = failure(&bare(dir.path()).args(words).output().unwrap(), 2);
        assert!(text.contains(wanted), "{text}");
    }
    for (name, value, wanted) in [
        ("ROUNDUP_LOG", "verbose", "`verbose` is not a level"),
        ("ROUNDUP_CACHE_CONTROL", "banana", "there is no directive `banana`"),
        ("ROUNDUP_CACHE_CONTROL", "public, max-gae=60", "did you mean max-age?"),
        ("ROUNDUP_CACHE_CONTROL", "max-age=soon", "`max-age` needs a number of seconds"),
        ("ROUNDUP_CACHE_CONTROL", "", "there is no directive"),
    ] {
        let text = failure(&bare(dir.path()).env(name, value).output().unwrap(), 2);
        assert!(text.contains(wanted) && text.contains(name), "{text}");
    }
}

#[test]
fn the_help_of_a_command_shows_its_own_options() {
    let dir = tempfile::tempdir().unwrap();
    for (words, shown, hidden) in [
        (
            &["import"][..],
            &["--dry-run", "--database-url", "--data-dir"][..],
            &["--listen", "--workers"][..],
        ),
        (&["keys", "create"], &["--scope", "--database-url"], &["--cache-control", "--permalink"]),
        (&["export"], &["--output", "--permalink"], &["--workers", "--comment-policy"]),
        (&["migrate"], &["--database-url"], &["--comment-policy", "--dry-run"]),
        (&["health"], &["--listen"], &["--database-url", "--log"]),
        (&["openapi"], &["--help"], &["--database-url", "--listen"]),
        (&["serve"], &["--listen", "--database-url", "--workers"], &["--dry-run"]),
    ] {
        let output = bare(dir.path()).args(words).arg("--help").output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let has = |option: &str| text.split_whitespace().any(|word| word == option);
        assert!(shown.iter().all(|option| has(option)), "{words:?}: {text}");
        assert!(!hidden.iter().any(|option| has(option)), "{words:?}: {text}");
    }
    // A setting is accepted by every command, shown or not.
    let output = bare(dir.path()).args(["openapi", "--workers", "2"]).output().unwrap();
    assert!(output.status.success());
}

#[test]
fn the_installed_program_speaks_of_itself() {
    for (package, program) in
        [(None, env!("CARGO_BIN_EXE_roundup")), (Some("roundup"), "cargo run --")]
    {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("out");
        let mut command = command(&database());
        command.env("ROUNDUP_LISTEN", "127.0.0.1:0").current_dir(dir.path());
        command.env_remove("CARGO_PKG_NAME").stdout(std::fs::File::create(&out).unwrap());
        if let Some(package) = package {
            command.env("CARGO_PKG_NAME", package);
        }
        let mut process = command.spawn().unwrap();
        let wanted = format!("{program} keys create");
        let began = std::time::Instant::now();
        let mut text = String::new();
        while !text.contains("keys create") && began.elapsed() < crate::connection::TEST_TIMEOUT {
            std::thread::sleep(std::time::Duration::from_millis(50));
            text = std::fs::read_to_string(&out).unwrap();
        }
        process.kill().unwrap();
        process.wait().unwrap();
        assert!(text.contains(&wanted), "{text}");
        assert_eq!(text.contains("cargo run"), package.is_some(), "{text}");
    }
}

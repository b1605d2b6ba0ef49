//! Startup without a database or with invalid settings, and the log.

use crate::connection::{TEST_TIMEOUT, request};
use crate::fault_proxy::{Fault, Proxy};
use crate::measurements::{Durations, timed};
use crate::postgres::Postgres;
use crate::service::{Service, command, sql};
use crate::writers::article;
use serde_json::Value;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

#[test]
fn startup_waits_for_the_database() {
    let postgres = Postgres::start();
    let proxy = Proxy::to(&postgres.socket_dir());
    proxy.set(Fault::Cut);
    let url = format!("postgres://roundup@{}/roundup?sslmode=disable", proxy.address);
    let mut service = Service::keyless(url, &[]);
    assert_eq!(service.ask("GET", "/livez", "").status, 200);
    for path in ["/readyz", "/api/v1/articles"] {
        let response = service.ask("GET", path, "");
        assert_eq!((response.status, response.problem().as_str()), (503, "unavailable"), "{path}");
        assert_eq!(response.headers["retry-after"], "1");
    }
    proxy.set(Fault::None);
    let began = Instant::now();
    while service.ask("GET", "/readyz", "").status != 200 {
        assert!(service.is_running() && began.elapsed() < TEST_TIMEOUT, "{}", service.log());
        std::thread::sleep(Duration::from_millis(5));
    }
    println!("ready {:?} after the database came, migrations included", began.elapsed());
    assert_eq!(service.ask("GET", "/api/v1/articles", "").status, 200);
    assert_ne!(sql(&postgres.url(), "select count(*) from outlets"), ["0"]);
}

/// Waits until the program has ended by itself.
#[track_caller]
fn ended(mut command: Command, what: &str) -> Output {
    let mut process = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let began = Instant::now();
    while process.try_wait().unwrap().is_none() {
        if began.elapsed() > TEST_TIMEOUT {
            process.kill().unwrap();
            panic!("it starts with {what}");
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    process.wait_with_output().unwrap()
}

/// Settings that accept any text, since they are checked when they are used.
const ANY: [&str; 4] =
    ["ROUNDUP_DATA_DIR", "ROUNDUP_PG_BIN", "ROUNDUP_SITE_NAME", "ROUNDUP_UPLOAD_DIR"];

#[test]
fn an_invalid_setting_stops_startup_with_its_name() {
    // There is no database either.
    let nobody = || command("postgres://roundup@127.0.0.1:1/roundup");
    let shown = nobody().arg("config").output().unwrap();
    let shown = String::from_utf8(shown.stdout).unwrap();
    let names = shown.lines().filter(|line| !line.starts_with(' '));
    let names: Vec<&str> = names.map(|line| line.split(' ').next().unwrap()).collect();
    assert!(names.len() > 30 && ANY.iter().all(|any| names.contains(any)), "{names:?}");
    let mut spread = Durations::default();
    for name in names.into_iter().filter(|name| !ANY.contains(name)).chain(["ROUNDUP_NONE"]) {
        let mut command = nobody();
        command.env("ROUNDUP_LISTEN", "127.0.0.1:0").env(name, "a=\u{1}=b");
        let (output, took) = timed(|| ended(command, name));
        let output_text = String::from_utf8(output.stderr).unwrap();
        assert!([Some(1), Some(2)].contains(&output.status.code()), "{name}: {output_text}");
        assert!(
            output_text.lines().count() == 1 && output_text.contains(name),
            "{name}: {output_text}"
        );
        spread.push(took);
    }
    spread.print("refused after");
}

#[test]
fn each_request_is_one_log_line_without_secrets() {
    let settings = [("ROUNDUP_LOG", "debug"), ("ROUNDUP_LOG_FORMAT", "json")];
    let service = Service::start(&settings);
    let written = service.ask("POST", "/api/v1/admin/articles", &article("a headline"));
    assert_eq!(written.status, 201);
    let id = written.headers["x-request-id"].clone();
    let evil = "/api/v1/articles/%0d%0a%7B%22status%22:1%7D?q=%0aINFO";
    assert_eq!(service.ask("GET", evil, "").status / 100, 4);
    let mut connection = service.connect();
    connection.send(request("GET", "/livez", &[("x-request-id", "a b\u{a0}c")], ""));
    connection.response().unwrap();
    let log = service.log();
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    let access: Vec<&Value> =
        lines.iter().filter(|line| line["target"] == "roundup::access").collect();
    assert_eq!(access.len(), 3, "{access:#?}");
    let line = access[0];
    assert_eq!((&line["id"], &line["method"]), (&Value::from(id), &Value::from("POST")));
    assert_eq!((&line["route"], &line["status"]), (&"/api/v1/admin/articles".into(), &201.into()));
    assert_eq!(line["bytes"], written.body.len());
    assert!(line["micros"].as_u64().unwrap() > 0);
    let secret = service.key.as_str();
    assert!(secret.len() > 20 && !log.contains(secret), "a key is in the log");
    assert!(!log.contains("127.0.0.1:") || !log.contains("peer"), "an address is in the log");
}

#[test]
fn the_log_has_no_secrets_and_no_injected_lines() {
    let settings = [
        ("ROUNDUP_LOG", "debug"),
        ("ROUNDUP_LOG_FORMAT", "json"),
        ("ROUNDUP_COMMENT_POLICY", "open"),
    ];
    let service = Service::start(&settings);
    let new_key =
        service.ask("POST", "/api/v1/admin/keys", r#"{"name": "n", "scopes": ["admin"]}"#);
    let new_article = r#"{"headline": "A headline", "status": "published"}"#;
    let place = service.ask("POST", "/api/v1/admin/articles", new_article).json()["id"].to_string();
    let text = r#"{"text": "a\r\n{\"level\": \"ERROR\"}\nb", "author": {"name": "A"}}"#;
    let posted = service.ask("POST", &format!("/api/v1/articles/{place}/comments"), text).json();
    let secret = |value: &Value| value.as_str().unwrap().to_owned();
    let edit = secret(&posted["edit_token"]);
    let wrong = "rk_a_key_that_was_guessed".to_owned();
    let comment = format!("/api/v1/comments/{}", posted["id"]);
    let bearer = format!("Bearer {wrong}");
    let kind = ("content-type", "application/merge-patch+json");
    for (text, status) in [
        (
            request("PATCH", &comment, &[kind, ("roundup-edit-token", &edit)], r#"{"text": "c"}"#),
            200,
        ),
        (request("DELETE", &comment, &[("roundup-edit-token", &wrong)], ""), 403),
        (request("GET", "/api/v1/admin/keys", &[("authorization", &bearer)], ""), 401),
        (request("GET", &format!("/api/v1/articles?key={wrong}"), &[], ""), 400),
        (request("GET", "/livez", &[("x-request-id", "a\tb"), ("user-agent", "x\ty")], ""), 200),
    ] {
        let mut connection = service.connect();
        connection.send(&text);
        let response = connection.response().unwrap();
        assert_eq!(response.status, status, "{text}: {}", String::from_utf8_lossy(&response.body));
    }
    let log = service.log();
    for secret in [secret(&new_key.json()["secret"]), service.key.clone(), edit, wrong] {
        assert!(secret.len() > 20 && !log.contains(&secret), "{secret} is in the log: {log}");
    }
    let access = log.lines().filter(|line| {
        let line: Value =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        line["target"] == "roundup::access"
    });
    assert_eq!(access.count(), 8, "{log}");
}

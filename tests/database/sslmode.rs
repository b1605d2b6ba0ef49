//! Every `sslmode` against servers with and without TLS, and the ways to name a server.

use crate::server::{PLAIN, SECURE, Server, Tls};
use roundup::db::{ConnectError, ConnectKind, Target};
use std::time::{Duration, Instant};

/// Connects and says whether the connection is encrypted.
async fn encrypted(url: &str) -> Result<bool, ConnectError> {
    let target = Target::parse(url).unwrap_or_else(|error| panic!("{url}: {error}"));
    let (client, driver) = target.connect().await?;
    let driver = tokio::spawn(driver);
    let sql = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    let answer = client.query_one(sql, &[]).await.unwrap().get(0);
    drop(client);
    driver.await.unwrap().unwrap();
    Ok(answer)
}

async fn refusal(url: &str) -> (ConnectKind, String) {
    match encrypted(url).await {
        Ok(_) => panic!("{url} should not connect"),
        Err(error) => (error.kind(), error.to_string()),
    }
}

#[tokio::test]
async fn each_sslmode_does_what_it_does_in_libpq() {
    let ca = format!("&sslrootcert={}", SECURE.file("ca.pem"));
    let table = [
        ("", Ok(true), Ok(false)),
        ("&sslmode=disable", Ok(false), Ok(false)),
        ("&sslmode=allow", Ok(false), Ok(false)),
        ("&sslmode=prefer", Ok(true), Ok(false)),
        ("&sslmode=require", Ok(true), Err(ConnectKind::Tls)),
        ("&sslmode=verify-ca", Ok(true), Err(ConnectKind::Tls)),
        ("&sslmode=verify-full", Ok(true), Err(ConnectKind::Tls)),
    ];
    for (mode, with_tls, without_tls) in table {
        let more = if mode.contains("verify") { format!("{mode}{ca}") } else { mode.to_owned() };
        for (server, expected) in [(&*SECURE, with_tls), (&*PLAIN, without_tls)] {
            let found = encrypted(&server.url("roundup", "db.example", &more)).await;
            assert_eq!(found.map_err(|error| error.kind()), expected, "for {more}");
        }
    }
}

#[tokio::test]
async fn a_server_without_tls_is_refused_with_the_mode_that_was_asked_for() {
    let (_, text) = refusal(&PLAIN.url("roundup", "localhost", "&sslmode=require")).await;
    assert!(text.contains("with sslmode=require"), "{text}");
    assert!(text.contains("server does not support TLS"), "{text}");
}

#[tokio::test]
async fn a_certificate_of_another_authority_is_refused_where_a_root_is_given() {
    let root = format!("&sslrootcert={}", SECURE.file("other-ca.pem"));
    for mode in ["require", "verify-ca", "verify-full"] {
        let url = SECURE.url("roundup", "db.example", &format!("&sslmode={mode}{root}"));
        let (kind, text) = refusal(&url).await;
        assert_eq!(kind, ConnectKind::Tls, "{text}");
        assert!(text.contains("invalid peer certificate: UnknownIssuer"), "{text}");
    }
    let preferred = SECURE.url("roundup", "db.example", &format!("&sslmode=prefer{root}"));
    assert_eq!(encrypted(&preferred).await, Ok(false), "prefer falls back to plain");
}

#[tokio::test]
async fn an_unknown_authority_is_refused_when_only_the_system_is_trusted() {
    for more in ["&sslmode=verify-full", "&sslrootcert=system"] {
        let (kind, text) = refusal(&SECURE.url("roundup", "db.example", more)).await;
        assert_eq!(kind, ConnectKind::Tls, "{text}");
        assert!(text.contains("UnknownIssuer"), "{text}");
    }
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused_by_verify_full_alone() {
    let root = format!("&sslrootcert={}", SECURE.file("ca.pem"));
    for host in ["localhost", "127.0.0.1", "other.example"] {
        for mode in ["require", "verify-ca"] {
            let url = SECURE.url("roundup", host, &format!("&sslmode={mode}{root}"));
            assert_eq!(encrypted(&url).await, Ok(true), "{mode} for {host}");
        }
        let url = SECURE.url("roundup", host, &format!("&sslmode=verify-full{root}"));
        let (kind, text) = refusal(&url).await;
        assert_eq!(kind, ConnectKind::Tls, "{text}");
        assert!(text.contains("not valid for name"), "{text}");
    }
}

#[tokio::test]
async fn a_self_signed_certificate_can_be_its_own_root() {
    let server = Server::start(Tls::SelfSigned);
    let own = format!("&sslrootcert={}", server.file("server.pem"));
    let other = format!("&sslrootcert={}", server.file("ca.pem"));
    let good = server.url("roundup", "db.example", &format!("&sslmode=verify-full{own}"));
    assert_eq!(encrypted(&good).await, Ok(true));
    for more in [format!("&sslmode=verify-full{own}"), format!("&sslmode=verify-ca{other}")] {
        let (kind, text) = refusal(&server.url("roundup", "localhost", &more)).await;
        assert_eq!(kind, ConnectKind::Tls, "{text}");
    }
}

#[tokio::test]
async fn allow_and_prefer_try_the_other_way_when_the_server_refuses_one() {
    let url = |user, mode| SECURE.url(user, "db.example", mode);
    assert_eq!(encrypted(&url("onlytls", "&sslmode=allow")).await, Ok(true));
    assert_eq!(encrypted(&url("onlyplain", "&sslmode=prefer")).await, Ok(false));
    assert_eq!(refusal(&url("onlytls", "&sslmode=disable")).await.0, ConnectKind::Login);
    assert_eq!(refusal(&url("onlyplain", "&sslmode=require")).await.0, ConnectKind::Login);
}

#[tokio::test]
async fn a_client_certificate_is_shown_to_the_server() {
    let (cert, key) = (SECURE.file("client.pem"), SECURE.file("client.key"));
    let url = SECURE.url("certified", "h", &format!("&sslcert={cert}&sslkey={key}"));
    assert_eq!(encrypted(&url).await, Ok(true));
    let (kind, _) = refusal(&SECURE.url("certified", "h", "&sslmode=require")).await;
    assert_eq!(kind, ConnectKind::Login);
}

#[tokio::test]
async fn passwords_work_with_and_without_tls_and_never_show() {
    for more in ["&channel_binding=require", "&sslmode=require", "&sslmode=disable"] {
        let good = SECURE.url("secretive:s3cr3t", "h", more);
        assert_eq!(encrypted(&good).await, Ok(!more.contains("disable")));
    }
    let (kind, text) = refusal(&SECURE.url("secretive:wr0ng", "h", "")).await;
    assert_eq!(kind, ConnectKind::Login);
    assert!(text.contains("password authentication failed"), "{text}");
    assert!(!text.contains("wr0ng"), "{text}");
}

#[tokio::test]
async fn a_unix_socket_is_never_encrypted() {
    assert_eq!(encrypted(&SECURE.socket_url("sslmode=verify-full")).await, Ok(false));
    let folder = SECURE.folder.display();
    let pairs = format!("host={folder} port={} user=roundup dbname=postgres", SECURE.port);
    assert_eq!(encrypted(&pairs).await, Ok(false));
    let query = format!("postgres:///postgres?host={folder}&port={}&user=roundup", SECURE.port);
    assert_eq!(encrypted(&query).await, Ok(false));
}

#[tokio::test]
async fn the_first_host_that_fits_is_taken() {
    let (dead, port) = (1, SECURE.port);
    let hosts = format!("postgres://roundup@127.0.0.1:{dead},127.0.0.1:{port}/postgres");
    assert_eq!(encrypted(&format!("{hosts}?target_session_attrs=read-write")).await, Ok(true));
    let (kind, text) = refusal(&format!("{hosts}?target_session_attrs=read-only")).await;
    assert_eq!(kind, ConnectKind::WrongRole);
    assert!(text.contains("refused") && text.contains("not read only"), "{text}");
    let reader = SECURE.url("reader", "h", "&target_session_attrs=read-only");
    assert_eq!(encrypted(&reader).await, Ok(true));
}

#[tokio::test]
async fn failures_to_connect_say_what_kind_they_are() {
    let missing = SECURE.url("roundup", "h", "").replace("/postgres?", "/missing?");
    assert_eq!(refusal(&missing).await.0, ConnectKind::Login);
    let nowhere = "postgres://u@%2Fnowhere/d";
    let (kind, text) = refusal(nowhere).await;
    assert_eq!(kind, ConnectKind::Unreachable);
    assert!(text.contains("/nowhere port 5432") && text.contains("No such file"), "{text}");
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let began = Instant::now();
    let url = format!("postgres://u@127.0.0.1:{port}/d?connect_timeout=1");
    assert_eq!(refusal(&url).await.0, ConnectKind::TimedOut);
    assert!(began.elapsed() < Duration::from_millis(1500), "{:?}", began.elapsed());
}

//! Every `sslmode` against servers with and without TLS, the forms of a URL, and connection errors.

use crate::server::{PLAIN, SECURE, Server, Tls};
use roundup::db::{ConnectError, ConnectErrorKind, Target};
use std::time::{Duration, Instant};

/// Connects, and returns whether the connection is encrypted.
async fn encrypted(url: &str) -> Result<bool, ConnectError> {
    let target = Target::parse(url).unwrap_or_else(|error| panic!("{url}: {error}"));
    let (client, connection) = target.connect().await?;
    let connection = tokio::spawn(connection);
    let sql = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    let is_encrypted = client.query_one(sql, &[]).await.unwrap().get(0);
    drop(client);
    connection.await.unwrap().unwrap();
    Ok(is_encrypted)
}

async fn connect_error(url: &str) -> (ConnectErrorKind, String) {
    match encrypted(url).await {
        Ok(_) => panic!("{url} connected"),
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
        ("&sslmode=require", Ok(true), Err(ConnectErrorKind::Tls)),
        ("&sslmode=verify-ca", Ok(true), Err(ConnectErrorKind::Tls)),
        ("&sslmode=verify-full", Ok(true), Err(ConnectErrorKind::Tls)),
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
async fn the_error_for_a_server_without_tls_names_the_mode() {
    let (_, text) = connect_error(&PLAIN.url("roundup", "localhost", "&sslmode=require")).await;
    assert!(text.contains("with sslmode=require"), "{text}");
    assert!(text.contains("server does not support TLS"), "{text}");
}

#[tokio::test]
async fn a_certificate_of_another_authority_is_rejected_where_a_root_is_given() {
    let root = format!("&sslrootcert={}", SECURE.file("other-ca.pem"));
    for mode in ["require", "verify-ca", "verify-full"] {
        let url = SECURE.url("roundup", "db.example", &format!("&sslmode={mode}{root}"));
        let (kind, text) = connect_error(&url).await;
        assert_eq!(kind, ConnectErrorKind::Tls, "{text}");
        assert!(text.contains("invalid peer certificate: UnknownIssuer"), "{text}");
    }
    let preferred = SECURE.url("roundup", "db.example", &format!("&sslmode=prefer{root}"));
    assert_eq!(encrypted(&preferred).await, Ok(false), "prefer falls back to plain");
}

#[tokio::test]
async fn an_unknown_authority_is_rejected_where_only_those_of_the_system_are_trusted() {
    for more in ["&sslmode=verify-full", "&sslrootcert=system"] {
        let (kind, text) = connect_error(&SECURE.url("roundup", "db.example", more)).await;
        assert_eq!(kind, ConnectErrorKind::Tls, "{text}");
        assert!(text.contains("UnknownIssuer"), "{text}");
    }
}

#[tokio::test]
async fn a_certificate_for_another_name_is_rejected_by_verify_full_alone() {
    let root = format!("&sslrootcert={}", SECURE.file("ca.pem"));
    for host in ["localhost", "127.0.0.1", "other.example"] {
        for mode in ["require", "verify-ca"] {
            let url = SECURE.url("roundup", host, &format!("&sslmode={mode}{root}"));
            assert_eq!(encrypted(&url).await, Ok(true), "{mode} for {host}");
        }
        let url = SECURE.url("roundup", host, &format!("&sslmode=verify-full{root}"));
        let (kind, text) = connect_error(&url).await;
        assert_eq!(kind, ConnectErrorKind::Tls, "{text}");
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
        let (kind, text) = connect_error(&server.url("roundup", "localhost", &more)).await;
        assert_eq!(kind, ConnectErrorKind::Tls, "{text}");
    }
}

#[tokio::test]
async fn allow_and_prefer_try_the_other_mode_when_the_server_rejects_one() {
    let url = |user, mode| SECURE.url(user, "db.example", mode);
    assert_eq!(encrypted(&url("onlytls", "&sslmode=allow")).await, Ok(true));
    assert_eq!(encrypted(&url("onlyplain", "&sslmode=prefer")).await, Ok(false));
    assert_eq!(connect_error(&url("onlytls", "&sslmode=disable")).await.0, ConnectErrorKind::Login);
    assert_eq!(
        connect_error(&url("onlyplain", "&sslmode=require")).await.0,
        ConnectErrorKind::Login
    );
}

#[tokio::test]
async fn a_client_certificate_is_sent_to_the_server() {
    let (cert, key) = (SECURE.file("client.pem"), SECURE.file("client.key"));
    let url = SECURE.url("certified", "h", &format!("&sslcert={cert}&sslkey={key}"));
    assert_eq!(encrypted(&url).await, Ok(true));
    let (kind, _) = connect_error(&SECURE.url("certified", "h", "&sslmode=require")).await;
    assert_eq!(kind, ConnectErrorKind::Login);
}

#[tokio::test]
async fn passwords_work_with_and_without_tls_and_are_not_shown() {
    for more in ["&channel_binding=require", "&sslmode=require", "&sslmode=disable"] {
        let good = SECURE.url("secretive:s3cr3t", "h", more);
        assert_eq!(encrypted(&good).await, Ok(!more.contains("disable")));
    }
    let (kind, text) = connect_error(&SECURE.url("secretive:wr0ng", "h", "")).await;
    assert_eq!(kind, ConnectErrorKind::Login);
    assert!(text.contains("password authentication failed"), "{text}");
    assert!(!text.contains("wr0ng"), "{text}");
}

#[tokio::test]
async fn a_unix_socket_is_never_encrypted() {
    assert_eq!(encrypted(&SECURE.socket_url("sslmode=verify-full")).await, Ok(false));
    let dir = SECURE.dir.display();
    let pairs = format!("host={dir} port={} user=roundup dbname=postgres", SECURE.port);
    assert_eq!(encrypted(&pairs).await, Ok(false));
    let query = format!("postgres:///postgres?host={dir}&port={}&user=roundup", SECURE.port);
    assert_eq!(encrypted(&query).await, Ok(false));
}

#[tokio::test]
async fn the_first_host_that_meets_the_target_session_attrs_is_used() {
    let (dead, port) = (1, SECURE.port);
    let hosts = format!("postgres://roundup@127.0.0.1:{dead},127.0.0.1:{port}/postgres");
    assert_eq!(encrypted(&format!("{hosts}?target_session_attrs=read-write")).await, Ok(true));
    let (kind, text) = connect_error(&format!("{hosts}?target_session_attrs=read-only")).await;
    assert_eq!(kind, ConnectErrorKind::WrongRole);
    assert!(text.contains("refused") && text.contains("not read only"), "{text}");
    let reader = SECURE.url("reader", "h", "&target_session_attrs=read-only");
    assert_eq!(encrypted(&reader).await, Ok(true));
}

#[tokio::test]
async fn each_connection_error_has_its_kind() {
    let missing = SECURE.url("roundup", "h", "").replace("/postgres?", "/missing?");
    assert_eq!(connect_error(&missing).await.0, ConnectErrorKind::Login);
    let nowhere = "postgres://u@%2Fnowhere/d";
    let (kind, text) = connect_error(nowhere).await;
    assert_eq!(kind, ConnectErrorKind::Unreachable);
    assert!(text.contains("/nowhere port 5432") && text.contains("No such file"), "{text}");
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let began = Instant::now();
    let url = format!("postgres://u@127.0.0.1:{port}/d?connect_timeout=1");
    assert_eq!(connect_error(&url).await.0, ConnectErrorKind::TimedOut);
    assert!(began.elapsed() < Duration::from_millis(1500), "{:?}", began.elapsed());
}

//! Which database URLs are accepted, what they mean, and that the password is not shown.

use super::*;
use std::path::Path;

const SECRET: &str = "s3cr3t";

fn shown(url: &str) -> String {
    match Target::parse(url) {
        Ok(target) => target.to_string(),
        Err(error) => format!("{error}"),
    }
}

#[test]
fn every_form_of_url_means_what_it_means_to_libpq() {
    let table = [
        ("postgres://u@h/d", "postgres://u@h:5432/d?sslmode=prefer"),
        ("postgresql://u@h/d", "postgres://u@h:5432/d?sslmode=prefer"),
        ("postgres://", "postgres://localhost:5432/?sslmode=prefer"),
        ("postgres:///d", "postgres://localhost:5432/d?sslmode=prefer"),
        ("  postgres://u@h:6000/d\n", "postgres://u@h:6000/d?sslmode=prefer"),
        ("postgres://u:s3cr3t@h:6000/d", "postgres://u@h:6000/d?sslmode=prefer"),
        ("postgres://u:s3%2Fcr%403t@h/d", "postgres://u@h:5432/d?sslmode=prefer"),
        ("postgres://u:s3@cr3t@h/d", "postgres://u@h:5432/d?sslmode=prefer"),
        ("postgres://me%40corp:s3cr3t@h/d", "postgres://me%40corp@h:5432/d?sslmode=prefer"),
        ("postgres://u@[::1]:6000/d", "postgres://u@[::1]:6000/d?sslmode=prefer"),
        ("postgres://u@[::1]/d", "postgres://u@[::1]:5432/d?sslmode=prefer"),
        ("postgres://u@a,b:1,c/d", "postgres://u@a:5432,b:1,c:5432/d?sslmode=prefer"),
        ("postgres://u@a:1,b:1/d?sslmode=require", "postgres://u@a:1,b:1/d?sslmode=require"),
        ("postgres://h/d?user=u&password=s3cr3t", "postgres://u@h:5432/d?sslmode=prefer"),
        ("postgres://h:1/d?user=a@b&password=s3cr3t", "postgres://a%40b@h:1/d?sslmode=prefer"),
        ("postgres://h/d?ssl=true", "postgres://h:5432/d?sslmode=require"),
        ("postgres://h/d?hostaddr=10.0.0.1", "postgres://h:5432/d?sslmode=prefer"),
        ("postgres:///d?hostaddr=10.0.0.1&port=7", "postgres://10.0.0.1:7/d?sslmode=prefer"),
        ("postgres://h/d?sslmode=disable", "postgres://h:5432/d?sslmode=disable"),
        ("postgres://h/d?sslmode=allow", "postgres://h:5432/d?sslmode=allow"),
        ("postgres://u@%2Frun%2Fa%20b/d", "postgres://u@%2Frun%2Fa%20b:5432/d"),
        ("postgres://u@%2Frun:6000/d?sslmode=require", "postgres://u@%2Frun:6000/d"),
        ("postgres:///d?host=/run&user=u", "postgres://u@%2Frun:5432/d"),
        ("postgres://u@localhost/d?host=/run", "postgres://u@%2Frun:5432/d"),
        ("postgres://h/a?dbname=b", "postgres://h:5432/b?sslmode=prefer"),
        ("host=/run user=u dbname=d", "postgres://u@%2Frun:5432/d"),
        ("host=h,k port=1,2 dbname = d", "postgres://h:1,k:2/d?sslmode=prefer"),
        ("host=h password='s3 \\'cr3t' dbname='a b'", "postgres://h:5432/a%20b?sslmode=prefer"),
    ];
    for (url, expected) in table {
        assert_eq!(shown(url), expected, "for {url}");
    }
}

#[test]
fn a_displayed_target_parses_to_the_same_target() {
    for url in [
        "postgres://a%40b@h:1,[::1]:2/d%2Fe?sslmode=require",
        "postgres://u@%2Frun%2Fa%20b:6000/d",
        "host=h user='a b' dbname=d",
    ] {
        let first = shown(url);
        assert_eq!(shown(&first), first, "for {url}");
    }
}

#[test]
fn a_rejected_url_names_the_part_that_is_wrong() {
    let table = [
        ("", "scheme", "empty"),
        ("mysql://u@h/d", "scheme", "postgres://"),
        ("postgres://h:x/d", "port", "1 to 65535"),
        ("postgres://h:0/d", "port", "1 to 65535"),
        ("postgres://h:70000/d", "port", "1 to 65535"),
        ("postgres://a,b,c/d?port=1,2", "port", "one for each host"),
        ("postgres://a,,b/d", "host", "empty"),
        ("postgres://[::1/d", "host", "[::1]"),
        ("postgres://h h/d", "host", "neither"),
        ("postgres://h/d?hostaddr=x", "hostaddr", "IP addresses"),
        ("postgres://h/d?hostaddr=1.2.3.4,1.2.3.5", "hostaddr", "for each host"),
        ("postgres://h/d?sslmode=verify", "sslmode", "verify-full"),
        ("postgres://h/d?sslmode=verify-ca", "sslrootcert", "verify-ca"),
        ("postgres://h/d?sslmode=require&sslrootcert=system", "sslrootcert", "verify-full"),
        ("postgres://h/d?sslrootcert=/nowhere/ca.pem", "sslrootcert", "/nowhere/ca.pem"),
        ("postgres://h/d?sslcert=/nowhere/c.pem", "sslkey", "sslcert"),
        ("postgres://h/d?sslkey=/nowhere/c.key", "sslcert", "sslkey"),
        ("postgres://h/d?sslcrl=/x", "sslcrl", "not a known parameter"),
        ("postgres://h/d?schema=x", "schema", "not a known parameter"),
        ("postgres://h/d?pgbouncer=yes", "pgbouncer", "true, false"),
        ("postgres://h/d?connect_timeout=soon", "connect_timeout", "seconds"),
        ("postgres://h/d?tcp_user_timeout=-1", "tcp_user_timeout", "milliseconds"),
        ("postgres://h/d?target_session_attrs=primary", "target_session_attrs", "read-write"),
        ("postgres://h/d?sslmode", "parameters", "name=value"),
        ("postgres://h/d%zz", "database name", "`%`"),
        ("postgres://h/d?options=%00", "options", "`%`"),
        ("host=h dbname", "parameters", "name=value"),
        ("host=h dbname='d", "parameters", "no end"),
    ];
    for (url, part, problem) in table {
        match Target::parse(url) {
            Ok(target) => panic!("{url} was accepted as {target}"),
            Err(error) => {
                assert_eq!(error.part(), part, "for {url}: {error}");
                assert!(error.to_string().contains(problem), "for {url}: {error}");
            }
        }
    }
}

#[test]
fn neither_errors_nor_targets_show_the_password() {
    for url in [
        "postgres://u:s3cr3t@h/d",
        "postgres://u:s3cr3t@h:x/d",
        "postgres://u:s3cr3t@h/d?nonsense=1",
        "postgres://u:s3cr3t%@h/d",
        "postgres://u:/s3cr3t@h/d",
        "postgres://u:12/s3cr3t@h/d",
        "postgres://u:?s3cr3t@h/d",
        "postgres://u:?s3cr3t=1@h/d",
        "postgres://u:12?s3cr3t=1@h/d",
        "postgres://u:12?sslmode=s3cr3t@h/d",
        "postgres://u:#s3cr3t@h/d",
        "postgres://u:a@s3cr3t@h/d",
        "postgres://u:s3cr3t",
        "postgres://h/d?password=s3cr3t",
        "postgres://h/d?password=s3cr3t%",
        "postgres://h/d?password=a&s3cr3t",
        "mysql://u:s3cr3t@h/d",
        "host=h password=s3cr3t",
        "host=h password=a s3cr3t",
        "host=h password=a s3cr3t=b",
        "host=h password='s3cr3t",
        "host=h password=a s3cr3t dbname=d",
    ] {
        let parsed = Target::parse(url);
        let text = match &parsed {
            Ok(target) => format!("{target} {target:?} {target:#?}"),
            Err(error) => format!("{error} {error:?}"),
        };
        assert!(!text.contains(SECRET), "for {url}: {text}");
    }
}

#[test]
fn the_password_is_decoded() {
    for (url, password) in [
        ("postgres://u:a%2Fb%40c@h/d", "a/b@c"),
        ("postgres://u:a@b@h/d", "a@b"),
        ("postgres://u:a:b@h/d", "a:b"),
        ("postgres://u:a+b@h/d", "a+b"),
        ("postgres://u:%C3%BC@h/d", "ü"),
        ("postgres://h/d?password=a%26b", "a&b"),
        ("host=h password='a \\'b\\\\'", "a 'b\\"),
        ("host=h password=a\\ b dbname=d", "a b"),
    ] {
        let target = Target::parse(url).unwrap_or_else(|error| panic!("{url}: {error}"));
        assert_eq!(target.config.get_password(), Some(password.as_bytes()), "for {url}");
    }
}

#[test]
fn keepalives_and_time_limits_have_defaults() {
    let target = Target::parse("postgres://h/d").unwrap();
    assert_eq!(target.config.get_application_name(), Some("roundup"));
    assert!(target.config.get_keepalives());
    assert_eq!(target.config.get_keepalives_idle(), KEEPALIVE_IDLE);
    assert_eq!(target.config.get_tcp_user_timeout(), Some(&TCP_USER_TIMEOUT));
    assert_eq!(target.attempt_limit, CONNECT_TIMEOUT);
    assert!(!target.pgbouncer());
}

#[test]
fn parameters_of_the_session_are_used() {
    let target = Target::parse(
        "postgres://h/d?application_name=x%20y&options=-c%20geqo%3Doff&connect_timeout=3\
         &keepalives=0&keepalives_idle=7&keepalives_interval=8&keepalives_count=9\
         &tcp_user_timeout=1500&target_session_attrs=read-write&channel_binding=disable\
         &load_balance_hosts=random&pgbouncer=true",
    )
    .unwrap();
    let config = &target.config;
    assert_eq!(config.get_application_name(), Some("x y"));
    assert_eq!(config.get_options(), Some("-c geqo=off"));
    assert!(!config.get_keepalives());
    assert_eq!(config.get_keepalives_idle(), Duration::from_secs(7));
    assert_eq!(config.get_keepalives_interval(), Some(Duration::from_secs(8)));
    assert_eq!(config.get_keepalives_retries(), Some(9));
    assert_eq!(config.get_tcp_user_timeout(), Some(&Duration::from_millis(1500)));
    assert_eq!(config.get_target_session_attrs(), TargetSessionAttrs::ReadWrite);
    assert_eq!(config.get_channel_binding(), ChannelBinding::Disable);
    assert_eq!(target.attempt_limit, Duration::from_secs(3));
    assert!(target.random_start && target.pgbouncer());
}

#[test]
fn a_unix_socket_is_a_directory_and_never_encrypted() {
    let target = Target::parse("postgres://u@%2Frun%2Fdb:6000/d?sslmode=verify-full").unwrap();
    assert_eq!(target.hosts, [(Host::Unix(Path::new("/run/db").to_owned()), 6000)]);
    assert!(target.tls.connector.is_none());
}

#[test]
fn the_time_limit_is_divided_among_the_hosts() {
    let mut target = Target::parse("postgres://a,b,c/d").unwrap();
    target.fit_attempts_into(Duration::from_millis(900));
    assert_eq!(target.attempt_limit, Duration::from_millis(300));
}

#[test]
fn a_statement_timeout_in_the_url_takes_precedence() {
    let mut target = Target::parse("postgres://h/d?options=-c%20statement_timeout%3D9000").unwrap();
    target.limit_statements(Duration::from_secs(2));
    let options = target.config.get_options();
    assert_eq!(options, Some("-c statement_timeout=2000 -c statement_timeout=9000"));
}

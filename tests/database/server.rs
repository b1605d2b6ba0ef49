//! A throwaway PostgreSQL on a free loopback port, with new certificates.
//!
//! A shell is the parent of the server and waits for its standard input to end, so that the server
//! stops and its directory is deleted however the test process ends.

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};
use std::{fs, thread};

/// With TLS: a certificate for `db.example` from an authority in `ca.pem`.
pub(crate) static SECURE: LazyLock<Server> = LazyLock::new(|| Server::start(Tls::Authority));
/// Without TLS.
pub(crate) static PLAIN: LazyLock<Server> = LazyLock::new(|| Server::start(Tls::Off));

/// The certificate of a server.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Tls {
    Off,
    Authority,
    SelfSigned,
}

/// The `pg_hba.conf` of the servers.
const HBA: &str = "
local all all trust
hostssl all certified 127.0.0.1/32 cert
host all secretive 127.0.0.1/32 scram-sha-256
hostnossl all onlytls 127.0.0.1/32 reject
hostssl all onlyplain 127.0.0.1/32 reject
host all all 127.0.0.1/32 trust
";

const ROLES: &str = "
CREATE ROLE certified LOGIN; CREATE ROLE onlytls LOGIN; CREATE ROLE onlyplain LOGIN;
CREATE ROLE secretive LOGIN PASSWORD 's3cr3t'; CREATE ROLE reader LOGIN;
ALTER ROLE reader SET default_transaction_read_only = on;
CREATE ROLE english LOGIN; ALTER ROLE english SET lc_messages = 'C';
";

const SCRIPT: &str = r#"
"$1/initdb" -D data -A trust -U roundup -E UTF8 --locale=C.UTF-8 --no-sync >log 2>&1 || exit 1
cp pg_hba.conf data/pg_hba.conf
printf '%s\n' "$3" | "$1/postgres" --single -D data postgres >>log 2>&1
"$1/postgres" -D data -p "$2" -k "$PWD" -c listen_addresses=127.0.0.1 -c fsync=off $4 >>log 2>&1 &
read -r _
kill -QUIT $!
wait
cd / && rm -rf "$OLDPWD"
"#;

const TLS_SETTINGS: &str = "-c ssl=on -c ssl_cert_file=../server.pem \
    -c ssl_key_file=../server.key -c ssl_ca_file=../ca.pem";

pub(crate) struct Server {
    pub(crate) dir: PathBuf,
    pub(crate) port: u16,
    shell: Child,
}

impl Server {
    pub(crate) fn start(tls: Tls) -> Self {
        Self::start_with(tls, "en")
    }

    /// Starts a server with messages in a language, where PostgreSQL's translations are installed.
    pub(crate) fn start_with(tls: Tls, language: &str) -> Self {
        let dir = tempfile::Builder::new().prefix("roundup-db-").tempdir().unwrap().keep();
        write_certificates(&dir, tls);
        fs::write(dir.join("pg_hba.conf"), HBA).unwrap();
        let settings = if tls == Tls::Off { "" } else { TLS_SETTINGS };
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new("sh");
        command
            .args(["-c", SCRIPT, "sh"])
            .arg(embedded_postgres::find_bin_dir().unwrap())
            .arg(port.to_string());
        command.args([ROLES.replace('\n', " ").as_str(), settings]);
        // The locale C.UTF-8 exists everywhere, and gettext then looks at this variable.
        command.env("LANGUAGE", language).env_remove("LC_ALL");
        command.current_dir(&dir).stdin(Stdio::piped()).process_group(0);
        give_to_postgres(&dir, &mut command);
        let server = Self { dir, port, shell: command.spawn().unwrap() };
        server.wait_until_ready();
        server
    }

    fn wait_until_ready(&self) {
        let began = Instant::now();
        while !self.pid_file().is_some_and(|text| text.contains("ready")) {
            let log = || fs::read_to_string(self.dir.join("log")).unwrap_or_default();
            assert!(began.elapsed() < Duration::from_mins(1), "no server: {}", log());
            thread::sleep(Duration::from_millis(10));
        }
    }

    fn pid_file(&self) -> Option<String> {
        fs::read_to_string(self.dir.join("data/postmaster.pid")).ok()
    }

    /// Returns the process id of the server.
    pub(crate) fn pid(&self) -> i32 {
        self.pid_file().unwrap().lines().next().unwrap().parse().unwrap()
    }

    /// Returns a URL with the host name `host`, which need not exist.
    pub(crate) fn url(&self, user: &str, host: &str, more: &str) -> String {
        let port = self.port;
        format!("postgres://{user}@{host}:{port}/postgres?hostaddr=127.0.0.1{more}")
    }

    /// Returns a URL of the Unix socket.
    pub(crate) fn socket_url(&self, more: &str) -> String {
        let dir = self.dir.display().to_string().replace('/', "%2F");
        format!("postgres://roundup@{dir}:{}/postgres?{more}", self.port)
    }

    /// Returns the path of a certificate, a key or the log.
    pub(crate) fn file(&self, name: &str) -> String {
        self.dir.join(name).display().to_string()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}

/// Suspends processes until it is dropped.
pub(crate) struct Frozen(Vec<i32>);

impl Frozen {
    pub(crate) fn new(pids: Vec<i32>) -> Self {
        signal("-STOP", &pids);
        Self(pids)
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        signal("-CONT", &self.0);
    }
}

pub(crate) fn signal(signal: &str, pids: &[i32]) {
    let pids = pids.iter().map(ToString::to_string);
    assert!(Command::new("kill").arg(signal).args(pids).status().unwrap().success());
}

/// Makes the command and its directory those of the user postgres, when this process is root.
fn give_to_postgres(dir: &Path, command: &mut Command) {
    if fs::metadata(dir).unwrap().uid() != 0 {
        return;
    }
    let users = fs::read_to_string("/etc/passwd").unwrap();
    let line = users.lines().find(|line| line.starts_with("postgres:")).expect("a user postgres");
    let ids: Vec<u32> = line.split(':').skip(2).take(2).map(|id| id.parse().unwrap()).collect();
    for path in fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()) {
        chown(path, Some(ids[0]), Some(ids[1])).unwrap();
    }
    chown(dir, Some(ids[0]), Some(ids[1])).unwrap();
    command.uid(ids[0]).gid(ids[1]);
}

fn write_certificates(dir: &Path, tls: Tls) {
    let write = |name: &str, text: String| {
        fs::write(dir.join(name), text).unwrap();
        fs::set_permissions(dir.join(name), fs::Permissions::from_mode(0o600)).unwrap();
    };
    let authority = authority("An authority", &[]);
    write("ca.pem", authority.pem());
    write("other-ca.pem", self::authority("Another authority", &[]).pem());
    for (name, common_name) in [("server", "db.example"), ("client", "certified")] {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([common_name.to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, common_name);
        let certificate = params.signed_by(&key, &authority.issuer).unwrap();
        write(&format!("{name}.pem"), certificate.pem());
        write(&format!("{name}.key"), key.serialize_pem());
    }
    if tls == Tls::SelfSigned {
        let own = self::authority("db.example", &["db.example"]);
        write("server.pem", own.pem());
        write("server.key", own.issuer.key().serialize_pem());
    }
}

struct Authority {
    certificate: rcgen::Certificate,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn pem(&self) -> String {
        self.certificate.pem()
    }
}

fn authority(common_name: &str, names: &[&str]) -> Authority {
    let key = KeyPair::generate().unwrap();
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, common_name);
    let certificate = params.self_signed(&key).unwrap();
    Authority { certificate, issuer: Issuer::new(params, key) }
}

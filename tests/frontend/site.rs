//! The service with sample content, and a file server for the example frontend.

use std::fs::{self, Permissions};
use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_roundup");
pub const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/frontend");
const DEFAULT: &str = "http://127.0.0.1:8080";

/// The program with its own database.
pub struct Service {
    process: Child,
    place: TempDir,
    pub address: String,
    psql: String,
}

impl Service {
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts the program with these settings.
    pub fn start_with(settings: &[(&str, &str)]) -> Self {
        let place = tempfile::tempdir().unwrap();
        // The account of PostgreSQL needs access when the tests run as root.
        fs::set_permissions(place.path(), Permissions::from_mode(0o755)).unwrap();
        let mut process = command(place.path())
            .env("ROUNDUP_LISTEN", "127.0.0.1:0")
            .env("ROUNDUP_COMMENT_POLICY", "open")
            .envs(settings.iter().copied())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let out = BufReader::new(process.stdout.take().unwrap());
        let (mut address, mut psql) = (String::new(), String::new());
        for line in out.lines().map_while(Result::ok) {
            if let Some(rest) = line.strip_prefix("roundup serves http://") {
                address = format!("http://{}", rest.split('/').next().unwrap());
            }
            if let Some(command) = line.strip_prefix("psql: ") {
                command.clone_into(&mut psql);
            }
            if line.contains("cargo run -- import") {
                break;
            }
        }
        assert!(!address.is_empty() && !psql.is_empty(), "the service did not start");
        Self { process, place, address, psql }
    }

    /// Imports the example, as the last of a series of thirteen, with more than one page of comments.
    pub fn import(&self) {
        let example = include_str!("../fixtures/harbour-bridge.txt");
        for part in 1..=12 {
            let text = example.replacen("Repair --", &format!("Repair, Part {part} --"), 1);
            self.take(&format!("part-{part}.txt"), &text);
        }
        let more: Vec<String> = (1..=60)
            .map(|n| {
                format!(
                    "I saw it too, said {n}.
ReplyDelete
"
                )
            })
            .collect();
        let more = more.concat();
        self.take("example.txt", &format!("{example}{more}"));
        self.sql(
            "update articles set corrections = '[{\"at\":\"2026-01-01T00:00:00Z\",\"note\":\"The pier is the eastern one.\"}]'
             where slug = 'harbour-bridge-reopens-after-two-year-repair';
             insert into article_slugs (slug, article_id)
             select 'former-slug', id from articles where slug = 'harbour-bridge-reopens-after-two-year-repair'",
        );
    }

    fn take(&self, name: &str, text: &str) {
        let file = self.place.path().join(name);
        fs::write(&file, text).unwrap();
        let output = command(self.place.path()).arg("import").arg(&file).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// Creates a key that may do everything.
    pub fn key(&self) -> String {
        let args = ["keys", "create", "--name", "browser", "--scope", "admin"];
        let output = command(self.place.path()).args(args).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().last().unwrap().to_owned()
    }

    fn sql(&self, text: &str) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let (client, connection) =
                tokio_postgres::connect(&self.psql, tokio_postgres::NoTls).await.unwrap();
            tokio::spawn(connection);
            client.batch_execute(text).await.unwrap();
        });
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status();
        let _ = self.process.wait();
    }
}

fn command(place: &Path) -> Command {
    let mut command = Command::new(BINARY);
    command.env_remove("DATABASE_URL").env("ROUNDUP_DATA_DIR", place.join("data"));
    command
}

/// A copy of the frontend, configured for the service and with `drive.js`, and its file server.
pub struct Files {
    folder: TempDir,
    pub address: String,
}

impl Files {
    pub fn serve(service: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for entry in fs::read_dir(FOLDER).unwrap() {
            let path = entry.unwrap().path();
            fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
        }
        let replace = |name: &str, old: &str, new: &str| {
            let file = folder.path().join(name);
            let text = fs::read_to_string(&file).unwrap();
            assert!(text.contains(old), "{name} has no {old}");
            fs::write(&file, text.replace(old, new)).unwrap();
        };
        replace("config.js", DEFAULT, service);
        let script = "<script type=\"module\" src=\"drive.js\"></script>\n</head>";
        replace("index.html", "</head>", script);
        fs::write(folder.path().join("drive.js"), include_str!("drive.js")).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/", listener.local_addr().unwrap());
        serve_folder(listener, folder.path());
        Self { folder, address }
    }

    /// The folder for the browser's profile.
    pub fn profile(&self) -> &Path {
        self.folder.path()
    }
}

/// Serves the files of a folder until the process ends.
pub fn serve_folder(listener: TcpListener, root: &Path) {
    let root = root.to_owned();
    std::thread::spawn(move || {
        // An interrupted call is no connection.
        for stream in listener.incoming().filter_map(Result::ok) {
            let root = root.clone();
            std::thread::spawn(move || serve_file(stream, &root));
        }
    });
}

/// Serves one file on a connection.
fn serve_file(mut stream: TcpStream, root: &Path) {
    let mut head = [0; 4096];
    let read = loop {
        match stream.read(&mut head) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => break result.unwrap_or(0),
        }
    };
    let head = String::from_utf8_lossy(&head).chars().take(read).collect::<String>();
    let path = head.split(' ').nth(1).unwrap_or("/").trim_start_matches('/');
    let name = if path.is_empty() { "index.html" } else { path };
    let file: PathBuf = root.join(name);
    let kind = match file.extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        _ => "image/svg+xml",
    };
    let (status, body) = match fs::read(&file) {
        Ok(body) => ("200 OK", body),
        Err(_) => ("404 Not Found", Vec::new()),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
}

//! A proxy in front of the database that can cut or freeze its connections.

use roundup::db::Target;
use std::path::PathBuf;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What the proxy does with connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Forwards them.
    Open,
    /// Closes them, and new ones at once.
    Cut,
    /// Keeps them, and new ones, without forwarding anything.
    Frozen,
}

/// A proxy on a loopback port.
pub struct Proxy {
    port: u16,
    target: Target,
    mode: watch::Sender<Mode>,
    accepting: JoinHandle<()>,
}

impl Proxy {
    /// Starts a proxy in front of the server of this target.
    pub async fn for_target(target: &Target) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (mode, watched) = watch::channel(Mode::Open);
        let server = url::Url::parse(&target.to_string()).unwrap();
        let accepting = tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                tokio::spawn(connection(client, server.clone(), watched.clone()));
            }
        });
        Self { port, target: target.clone(), mode, accepting }
    }

    /// Returns the target of the same database through the proxy.
    pub fn target(&self) -> Target {
        let name = self.target.database().unwrap();
        let url = url::Url::parse(&self.target.to_string()).unwrap();
        let (user, port) = (url.username(), self.port);
        Target::parse(&format!("postgres://{user}@127.0.0.1:{port}/{name}?sslmode=disable"))
            .unwrap()
    }

    /// Sets what the proxy does from now on.
    pub fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn connection(client: TcpStream, server: url::Url, mode: watch::Receiver<Mode>) {
    let host = server.host_str().unwrap_or_default();
    let host = percent_encoding::percent_decode_str(host).decode_utf8().unwrap().into_owned();
    let port = server.port().unwrap_or(5432);
    let (read, write) = client.into_split();
    let pumps = async {
        if host.starts_with('/') {
            let path = PathBuf::from(host).join(format!(".s.PGSQL.{port}"));
            let Ok(stream) = UnixStream::connect(path).await else { return };
            let (from, to) = stream.into_split();
            tokio::select! { () = pump(read, to, mode.clone()) => {}, () = pump(from, write, mode.clone()) => {} }
        } else {
            let Ok(stream) = TcpStream::connect((host, port)).await else { return };
            let (from, to) = stream.into_split();
            tokio::select! { () = pump(read, to, mode.clone()) => {}, () = pump(from, write, mode.clone()) => {} }
        }
    };
    let mut cut = mode.clone();
    tokio::select! {
        biased;
        _ = cut.wait_for(|mode| *mode == Mode::Cut) => {}
        () = pumps => {}
    }
}

async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut mode: watch::Receiver<Mode>,
) {
    let mut buffer = vec![0; 16 << 10];
    loop {
        let Ok(n @ 1..) = from.read(&mut buffer).await else { return };
        if mode.wait_for(|mode| *mode != Mode::Frozen).await.is_err() {
            return;
        }
        if to.write_all(&buffer[..n]).await.is_err() {
            return;
        }
    }
}

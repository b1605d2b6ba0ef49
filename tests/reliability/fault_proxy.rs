//! A proxy between the service and PostgreSQL that can cut or discard what passes.

use crate::connection::retry_interrupted;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::thread::spawn;
use std::time::Duration;

/// What the proxy does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Fault {
    /// Forwards everything.
    None,
    /// Closes every connection, and each new one at once.
    Cut,
    /// Accepts connections and discards what is sent, in both directions.
    Discard,
    /// Forwards what the service sends and discards the responses.
    HalfOpen,
}

/// The proxy; it ends with the test.
pub struct Proxy {
    pub address: SocketAddr,
    fault: Arc<AtomicU8>,
    /// After how many more reads from the server a connection is closed; at first unlimited.
    answers: Arc<AtomicU64>,
}

impl Proxy {
    /// A proxy for the socket in this directory.
    pub fn to(socket_dir: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let fault = Arc::new(AtomicU8::new(Fault::None as u8));
        let answers = Arc::new(AtomicU64::new(u64::MAX));
        let server = PathBuf::from(socket_dir).join(".s.PGSQL.5432");
        let (shared, left) = (Arc::clone(&fault), Arc::clone(&answers));
        spawn(move || {
            // An interrupted call is no connection.
            for client in listener.incoming().filter_map(Result::ok) {
                let (fault, left) = (Arc::clone(&shared), Arc::clone(&left));
                let server = server.clone();
                spawn(move || forward(&client, &server, &fault, &left));
            }
        });
        Self { address, fault, answers }
    }

    /// Sets what the proxy does from now on.
    pub fn set(&self, fault: Fault) {
        self.fault.store(fault as u8, Ordering::SeqCst);
    }

    /// Closes the connection on which the server sends for the `n`th time from now.
    pub fn cut_at_response(&self, n: u64) {
        self.answers.store(n, Ordering::SeqCst);
    }
}

fn forward(client: &TcpStream, server: &PathBuf, fault: &Arc<AtomicU8>, answers: &Arc<AtomicU64>) {
    if fault.load(Ordering::SeqCst) == Fault::Cut as u8 {
        return;
    }
    let Ok(server) = retry_interrupted(|| UnixStream::connect(server)) else { return };
    let short = Some(Duration::from_millis(5));
    client.set_read_timeout(short).unwrap();
    client.set_nodelay(true).unwrap();
    server.set_read_timeout(short).unwrap();
    let there = (client.try_clone().unwrap(), server.try_clone().unwrap(), Arc::clone(fault));
    let down = spawn(move || {
        let (client, server, fault) = there;
        copy(&client, &server, || fault.load(Ordering::SeqCst), Fault::Discard as u8, None);
        let _ = (client.shutdown(Shutdown::Both), server.shutdown(Shutdown::Both));
    });
    let discard = Fault::Discard as u8;
    copy(&server, client, || fault.load(Ordering::SeqCst), discard, Some(answers));
    let _ = (client.shutdown(Shutdown::Both), server.shutdown(Shutdown::Both));
    down.join().unwrap();
}

/// Copies from one side to the other until one ends or the proxy cuts.
fn copy(
    mut from: impl Read,
    mut to: impl Write,
    fault: impl Fn() -> u8,
    discard: u8,
    answers: Option<&Arc<AtomicU64>>,
) {
    let mut bytes = vec![0; 65_536];
    loop {
        let state = fault();
        if state == Fault::Cut as u8 {
            return;
        }
        let n = match retry_interrupted(|| from.read(&mut bytes)) {
            Ok(0) => return,
            Ok(n) => n,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                continue;
            }
            Err(_) => return,
        };
        let one_way = answers.is_some() && fault() == Fault::HalfOpen as u8;
        if fault() == discard || one_way {
            continue;
        }
        if let Some(answers) = answers
            && answers.load(Ordering::SeqCst) != u64::MAX
            && answers.fetch_sub(1, Ordering::SeqCst) == 1
        {
            answers.store(u64::MAX, Ordering::SeqCst);
            return;
        }
        if to.write_all(&bytes[..n]).is_err() {
            return;
        }
    }
}

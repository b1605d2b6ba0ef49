//! Just enough of PostgreSQL's protocol (version 3) to ask a server whether it is up and to make a
//! database, so that no client program is needed.

use std::io::{self, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use super::error::EmbeddedError;
use super::{ROLE, socket};

/// How long a server may take to let a connection in, and to make a database.
const OPEN_LIMIT: Duration = Duration::from_secs(5);
const CREATE_LIMIT: Duration = Duration::from_mins(1);

/// No answer to what is asked here comes near this size, in bytes.
const LARGEST_ANSWER: usize = 1 << 20;

/// SQLSTATE codes (PostgreSQL, appendix A).
const NO_SUCH_DATABASE: &str = "3D000";
const DATABASE_EXISTS: &str = "42P04";
const TOO_MANY_CONNECTIONS: &str = "53300";

/// How a server answers.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The database can be used.
    Ready,
    /// The server is up, but has no such database.
    NoDatabase,
    /// The server starts, stops, or refuses for now.
    NotNow(String),
    /// Nobody answers on the socket.
    Silent,
}

/// What the server refused, and why.
struct Refusal {
    code: String,
    message: String,
}

/// Asks for `database` on the socket in `socket_dir`.
pub(super) fn ask(socket_dir: &Path, database: &str) -> Answer {
    match Session::open(socket_dir, database, OPEN_LIMIT) {
        Ok(Ok(session)) => {
            session.close();
            Answer::Ready
        }
        Ok(Err(refusal)) => match refusal.code.as_str() {
            NO_SUCH_DATABASE => Answer::NoDatabase,
            TOO_MANY_CONNECTIONS => Answer::Ready,
            _ => Answer::NotNow(refusal.message),
        },
        Err(_) => Answer::Silent,
    }
}

/// Makes a database, unless it is there by now.
pub(super) fn create_database(socket_dir: &Path, name: &str) -> Result<(), EmbeddedError> {
    let failed = |output: String| EmbeddedError::Failed { program: "create database", output };
    let quoted = name.replace('"', "\"\"");
    let outcome =
        Session::open(socket_dir, "postgres", CREATE_LIMIT).and_then(|session| match session {
            Ok(mut session) => {
                let outcome = session.run(&format!("create database \"{quoted}\""))?;
                session.close();
                Ok(outcome)
            }
            Err(refusal) => Ok(Err(refusal)),
        });
    match outcome {
        Ok(Ok(())) => Ok(()),
        Ok(Err(refusal)) if refusal.code == DATABASE_EXISTS => Ok(()),
        Ok(Err(refusal)) => Err(failed(refusal.message)),
        Err(error) => Err(failed(error.to_string())),
    }
}

struct Session {
    stream: UnixStream,
}

impl Session {
    /// Connects as the cluster's role.
    fn open(
        socket_dir: &Path,
        database: &str,
        limit: Duration,
    ) -> io::Result<Result<Self, Refusal>> {
        let stream = UnixStream::connect(socket::file(socket_dir))?;
        stream.set_read_timeout(Some(limit))?;
        stream.set_write_timeout(Some(limit))?;
        let mut session = Self { stream };
        let version = 3_u32 << 16;
        let mut body = version.to_be_bytes().to_vec();
        for text in ["user", ROLE, "database", database, ""] {
            body.extend(text.as_bytes());
            body.push(0);
        }
        session.send(None, &body)?;
        Ok(session.until_ready()?.map(|()| session))
    }

    /// Runs one statement and waits for its end.
    fn run(&mut self, statement: &str) -> io::Result<Result<(), Refusal>> {
        let mut body = statement.as_bytes().to_vec();
        body.push(0);
        self.send(Some(b'Q'), &body)?;
        self.until_ready()
    }

    /// Says goodbye, so that the server does not note a lost connection.
    fn close(mut self) {
        if let Err(error) = self.send(Some(b'X'), &[]) {
            log::debug!("the database server left first: {error}");
        }
    }

    fn send(&mut self, kind: Option<u8>, body: &[u8]) -> io::Result<()> {
        let length = u32::try_from(body.len() + 4).map_err(io::Error::other)?;
        let mut message: Vec<u8> = kind.into_iter().collect();
        message.extend(length.to_be_bytes());
        message.extend(body);
        self.stream.write_all(&message)
    }

    /// Reads up to `ReadyForQuery`. A connection that is refused ends without one.
    fn until_ready(&mut self) -> io::Result<Result<(), Refusal>> {
        let mut refusal = None;
        loop {
            match (self.receive(), refusal.take()) {
                (Ok((b'Z', _)), None) => return Ok(Ok(())),
                (Ok((b'Z', _)) | Err(_), Some(refused)) => return Ok(Err(refused)),
                (Ok((b'E', body)), _) => refusal = Some(Refusal::parse(&body)),
                (Ok((b'R', body)), _) if body != [0; 4] => {
                    return Err(io::Error::other("the server asks for a password"));
                }
                (Ok(_), kept) => refusal = kept,
                (Err(error), None) => return Err(error),
            }
        }
    }

    fn receive(&mut self) -> io::Result<(u8, Vec<u8>)> {
        let mut head = [0; 5];
        self.stream.read_exact(&mut head)?;
        let [kind, length @ ..] = head;
        let length = usize::try_from(u32::from_be_bytes(length)).map_err(io::Error::other)?;
        let length = length.checked_sub(4).filter(|length| *length <= LARGEST_ANSWER);
        let mut body = vec![0; length.ok_or_else(|| io::Error::other("not PostgreSQL"))?];
        self.stream.read_exact(&mut body)?;
        Ok((kind, body))
    }
}

impl Refusal {
    /// An `ErrorResponse`: fields of a letter and a text, each ended by a zero.
    fn parse(body: &[u8]) -> Self {
        let field = |letter: u8| {
            body.split(|byte| *byte == 0)
                .filter_map(<[u8]>::split_first)
                .find(|(kind, _)| **kind == letter)
                .map_or_else(String::new, |(_, text)| String::from_utf8_lossy(text).into_owned())
        };
        Self { code: field(b'C'), message: field(b'M') }
    }
}

#[cfg(test)]
mod tests {
    use super::Refusal;

    #[test]
    fn the_code_and_the_message_of_a_refusal_are_read() {
        let refusal = Refusal::parse(b"SFATAL\0C3D000\0Mdatabase \"x\" does not exist\0\0");
        assert_eq!(refusal.code, "3D000");
        assert_eq!(refusal.message, "database \"x\" does not exist");
    }
}

//! Splits a database URL, or libpq's `key=value` form, into its parameters.
//!
//! The grammar is libpq's. Two differences, both towards safety: the last `@` of the authority ends
//! the user part, and a character that has to be percent-encoded is an error rather than a guess.
//! No error quotes a value, because a badly encoded password can end up in any of them.

use super::target::TargetError;
use std::fmt::Write as _;

/// The parameters of a connection string in the order in which they were given.
#[derive(Default)]
pub(super) struct Parameters {
    list: Vec<(String, String)>,
    names_are_private: bool,
}

impl Parameters {
    /// Reads a URL or a `key=value` string.
    pub(super) fn parse(text: &str) -> Result<Self, TargetError> {
        let text = text.trim();
        let url = text.strip_prefix("postgres://").or_else(|| text.strip_prefix("postgresql://"));
        match url {
            Some(rest) => Self::from_url(rest),
            None if text.is_empty() => {
                Err(TargetError::new("scheme", "is missing: the URL is empty"))
            }
            None if text.contains("://") => {
                Err(TargetError::new("scheme", "takes postgres:// or postgresql://"))
            }
            None => Self::from_pairs(text),
        }
    }

    /// Removes a parameter; when it was given several times, the last one counts.
    pub(super) fn take(&mut self, name: &str) -> Option<String> {
        let mut found = None;
        self.list.retain_mut(|(key, value)| {
            let same = key == name;
            if same {
                found = Some(std::mem::take(value));
            }
            !same
        });
        found
    }

    /// Refuses what nobody has taken.
    pub(super) fn finish(self, password_given: bool) -> Result<(), TargetError> {
        let Some((name, _)) = self.list.into_iter().next() else { return Ok(()) };
        let word = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        if self.names_are_private || !word || name.len() > 40 {
            let hint =
                if password_given { " (is the password quoted or percent-encoded?)" } else { "" };
            let problem = format!("one is not known here{hint}");
            return Err(TargetError::new("parameters", problem));
        }
        Err(TargetError::new(name, "is not a parameter known here"))
    }

    fn push(&mut self, name: &str, value: impl Into<String>) {
        let value = value.into();
        if !value.is_empty() {
            self.list.push((name.to_owned(), value));
        }
    }

    fn from_url(rest: &str) -> Result<Self, TargetError> {
        let (front, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, database) = front.split_once('/').unwrap_or((front, ""));
        let mut parameters = Self { names_are_private: query.contains('@'), ..Self::default() };
        if database.contains('@') {
            return Err(unencoded("`/`"));
        }
        let hosts = match authority.rsplit_once('@') {
            Some((user, hosts)) => {
                let (name, password) = user.split_once(':').unwrap_or((user, ""));
                parameters.push("user", decode("user", name)?);
                parameters.push("password", decode("password", password)?);
                hosts
            }
            None => authority,
        };
        parameters.push_hosts(hosts, query.contains('@'))?;
        parameters.push("dbname", decode("database name", database)?);
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let Some((name, value)) = pair.split_once('=') else {
                return Err(TargetError::new("parameters", "each needs the form name=value"));
            };
            let name = decode("parameters", name)?;
            let value = decode(&name, value)?;
            match (name.as_str(), value.as_str()) {
                // libpq does the same for URLs that were written for JDBC.
                ("ssl", "true") => parameters.push("sslmode", "require"),
                _ => parameters.list.push((name, value)),
            }
        }
        Ok(parameters)
    }

    fn push_hosts(&mut self, hosts: &str, at_sign_later: bool) -> Result<(), TargetError> {
        let (mut names, mut ports) = (Vec::new(), Vec::new());
        for chunk in hosts.split(',') {
            let (name, port) = match chunk.strip_prefix('[') {
                Some(v6) => match v6.split_once(']') {
                    Some((name, "")) => (name, ""),
                    Some((name, port)) if port.starts_with(':') => {
                        (name, port.trim_start_matches(':'))
                    }
                    _ => {
                        return Err(TargetError::new("host", "an IPv6 address has the form [::1]"));
                    }
                },
                None => chunk.split_once(':').unwrap_or((chunk, "")),
            };
            if at_sign_later && !port.bytes().all(|b| b.is_ascii_digit()) {
                return Err(unencoded("`?`"));
            }
            names.push(decode("host", name)?);
            ports.push(decode("port", port)?);
        }
        self.push("host", names.join(","));
        if ports.iter().any(|port| !port.is_empty()) {
            self.push("port", ports.join(","));
        }
        Ok(())
    }

    fn from_pairs(text: &str) -> Result<Self, TargetError> {
        let mut parameters = Self::default();
        let mut rest = text.trim_start();
        let mut after_password = false;
        while !rest.is_empty() {
            let Some((name, tail)) = rest.split_once('=') else {
                return Err(TargetError::new("parameters", "each needs the form name=value"));
            };
            let name = name.trim_end();
            if name.contains(char::is_whitespace) {
                return Err(TargetError::new(
                    "parameters",
                    "a value that holds spaces needs quotes",
                ));
            }
            let (value, tail) = value(tail.trim_start())?;
            // A password with a space in it, unquoted, would show its tail as a name.
            parameters.names_are_private |= after_password && !COMMON.contains(&name);
            after_password = name == "password";
            parameters.list.push((name.to_owned(), value));
            rest = tail.trim_start();
        }
        Ok(parameters)
    }
}

/// Names that may follow a password without any doubt about where the password ends.
const COMMON: [&str; 8] =
    ["host", "hostaddr", "port", "user", "dbname", "sslmode", "options", "application_name"];

/// Reads one value of the `key=value` form and returns what follows it.
fn value(text: &str) -> Result<(String, &str), TargetError> {
    let quoted = text.starts_with('\'');
    let mut characters = text.strip_prefix('\'').unwrap_or(text).chars();
    let mut value = String::new();
    loop {
        match characters.next() {
            Some('\\') => value.extend(characters.next()),
            Some('\'') if quoted => break,
            Some(c) if c.is_whitespace() && !quoted => break,
            Some(c) => value.push(c),
            None if quoted => {
                return Err(TargetError::new("parameters", "a quoted value has no end"));
            }
            None => break,
        }
    }
    Ok((value, characters.as_str()))
}

fn unencoded(what: &str) -> TargetError {
    let problem = format!(
        "holds {what}, which has to be percent-encoded (`/` is %2F, `?` is %3F, `@` is %40)"
    );
    TargetError::new("user name or password", problem)
}

/// Undoes percent-encoding. A plus sign stays a plus sign, as in libpq.
fn decode(part: &str, text: &str) -> Result<String, TargetError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit = |b: Option<u8>| b.and_then(|b| char::from(b).to_digit(16));
        match (digit(rest.next()), digit(rest.next())) {
            (Some(high), Some(low)) if (high, low) != (0, 0) => {
                bytes.push(u8::try_from(high * 16 + low).unwrap_or_default());
            }
            _ => {
                let problem = "holds a `%` that is not the start of an encoded character";
                return Err(TargetError::new(part_name(part), problem));
            }
        }
    }
    String::from_utf8(bytes).map_err(|_not_utf8| TargetError::new(part_name(part), "is not UTF-8"))
}

/// Parts are quoted in errors only when they are plain words.
fn part_name(part: &str) -> &str {
    let plain = part.bytes().all(|b| b.is_ascii_lowercase() || b == b'_' || b == b' ');
    if plain { part } else { "parameters" }
}

/// Percent-encodes what has a meaning in a URL.
pub(super) fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(byte));
            }
            _ => {
                // Writing to a string cannot fail.
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

//! Splits a database URL, or libpq's `key=value` form, into its parameters.
//!
//! The grammar is libpq's, with two differences that keep passwords out of other parts: the last `@`
//! of the authority ends the user part, and a character that has to be percent-encoded is an error
//! that says so. No error quotes a value, because a wrongly encoded password can end up in any part.
//!
//! `tokio_postgres::Config` parses such strings too, but not like this (0.7.18): it takes the first
//! `@`, so that the rest of `postgres://u:a@b@h/d`'s password becomes a host name; it adds `?host=` to
//! the host of the URL instead of replacing it; it accepts port 0, other numbers of hosts than ports
//! and wrong percent-encoding; it reads `tcp_user_timeout` in seconds; and its errors name no values
//! that would be right.

use super::target::TargetError;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// All but the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The parameters of a connection string in the order in which they were given.
#[derive(Default)]
pub(super) struct Parameters {
    list: Vec<(String, String)>,
    names_are_private: bool,
}

impl Parameters {
    /// Parses a URL or a `key=value` string.
    pub(super) fn parse(text: &str) -> Result<Self, TargetError> {
        let text = text.trim();
        let url = text.strip_prefix("postgres://").or_else(|| text.strip_prefix("postgresql://"));
        match url {
            Some(rest) => Self::from_url(rest),
            None if text.is_empty() => {
                Err(TargetError::new("scheme", "is missing: the URL is empty"))
            }
            None if text.contains("://") => {
                Err(TargetError::new("scheme", "must be postgres:// or postgresql://"))
            }
            None => Self::from_pairs(text),
        }
    }

    /// Removes a parameter and returns its value, the last one when it was given several times.
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

    /// Rejects the parameters that were not taken.
    pub(super) fn finish(self, password_given: bool) -> Result<(), TargetError> {
        let Some((name, _)) = self.list.into_iter().next() else { return Ok(()) };
        let word = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        if self.names_are_private || !word || name.len() > 40 {
            let hint =
                if password_given { " (is the password quoted or percent-encoded?)" } else { "" };
            let problem = format!("one is unknown{hint}");
            return Err(TargetError::new("parameters", problem));
        }
        Err(TargetError::new(name, "is not a known parameter"))
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
                // libpq accepts this for URLs that were written for JDBC.
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
                return Err(TargetError::new("parameters", "a value with spaces needs quotes"));
            }
            let (value, tail) = value(tail.trim_start())?;
            // The rest of an unquoted password with a space would be shown as a name.
            parameters.names_are_private |= after_password && !COMMON.contains(&name);
            after_password = name == "password";
            parameters.list.push((name.to_owned(), value));
            rest = tail.trim_start();
        }
        Ok(parameters)
    }
}

/// The names that may follow a password: after one of these it is clear where the password ends.
const COMMON: [&str; 8] =
    ["host", "hostaddr", "port", "user", "dbname", "sslmode", "options", "application_name"];

/// Parses one value of the `key=value` form. Returns it and the text that follows.
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
        "contains {what}, which has to be percent-encoded (`/` is %2F, `?` is %3F, `@` is %40)"
    );
    TargetError::new("user name or password", problem)
}

/// Decodes percent-encoding. A plus sign stays a plus sign, as in libpq.
fn decode(part: &str, text: &str) -> Result<String, TargetError> {
    let is_encoded = |after_sign: &str| {
        let digits = after_sign.get(..2).filter(|digits| !digits.starts_with('+'));
        digits.is_some_and(|digits| u8::from_str_radix(digits, 16).is_ok_and(|byte| byte != 0))
    };
    if !text.split('%').skip(1).all(is_encoded) {
        let problem = "contains a `%` that is not the start of an encoded character";
        return Err(TargetError::new(part_name(part), problem));
    }
    match percent_decode_str(text).decode_utf8() {
        Ok(text) => Ok(text.into_owned()),
        Err(_) => Err(TargetError::new(part_name(part), "is not UTF-8")),
    }
}

/// Returns the name of a part for an error, unless it could hold a part of the password.
fn part_name(part: &str) -> &str {
    let plain = part.bytes().all(|b| b.is_ascii_lowercase() || b == b'_' || b == b' ');
    if plain { part } else { "parameters" }
}

/// Percent-encodes the characters that have a meaning in a URL.
pub(super) fn encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

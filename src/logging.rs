//! The log: one line for each record, as text or as JSON.

use crate::config::{Config, LogFormat};
use env_logger::{Builder, Target};
use log::kv::{Error, Key, Value, VisitSource};
use log::{LevelFilter, Record};
use serde_json::Map;
use std::fmt::Write as _;
use std::io::Write as _;

/// Initialises the log to standard error.
pub fn init(config: &Config) {
    let line = match config.log_format {
        LogFormat::Text => text,
        LogFormat::Json => json,
    };
    let mut builder = Builder::new();
    // This module logs malformed requests as errors of the service; the access log has them.
    builder.filter_module("actix_http::h1::dispatcher", LevelFilter::Off);
    builder.parse_filters(&config.log).target(Target::Stderr);
    builder.format(move |out, record| {
        let time = out.timestamp_millis().to_string();
        writeln!(out, "{}", line(&time, record))
    });
    builder.init();
}

/// `2026-03-01T12:00:00.000Z INFO roundup::access request id=0c5f8f3a9d2b4e61 status=200`
fn text(time: &str, record: &Record<'_>) -> String {
    let message = escaped(&record.args().to_string());
    let mut line = format!("{time} {:5} {} {message}", record.level(), record.target());
    // Writing to a string does not fail.
    let _ = record.key_values().visit(&mut PairWriter(&mut line));
    line
}

fn json(time: &str, record: &Record<'_>) -> String {
    let mut members = Map::new();
    // Inserting into a map does not fail.
    let _ = record.key_values().visit(&mut FieldCollector(&mut members));
    for (name, value) in [
        ("time", time.to_owned()),
        ("level", record.level().to_string()),
        ("target", record.target().to_owned()),
        ("message", record.args().to_string()),
    ] {
        members.insert(name.to_owned(), value.into());
    }
    serde_json::Value::Object(members).to_string()
}

/// Escapes characters that could end or hide a line.
fn escaped(text: &str) -> String {
    let is_unsafe = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    let mut clean = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unsafe(c) {
            clean.extend(c.escape_default());
        } else {
            clean.push(c);
        }
    }
    clean
}

/// Appends `key=value` pairs to a line.
struct PairWriter<'a>(&'a mut String);

impl<'kvs> VisitSource<'kvs> for PairWriter<'_> {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), Error> {
        // A space ends a value.
        let value = escaped(&value.to_string()).replace(' ', "%20");
        Ok(write!(self.0, " {key}={value}")?)
    }
}

/// Adds fields to a JSON object.
struct FieldCollector<'a>(&'a mut Map<String, serde_json::Value>);

impl<'kvs> VisitSource<'kvs> for FieldCollector<'_> {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), Error> {
        let value = value.to_u64().map_or_else(|| value.to_string().into(), Into::into);
        self.0.insert(key.to_string(), value);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use log::Level;

    fn line(format: fn(&str, &Record<'_>) -> String) -> String {
        let pairs = [("path", "/a\r\nb c\u{2028}")];
        let numbers = [("status", 200_u64)];
        let source = SourcePair([&pairs, &numbers]);
        format(
            "now",
            &Record::builder()
                .args(format_args!("one\ntwo\x1b[31m"))
                .level(Level::Info)
                .target("t")
                .key_values(&source)
                .build(),
        )
    }

    struct SourcePair<'a>([&'a dyn log::kv::Source; 2]);

    impl log::kv::Source for SourcePair<'_> {
        fn visit<'kvs>(&'kvs self, visitor: &mut dyn VisitSource<'kvs>) -> Result<(), Error> {
            self.0.iter().try_for_each(|source| source.visit(visitor))
        }
    }

    #[test]
    fn a_record_is_always_one_line() {
        let text = line(text);
        assert_eq!(text, "now INFO  t one\\ntwo\\u{1b}[31m path=/a\\r\\nb%20c\\u{2028} status=200");
        let json = line(json);
        assert!(!json.contains('\n'));
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(value["message"], "one\ntwo\u{1b}[31m");
        assert_eq!((&value["status"], &value["level"]), (&200.into(), &"INFO".into()));
    }
}

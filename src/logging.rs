//! The log: one line a record, as text or as JSON, whatever a record says.

use crate::config::{Config, LogFormat};
use env_logger::{Builder, Target};
use log::kv::{Error, Key, Value, VisitSource};
use log::{LevelFilter, Record};
use serde_json::Map;
use std::fmt::Write as _;
use std::io::Write as _;

/// Sets up the log as the settings say, to standard error.
pub fn init(config: &Config) {
    let line = match config.log_format {
        LogFormat::Text => text,
        LogFormat::Json => json,
    };
    let mut builder = Builder::new();
    // What is no request is no error of ours, as this module has it; it stands among the requests.
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
    // Writing to a text does not fail.
    let _ = record.key_values().visit(&mut Words(&mut line));
    line
}

fn json(time: &str, record: &Record<'_>) -> String {
    let mut members = Map::new();
    // Collecting does not fail.
    let _ = record.key_values().visit(&mut Members(&mut members));
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

/// The text with everything that could end a line, or hide one, made visible.
fn escaped(text: &str) -> String {
    let harmful = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    let mut clean = String::with_capacity(text.len());
    for c in text.chars() {
        if harmful(c) {
            clean.extend(c.escape_default());
        } else {
            clean.push(c);
        }
    }
    clean
}

struct Words<'a>(&'a mut String);

impl<'kvs> VisitSource<'kvs> for Words<'_> {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), Error> {
        // A space would end the value.
        let value = escaped(&value.to_string()).replace(' ', "%20");
        Ok(write!(self.0, " {key}={value}")?)
    }
}

struct Members<'a>(&'a mut Map<String, serde_json::Value>);

impl<'kvs> VisitSource<'kvs> for Members<'_> {
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
        let source = Both([&pairs, &numbers]);
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

    struct Both<'a>([&'a dyn log::kv::Source; 2]);

    impl log::kv::Source for Both<'_> {
        fn visit<'kvs>(&'kvs self, visitor: &mut dyn VisitSource<'kvs>) -> Result<(), Error> {
            self.0.iter().try_for_each(|source| source.visit(visitor))
        }
    }

    #[test]
    fn a_record_is_one_line_whatever_it_says() {
        let text = line(text);
        assert_eq!(text, "now INFO  t one\\ntwo\\u{1b}[31m path=/a\\r\\nb%20c\\u{2028} status=200");
        let json = line(json);
        assert!(!json.contains('\n'));
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(value["message"], "one\ntwo\u{1b}[31m");
        assert_eq!((&value["status"], &value["level"]), (&200.into(), &"INFO".into()));
    }
}

//! Parses the values of settings. Each error is the end of a line that names the setting.

use crate::language::is_language_tag;
use actix_web::http::header::HeaderValue;
use chrono_tz::Tz;
use std::time::Duration;
use url::Url;

/// Parses a time-out.
pub(super) fn timeout_ms(text: &str) -> Result<Duration, String> {
    match text.parse::<u64>() {
        Ok(ms) if (1..=600_000).contains(&ms) => Ok(Duration::from_millis(ms)),
        _ => Err("must be 1 to 600000 milliseconds".to_owned()),
    }
}

/// Parses a pause, which may be zero.
pub(super) fn pause_ms(text: &str) -> Result<Duration, String> {
    match text.parse::<u64>() {
        Ok(ms) if ms <= 600_000 => Ok(Duration::from_millis(ms)),
        _ => Err("must be 0 to 600000 milliseconds".to_owned()),
    }
}

pub(super) fn header_value(text: &str) -> Result<HeaderValue, String> {
    HeaderValue::from_str(text).map_err(|error| error.to_string())
}

pub(super) fn hsts(text: &str) -> Result<HeaderValue, String> {
    let is_age = |directive: &str| {
        let age = directive.trim().to_ascii_lowercase();
        age.strip_prefix("max-age=").is_some_and(|seconds| seconds.parse::<u32>().is_ok())
    };
    if text.split(';').any(is_age) {
        return header_value(text);
    }
    Err("must contain max-age= with a number of seconds".to_owned())
}

pub(super) fn public_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| error.to_string())?;
    let plain = url.query().is_none() && url.fragment().is_none();
    if matches!(url.scheme(), "http" | "https") && plain {
        Ok(url)
    } else {
        Err("must be an http or https URL without a query or fragment".to_owned())
    }
}

pub(super) fn permalink(text: &str) -> Result<String, String> {
    if !(text.contains("{slug}") || text.contains("{id}")) {
        return Err("must contain {slug} or {id}".to_owned());
    }
    public_url(&text.replace(['{', '}'], "")).map(|_| text.to_owned())
}

/// Parses a time zone by its IANA name.
pub(super) fn time_zone(name: &str) -> Result<Tz, String> {
    name.parse().map_err(|_unknown| "must be an IANA time zone such as Europe/Berlin".to_owned())
}

/// Parses a language.
pub(super) fn language(tag: &str) -> Result<String, String> {
    let message = "must be a language tag such as en or fa-IR";
    if is_language_tag(tag) { Ok(tag.to_owned()) } else { Err(message.to_owned()) }
}

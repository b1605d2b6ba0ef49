//! Checks the value of a `Cache-Control` header.

use crate::error::FieldError;
use actix_web::http::header::HeaderValue;

/// The directives of responses with a number of seconds (RFC 9111, section 5.2.2; RFC 5861).
const WITH_SECONDS: [&str; 4] = ["max-age", "s-maxage", "stale-if-error", "stale-while-revalidate"];

/// The directives of responses without a value.
const WITHOUT_VALUE: [&str; 9] = [
    "immutable",
    "must-revalidate",
    "must-understand",
    "no-cache",
    "no-store",
    "no-transform",
    "private",
    "proxy-revalidate",
    "public",
];

/// Parses a `Cache-Control` of responses: known directives, each once, with the values that they need.
pub(super) fn cache_control(text: &str) -> Result<HeaderValue, String> {
    let mut names: Vec<String> = Vec::new();
    for directive in text.split(',').map(str::trim) {
        let (name, value) = match directive.split_once('=') {
            Some((name, value)) => (name.trim().to_ascii_lowercase(), Some(value.trim())),
            None => (directive.to_ascii_lowercase(), None),
        };
        let needs_seconds = WITH_SECONDS.contains(&name.as_str());
        if needs_seconds {
            let seconds = value.unwrap_or_default();
            let is_number = !seconds.is_empty() && seconds.bytes().all(|c| c.is_ascii_digit());
            if !is_number || seconds.parse::<u32>().is_err() {
                return Err(format!("`{name}` needs a number of seconds: {name}=60"));
            }
        } else if !WITHOUT_VALUE.contains(&name.as_str()) {
            return Err(unknown(&name));
        } else if value.is_some() {
            return Err(format!("`{name}` takes no value"));
        }
        if names.contains(&name) {
            return Err(format!("`{name}` occurs twice"));
        }
        names.push(name);
    }
    if ["public", "private"].iter().all(|name| names.iter().any(|given| given == name)) {
        return Err("`public` and `private` exclude each other".to_owned());
    }
    HeaderValue::from_str(text).map_err(|error| error.to_string())
}

/// Returns the error for a directive that does not exist.
fn unknown(name: &str) -> String {
    let known = WITH_SECONDS.into_iter().chain(WITHOUT_VALUE);
    let near = FieldError::field("", "", "").suggest(name, known);
    let hint = near.did_you_mean.map(|near| format!("; did you mean {near}?"));
    format!("there is no directive `{}`{}", name.escape_debug(), hint.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_directives_of_responses_are_taken() {
        for good in [
            "public, max-age=0, s-maxage=30, stale-while-revalidate=60, stale-if-error=86400",
            "no-store",
            "Private, Max-Age=60",
        ] {
            assert_eq!(cache_control(good).unwrap(), good);
        }
        for (bad, message) in [
            ("", "there is no directive ``"),
            ("banana", "there is no directive `banana`"),
            ("public, max-gae=60", "there is no directive `max-gae`; did you mean max-age?"),
            ("max-age", "`max-age` needs a number of seconds: max-age=60"),
            ("max-age=-1", "`max-age` needs a number of seconds: max-age=60"),
            ("max-age=1h", "`max-age` needs a number of seconds: max-age=60"),
            ("public=1", "`public` takes no value"),
            ("public, max-age=1, max-age=2", "`max-age` occurs twice"),
            ("public, private", "`public` and `private` exclude each other"),
            ("public,", "there is no directive ``"),
        ] {
            assert_eq!(cache_control(bad).unwrap_err(), message, "{bad}");
        }
    }
}

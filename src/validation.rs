//! Checks of input that a JSON schema cannot express. Each returns the error of a field, if there is one.

use crate::error::FieldError;
use url::Url;

/// Returns an error for a text of white space only.
pub fn check_not_blank(pointer: &str, text: &str) -> Option<FieldError> {
    text.trim().is_empty().then(|| FieldError::field(pointer, "blank", "must not be blank"))
}

/// Returns an error for a URL that is not an absolute `http` or `https` one.
pub fn check_web_url(pointer: &str, url: &str) -> Option<FieldError> {
    let is_web = Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    let message = "must be an absolute URL that begins with http:// or https://";
    (!is_web).then(|| FieldError::field(pointer, "format", message))
}

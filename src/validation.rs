//! Checks of input that a JSON schema cannot express. Each returns the error of a field, if there is one.

use crate::error::FieldError;
use safe_html::names::is_blank_name;
use url::Url;

/// Returns an error for a text that shows nothing: white space and invisible characters only.
pub fn check_not_blank(pointer: &str, text: &str) -> Option<FieldError> {
    is_blank_name(text).then(|| FieldError::field(pointer, "blank", "must not be blank"))
}

/// Returns whether a URL is one that a reader may follow: an absolute `http` or `https` one, no script
/// and no local file.
pub fn is_web_url(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

/// Returns an error for a URL that is not an absolute `http` or `https` one.
pub fn check_web_url(pointer: &str, url: &str) -> Option<FieldError> {
    let message = "must be an absolute URL that begins with http:// or https://";
    (!is_web_url(url)).then(|| FieldError::field(pointer, "format", message))
}

//! Checks of input that a schema cannot express. Each returns the error of the field, if there is one.

use crate::error::FieldError;
use url::Url;

/// What is wrong with a text that must say something.
pub fn blank(at: &str, text: &str) -> Option<FieldError> {
    text.trim().is_empty().then(|| FieldError::field(at, "blank", "must not be blank"))
}

/// What is wrong with an address that a page may link to.
pub fn no_address(at: &str, url: &str) -> Option<FieldError> {
    let web = Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    let message = "must be a whole address, http or https";
    (!web).then(|| FieldError::field(at, "address", message))
}

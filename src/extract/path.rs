//! Path parameters.

use crate::error::{Error, Result};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use std::future::{Ready, ready};

/// The `{ref}` of a path: an id or a slug. A slug always has a character that is not a digit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ref {
    /// An id.
    Id(i64),
    /// A slug.
    Slug(String),
}

impl Ref {
    /// Parses a reference; returns `None` for text that can be neither an id nor a slug.
    pub fn parse(text: &str) -> Option<Self> {
        if text.bytes().all(|b| b.is_ascii_digit()) {
            return parse_id(text).map(Self::Id);
        }
        let is_slug_byte = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        (text.len() <= 200 && text.bytes().all(is_slug_byte)).then(|| Self::Slug(text.to_owned()))
    }

    /// Returns the slug, if this is one.
    pub fn slug(&self) -> Option<&str> {
        match self {
            Self::Id(_) => None,
            Self::Slug(slug) => Some(slug),
        }
    }
}

/// The result of resolving a [`Ref`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup<T> {
    /// The object exists.
    Found(T),
    /// The object has this slug now.
    Moved(String),
    /// The object was deleted permanently.
    Gone,
}

impl<T> Lookup<T> {
    /// Converts what was found.
    pub fn map<U>(self, convert: impl FnOnce(T) -> U) -> Lookup<U> {
        match self {
            Self::Found(value) => Lookup::Found(convert(value)),
            Self::Moved(slug) => Lookup::Moved(slug),
            Self::Gone => Lookup::Gone,
        }
    }
}

/// Parses an id: 1 to 2^53 - 1, which every JSON parser reads exactly.
fn parse_id(text: &str) -> Option<i64> {
    text.parse().ok().filter(|id| (1..1 << 53).contains(id))
}

/// Deserializes an id in a query.
///
/// # Errors
/// When the text is not an id.
pub fn deserialize_id<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<Option<i64>, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_id(&text)
        .map(Some)
        .ok_or_else(|| D::Error::custom("an id is a number from 1 to 9007199254740991"))
}

impl FromRequest for Ref {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let text = req.match_info().get("ref").or_else(|| req.match_info().get("slug"));
        ready(text.and_then(Self::parse).ok_or_else(|| Error::not_found("page")))
    }
}

/// The `{id}` of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Id(pub i64);

impl FromRequest for Id {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let id = req.match_info().get("id").and_then(parse_id);
        ready(id.map(Self).ok_or_else(|| Error::not_found("page")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ref_is_an_id_or_a_slug() {
        assert_eq!(Ref::parse("42"), Some(Ref::Id(42)));
        assert_eq!(Ref::parse("wsj"), Some(Ref::Slug("wsj".into())));
        assert_eq!(Ref::parse("2014-in-review"), Some(Ref::Slug("2014-in-review".into())));
        for bad in ["", "0", "9007199254740992", "99999999999999999999", "A", "a b", "ä", "a\0"] {
            assert_eq!(Ref::parse(bad), None, "{bad:?}");
        }
    }
}

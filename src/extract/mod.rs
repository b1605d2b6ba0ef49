//! What handlers take from a request: actix's extractors, with our problems as rejections.

mod body_memory_budget;
mod client;
mod json_body;
mod json_schema;
mod media_type;
mod text_body;

pub use client::Client;
pub use json_body::{Body, MergePatch, payload_error, validated};
pub(crate) use media_type::{ACCEPT_PATCH, PATCHES, media_type};
pub use text_body::{JsonOrText, TextBody, TextKind};

use crate::error::{Code, Error, FieldError, Result};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use percent_encoding::percent_decode_str;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use std::any::TypeId;
use std::future::{Ready, ready};
use std::sync::OnceLock;
use utoipa::IntoParams;
use utoipa::openapi::path::Parameter;
use utoipa::openapi::{RefOr, Schema};

/// The largest body that is read, in bytes: an article with 500 links and two texts of 200 kB.
pub const MAX_BODY: usize = 4 << 20;

/// The query of a request, read strictly: an unknown parameter, a repeated one or a value that
/// does not fit is refused by name. What is known is what the OpenAPI document says, since both
/// come from the same `IntoParams`.
#[derive(Debug)]
pub struct Query<T>(pub T);

/// A query whose parameters are of two types, such as filters and the page.
#[derive(Debug)]
pub struct QueryPair<A, B>(pub A, pub B);

/// A query whose parameters are of three types.
#[derive(Debug)]
pub struct QueryTriple<A, B, C>(pub A, pub B, pub C);

/// For an address that takes no query at all.
#[derive(Debug, Deserialize, IntoParams)]
pub struct EmptyQuery {}

/// The parameters of a single resource.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FieldsQuery {
    /// Only these fields: `fields=id,name`.
    #[param(max_length = 1000)]
    pub fields: Option<String>,
}

/// What the document says of one parameter, as far as it is held against what is sent.
#[derive(Debug, Clone)]
pub struct ParamSpec {
    name: String,
    /// How many characters its value may have.
    longest: Option<usize>,
}

impl From<Parameter> for ParamSpec {
    fn from(parameter: Parameter) -> Self {
        let longest = match parameter.schema {
            Some(RefOr::T(Schema::Object(schema))) => schema.max_length,
            _ => None,
        };
        Self { name: parameter.name, longest }
    }
}

/// Parameters that can be read from the pairs of a query.
pub trait Params: Sized + 'static {
    /// What it takes.
    fn known() -> Vec<ParamSpec>;
    /// Reads them; pairs with other names are somebody else's.
    fn read(pairs: &[(String, String)]) -> Result<Self>;
}

/// What a type takes, which is made from its documentation once.
fn known<T: Params>() -> &'static [ParamSpec] {
    static MADE: OnceLock<papaya::HashMap<TypeId, &'static [ParamSpec]>> = OnceLock::new();
    let made = MADE.get_or_init(papaya::HashMap::new).pin();
    // Never more than there are types.
    made.get_or_insert_with(TypeId::of::<T>(), || T::known().leak())
}

impl<T: DeserializeOwned + IntoParams + 'static> Params for T {
    fn known() -> Vec<ParamSpec> {
        Self::into_params(|| None).into_iter().map(ParamSpec::from).collect()
    }

    fn read(pairs: &[(String, String)]) -> Result<Self> {
        let mut own = url::form_urlencoded::Serializer::new(String::new());
        for parameter in known::<Self>() {
            let Some((name, value)) = pairs.iter().find(|(name, _)| *name == parameter.name) else {
                continue;
            };
            if parameter.longest.is_some_and(|most| value.chars().nth(most).is_some()) {
                let message = format!("`{name}` is longer than this address takes");
                // What somebody typed to be looked for is content, as the field of a body is.
                let code = if name == "q" { Code::Invalid } else { Code::BadParameter };
                return Err(Error::parameter(name, code, message));
            }
            own.append_pair(name, value);
        }
        let text = own.finish();
        let pairs = url::form_urlencoded::parse(text.as_bytes());
        serde_path_to_error::deserialize(serde_urlencoded::Deserializer::new(pairs)).map_err(
            |error| {
                let name = error.path().to_string();
                let message = format!("`{name}`: {}", error.inner());
                Error::parameter(&name, Code::BadParameter, message)
            },
        )
    }
}

impl<T: Params> FromRequest for Query<T> {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(pairs(req.query_string(), known::<T>()).and_then(|pairs| T::read(&pairs)).map(Self))
    }
}

impl<A: Params, B: Params> FromRequest for QueryPair<A, B> {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let known = [known::<A>(), known::<B>()].concat();
        let read = |pairs: Vec<_>| Ok(Self(A::read(&pairs)?, B::read(&pairs)?));
        ready(pairs(req.query_string(), &known).and_then(read))
    }
}

impl<A: Params, B: Params, C: Params> FromRequest for QueryTriple<A, B, C> {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let known = [known::<A>(), known::<B>(), known::<C>()].concat();
        let read = |pairs: Vec<_>| Ok(Self(A::read(&pairs)?, B::read(&pairs)?, C::read(&pairs)?));
        ready(pairs(req.query_string(), &known).and_then(read))
    }
}

/// The pairs of a query, each name known and given once.
fn pairs(query: &str, known: &[ParamSpec]) -> Result<Vec<(String, String)>> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    let mut errors = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decode(name, name)?, decode(name, value)?);
        if !known.iter().any(|one| one.name == name) {
            let message = format!("there is no parameter `{name}` here");
            errors.push(
                FieldError::parameter(&name, Code::UnknownParameter, message)
                    .suggest(&name, known.iter().map(|one| one.name.as_str())),
            );
        } else if pairs.iter().any(|(earlier, _)| *earlier == name) {
            let message = format!("`{name}` is given more than once");
            errors.push(FieldError::parameter(&name, Code::RepeatedParameter, message));
        }
        pairs.push((name, value));
    }
    let code = if errors.iter().all(|e| e.code == Code::RepeatedParameter.as_str()) {
        Code::RepeatedParameter
    } else {
        Code::UnknownParameter
    };
    if errors.is_empty() { Ok(pairs) } else { Err(Error::fields(code, errors)) }
}

/// Decodes one part of a query: `+` and percent escapes, which must give UTF-8 without controls.
fn decode(name: &str, part: &str) -> Result<String> {
    let spaced = part.replace('+', " ");
    let fault = match percent_decode_str(&spaced).decode_utf8() {
        Err(_) => "is not text in UTF-8",
        Ok(text) if text.contains(|c: char| c.is_control()) => "has a control character",
        Ok(text) => return Ok(text.into_owned()),
    };
    let message = format!("`{}` {fault}", name.escape_debug());
    Err(Error::parameter(name, Code::BadParameter, message))
}

/// The `{ref}` of a path: an id or a slug, told apart because a slug holds a non-digit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ref {
    /// A number.
    Id(i64),
    /// Anything else.
    Slug(String),
}

impl Ref {
    /// Reads one; nothing that could not be an id or a slug passes.
    pub fn parse(text: &str) -> Option<Self> {
        if text.bytes().all(|b| b.is_ascii_digit()) {
            return id(text).map(Self::Id);
        }
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        (text.len() <= 200 && text.bytes().all(plain)).then(|| Self::Slug(text.to_owned()))
    }

    /// The slug, if it is one.
    pub fn slug(&self) -> Option<&str> {
        match self {
            Self::Id(_) => None,
            Self::Slug(slug) => Some(slug),
        }
    }
}

/// What stands at a [`Ref`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup<T> {
    /// It is here.
    Found(T),
    /// It was here, and has this slug now.
    Moved(String),
    /// It was here and was deleted for good.
    Gone,
}

impl<T> Lookup<T> {
    /// The same of something else.
    pub fn map<U>(self, turn: impl FnOnce(T) -> U) -> Lookup<U> {
        match self {
            Self::Found(one) => Lookup::Found(turn(one)),
            Self::Moved(slug) => Lookup::Moved(slug),
            Self::Gone => Lookup::Gone,
        }
    }
}

/// An id as it may stand in an address: below 2^53, so that every JSON reader keeps it whole.
fn id(text: &str) -> Option<i64> {
    text.parse().ok().filter(|id| (1..1 << 53).contains(id))
}

/// An id in a query.
///
/// # Errors
/// When it is no id.
pub fn deserialize_id<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<Option<i64>, D::Error> {
    let given = String::deserialize(deserializer)?;
    id(&given).map(Some).ok_or_else(|| D::Error::custom("an id is from 1 to 9007199254740991"))
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
        let found = req.match_info().get("id").and_then(id);
        ready(found.map(Self).ok_or_else(|| Error::not_found("page")))
    }
}

/// The parts of a list in one parameter: a comma is "or".
pub fn comma_separated(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty())
}

/// The references in a list; what cannot be one matches nothing and is left out.
pub fn comma_separated_refs(text: &str) -> Vec<Ref> {
    comma_separated(text).filter_map(Ref::parse).collect()
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

    #[test]
    fn a_query_is_read_strictly() {
        let names = ["limit", "tag"].map(|name| ParamSpec { name: name.to_owned(), longest: None });
        assert_eq!(pairs("tag=a%20b&limit=2", &names).unwrap().len(), 2);
        assert_eq!(pairs("tga=1", &names).unwrap_err().code(), Code::UnknownParameter);
        assert_eq!(pairs("tag=1&tag=2", &names).unwrap_err().code(), Code::RepeatedParameter);
        assert_eq!(pairs("tag=%ff", &names).unwrap_err().code(), Code::BadParameter);
        let control = pairs("tag=%00", &names).unwrap_err().problem("r");
        assert_eq!(control.errors[0].message, "`tag` has a control character");
        let problem = pairs("tga=1", &names).unwrap_err().problem("r");
        assert_eq!(problem.errors[0].did_you_mean.as_deref(), Some("tag"));
    }
}

//! Query parameters.

use super::path::Ref;
use crate::error::{Code, Error, FieldError, Result};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::any::TypeId;
use std::future::{Ready, ready};
use std::sync::OnceLock;
use utoipa::IntoParams;
use utoipa::openapi::path::Parameter;
use utoipa::openapi::{RefOr, Schema};

/// The query parameters of a request, read strictly.
///
/// An unknown or repeated parameter and a value that does not fit are rejected by name. The known
/// parameters are those of the OpenAPI document: both come from the same `IntoParams`.
#[derive(Debug)]
pub struct Query<T>(pub T);

/// Query parameters of two types, such as filters and the page.
#[derive(Debug)]
pub struct QueryPair<A, B>(pub A, pub B);

/// Query parameters of three types.
#[derive(Debug)]
pub struct QueryTriple<A, B, C>(pub A, pub B, pub C);

/// The query of an operation that takes no parameters.
#[derive(Debug, Deserialize, IntoParams)]
pub struct EmptyQuery {}

/// The query of an operation that returns one resource.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FieldsQuery {
    /// Returns only these fields: `fields=id,name`.
    #[param(max_length = 1000)]
    pub fields: Option<String>,
}

/// A parameter as the OpenAPI document describes it, as far as requests are checked against it.
#[derive(Debug, Clone)]
pub struct ParamSpec {
    name: String,
    /// The maximum number of characters of its value.
    max_length: Option<usize>,
}

impl From<Parameter> for ParamSpec {
    fn from(parameter: Parameter) -> Self {
        let max_length = match parameter.schema {
            Some(RefOr::T(Schema::Object(schema))) => schema.max_length,
            _ => None,
        };
        Self { name: parameter.name, max_length }
    }
}

/// Parameters that can be read from the name-value pairs of a query.
pub trait Params: Sized + 'static {
    /// Returns the parameters that this type has.
    fn specs() -> Vec<ParamSpec>;
    /// Reads the parameters; ignores pairs with other names, which belong to another type.
    fn read(pairs: &[(String, String)]) -> Result<Self>;
}

/// Returns the parameters of a type, which are derived from its documentation once.
fn specs<T: Params>() -> &'static [ParamSpec] {
    static SPECS: OnceLock<papaya::HashMap<TypeId, &'static [ParamSpec]>> = OnceLock::new();
    let specs = SPECS.get_or_init(papaya::HashMap::new).pin();
    // The leak is bounded by the number of types.
    specs.get_or_insert_with(TypeId::of::<T>(), || T::specs().leak())
}

impl<T: DeserializeOwned + IntoParams + 'static> Params for T {
    fn specs() -> Vec<ParamSpec> {
        Self::into_params(|| None).into_iter().map(ParamSpec::from).collect()
    }

    fn read(pairs: &[(String, String)]) -> Result<Self> {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for spec in specs::<Self>() {
            let Some((name, value)) = pairs.iter().find(|(name, _)| *name == spec.name) else {
                continue;
            };
            if spec.max_length.is_some_and(|max| value.chars().nth(max).is_some()) {
                let message = format!("`{name}` is too long");
                // Search words are content, so their errors are like those of a body's field.
                let code = if name == "q" { Code::Invalid } else { Code::BadParameter };
                return Err(Error::parameter(name, code, message));
            }
            query.append_pair(name, value);
        }
        let text = query.finish();
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
        ready(
            parse_pairs(req.query_string(), specs::<T>())
                .and_then(|pairs| T::read(&pairs))
                .map(Self),
        )
    }
}

/// The query parameters of an operation that a standard defines. Unlike [`Query`], it ignores unknown ones,
/// because clients may send extensions of the standard.
#[derive(Debug)]
pub struct LenientQuery<T>(pub T);

impl<T: Params> FromRequest for LenientQuery<T> {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let specs = specs::<T>();
        let is_known = |pair: &&str| {
            let name = pair.split('=').next().unwrap_or_default();
            decode(name, name).is_ok_and(|name| specs.iter().any(|spec| spec.name == name))
        };
        let known: Vec<&str> = req.query_string().split('&').filter(is_known).collect();
        let pairs = parse_pairs(&known.join("&"), specs);
        ready(pairs.and_then(|pairs| T::read(&pairs)).map(Self))
    }
}

impl<A: Params, B: Params> FromRequest for QueryPair<A, B> {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let specs = [specs::<A>(), specs::<B>()].concat();
        let read = |pairs: Vec<_>| Ok(Self(A::read(&pairs)?, B::read(&pairs)?));
        ready(parse_pairs(req.query_string(), &specs).and_then(read))
    }
}

impl<A: Params, B: Params, C: Params> FromRequest for QueryTriple<A, B, C> {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let specs = [specs::<A>(), specs::<B>(), specs::<C>()].concat();
        let read = |pairs: Vec<_>| Ok(Self(A::read(&pairs)?, B::read(&pairs)?, C::read(&pairs)?));
        ready(parse_pairs(req.query_string(), &specs).and_then(read))
    }
}

/// The parameters whose empty value has a meaning or an error of its own: the words of an empty search field,
/// lists that add nothing, cursors. Any other one would filter everything away.
const MAY_BE_EMPTY: [&str; 5] = ["q", "include", "fields", "after", "before"];

/// Splits a query into name-value pairs; rejects unknown and repeated names, all at once.
fn parse_pairs(query: &str, specs: &[ParamSpec]) -> Result<Vec<(String, String)>> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    let mut errors = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decode(name, name)?, decode(name, value)?);
        if !specs.iter().any(|spec| spec.name == name) {
            let message = format!("there is no parameter `{name}` here");
            errors.push(
                FieldError::parameter(&name, Code::UnknownParameter, message)
                    .suggest(&name, specs.iter().map(|spec| spec.name.as_str())),
            );
        } else if pairs.iter().any(|(seen, _)| *seen == name) {
            let message = format!("`{name}` is given more than once");
            errors.push(FieldError::parameter(&name, Code::RepeatedParameter, message));
        } else if value.is_empty() && !MAY_BE_EMPTY.contains(&name.as_str()) {
            let message = format!("`{name}` has no value; leave it out");
            return Err(Error::parameter(&name, Code::BadParameter, message));
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

/// Decodes `+` and percent escapes in a name or value; the result must be UTF-8 without control
/// characters.
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

/// Splits a parameter that lists alternatives, separated by commas.
pub fn comma_separated(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty())
}

/// Parses a comma-separated list of references; leaves out what cannot be one, since it matches
/// nothing.
pub fn comma_separated_refs(text: &str) -> Vec<Ref> {
    comma_separated(text).filter_map(Ref::parse).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_and_repeated_parameters_are_rejected() {
        let specs =
            ["limit", "tag"].map(|name| ParamSpec { name: name.to_owned(), max_length: None });
        let code = |query| parse_pairs(query, &specs).unwrap_err().code();
        assert_eq!(parse_pairs("tag=a%20b&limit=2", &specs).unwrap().len(), 2);
        assert_eq!(code("tga=1"), Code::UnknownParameter);
        assert_eq!(code("tag=1&tag=2"), Code::RepeatedParameter);
        assert_eq!(code("tag=%ff"), Code::BadParameter);
        let control = parse_pairs("tag=%00", &specs).unwrap_err().problem("r");
        assert_eq!(control.errors[0].message, "`tag` has a control character");
        let problem = parse_pairs("tga=1", &specs).unwrap_err().problem("r");
        assert_eq!(problem.errors[0].did_you_mean.as_deref(), Some("tag"));
    }
}

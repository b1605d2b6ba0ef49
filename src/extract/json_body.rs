//! JSON bodies, read strictly.
//!
//! What a body may hold is said once, by the type's OpenAPI schema; the same schema checks it, so
//! the document cannot promise anything else, and every mistake is reported at once, each with its
//! JSON pointer.

use crate::error::{Code, Error, FieldError, Result};
use crate::extract::MAX_BODY;
use crate::extract::body_memory_budget::BodyMemoryBudget;
use crate::extract::json_schema;
use crate::extract::media_type::{media_type, patch_type};
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::{FromRequest, HttpRequest};
use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::future::LocalBoxFuture;
use safe_html::xml_chars;
use serde::de::{DeserializeOwned, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::io::ErrorKind;
use utoipa::ToSchema;

/// A JSON body that passed its schema.
#[derive(Debug, Clone)]
pub struct Body<T> {
    /// What it says.
    pub value: T,
    /// SHA-256 of its bytes: what tells whether a repeated request is the same.
    pub digest: Vec<u8>,
}

/// A JSON merge patch (RFC 7396), not yet applied to anything.
#[derive(Debug, Clone)]
pub struct MergePatch(pub Value);

impl<T: DeserializeOwned + ToSchema + 'static> FromRequest for Body<T> {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let kind = media_type(req.headers(), &["application/json"]);
        let payload = payload.take();
        Box::pin(async move {
            kind?;
            let bytes = read(payload).await?;
            let value = typed(parse(&bytes)?)?;
            Ok(Self { value, digest: Sha256::digest(&bytes).to_vec() })
        })
    }
}

impl FromRequest for MergePatch {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let kind = patch_type(req.headers());
        let payload = payload.take();
        Box::pin(async move {
            kind?;
            let patch = parse(&read(payload).await?)?;
            if patch.is_object() {
                return Ok(Self(patch));
            }
            let error = FieldError::field("", "type", "a merge patch is an object");
            Err(Error::fields(Code::Invalid, vec![error]))
        })
    }
}

impl MergePatch {
    /// What `current` becomes, validated as a whole: so a patch can do just what a PUT can.
    pub fn apply<T: DeserializeOwned + ToSchema>(self, mut current: Value) -> Result<T> {
        // A null only takes away, so a name that nothing has would leave no trace to be refused.
        let mut named = current.clone();
        merge(&mut named, self.0.clone(), Nulls::Stay);
        let mut unknown = json_schema::check::<T>(&named)?;
        unknown.retain(|error| error.code == json_schema::UNKNOWN_FIELD);
        merge(&mut current, self.0, Nulls::Remove);
        if unknown.is_empty() {
            return typed(current);
        }
        let mut errors = json_schema::check::<T>(&current)?;
        errors.retain(|error| error.code != json_schema::UNKNOWN_FIELD);
        errors.append(&mut unknown);
        errors.sort_by(|one, other| one.pointer.cmp(&other.pointer));
        Err(Error::fields(Code::Invalid, errors))
    }
}

/// What a null in a patch does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Nulls {
    Remove,
    Stay,
}

/// RFC 7396, section 2.
fn merge(target: &mut Value, patch: Value, nulls: Nulls) {
    let Value::Object(patch) = patch else {
        *target = patch;
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(target) = target else { return };
    for (name, value) in patch {
        if value.is_null() && nulls == Nulls::Remove {
            target.remove(&name);
        } else {
            merge(target.entry(name).or_insert(Value::Null), value, nulls);
        }
    }
}

/// How much of a body is kept in one piece, in bytes.
const BLOCK: usize = 32 << 10;

/// The bytes of a body within the limit. They are kept in blocks and joined when all have come: a
/// buffer that grew with them would take twice the memory, mostly for bodies that are too large.
pub(crate) async fn read(mut payload: Payload) -> Result<Bytes> {
    let (mut blocks, mut size, mut room) = (Vec::<Vec<u8>>::new(), 0, BodyMemoryBudget::default());
    while let Some(chunk) = payload.next().await {
        let mut chunk: &[u8] = &chunk.map_err(payload_error)?;
        size += chunk.len();
        if size > MAX_BODY {
            let detail = format!("a body may have {MAX_BODY} bytes");
            return Err(Error::new(Code::TooLarge, detail));
        }
        room.hold(size)?;
        if blocks.is_empty() {
            // Most bodies come in one piece.
            blocks.push(Vec::with_capacity(chunk.len()));
        }
        while let Some(block) = blocks.last_mut().filter(|_| !chunk.is_empty()) {
            let (fits, rest) = chunk.split_at(chunk.len().min(block.capacity() - block.len()));
            block.extend_from_slice(fits);
            chunk = rest;
            if !rest.is_empty() {
                blocks.push(Vec::with_capacity(BLOCK));
            }
        }
    }
    if blocks.len() > 1 {
        blocks = vec![blocks.concat()];
    }
    Ok(blocks.pop().unwrap_or_default().into())
}

/// Why a body did not come whole.
pub fn payload_error(error: PayloadError) -> Error {
    match error {
        PayloadError::Io(error) if error.kind() == ErrorKind::TimedOut => {
            Error::new(Code::RequestTimeout, "the body came too slowly")
        }
        error => Error::new(Code::MalformedRequest, format!("the body could not be read: {error}")),
    }
}

/// JSON whose objects name each member once (RFC 7493) and whose texts can be stored.
fn parse(bytes: &[u8]) -> Result<Value> {
    let Strict(value) = serde_json::from_slice(bytes)
        .map_err(|error| Error::new(Code::MalformedRequest, format!("the body: {error}")))?;
    let mut errors = Vec::new();
    forbidden(&value, &mut String::new(), &mut errors);
    if errors.is_empty() { Ok(value) } else { Err(Error::fields(Code::Invalid, errors)) }
}

/// Finds characters that no feed could carry.
pub(crate) fn forbidden(value: &Value, pointer: &mut String, errors: &mut Vec<FieldError>) {
    let length = pointer.len();
    match value {
        Value::String(text) => {
            if let Some(found) = xml_chars::first_forbidden(text) {
                let (character, at) = (u32::from(found.character), found.position);
                let message = format!("the character U+{character:04X} at {at} cannot be stored");
                errors.push(FieldError::field(pointer.clone(), "forbidden_character", message));
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                write_pointer(pointer, &at.to_string());
                forbidden(item, pointer, errors);
                pointer.truncate(length);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                write_pointer(pointer, name);
                forbidden(member, pointer, errors);
                pointer.truncate(length);
            }
        }
        _ => {}
    }
}

/// Adds a reference token (RFC 6901, section 3).
fn write_pointer(pointer: &mut String, token: &str) {
    pointer.push('/');
    pointer.push_str(&token.replace('~', "~0").replace('/', "~1"));
}

/// A value that was made here, validated as a body of its type would be.
pub fn validated<T: DeserializeOwned + Serialize + ToSchema>(value: &T) -> Result<T> {
    typed(serde_json::to_value(value).map_err(Error::internal)?)
}

/// The value as its type, once it passed the type's schema.
fn typed<T: DeserializeOwned + ToSchema>(value: Value) -> Result<T> {
    let errors = json_schema::check::<T>(&value)?;
    if !errors.is_empty() {
        return Err(Error::fields(Code::Invalid, errors));
    }
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string().replace(['.', '['], "/").replace(']', "");
        let field = FieldError::field(format!("/{path}"), "invalid", error.inner().to_string());
        Error::fields(Code::Invalid, vec![field])
    })
}

/// A JSON value in which no object names a member twice.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Self)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> std::result::Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> std::result::Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> std::result::Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> std::result::Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> std::result::Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> std::result::Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> std::result::Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(Strict(item)) = seq.next_element()? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some((name, Strict(member))) = map.next_entry::<String, Strict>()? {
            if members.contains_key(&name) {
                return Err(A::Error::custom(format!("the member `{name}` stands twice")));
            }
            members.insert(name, member);
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_member_that_stands_twice_is_refused() {
        assert_eq!(parse(br#"{"a":1,"a":2}"#).unwrap_err().code(), Code::MalformedRequest);
        assert_eq!(parse(br#"[{"b":{"a":1,"a":2}}]"#).unwrap_err().code(), Code::MalformedRequest);
        assert_eq!(parse(br#"{"a":[1,-2,2.5,null,true,"x"]}"#).unwrap()["a"][2], 2.5);
    }

    #[test]
    fn a_character_that_cannot_be_stored_is_named_with_its_place() {
        let error = parse(br#"{"a":{"b/c":["x","y\u0000"]}}"#).unwrap_err();
        let problem = error.problem("r");
        assert_eq!(problem.errors[0].pointer.as_deref(), Some("/a/b~1c/1"));
    }

    /// The cases of RFC 7396, appendix A.
    #[test]
    fn a_merge_patch_does_what_the_standard_says() {
        let cases = [
            (json!({"a":"b"}), json!({"a":"c"}), json!({"a":"c"})),
            (json!({"a":"b"}), json!({"b":"c"}), json!({"a":"b","b":"c"})),
            (json!({"a":"b"}), json!({"a":null}), json!({})),
            (json!({"a":"b","b":"c"}), json!({"a":null}), json!({"b":"c"})),
            (json!({"a":["b"]}), json!({"a":"c"}), json!({"a":"c"})),
            (json!({"a":"c"}), json!({"a":["b"]}), json!({"a":["b"]})),
            (json!({"a":{"b":"c"}}), json!({"a":{"b":"d","c":null}}), json!({"a":{"b":"d"}})),
            (json!({"a":[{"b":"c"}]}), json!({"a":[1]}), json!({"a":[1]})),
            (json!(["a", "b"]), json!(["c", "d"]), json!(["c", "d"])),
            (json!({"a":"b"}), json!(["c"]), json!(["c"])),
            (json!({"a":"foo"}), json!(null), json!(null)),
            (json!({"a":"foo"}), json!("bar"), json!("bar")),
            (json!({"e":null}), json!({"a":1}), json!({"e":null,"a":1})),
            (json!([1, 2]), json!({"a":"b","c":null}), json!({"a":"b"})),
            (json!({}), json!({"a":{"bb":{"ccc":null}}}), json!({"a":{"bb":{}}})),
        ];
        for (mut target, patch, result) in cases {
            merge(&mut target, patch.clone(), Nulls::Remove);
            assert_eq!(target, result, "{patch}");
        }
    }
}

//! JSON request bodies, read strictly.
//!
//! A body is validated against the OpenAPI schema of its type, so the document and the checks
//! cannot differ. All errors are reported at once, each with its JSON pointer. An empty string counts as
//! absent where a field is optional.

use crate::error::{Code, Error, FieldError, Result};
use crate::extract::MAX_BODY;
use crate::extract::body_memory_budget::BodyMemoryBudget;
use crate::extract::json_schema;
use crate::extract::media_type::{check_media_type, check_patch_type};
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

/// A JSON body that is valid for the schema of `T`.
#[derive(Debug, Clone)]
pub struct Body<T> {
    /// The parsed value.
    pub value: T,
    /// The SHA-256 of its bytes, by which a repeated request is recognised.
    pub digest: Vec<u8>,
}

/// A JSON merge patch (RFC 7396).
#[derive(Debug, Clone)]
pub struct MergePatch(pub Value);

impl<T: DeserializeOwned + ToSchema + 'static> FromRequest for Body<T> {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let type_check = check_media_type(req.headers(), &["application/json"]);
        let payload = payload.take();
        Box::pin(async move {
            type_check?;
            let bytes = read_body(payload).await?;
            let value = into_valid(parse(&bytes)?)?;
            Ok(Self { value, digest: Sha256::digest(&bytes).to_vec() })
        })
    }
}

impl FromRequest for MergePatch {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let type_check = check_patch_type(req.headers());
        let payload = payload.take();
        Box::pin(async move {
            type_check?;
            let patch = parse(&read_body(payload).await?)?;
            if patch.is_object() {
                return Ok(Self(patch));
            }
            let error = FieldError::field("", "type", "a merge patch must be an object");
            Err(Error::fields(Code::Invalid, vec![error]))
        })
    }
}

impl MergePatch {
    /// Applies the patch to `current` and validates the result as a whole, as for a PUT.
    ///
    /// # Errors
    /// 422 with all invalid and unknown fields.
    pub fn apply<T: DeserializeOwned + ToSchema>(self, mut current: Value) -> Result<T> {
        // A null removes a field, so an unknown name with a null would go unnoticed.
        let mut with_nulls = current.clone();
        merge(&mut with_nulls, self.0.clone(), Nulls::Keep);
        let mut unknown = json_schema::validate::<T>(&with_nulls)?;
        unknown.retain(|error| error.code == json_schema::UNKNOWN_FIELD);
        merge(&mut current, self.0, Nulls::Remove);
        if unknown.is_empty() {
            return into_valid(current);
        }
        let mut errors = json_schema::validate::<T>(&current)?;
        errors.retain(|error| error.code != json_schema::UNKNOWN_FIELD);
        errors.append(&mut unknown);
        errors.sort_by(|one, other| one.pointer.cmp(&other.pointer));
        Err(Error::fields(Code::Invalid, errors))
    }
}

/// What a null in a patch means.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Nulls {
    Remove,
    Keep,
}

/// Merges a patch into a value (RFC 7396, section 2).
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

/// The size of the blocks in which a body is collected, in bytes.
const BLOCK: usize = 32 << 10;

/// Reads a body of at most [`MAX_BODY`] bytes.
///
/// It is collected in blocks and joined at the end: a growing buffer would take twice the memory.
///
/// # Errors
/// 413 when it is too large, 503 when all bodies together take too much memory, 400 and 408 when it
/// does not arrive.
pub(crate) async fn read_body(mut payload: Payload) -> Result<Bytes> {
    let (mut blocks, mut size, mut budget) =
        (Vec::<Vec<u8>>::new(), 0, BodyMemoryBudget::default());
    while let Some(chunk) = payload.next().await {
        let mut chunk: &[u8] = &chunk.map_err(payload_error)?;
        size += chunk.len();
        if size > MAX_BODY {
            let detail = format!("a body may have at most {MAX_BODY} bytes");
            return Err(Error::new(Code::TooLarge, detail));
        }
        budget.reserve(size)?;
        if blocks.is_empty() {
            // Most bodies arrive in one chunk.
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

/// Converts an error of reading a body.
pub fn payload_error(error: PayloadError) -> Error {
    match error {
        PayloadError::Io(error) if error.kind() == ErrorKind::TimedOut => {
            Error::new(Code::RequestTimeout, "the body arrived too slowly")
        }
        error => Error::new(Code::MalformedRequest, format!("the body could not be read: {error}")),
    }
}

/// Parses JSON; rejects repeated names in an object (RFC 7493, section 2.3) and characters that
/// cannot be stored.
fn parse(bytes: &[u8]) -> Result<Value> {
    let Strict(value) = serde_json::from_slice(bytes)
        .map_err(|error| Error::new(Code::MalformedRequest, format!("the body: {error}")))?;
    let mut errors = Vec::new();
    find_forbidden_characters(&value, &mut String::new(), &mut errors);
    if errors.is_empty() { Ok(value) } else { Err(Error::fields(Code::Invalid, errors)) }
}

/// Reports the characters that XML 1.0, and so a feed, cannot carry.
pub(crate) fn find_forbidden_characters(
    value: &Value,
    pointer: &mut String,
    errors: &mut Vec<FieldError>,
) {
    let parent = pointer.len();
    match value {
        Value::String(text) => {
            if let Some(found) = xml_chars::find_forbidden_char(text) {
                let (character, at) = (u32::from(found.character), found.position);
                let message = format!("the character U+{character:04X} at {at} cannot be stored");
                errors.push(FieldError::field(pointer.clone(), "forbidden_character", message));
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                push_token(pointer, &at.to_string());
                find_forbidden_characters(item, pointer, errors);
                pointer.truncate(parent);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                push_token(pointer, name);
                find_forbidden_characters(member, pointer, errors);
                pointer.truncate(parent);
            }
        }
        _ => {}
    }
}

/// Appends a reference token to a JSON pointer (RFC 6901, section 3).
fn push_token(pointer: &mut String, token: &str) {
    pointer.push('/');
    pointer.push_str(&token.replace('~', "~0").replace('/', "~1"));
}

/// Validates a value that the service itself built as a request body of its type.
///
/// # Errors
/// 422 as for a body.
pub fn validated<T: DeserializeOwned + Serialize + ToSchema>(value: &T) -> Result<T> {
    into_valid(serde_json::to_value(value).map_err(Error::internal)?)
}

/// Validates a JSON value and converts it to its type.
fn into_valid<T: DeserializeOwned + ToSchema>(mut value: Value) -> Result<T> {
    json_schema::remove_empty_texts::<T>(&mut value)?;
    let errors = json_schema::validate::<T>(&value)?;
    if !errors.is_empty() {
        return Err(Error::fields(Code::Invalid, errors));
    }
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string().replace(['.', '['], "/").replace(']', "");
        let field = FieldError::field(format!("/{path}"), "invalid", error.inner().to_string());
        Error::fields(Code::Invalid, vec![field])
    })
}

/// A JSON value in which no object has a name twice.
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
                return Err(A::Error::custom(format!(
                    "the name `{name}` occurs twice in an object"
                )));
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
    fn a_repeated_name_is_rejected() {
        assert_eq!(parse(br#"{"a":1,"a":2}"#).unwrap_err().code(), Code::MalformedRequest);
        assert_eq!(parse(br#"[{"b":{"a":1,"a":2}}]"#).unwrap_err().code(), Code::MalformedRequest);
        assert_eq!(parse(br#"{"a":[1,-2,2.5,null,true,"x"]}"#).unwrap()["a"][2], 2.5);
    }

    #[test]
    fn a_forbidden_character_is_reported_with_its_pointer() {
        let error = parse(br#"{"a":{"b/c":["x","y\u0000"]}}"#).unwrap_err();
        let problem = error.problem("r");
        assert_eq!(problem.errors[0].pointer.as_deref(), Some("/a/b~1c/1"));
    }

    /// The cases of RFC 7396, appendix A.
    #[test]
    fn merge_patches_follow_rfc_7396() {
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

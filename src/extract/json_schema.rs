//! Validates a JSON value against the OpenAPI schema of its type (JSON Schema 2020-12).

use crate::error::{Error, FieldError, Result};
use crate::openapi;
use jsonschema::error::ValidationErrorKind as Kind;
use jsonschema::{ValidationError, Validator};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use utoipa::ToSchema;

/// The error code of a field that the type does not have.
pub(crate) const UNKNOWN_FIELD: &str = "unknown_field";

/// The schema of a type, as a document and compiled.
struct TypeSchema {
    document: Value,
    validator: Validator,
}

/// The schemas built so far, by name: building one takes milliseconds.
static SCHEMAS: LazyLock<Mutex<HashMap<String, Arc<TypeSchema>>>> = LazyLock::new(Mutex::default);

/// Returns the schema of a type.
fn type_schema<T: ToSchema>() -> Result<Arc<TypeSchema>> {
    let name = T::name().into_owned();
    let mut built = SCHEMAS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(schema) = built.get(&name) {
        return Ok(Arc::clone(schema));
    }
    let reference = format!("#/components/schemas/{name}");
    let schemas = openapi::schemas::normalized_schemas::<T>();
    let document = json!({"$ref": reference, "components": {"schemas": schemas}});
    let validator = jsonschema::draft202012::options()
        .should_validate_formats(true)
        .build(&document)
        .map_err(|error| Error::internal(anyhow::anyhow!("schema of {name}: {error}")))?;
    let schema = Arc::new(TypeSchema { document, validator });
    built.insert(name, Arc::clone(&schema));
    Ok(schema)
}

/// Removes the optional texts that are empty: an HTML form sends the fields that are not filled in as
/// empty strings.
pub(crate) fn remove_empty_texts<T: ToSchema>(value: &mut Value) -> Result<()> {
    let schema = type_schema::<T>()?;
    remove_empty(value, &schema.document, &schema.document);
    Ok(())
}

fn remove_empty(value: &mut Value, schema: &Value, document: &Value) {
    let reference = schema["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
    if let Some(schema) = reference.and_then(|pointer| document.pointer(pointer)) {
        remove_empty(value, schema, document);
    }
    for schema in schema["oneOf"].as_array().into_iter().flatten() {
        remove_empty(value, schema, document);
    }
    match value {
        Value::Object(members) => {
            let properties = &schema["properties"];
            members.retain(|name, member| *member != "" || !is_optional_text(&properties[name]));
            for (name, member) in members {
                remove_empty(member, &properties[name], document);
            }
        }
        Value::Array(items) => {
            for item in items {
                remove_empty(item, &schema["items"], document);
            }
        }
        _ => {}
    }
}

/// Returns whether a property may be a text or null.
fn is_optional_text(schema: &Value) -> bool {
    let allows = |name: &str| schema["type"].as_array().is_some_and(|t| t.contains(&name.into()));
    allows("string") && allows("null")
}

/// Returns everything in the value that the schema of `T` does not allow, at most 100 errors.
pub(crate) fn validate<T: ToSchema>(value: &Value) -> Result<Vec<FieldError>> {
    let schema = type_schema::<T>()?;
    let errors = schema.validator.iter_errors(value).take(100);
    Ok(errors.flat_map(|error| field_errors(&error)).collect())
}

/// Converts an error of the validator to the errors that a client gets.
fn field_errors(error: &ValidationError<'_>) -> Vec<FieldError> {
    let pointer = error.instance_path().to_string();
    match error.kind() {
        Kind::AdditionalProperties { unexpected } => {
            let unknown = |name: &String| {
                let at = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
                FieldError::field(at, UNKNOWN_FIELD, format!("there is no field `{name}` here"))
            };
            unexpected.iter().map(unknown).collect()
        }
        Kind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            let message = format!("`{name}` is missing");
            vec![FieldError::field(format!("{pointer}/{name}"), "required", message)]
        }
        Kind::OneOfNotValid { context } | Kind::AnyOf { context }
            if let Some(errors) = matching_alternative(context, error) =>
        {
            errors.iter().flat_map(field_errors).collect()
        }
        kind => {
            let code = match kind {
                Kind::MaxLength { .. } => "too_long",
                Kind::MinLength { limit: 1 } => "blank",
                Kind::MinLength { .. } => "too_short",
                Kind::MaxItems { .. } => "too_many",
                Kind::MinItems { .. } => "too_few",
                Kind::Minimum { .. } | Kind::Maximum { .. } => "out_of_range",
                Kind::Type { .. } => "type",
                Kind::Format { .. } | Kind::Pattern { .. } => "format",
                Kind::Enum { .. } | Kind::Constant { .. } => "not_allowed",
                _ => "invalid",
            };
            vec![FieldError::field(pointer, code, message(kind, error))]
        }
    }
}

/// Returns the errors of the one alternative of `oneOf` or `anyOf` whose JSON type the value has, so
/// that an object is not reported as "not null".
fn matching_alternative<'a>(
    alternatives: &'a [Vec<ValidationError<'static>>],
    error: &ValidationError<'_>,
) -> Option<&'a [ValidationError<'static>]> {
    let has_other_type = |other: &ValidationError<'_>| {
        matches!(other.kind(), Kind::Type { .. }) && other.instance_path() == error.instance_path()
    };
    let mut same_type = alternatives.iter().filter(|errors| !errors.iter().any(has_other_type));
    let only = same_type.next().filter(|errors| !errors.is_empty())?;
    same_type.next().is_none().then_some(only)
}

/// Describes an error without quoting the value, which may be long.
fn message(kind: &Kind, error: &ValidationError<'_>) -> String {
    match kind {
        Kind::MaxLength { limit } => format!("has more than {limit} characters"),
        Kind::MinLength { limit: 1 } => "must not be blank".into(),
        Kind::MinLength { limit } => format!("has fewer than {limit} characters"),
        Kind::MaxItems { limit } => format!("has more than {limit} items"),
        Kind::MinItems { limit: 1 } => "must not be empty".into(),
        Kind::MinItems { limit } => format!("has fewer than {limit} items"),
        Kind::Format { format } if format == "iri" => {
            "must be an absolute URL, such as https://example.org/".into()
        }
        Kind::Format { format } if format == "idn-email" => {
            "must be an e-mail address, such as james@example.org".into()
        }
        Kind::OneOfNotValid { .. } | Kind::AnyOf { .. } => "has none of the allowed types".into(),
        _ => error.masked().to_string(),
    }
}

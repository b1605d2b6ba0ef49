//! Checking a value against the OpenAPI schema of its type (JSON Schema 2020-12).

use crate::error::{Error, FieldError, Result};
use crate::openapi;
use jsonschema::error::ValidationErrorKind as Kind;
use jsonschema::{ValidationError, Validator};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use utoipa::ToSchema;

/// The code of a member that the type does not have.
pub(crate) const UNKNOWN_FIELD: &str = "unknown_field";

/// The validators made so far: each costs some milliseconds once.
static VALIDATORS: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);

fn validator<T: ToSchema>() -> Result<Arc<Validator>> {
    let name = T::name().into_owned();
    let mut made = VALIDATORS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(validator) = made.get(&name) {
        return Ok(Arc::clone(validator));
    }
    let reference = format!("#/components/schemas/{name}");
    let schemas = openapi::shape::finished_schemas::<T>();
    let schema = json!({"$ref": reference, "components": {"schemas": schemas}});
    let validator = jsonschema::draft202012::options()
        .should_validate_formats(true)
        .build(&schema)
        .map_err(|error| Error::internal(anyhow::anyhow!("schema of {name}: {error}")))?;
    let validator = Arc::new(validator);
    made.insert(name, Arc::clone(&validator));
    Ok(validator)
}

/// Everything about the value that its type's schema does not allow.
pub(crate) fn check<T: ToSchema>(value: &Value) -> Result<Vec<FieldError>> {
    let validator = validator::<T>()?;
    Ok(validator.iter_errors(value).take(100).flat_map(|error| told(&error)).collect())
}

/// What one finding of the validator is to a client.
fn told(error: &ValidationError<'_>) -> Vec<FieldError> {
    let pointer = error.instance_path().to_string();
    match error.kind() {
        Kind::AdditionalProperties { unexpected } => {
            let one = |name: &String| {
                let at = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
                FieldError::field(at, UNKNOWN_FIELD, format!("there is no field `{name}` here"))
            };
            unexpected.iter().map(one).collect()
        }
        Kind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            let message = format!("`{name}` is missing");
            vec![FieldError::field(format!("{pointer}/{name}"), "required", message)]
        }
        Kind::OneOfNotValid { context } | Kind::AnyOf { context }
            if let Some(meant) = meant(context, error) =>
        {
            meant.iter().flat_map(told).collect()
        }
        kind => {
            let code = match kind {
                Kind::MaxLength { .. } => "too_long",
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

/// Of several forms that a value could have, the findings on the single one whose kind of JSON it
/// is: `null` or an object, say.
fn meant<'a>(
    forms: &'a [Vec<ValidationError<'static>>],
    error: &ValidationError<'_>,
) -> Option<&'a [ValidationError<'static>]> {
    let other_kind = |finding: &ValidationError<'_>| {
        matches!(finding.kind(), Kind::Type { .. })
            && finding.instance_path() == error.instance_path()
    };
    let mut same = forms.iter().filter(|findings| !findings.iter().any(other_kind));
    let only = same.next().filter(|findings| !findings.is_empty())?;
    same.next().is_none().then_some(only)
}

/// The finding in words, without the value itself, which may be long.
fn message(kind: &Kind, error: &ValidationError<'_>) -> String {
    match kind {
        Kind::MaxLength { limit } => format!("has more than {limit} characters"),
        Kind::MinLength { limit } => format!("has fewer than {limit} characters"),
        Kind::MaxItems { limit } => format!("has more than {limit} items"),
        Kind::MinItems { limit } => format!("has fewer than {limit} items"),
        Kind::OneOfNotValid { .. } | Kind::AnyOf { .. } => "has none of the forms allowed".into(),
        _ => error.masked().to_string(),
    }
}

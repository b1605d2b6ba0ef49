//! The OpenAPI document as JSON.

use jsonschema::Validator;
use serde_json::{Value, json};

/// One operation of the document.
pub struct Operation {
    pub method: String,
    pub path: String,
    pub value: Value,
}

/// Returns the document as JSON.
pub fn document() -> Value {
    serde_json::from_str(&roundup::openapi_document::json().unwrap()).unwrap()
}

/// Returns every operation, ordered by path.
pub fn operations() -> Vec<Operation> {
    let document = document();
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, value) in item.as_object().unwrap() {
            let method = method.to_uppercase();
            all.push(Operation { method, path: path.clone(), value: value.clone() });
        }
    }
    all
}

impl Operation {
    /// Returns the method and path, for messages.
    pub fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// Returns the parameters in `path`, `query` or `header`.
    pub fn parameters(&self, place: &str) -> Vec<Value> {
        let all = self.value["parameters"].as_array().cloned().unwrap_or_default();
        all.into_iter().filter(|parameter| parameter["in"] == place).collect()
    }

    /// Returns a validator for the body of this status and media type, if one is documented.
    pub fn schema(&self, status: &str, media_type: &str) -> Option<Validator> {
        let schema = &self.value["responses"][status]["content"][media_type]["schema"];
        (!schema.is_null()).then(|| validator(schema))
    }
}

/// Returns a validator for one of the document's schemas.
pub fn validator(schema: &Value) -> Validator {
    let mut whole = json!({"components": document()["components"]});
    whole.as_object_mut().unwrap().extend(schema.as_object().unwrap().clone());
    jsonschema::options().should_validate_formats(true).build(&whole).unwrap()
}

/// Returns the errors of a value against a schema.
pub fn errors(schema: &Validator, value: &Value) -> Vec<String> {
    schema.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

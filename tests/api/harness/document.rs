//! The OpenAPI document as the tests walk it.

use jsonschema::Validator;
use serde_json::{Value, json};

/// One operation of the document.
pub struct Operation {
    pub method: String,
    pub path: String,
    pub value: Value,
}

/// The document as JSON.
pub fn document() -> Value {
    serde_json::from_str(&roundup::openapi_document::json().unwrap()).unwrap()
}

/// Every operation, in the order of their addresses.
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
    /// `GET /livez`, for messages.
    pub fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// Its parameters in a place: `path`, `query` or `header`.
    pub fn parameters(&self, place: &str) -> Vec<Value> {
        let all = self.value["parameters"].as_array().cloned().unwrap_or_default();
        all.into_iter().filter(|parameter| parameter["in"] == place).collect()
    }

    /// The schema of its body in JSON at this status, if it has one.
    pub fn schema(&self, status: &str, media_type: &str) -> Option<Validator> {
        let schema = &self.value["responses"][status]["content"][media_type]["schema"];
        (!schema.is_null()).then(|| validator(schema))
    }
}

/// A validator of one of the document's schemas.
pub fn validator(schema: &Value) -> Validator {
    let mut whole = json!({"components": document()["components"]});
    whole.as_object_mut().unwrap().extend(schema.as_object().unwrap().clone());
    jsonschema::options().should_validate_formats(true).build(&whole).unwrap()
}

/// What is wrong with a value by a schema.
pub fn errors(schema: &Validator, value: &Value) -> Vec<String> {
    schema.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

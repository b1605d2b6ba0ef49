//! Adds to the schemas of requests what the Rust types do not express: the characters that a text may
//! contain, the names that `fields` accepts, and the schemas of merge patches.

use crate::openapi::walk::{operations, ref_name, visit_schemas};
use serde_json::Value;
use std::collections::BTreeSet;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{Object, Schema, SchemaType, Type};
use utoipa::openapi::{OneOfBuilder, OpenApi as Document, Ref, RefOr, Required};

/// The pattern of text in a query: no control characters.
const QUERY_TEXT: &str = r"^[^\x00-\x1F\x7F-\x9F]*$";
/// The pattern of text in a body: the characters that `safe_html::xml_chars` allows.
const BODY_TEXT: &str = r"^[^\x00-\x08\x0B\x0C\x0E-\x1F\uFFFE\uFFFF]*$";
const MERGE_PATCH: &str = "application/merge-patch+json";
const SCHEMAS_PATH: &str = "#/components/schemas/";

/// Completes the schemas of all requests of a document.
pub(super) fn complete(document: &mut Document) {
    let mut body_schemas = BTreeSet::new();
    let mut patched = BTreeSet::new();
    for operation in document.paths.paths.values_mut().flat_map(operations) {
        describe_query(operation);
        keep_executable_examples(operation);
        describe_body(operation, &mut body_schemas, &mut patched);
    }
    let Some(components) = document.components.as_mut() else { return };
    let mut pending: Vec<String> = body_schemas.iter().cloned().collect();
    while let Some(name) = pending.pop() {
        let Some(schema) = components.schemas.get_mut(&name) else { continue };
        describe_defaults(schema);
        let referenced = limit_texts(schema);
        pending.extend(referenced.into_iter().filter(|name| body_schemas.insert(name.clone())));
    }
    let nullable: BTreeSet<String> =
        components.schemas.iter().filter(|(_, s)| is_nullable(s)).map(|(n, _)| n.clone()).collect();
    for name in &patched {
        if let Some(input) = components.schemas.get(name) {
            let patch = patch_schema(input.clone(), &nullable);
            components.schemas.insert(patch_name(name), patch);
        }
    }
    // An input that is only patched is not referred to any more.
    let text = document.to_json().unwrap_or_default();
    let unused = |name: &String| !text.contains(&format!("\"{SCHEMAS_PATH}{name}\""));
    if let Some(components) = document.components.as_mut() {
        for name in patched.into_iter().filter(unused) {
            components.schemas.remove(&name);
        }
    }
}

/// Returns the schema name of the patches of an input: `ArticlePatch` for `ArticleInput`.
fn patch_name(input: &str) -> String {
    format!("{}Patch", input.strip_suffix("Input").unwrap_or(input))
}

fn describe_query(operation: &mut Operation) {
    let fields_pattern = fields_pattern(operation);
    for parameter in operation.parameters.iter_mut().flatten() {
        let RefOr::T(parameter) = parameter else { continue };
        if parameter.parameter_in != ParameterIn::Query {
            continue;
        }
        let pattern = fields_pattern.as_deref().filter(|_| parameter.name == "fields");
        if let Some(text) = text_schema(parameter) {
            text.pattern.get_or_insert_with(|| pattern.unwrap_or(QUERY_TEXT).to_owned());
        }
    }
}

/// Makes the examples of parameters usable as they stand: the documentation page fills them in. An optional
/// one would filter everything away, so its example moves to the description; an id is that of the first
/// object.
fn keep_executable_examples(operation: &mut Operation) {
    for parameter in operation.parameters.iter_mut().flatten() {
        let RefOr::T(parameter) = parameter else { continue };
        // The field is private.
        let json = serde_json::to_value(&*parameter).unwrap_or_default();
        let example = json.get("example").cloned();
        let builder = ParameterBuilder::from(parameter.clone());
        if parameter.required == Required::False {
            let description = parameter.description.clone().unwrap_or_default();
            let description = match &example {
                Some(Value::String(text)) => format!("{description} Example: `{text}`."),
                _ => description,
            };
            *parameter = builder.example(None).description(Some(description)).build();
        } else if example.is_none() && is_integer(parameter) {
            *parameter = builder.example(Some(1.into())).build();
        }
    }
}

fn is_integer(parameter: &Parameter) -> bool {
    matches!(&parameter.schema, Some(RefOr::T(Schema::Object(object)))
        if object.schema_type == SchemaType::Type(Type::Integer))
}

fn text_schema(parameter: &mut Parameter) -> Option<&mut Object> {
    match parameter.schema.as_mut() {
        Some(RefOr::T(Schema::Object(object))) if is_text(object) => Some(object),
        _ => None,
    }
}

/// Returns whether a schema is a text without a format or enumeration. A long text does not count: tools
/// that generate examples from a pattern would take minutes.
fn is_text(object: &Object) -> bool {
    let text = match &object.schema_type {
        SchemaType::Type(kind) => *kind == Type::String,
        SchemaType::Array(kinds) => kinds.contains(&Type::String),
        SchemaType::AnyValue => false,
    };
    text && object.enum_values.is_none()
        && object.format.is_none()
        && object.max_length.is_some_and(|max| max <= 1000)
}

/// Returns the pattern of `fields`: the paths in the example of the response, which has every field.
fn fields_pattern(operation: &Operation) -> Option<String> {
    let RefOr::T(response) = operation.responses.responses.get("200")? else { return None };
    let RefOr::T(content) = response.content.get("application/json")? else { return None };
    let example = content.example.as_ref()?;
    let list = example.get("page").and(example.get("items")).and_then(Value::as_array);
    let mut paths = Vec::new();
    collect_paths(list.and_then(|items| items.first()).unwrap_or(example), "", &mut paths);
    let path = paths.join("|");
    Some(format!("^({path})(,({path}))*$"))
}

fn collect_paths(value: &Value, parent: &str, paths: &mut Vec<String>) {
    match value {
        Value::Array(items) => {
            items.first().into_iter().for_each(|item| collect_paths(item, parent, paths));
        }
        Value::Object(members) => {
            for (name, member) in members {
                let path =
                    if parent.is_empty() { name.clone() } else { format!(r"{parent}\.{name}") };
                collect_paths(member, &path, paths);
                paths.push(path);
            }
        }
        _ => {}
    }
}

/// Adds the schemas of a body to `body_schemas`, and makes a merge patch refer to its patch schema.
fn describe_body(
    operation: &mut Operation,
    body_schemas: &mut BTreeSet<String>,
    patched: &mut BTreeSet<String>,
) {
    let Some(RefOr::T(body)) = operation.request_body.as_mut() else { return };
    for (media_type, content) in &mut body.content {
        let RefOr::T(content) = content else { continue };
        let Some(RefOr::Ref(reference)) = content.schema.as_mut() else { continue };
        let name = ref_name(reference).to_owned();
        if media_type == MERGE_PATCH {
            *reference = Ref::from_schema_name(patch_name(&name));
            patched.insert(name.clone());
        }
        body_schemas.insert(name);
    }
}

/// Moves the defaults of properties to their descriptions. Generators of types take a property with a default
/// for one that is always there, and would require it in requests.
fn describe_defaults(schema: &mut RefOr<Schema>) {
    visit_schemas(schema, &mut |schema| {
        let RefOr::T(Schema::Object(object)) = schema else { return };
        for property in object.properties.values_mut() {
            let (default, description) = match property {
                RefOr::Ref(reference) => (reference.default.take(), &mut reference.description),
                RefOr::T(Schema::Object(object)) => {
                    (object.default.take(), object.description.get_or_insert_default())
                }
                RefOr::T(_) => continue,
            };
            if let Some(default) = default {
                let default = default.as_str().map_or_else(|| default.to_string(), str::to_owned);
                description.push_str(&format!(" Default: `{default}`."));
            }
        }
    });
}

/// Sets the pattern of every text in a schema. Returns the names of the schemas that it refers to.
fn limit_texts(schema: &mut RefOr<Schema>) -> Vec<String> {
    let mut referenced = Vec::new();
    visit_schemas(schema, &mut |schema| match schema {
        RefOr::Ref(reference) => referenced.push(ref_name(reference).to_owned()),
        RefOr::T(Schema::Object(object)) if is_text(object) => {
            object.pattern.get_or_insert_with(|| BODY_TEXT.to_owned());
        }
        RefOr::T(_) => {}
    });
    referenced
}

/// Returns the schema of a merge patch for an input: no property is required, and one that is optional
/// in the input may be null, which removes it.
///
/// `nullable` lists the schemas that allow null themselves.
fn patch_schema(mut input: RefOr<Schema>, nullable: &BTreeSet<String>) -> RefOr<Schema> {
    if let RefOr::T(Schema::Object(object)) = &mut input {
        let required = std::mem::take(&mut object.required);
        for (name, property) in &mut object.properties {
            if !required.contains(name) {
                make_nullable(property, nullable);
            }
        }
    }
    input
}

fn is_nullable(schema: &RefOr<Schema>) -> bool {
    let RefOr::T(Schema::Object(object)) = schema else { return false };
    matches!(&object.schema_type, SchemaType::Array(kinds) if kinds.contains(&Type::Null))
}

fn make_nullable(property: &mut RefOr<Schema>, nullable: &BTreeSet<String>) {
    let kind = match property {
        RefOr::T(Schema::Object(object)) => &mut object.schema_type,
        RefOr::T(Schema::Array(array)) => &mut array.schema_type,
        RefOr::T(_) => return,
        RefOr::Ref(reference) => {
            if nullable.contains(ref_name(reference)) {
                return;
            }
            let null = Object::with_type(Type::Null);
            let either = OneOfBuilder::new().item(null).item(property.clone());
            *property = either.into();
            return;
        }
    };
    if let SchemaType::Type(single) = kind {
        *kind = SchemaType::Array(vec![single.clone(), Type::Null]);
    }
}

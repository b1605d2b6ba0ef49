//! What the types alone do not tell the document: which characters a text may have, which names
//! `fields` takes, and that a merge patch need not hold what a whole object must.

use crate::openapi::walk::{each, name, operations};
use serde_json::Value;
use std::collections::BTreeSet;
use utoipa::openapi::path::{Operation, Parameter, ParameterIn};
use utoipa::openapi::schema::{Object, Schema, SchemaType, Type};
use utoipa::openapi::{OneOfBuilder, OpenApi as Document, Ref, RefOr};

/// No control character stands in a query.
const QUERY_TEXT: &str = r"^[^\x00-\x1F\x7F-\x9F]*$";
/// What `text::xml_chars` lets through.
const BODY_TEXT: &str = r"^[^\x00-\x08\x0B\x0C\x0E-\x1F\uFFFE\uFFFF]*$";
const PATCH: &str = "application/merge-patch+json";
const SCHEMAS: &str = "#/components/schemas/";

/// Adds all this to a document.
pub(super) fn complete(document: &mut Document) {
    let (mut sent, mut patched) = (BTreeSet::new(), BTreeSet::new());
    for operation in document.paths.paths.values_mut().flat_map(operations) {
        describe_query(operation);
        describe_body(operation, &mut sent, &mut patched);
    }
    let Some(components) = document.components.as_mut() else { return };
    let mut open: Vec<String> = sent.iter().cloned().collect();
    while let Some(name) = open.pop() {
        let Some(schema) = components.schemas.get_mut(&name) else { continue };
        let named = limit_texts(schema);
        open.extend(named.into_iter().filter(|name| sent.insert(name.clone())));
    }
    let nulls: BTreeSet<String> =
        components.schemas.iter().filter(|(_, s)| takes_null(s)).map(|(n, _)| n.clone()).collect();
    for name in &patched {
        if let Some(whole) = components.schemas.get(name) {
            let patch = partial(whole.clone(), &nulls);
            components.schemas.insert(patch_name(name), patch);
        }
    }
    // What is only ever patched is named nowhere now.
    let text = document.to_json().unwrap_or_default();
    let unused = |name: &String| !text.contains(&format!("\"{SCHEMAS}{name}\""));
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
    let known = field_names(operation);
    for parameter in operation.parameters.iter_mut().flatten() {
        let RefOr::T(parameter) = parameter else { continue };
        if parameter.parameter_in != ParameterIn::Query {
            continue;
        }
        let fields = known.as_deref().filter(|_| parameter.name == "fields");
        if let Some(text) = plain_text(parameter) {
            text.pattern.get_or_insert_with(|| fields.unwrap_or(QUERY_TEXT).to_owned());
        }
    }
}

fn plain_text(parameter: &mut Parameter) -> Option<&mut Object> {
    match parameter.schema.as_mut() {
        Some(RefOr::T(Schema::Object(object))) if is_text(object) => Some(object),
        _ => None,
    }
}

/// A text that nothing else narrows, and not a long one: what makes examples from a pattern would
/// be busy for minutes.
fn is_text(object: &Object) -> bool {
    let text = match &object.schema_type {
        SchemaType::Type(kind) => *kind == Type::String,
        SchemaType::Array(kinds) => kinds.contains(&Type::String),
        SchemaType::AnyValue => false,
    };
    text && object.enum_values.is_none()
        && object.format.is_none()
        && object.max_length.is_some_and(|most| most <= 1000)
}

/// The pattern of `fields`: the paths in the example of the answer, which has every member.
fn field_names(operation: &Operation) -> Option<String> {
    let RefOr::T(answer) = operation.responses.responses.get("200")? else { return None };
    let RefOr::T(content) = answer.content.get("application/json")? else { return None };
    let example = content.example.as_ref()?;
    let list = example.get("page").and(example.get("items")).and_then(Value::as_array);
    let mut paths = Vec::new();
    collect(list.and_then(|items| items.first()).unwrap_or(example), "", &mut paths);
    let path = paths.join("|");
    Some(format!("^({path})(,({path}))*$"))
}

fn collect(value: &Value, before: &str, paths: &mut Vec<String>) {
    match value {
        Value::Array(items) => {
            items.first().into_iter().for_each(|item| collect(item, before, paths));
        }
        Value::Object(members) => {
            for (name, member) in members {
                let path =
                    if before.is_empty() { name.clone() } else { format!(r"{before}\.{name}") };
                collect(member, &path, paths);
                paths.push(path);
            }
        }
        _ => {}
    }
}

/// Notes what a body refers to, and points a merge patch to the schema of a part.
fn describe_body(
    operation: &mut Operation,
    sent: &mut BTreeSet<String>,
    patched: &mut BTreeSet<String>,
) {
    let Some(RefOr::T(body)) = operation.request_body.as_mut() else { return };
    for (kind, content) in &mut body.content {
        let RefOr::T(content) = content else { continue };
        let Some(RefOr::Ref(reference)) = content.schema.as_mut() else { continue };
        let name = name(reference).to_owned();
        if kind == PATCH {
            *reference = Ref::from_schema_name(patch_name(&name));
            patched.insert(name.clone());
        }
        sent.insert(name);
    }
}

/// Says of every text in a schema which characters it may have; the names are those it refers to.
fn limit_texts(schema: &mut RefOr<Schema>) -> Vec<String> {
    let mut named = Vec::new();
    each(schema, &mut |schema| match schema {
        RefOr::Ref(reference) => named.push(name(reference).to_owned()),
        RefOr::T(Schema::Object(object)) if is_text(object) => {
            object.pattern.get_or_insert_with(|| BODY_TEXT.to_owned());
        }
        RefOr::T(_) => {}
    });
    named
}

/// The schema of a merge patch: nothing must be there, and what may be left out may be null.
///
/// `nulls` are the schemas that take null by themselves.
fn partial(mut whole: RefOr<Schema>, nulls: &BTreeSet<String>) -> RefOr<Schema> {
    if let RefOr::T(Schema::Object(object)) = &mut whole {
        let required = std::mem::take(&mut object.required);
        for (name, member) in &mut object.properties {
            if !required.contains(name) {
                make_nullable(member, nulls);
            }
        }
    }
    whole
}

fn takes_null(schema: &RefOr<Schema>) -> bool {
    let RefOr::T(Schema::Object(object)) = schema else { return false };
    matches!(&object.schema_type, SchemaType::Array(kinds) if kinds.contains(&Type::Null))
}

fn make_nullable(member: &mut RefOr<Schema>, nulls: &BTreeSet<String>) {
    let kind = match member {
        RefOr::T(Schema::Object(object)) => &mut object.schema_type,
        RefOr::T(Schema::Array(array)) => &mut array.schema_type,
        RefOr::T(_) => return,
        RefOr::Ref(reference) => {
            if nulls.contains(name(reference)) {
                return;
            }
            let null = Object::with_type(Type::Null);
            let either = OneOfBuilder::new().item(null).item(member.clone());
            *member = either.into();
            return;
        }
    };
    if let SchemaType::Type(single) = kind {
        *kind = SchemaType::Array(vec![single.clone(), Type::Null]);
    }
}

//! Normalizes the derived schemas: adds what utoipa's derives cannot express, and prefers forms that
//! client generators handle well.
//!
//! Flattened objects (`allOf`) become one object each, optional properties keep their descriptions, and
//! numbers and times get the bounds of their Rust types.

use crate::openapi::walk::{ref_name, visit_schemas};
use std::collections::BTreeMap;
use utoipa::ToSchema;
use utoipa::openapi::schema::{
    AllOf, ArrayItems, KnownFormat, Object, ObjectBuilder, Schema, SchemaFormat, SchemaType, Type,
};
use utoipa::openapi::{ComponentsBuilder, OpenApi as Document, OpenApiBuilder, Ref, RefOr};

type Schemas = BTreeMap<String, RefOr<Schema>>;

/// Schemas that are only used where `null` is allowed too. They allow it themselves, so that no property
/// needs a `oneOf` with two schemas.
pub(crate) const NULLABLE: [&str; 3] = ["ImportReport", "AdjacentArticle", "OutletKind"];

/// Properties, by schema, that are never null although their type allows it: a comment that was just
/// posted has an author.
const NON_NULL: [(&str, &str); 2] = [("EditorComment", "author"), ("PostedComment", "author")];

/// Schemas that are only flattened into others. They are removed, because those repeat their properties.
const FLATTENED: [&str; 3] = ["AdminCommentAuthor", "ArticleWithTexts", "EditorFields"];

/// The maximum length of a time in characters: RFC 3339 allows any number of decimals.
const MAX_TIME_LENGTH: usize = 64;

/// Returns the schema of a type and of all types that it refers to, by name, as the document has them.
pub(crate) fn normalized_schemas<T: ToSchema>() -> Schemas {
    let mut schemas = vec![(T::name().into_owned(), T::schema())];
    T::schemas(&mut schemas);
    let components = ComponentsBuilder::new().schemas_from_iter(schemas).build();
    let mut document = OpenApiBuilder::new().components(Some(components)).build();
    normalize(&mut document);
    document.components.map(|components| components.schemas).unwrap_or_default()
}

/// Normalizes all schemas of a document.
pub(crate) fn normalize(document: &mut Document) {
    let Some(components) = document.components.as_mut() else { return };
    let schemas = &mut components.schemas;
    merge_all_of(schemas);
    schemas.retain(|name, _| !FLATTENED.contains(&name.as_str()));
    reference_page_items(schemas);
    for (name, property) in NON_NULL {
        if let Some(object) = object(schemas, name)
            && let Some(schema) = object.properties.get_mut(property)
            && let Some(reference) = nullable_ref(schema)
        {
            *schema = reference.into();
            object.required.push(property.to_owned());
        }
    }
    for schema in schemas.values_mut() {
        visit_schemas(schema, &mut |schema| {
            move_description(schema);
            set_bounds(schema);
            let nullable = nullable_ref(schema);
            if let Some(reference) = nullable.filter(|r| NULLABLE.contains(&ref_name(r))) {
                *schema = reference.into();
            }
        });
    }
    for name in NULLABLE {
        if let Some(object) = object(schemas, name) {
            allow_null(object);
        }
    }
}

/// Returns the object schema with this name.
fn object<'a>(schemas: &'a mut Schemas, name: &str) -> Option<&'a mut Object> {
    match schemas.get_mut(name) {
        Some(RefOr::T(Schema::Object(object))) => Some(object),
        _ => None,
    }
}

/// Replaces each `allOf` of objects by one object.
fn merge_all_of(schemas: &mut Schemas) {
    let all = schemas.clone();
    for schema in schemas.values_mut() {
        if let RefOr::T(Schema::AllOf(parts)) = schema
            && let Some(object) = merged(parts, &all)
        {
            *schema = RefOr::T(Schema::Object(object));
        }
    }
}

/// Returns all parts as one object; `None` if one of them is not an object.
fn merged(parts: &AllOf, all: &Schemas) -> Option<Object> {
    let mut object = Object::with_type(Type::Object);
    for part in &parts.items {
        let part = resolve_object(part, all)?;
        object.properties.extend(part.properties);
        for name in part.required {
            if !object.required.contains(&name) {
                object.required.push(name);
            }
        }
    }
    object.description.clone_from(&parts.description);
    Some(object)
}

/// Returns the object that a schema is, refers to or combines.
fn resolve_object(schema: &RefOr<Schema>, all: &Schemas) -> Option<Object> {
    match schema {
        RefOr::Ref(reference) => resolve_object(all.get(ref_name(reference))?, all),
        RefOr::T(Schema::Object(object)) => Some(object.clone()),
        RefOr::T(Schema::AllOf(parts)) => merged(parts, all),
        RefOr::T(_) => None,
    }
}

/// Makes the items of each page a reference to their schema. They are derived inline, for which a
/// generated client would have no name.
fn reference_page_items(schemas: &mut Schemas) {
    let names: Vec<String> = schemas.keys().cloned().collect();
    for (name, schema) in schemas {
        let Some(item) = name.strip_prefix("Page_").filter(|item| names.iter().any(|n| n == item))
        else {
            continue;
        };
        if let RefOr::T(Schema::Object(page)) = schema
            && let Some(RefOr::T(Schema::Array(items))) = page.properties.get_mut("items")
        {
            items.items = ArrayItems::RefOrSchema(Box::new(Ref::from_schema_name(item).into()));
        }
    }
}

/// Returns the reference of a `oneOf` between it and null.
fn nullable_ref(schema: &RefOr<Schema>) -> Option<Ref> {
    let RefOr::T(Schema::OneOf(one_of)) = schema else { return None };
    match one_of.items.as_slice() {
        [RefOr::Ref(reference), RefOr::T(Schema::Object(null))]
            if null.schema_type == SchemaType::Type(Type::Null) =>
        {
            let mut reference = reference.clone();
            if let Some(description) = &one_of.description {
                reference.description.clone_from(description);
            }
            Some(reference)
        }
        _ => None,
    }
}

/// Moves the description of an optional property from the reference in its `oneOf` to the `oneOf`.
fn move_description(schema: &mut RefOr<Schema>) {
    if let RefOr::T(Schema::OneOf(one_of)) = schema
        && one_of.description.is_none()
        && let Some(RefOr::Ref(reference)) = one_of.items.first_mut()
        && !reference.description.is_empty()
    {
        one_of.description = Some(std::mem::take(&mut reference.description));
    }
}

/// Sets the format of integers (those without one are `usize`) and the maximum length of times.
fn set_bounds(schema: &mut RefOr<Schema>) {
    let RefOr::T(Schema::Object(object)) = schema else { return };
    let is = |kind: Type| match &object.schema_type {
        SchemaType::Type(only) => *only == kind,
        SchemaType::Array(kinds) => kinds.contains(&kind),
        SchemaType::AnyValue => false,
    };
    // Without bounds it says nothing: every property name in JSON is a string.
    if object.property_names.as_deref().is_some_and(|names| *names == any_text()) {
        object.property_names = None;
    }
    let time = object.format == Some(SchemaFormat::KnownFormat(KnownFormat::DateTime));
    if is(Type::Integer) && object.format.is_none() {
        object.format = Some(SchemaFormat::KnownFormat(KnownFormat::Int64));
    } else if is(Type::String) && time {
        object.max_length = object.max_length.or(Some(MAX_TIME_LENGTH));
    }
}

fn any_text() -> Schema {
    ObjectBuilder::new().schema_type(Type::String).into()
}

/// Allows null for a schema.
fn allow_null(object: &mut Object) {
    if let Some(values) = &mut object.enum_values {
        values.push(serde_json::Value::Null);
        // The values suffice. From a list of types, generators make an enumeration for each type.
        object.schema_type = SchemaType::AnyValue;
    } else if let SchemaType::Type(kind) = object.schema_type.clone() {
        object.schema_type = SchemaType::Array(vec![kind, Type::Null]);
    }
}

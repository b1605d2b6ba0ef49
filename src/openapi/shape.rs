//! The last touches to the document: what derives alone cannot say, and what generators of clients
//! read best.
//!
//! Objects that hold others flattened are written out whole, optional members keep their
//! descriptions, and numbers and times have the bounds that their Rust types give them.

use crate::openapi::walk::{each, name};
use std::collections::BTreeMap;
use utoipa::ToSchema;
use utoipa::openapi::schema::{
    AllOf, ArrayItems, KnownFormat, Object, ObjectBuilder, Schema, SchemaFormat, SchemaType, Type,
};
use utoipa::openapi::{ComponentsBuilder, OpenApi as Document, OpenApiBuilder, Ref, RefOr};

type Schemas = BTreeMap<String, RefOr<Schema>>;

/// What stands nowhere but where `null` may stand too: that is said by its own type, so that
/// nothing has to choose between two schemas.
pub(crate) const OR_NULL: [&str; 3] = ["ImportReport", "AdjacentArticle", "OutletKind"];

/// Members that can be null elsewhere but never are here: what was just posted has an author.
const PRESENT: [(&str, &str); 2] = [("EditorComment", "author"), ("PostedComment", "author")];

/// What is only ever a part of other objects, and stands in each of them written out.
const PARTS: [&str; 3] = ["AdminCommentAuthor", "ArticleWithTexts", "EditorFields"];

/// The longest time that is read: RFC 3339 allows any number of decimals.
const LONGEST_TIME: usize = 64;

/// Returns the schema of a type and of all that it refers to, by name, as the document has them.
pub(crate) fn finished_schemas<T: ToSchema>() -> Schemas {
    let mut schemas = vec![(T::name().into_owned(), T::schema())];
    T::schemas(&mut schemas);
    let components = ComponentsBuilder::new().schemas_from_iter(schemas).build();
    let mut document = OpenApiBuilder::new().components(Some(components)).build();
    finish(&mut document);
    document.components.map(|components| components.schemas).unwrap_or_default()
}

/// Applies all of them.
pub(crate) fn finish(document: &mut Document) {
    let Some(components) = document.components.as_mut() else { return };
    let schemas = &mut components.schemas;
    write_out(schemas);
    schemas.retain(|name, _| !PARTS.contains(&name.as_str()));
    name_items(schemas);
    for (name, member) in PRESENT {
        if let Some(object) = object(schemas, name)
            && let Some(schema) = object.properties.get_mut(member)
            && let Some(one) = or_null(schema)
        {
            *schema = one.into();
            object.required.push(member.to_owned());
        }
    }
    for schema in schemas.values_mut() {
        each(schema, &mut |schema| {
            describe(schema);
            bound(schema);
            if let Some(one) = or_null(schema).filter(|one| OR_NULL.contains(&name(one))) {
                *schema = one.into();
            }
        });
    }
    for name in OR_NULL {
        if let Some(object) = object(schemas, name) {
            take_null(object);
        }
    }
}

/// The object of this name.
fn object<'a>(schemas: &'a mut Schemas, name: &str) -> Option<&'a mut Object> {
    match schemas.get_mut(name) {
        Some(RefOr::T(Schema::Object(object))) => Some(object),
        _ => None,
    }
}

/// Writes out the objects that hold others flattened.
fn write_out(schemas: &mut Schemas) {
    let all = schemas.clone();
    for schema in schemas.values_mut() {
        if let RefOr::T(Schema::AllOf(parts)) = schema
            && let Some(object) = joined(parts, &all)
        {
            *schema = RefOr::T(Schema::Object(object));
        }
    }
}

/// All parts as one object; none where one of them is no object.
fn joined(parts: &AllOf, all: &Schemas) -> Option<Object> {
    let mut whole = Object::with_type(Type::Object);
    for part in &parts.items {
        let part = whole_of(part, all)?;
        whole.properties.extend(part.properties);
        for name in part.required {
            if !whole.required.contains(&name) {
                whole.required.push(name);
            }
        }
    }
    whole.description.clone_from(&parts.description);
    Some(whole)
}

fn whole_of(schema: &RefOr<Schema>, all: &Schemas) -> Option<Object> {
    match schema {
        RefOr::Ref(reference) => whole_of(all.get(name(reference))?, all),
        RefOr::T(Schema::Object(object)) => Some(object.clone()),
        RefOr::T(Schema::AllOf(parts)) => joined(parts, all),
        RefOr::T(_) => None,
    }
}

/// Gives the items of each page the name of their schema: written out in place, as they come, a
/// generated client would have no name for them.
fn name_items(schemas: &mut Schemas) {
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

/// The reference in a choice between it and null.
fn or_null(schema: &RefOr<Schema>) -> Option<Ref> {
    let RefOr::T(Schema::OneOf(of)) = schema else { return None };
    match of.items.as_slice() {
        [RefOr::Ref(one), RefOr::T(Schema::Object(null))]
            if null.schema_type == SchemaType::Type(Type::Null) =>
        {
            let mut one = one.clone();
            if let Some(description) = &of.description {
                one.description.clone_from(description);
            }
            Some(one)
        }
        _ => None,
    }
}

/// Moves the description of an optional member from one of its two forms to the member.
fn describe(schema: &mut RefOr<Schema>) {
    if let RefOr::T(Schema::OneOf(of)) = schema
        && of.description.is_none()
        && let Some(RefOr::Ref(one)) = of.items.first_mut()
        && !one.description.is_empty()
    {
        of.description = Some(std::mem::take(&mut one.description));
    }
}

/// Says how wide a number is (those without a format are `usize`) and how long a time.
fn bound(schema: &mut RefOr<Schema>) {
    let RefOr::T(Schema::Object(object)) = schema else { return };
    let is = |kind: Type| match &object.schema_type {
        SchemaType::Type(one) => *one == kind,
        SchemaType::Array(several) => several.contains(&kind),
        SchemaType::AnyValue => false,
    };
    // Without bounds it says what holds anyway: every name in JSON is text.
    if object.property_names.as_deref().is_some_and(|names| *names == any_text()) {
        object.property_names = None;
    }
    let time = object.format == Some(SchemaFormat::KnownFormat(KnownFormat::DateTime));
    if is(Type::Integer) && object.format.is_none() {
        object.format = Some(SchemaFormat::KnownFormat(KnownFormat::Int64));
    } else if is(Type::String) && time {
        object.max_length = object.max_length.or(Some(LONGEST_TIME));
    }
}

fn any_text() -> Schema {
    ObjectBuilder::new().schema_type(Type::String).into()
}

/// Lets a schema be null as well.
fn take_null(object: &mut Object) {
    if let Some(values) = &mut object.enum_values {
        values.push(serde_json::Value::Null);
        // The values say it all; of a list of types, generators make an enumeration for each.
        object.schema_type = SchemaType::AnyValue;
    } else if let SchemaType::Type(kind) = object.schema_type.clone() {
        object.schema_type = SchemaType::Array(vec![kind, Type::Null]);
    }
}

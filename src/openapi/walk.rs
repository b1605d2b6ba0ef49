//! Traversal of the OpenAPI document.

use utoipa::openapi::path::{Operation, Parameter, PathItem};
use utoipa::openapi::schema::{AdditionalProperties, ArrayItems, Schema};
use utoipa::openapi::{Ref, RefOr};

/// Returns the operations of a path.
pub(crate) fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, put, post, delete, patch, .. } = item;
    [get, put, post, delete, patch].into_iter().flatten()
}

/// Returns the operations of a path that write.
pub(crate) fn write_operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { put, post, delete, patch, .. } = item;
    [put, post, delete, patch].into_iter().flatten()
}

/// Returns the parameter of an operation with this name.
pub(crate) fn parameter<'a>(operation: &'a Operation, name: &str) -> Option<&'a Parameter> {
    let all = operation.parameters.iter().flatten();
    all.filter_map(inline).find(|parameter| parameter.name == name)
}

/// Returns the value if it is inline, `None` if it is a reference.
pub(crate) fn inline<T>(value: &RefOr<T>) -> Option<&T> {
    match value {
        RefOr::T(value) => Some(value),
        RefOr::Ref(_) => None,
    }
}

/// Returns the name of the component that a reference points to.
pub(crate) fn ref_name(reference: &Ref) -> &str {
    reference.ref_location.rsplit_once('/').map_or("", |(_, name)| name)
}

/// Calls `visit` with a schema and everything within it; references are not followed.
pub(crate) fn visit_schemas(
    schema: &mut RefOr<Schema>,
    visit: &mut impl FnMut(&mut RefOr<Schema>),
) {
    visit(schema);
    let RefOr::T(schema) = schema else { return };
    match schema {
        Schema::Object(object) => {
            object.properties.values_mut().for_each(|s| visit_schemas(s, visit));
            let additional = object.additional_properties.as_deref_mut();
            if let Some(AdditionalProperties::RefOr(additional)) = additional {
                visit_schemas(additional, visit);
            }
        }
        Schema::Array(array) => {
            if let ArrayItems::RefOrSchema(items) = &mut array.items {
                visit_schemas(items, visit);
            }
        }
        Schema::OneOf(one_of) => one_of.items.iter_mut().for_each(|s| visit_schemas(s, visit)),
        Schema::AllOf(all_of) => all_of.items.iter_mut().for_each(|s| visit_schemas(s, visit)),
        Schema::AnyOf(any_of) => any_of.items.iter_mut().for_each(|s| visit_schemas(s, visit)),
        _ => {}
    }
}

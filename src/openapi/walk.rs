//! Ways through the document.

use utoipa::openapi::path::{Operation, Parameter, PathItem};
use utoipa::openapi::schema::{AdditionalProperties, ArrayItems, Schema};
use utoipa::openapi::{Ref, RefOr};

/// The operations at a path.
pub(crate) fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, put, post, delete, patch, .. } = item;
    [get, put, post, delete, patch].into_iter().flatten()
}

/// Those that change something.
pub(crate) fn changes(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { put, post, delete, patch, .. } = item;
    [put, post, delete, patch].into_iter().flatten()
}

/// The parameter of this name that an operation takes.
pub(crate) fn parameter<'a>(operation: &'a Operation, name: &str) -> Option<&'a Parameter> {
    let all = operation.parameters.iter().flatten();
    all.filter_map(whole).find(|parameter| parameter.name == name)
}

/// What stands in place, and is not a reference.
pub(crate) fn whole<T>(one: &RefOr<T>) -> Option<&T> {
    match one {
        RefOr::T(one) => Some(one),
        RefOr::Ref(_) => None,
    }
}

/// What a reference names.
pub(crate) fn name(reference: &Ref) -> &str {
    reference.ref_location.rsplit_once('/').map_or("", |(_, name)| name)
}

/// Calls `visit` with a schema and everything within it; references are not followed.
pub(crate) fn each(schema: &mut RefOr<Schema>, visit: &mut impl FnMut(&mut RefOr<Schema>)) {
    visit(schema);
    let RefOr::T(schema) = schema else { return };
    match schema {
        Schema::Object(object) => {
            object.properties.values_mut().for_each(|s| each(s, visit));
            let rest = object.additional_properties.as_deref_mut();
            if let Some(AdditionalProperties::RefOr(rest)) = rest {
                each(rest, visit);
            }
        }
        Schema::Array(array) => {
            if let ArrayItems::RefOrSchema(items) = &mut array.items {
                each(items, visit);
            }
        }
        Schema::OneOf(of) => of.items.iter_mut().for_each(|s| each(s, visit)),
        Schema::AllOf(of) => of.items.iter_mut().for_each(|s| each(s, visit)),
        Schema::AnyOf(of) => of.items.iter_mut().for_each(|s| each(s, visit)),
        _ => {}
    }
}

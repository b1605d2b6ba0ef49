//! What the objects of changes are now.

use super::model::Change;
use crate::error::{Code, Error, Result};
use crate::{articles, comments, editor, jobs, outlets, tags};
use diesel_async::AsyncPgConnection;
use serde::Serialize;
use serde_json::Value;
use std::collections::HashMap;

/// Embeds what the objects are now: null for those that cannot be read any more.
///
/// # Errors
/// When the database does not respond.
pub(crate) async fn include_objects(
    conn: &AsyncPgConnection,
    changes: &mut [Change],
) -> Result<()> {
    let is_admin = |change: &Change| change.object.url.starts_with("/api/v1/admin/");
    let ids = |kind: &str| -> Vec<i64> {
        let of_kind = changes.iter().filter(|one| one.object.r#type == kind && !is_admin(one));
        of_kind.map(|one| one.object.id).collect()
    };
    let mut found: HashMap<String, Value> = HashMap::new();
    for (id, article) in articles::by_ids(conn, &ids("article")).await? {
        found.insert(format!("/api/v1/articles/{id}"), to_value(&article)?);
    }
    for listed in comments::listed(conn, &ids("comment")).await? {
        found.insert(format!("/api/v1/comments/{}", listed.comment.id), to_value(&listed)?);
    }
    for outlet in outlets::by_ids(conn, &ids("outlet")).await? {
        found.insert(format!("/api/v1/outlets/{}", outlet.id), to_value(&outlet)?);
    }
    for tag in tags::public_by_ids(conn, &ids("tag")).await? {
        found.insert(format!("/api/v1/tags/{}", tag.id), to_value(&tag)?);
    }
    for change in changes.iter_mut() {
        if is_admin(change) && !found.contains_key(&change.object.url) {
            let value = admin_object(conn, change).await?;
            found.insert(change.object.url.clone(), value);
        }
        change.object.data = Some(found.get(&change.object.url).cloned().unwrap_or_default());
    }
    Ok(())
}

/// Returns what an editor sees of an object.
async fn admin_object(conn: &AsyncPgConnection, change: &Change) -> Result<Value> {
    let id = change.object.id;
    match change.object.r#type.as_str() {
        "article" => if_present(editor::find(conn, id).await),
        "comment" => if_present(comments::find_in_any_status(conn, id).await),
        "job" => to_value(&jobs::find(conn, id).await?),
        _ => Ok(Value::Null),
    }
}

fn if_present(found: Result<impl Serialize>) -> Result<Value> {
    match found {
        Ok(value) => to_value(&value),
        Err(error) if matches!(error.code(), Code::NotFound | Code::Gone) => Ok(Value::Null),
        Err(error) => Err(error),
    }
}

fn to_value(value: &impl Serialize) -> Result<Value> {
    serde_json::to_value(value).map_err(Error::internal)
}

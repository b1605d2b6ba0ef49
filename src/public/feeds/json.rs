//! Writes a feed as JSON Feed 1.1 (jsonfeed.org).

use crate::error::{Error, Result};
use crate::public::feeds::model::{Entry, Feed, Source};
use serde_json::{Value, json};

/// Writes the document.
pub(super) fn write(feed: &Feed) -> Result<Vec<u8>> {
    let mut document = json!({
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": feed.home,
        "feed_url": feed.self_url,
        "language": feed.lang,
        "items": feed.entries.iter().map(item).collect::<Vec<_>>(),
    });
    if let (Some(members), Some(next)) = (document.as_object_mut(), &feed.next) {
        members.insert("next_url".to_owned(), json!(next));
    }
    serde_json::to_vec(&without_nulls(document)).map_err(Error::internal)
}

fn item(entry: &Entry) -> Value {
    let source = |source: &Source| json!({"url": source.url, "title": source.title});
    let item = json!({
        "id": entry.id,
        "url": entry.url,
        "external_url": entry.via.as_ref().map(|via| &via.url),
        "title": entry.title,
        "summary": entry.summary,
        "content_html": entry.html,
        "image": entry.image.as_ref().map(|image| &image.url),
        "date_published": entry.published,
        "date_modified": entry.updated,
        "language": entry.lang,
        "authors": entry.author.as_ref().map(|author| json!([{"name": author.name, "url": author.page}])),
        "tags": entry.tags.iter().map(|(_, name)| name).collect::<Vec<_>>(),
        "_roundup": {
            "via": entry.via.as_ref().map(source),
            "related": entry.related.iter().map(source).collect::<Vec<_>>(),
            "comments": entry.replies.as_ref().map(|replies| replies.count),
            "in_reply_to": entry.in_reply_to.as_ref().map(|(id, _)| id),
        },
    });
    without_nulls(item)
}

/// Removes fields without a value, which JSON Feed does not allow.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .filter(|(_, member)| !member.is_null())
            .map(|(name, member)| (name, without_nulls(member)))
            .collect(),
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        other => other,
    }
}

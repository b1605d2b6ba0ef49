//! Events as they are stored, and changes as clients see them.

use super::cursor::Cursor;
use crate::error::{Code, Error, FieldError, Result};
use crate::extract::comma_separated;
use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text, Timestamptz};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

/// The types of events that everybody may see.
pub(crate) const PUBLIC_TYPES: [&str; 15] = [
    "article.published",
    "article.updated",
    "article.withdrawn",
    "article.deleted",
    "comment.published",
    "comment.updated",
    "comment.withdrawn",
    "outlet.published",
    "outlet.updated",
    "outlet.withdrawn",
    "outlet.deleted",
    "tag.published",
    "tag.updated",
    "tag.withdrawn",
    "tag.deleted",
];

/// The types of events that only editors see.
pub(crate) const EDITOR_TYPES: [&str; 8] = [
    "article.created",
    "article.drafted",
    "article.scheduled",
    "comment.held",
    "comment.rejected",
    "comment.reported",
    "job.finished",
    "webhook.disabled",
];

/// A row of `events`.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub(crate) struct StoredEvent {
    #[diesel(sql_type = BigInt)]
    pub(crate) id: i64,
    #[diesel(sql_type = Text)]
    pub(crate) kind: String,
    #[diesel(sql_type = Text)]
    pub(crate) object_kind: String,
    #[diesel(sql_type = BigInt)]
    pub(crate) object_id: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub(crate) article_id: Option<i64>,
    #[diesel(sql_type = Nullable<Integer>)]
    pub(crate) version: Option<i32>,
    #[diesel(sql_type = Timestamptz)]
    pub(crate) at: DateTime<Utc>,
    #[diesel(sql_type = Bool)]
    pub(crate) for_editors: bool,
}

impl StoredEvent {
    /// Returns the event as clients see it, with a cursor of this epoch.
    pub(crate) fn change(&self, epoch: &str) -> Change {
        let cursor = Cursor { epoch: epoch.to_owned(), id: self.id }.to_string();
        let (kind, id) = (self.object_kind.as_str(), self.object_id);
        let admin = if self.for_editors { "admin/" } else { "" };
        Change {
            cursor,
            r#type: self.kind.clone(),
            object: ObjectRef {
                r#type: kind.to_owned(),
                id,
                url: format!("/api/v1/{admin}{kind}s/{id}"),
                article_id: self.article_id,
                data: None,
            },
            version: self.version,
            at: self.at,
        }
    }
}

/// A change of an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Change {
    /// The position after this change, for `since`.
    #[schema(max_length = 40, example = "0c5f8f3a-105")]
    pub cursor: String,
    /// The type: the object's type and what happened to it.
    #[schema(max_length = 40, example = "article.published")]
    pub r#type: String,
    /// The object.
    pub object: ObjectRef,
    /// The version that the object had; null for objects without versions.
    #[schema(minimum = 1, maximum = 2_147_483_647, example = 1)]
    pub version: Option<i32>,
    /// When the change became visible.
    pub at: DateTime<Utc>,
}

/// The object of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ChangeObject)]
pub struct ObjectRef {
    /// The type: `article`, `comment`, `outlet` or `tag`; for editors also `job` and `webhook`.
    #[schema(max_length = 20, example = "article")]
    pub r#type: String,
    /// The id.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 42)]
    pub id: i64,
    /// The path of the object in the API.
    #[schema(max_length = 100, example = "/api/v1/articles/42")]
    pub url: String,
    /// The article of a comment; null for other objects.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 42)]
    pub article_id: Option<i64>,
    /// With `include=object`: what the object is now; null if it cannot be read any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub data: Option<Value>,
}

/// A page of changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ChangePage {
    /// The changes in commit order.
    #[schema(max_items = 100)]
    pub items: Vec<Change>,
    /// The position after these changes, for `since`.
    #[schema(max_length = 40, example = "0c5f8f3a-105")]
    pub cursor: String,
    /// Whether more changes follow at once.
    pub has_more: bool,
}

impl ChangePage {
    /// Returns a page with every field present, for the documentation.
    pub fn sample() -> Self {
        let event = StoredEvent {
            id: 105,
            kind: "article.published".to_owned(),
            object_kind: "article".to_owned(),
            object_id: 42,
            article_id: None,
            version: Some(1),
            at: DateTime::from_timestamp(1_417_651_200, 0).unwrap_or_default(),
            for_editors: false,
        };
        let change = event.change("0c5f8f3a");
        Self { cursor: change.cursor.clone(), items: vec![change], has_more: false }
    }
}

/// What of the feed to return.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ChangesQuery {
    /// Returns the changes after this cursor; `now` returns none, and a cursor to start from. Without it, all
    /// changes that are kept.
    #[param(max_length = 100, example = "0c5f8f3a-105")]
    pub(super) since: Option<String>,
    /// Only changes of these types, comma-separated.
    #[param(max_length = 1000, example = "article.published,article.updated")]
    pub(super) types: Option<String>,
    /// The maximum number of changes.
    #[param(minimum = 1, maximum = 100, default = 100)]
    pub(super) limit: Option<i64>,
    /// `object` embeds what each object is now.
    #[param(inline)]
    pub(super) include: Option<Include>,
}

/// What changes include.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Include {
    /// The object of each change.
    Object,
}

/// What of the stream to return.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct StreamQuery {
    /// Starts after this cursor. The header `Last-Event-ID` has precedence. Without both, or with `now`, only
    /// what changes from now on.
    #[param(max_length = 100, example = "0c5f8f3a-105")]
    pub(super) since: Option<String>,
    /// Only changes of these types, comma-separated.
    #[param(max_length = 1000, example = "comment.published")]
    pub(super) types: Option<String>,
}

/// Which events a reader gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct EventFilter {
    /// Whether the reader is an editor.
    pub(super) for_editors: bool,
    /// The types; `None` for all.
    pub(super) types: Option<Vec<String>>,
}

impl EventFilter {
    /// Validates the parameter `types`.
    ///
    /// # Errors
    /// 400 for an unknown type.
    pub(super) fn of(types: Option<&str>, for_editors: bool) -> Result<Self> {
        let known = || {
            let editors = EDITOR_TYPES.into_iter().filter(|_| for_editors);
            PUBLIC_TYPES.into_iter().chain(editors)
        };
        let check = |word: &str| {
            if known().any(|known| known == word) {
                return Ok(word.to_owned());
            }
            let message = format!("there is no type `{word}`");
            let error = FieldError::parameter("types", Code::BadParameter, message);
            Err(Error::fields(Code::BadParameter, vec![error.suggest(word, known())]))
        };
        let types = types.map(|text| comma_separated(text).map(check).collect::<Result<Vec<_>>>());
        Ok(Self { for_editors, types: types.transpose()? })
    }

    /// Returns whether the reader gets this event.
    pub(super) fn matches(&self, event: &StoredEvent) -> bool {
        (self.for_editors || !event.for_editors)
            && self.types.as_ref().is_none_or(|types| types.contains(&event.kind))
    }
}

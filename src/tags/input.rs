//! The input for a tag, alone or with an article.

use super::model::TagRef;
use crate::error::FieldError;
use crate::schema::tags;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use safe_html::slug::slugify;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A reference to a tag: a name, or an object with a slug or a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum TagName {
    /// The name; a tag is created if there is none of this name.
    Name(TagText),
    /// The slug, the name or both; the slug takes precedence.
    Either(TagKey),
}

impl From<String> for TagName {
    fn from(name: String) -> Self {
        Self::Name(TagText(name))
    }
}

/// The name of a tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(min_length = 1, max_length = 100, example = "Iraq")]
pub struct TagText(pub String);

/// A reference to a tag by slug or name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TagKey {
    /// A current or former slug.
    #[serde(default)]
    #[schema(max_length = 200, example = "iraq")]
    pub slug: Option<String>,
    /// The name; a tag is created if there is none of this name.
    #[serde(default)]
    #[schema(max_length = 100, example = "Iraq")]
    pub name: Option<String>,
}

impl TagName {
    /// Returns the reference to this tag.
    pub fn of(tag: &TagRef) -> Self {
        Self::Either(TagKey { slug: Some(tag.slug.clone()), name: Some(tag.name.clone()) })
    }

    /// Returns the slug, if given.
    pub fn slug(&self) -> Option<&str> {
        match self {
            Self::Name(_) => None,
            Self::Either(key) => key.slug.as_deref(),
        }
    }

    /// Returns the name, if given.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Name(TagText(name)) => Some(name),
            Self::Either(key) => key.name.as_deref(),
        }
    }

    /// Returns the error that the schema cannot express.
    pub fn check(&self, at: &str) -> Option<FieldError> {
        match (self.slug(), self.name()) {
            (None, None) => Some(FieldError::field(at, "required", "give `name` or `slug`")),
            (None, Some(name)) => check_sluggable(at, name),
            _ => None,
        }
    }
}

/// Returns an error for a name that no slug can be made from.
pub fn check_sluggable(at: &str, name: &str) -> Option<FieldError> {
    let is_empty = slugify(name) == slugify("");
    let message = "needs a letter or a digit";
    is_empty.then(|| FieldError::field(at, "no_word", message))
}

/// A tag to write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TagInput {
    /// The name.
    #[schema(min_length = 1, max_length = 100, example = "Iraq")]
    pub name: String,
    /// The slug in URLs; a former slug redirects with 301. Left out, a new tag gets one from its name
    /// and an existing one keeps its own.
    #[serde(default)]
    #[schema(max_length = 200, pattern = "^[a-z0-9-]*[a-z-][a-z0-9-]*$", example = "iraq")]
    pub slug: Option<String>,
}

/// A tag as editors see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema, HasQuery)]
#[diesel(table_name = tags)]
pub struct AdminTag {
    /// The id.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 7)]
    pub id: i64,
    /// The slug.
    #[schema(max_length = 200, example = "iraq")]
    pub slug: String,
    /// The name.
    #[schema(max_length = 100, example = "Iraq")]
    pub name: String,
    /// The number of published articles with it.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    pub article_count: i64,
    /// The number of edits; also the number in the `ETag`.
    #[schema(minimum = 1, maximum = 2_147_483_647, example = 1)]
    pub version: i32,
    /// The time when it was first stored.
    #[serde(serialize_with = "crate::timestamps::serialize")]
    pub created_at: DateTime<Utc>,
}

impl AdminTag {
    /// Returns a tag with every field present.
    pub fn sample() -> Self {
        Self {
            id: 7,
            slug: "iraq".into(),
            name: "Iraq".into(),
            article_count: 1,
            version: 1,
            created_at: DateTime::from_timestamp(1_417_651_200, 0).unwrap_or_default(),
        }
    }
}

impl TagInput {
    /// Returns the input that would store this tag again.
    pub(super) fn of(tag: &AdminTag) -> Self {
        Self { name: tag.name.clone(), slug: Some(tag.slug.clone()) }
    }
}

//! What an editor writes of a tag, by itself or beside an article.

use super::model::TagRef;
use crate::error::FieldError;
use crate::schema::tags;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use safe_html::slug::slugify;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Names a tag: by its name alone, or as an object with its slug or its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum TagName {
    /// Its name; one that no tag has is given to a new one.
    Name(TagText),
    /// Its slug, its name or both; the slug counts.
    Either(TagKey),
}

/// The name of a tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(min_length = 1, max_length = 100, example = "Iraq")]
pub struct TagText(pub String);

/// A tag by its slug or its name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TagKey {
    /// Its slug, or a former one.
    #[serde(default)]
    #[schema(max_length = 200, example = "iraq")]
    pub slug: Option<String>,
    /// Its name; one that no tag has is given to a new one.
    #[serde(default)]
    #[schema(max_length = 100, example = "Iraq")]
    pub name: Option<String>,
}

impl TagName {
    /// What would be written to name this tag.
    pub fn of(tag: &TagRef) -> Self {
        Self::Either(TagKey { slug: Some(tag.slug.clone()), name: Some(tag.name.clone()) })
    }

    /// The slug, where it is given.
    pub fn slug(&self) -> Option<&str> {
        match self {
            Self::Name(_) => None,
            Self::Either(key) => key.slug.as_deref(),
        }
    }

    /// The name, where it is given.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Name(TagText(name)) => Some(name),
            Self::Either(key) => key.name.as_deref(),
        }
    }

    /// What is wrong with it that the schema cannot say.
    pub fn wrong(&self, at: &str) -> Option<FieldError> {
        match (self.slug(), self.name()) {
            (None, None) => Some(FieldError::field(at, "required", "give `name` or `slug`")),
            (None, Some(name)) => nameless(at, name),
            _ => None,
        }
    }
}

/// What is wrong with a name that no address can be made from.
pub fn nameless(at: &str, name: &str) -> Option<FieldError> {
    let wordless = slugify(name) == slugify("");
    let message = "needs a letter or a digit";
    wordless.then(|| FieldError::field(at, "no_word", message))
}

/// A tag to be written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TagInput {
    /// Its name.
    #[schema(min_length = 1, max_length = 100, example = "Iraq")]
    pub name: String,
    /// Its name in addresses; a former one answers 301. Left out, a new tag gets one from its name
    /// and any other keeps its own.
    #[serde(default)]
    #[schema(max_length = 200, pattern = "^[a-z0-9-]*[a-z-][a-z0-9-]*$", example = "iraq")]
    pub slug: Option<String>,
}

/// A tag as its editors see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema, HasQuery)]
#[diesel(table_name = tags)]
pub struct AdminTag {
    /// The id.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 7)]
    pub id: i64,
    /// Its name in addresses.
    #[schema(max_length = 200, example = "iraq")]
    pub slug: String,
    /// Its name.
    #[schema(max_length = 100, example = "Iraq")]
    pub name: String,
    /// How many published articles have it.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    pub article_count: i64,
    /// The number of edits; also the number in the `ETag`.
    #[schema(minimum = 1, maximum = 2_147_483_647, example = 1)]
    pub version: i32,
    /// The time when it was first stored.
    pub created_at: DateTime<Utc>,
}

impl AdminTag {
    /// A tag with every field filled.
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
    /// What would be written to store this tag again.
    pub(super) fn of(tag: &AdminTag) -> Self {
        Self { name: tag.name.clone(), slug: Some(tag.slug.clone()) }
    }
}

//! The database rows and JSON types of tags.

use crate::schema::tags;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A reference to a tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema, Queryable, Selectable)]
#[diesel(table_name = tags)]
pub struct TagRef {
    /// The slug.
    #[schema(max_length = 200, example = "iraq")]
    pub slug: String,
    /// The name.
    #[schema(max_length = 100, example = "Iraq")]
    pub name: String,
}

/// A tag: a subject of articles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema, HasQuery)]
#[diesel(table_name = tags)]
pub struct Tag {
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
}

impl Tag {
    /// Returns a tag with every field present.
    pub fn sample() -> Self {
        Self { id: 7, slug: "iraq".into(), name: "Iraq".into(), article_count: 1 }
    }
}

/// The query parameters of the list of tags.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TagQuery {
    /// The sort order: by name, or by number of articles.
    #[serde(default)]
    #[param(inline, required = false)]
    pub sort: TagSort,
    /// Returns only these fields of each item: `fields=slug,article_count`.
    #[param(max_length = 1000)]
    pub fields: Option<String>,
}

/// The sort orders of the list of tags.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(default = "name")]
pub enum TagSort {
    /// By name.
    #[default]
    #[serde(rename = "name")]
    Name,
    /// Most articles first.
    #[serde(rename = "-article_count")]
    ArticleCount,
}

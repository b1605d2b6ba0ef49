//! Tags as rows and on the wire.

use crate::schema::tags;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A tag where it is named beside something else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema, Queryable, Selectable)]
#[diesel(table_name = tags)]
pub struct TagRef {
    /// Its name in addresses.
    #[schema(max_length = 200, example = "iraq")]
    pub slug: String,
    /// Its name.
    #[schema(max_length = 100, example = "Iraq")]
    pub name: String,
}

/// A subject that articles share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema, HasQuery)]
#[diesel(table_name = tags)]
pub struct Tag {
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
}

impl Tag {
    /// A tag with every field filled.
    pub fn sample() -> Self {
        Self { id: 7, slug: "iraq".into(), name: "Iraq".into(), article_count: 1 }
    }
}

/// How the tags are sorted and shown.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TagQuery {
    /// By name, or those on most articles first.
    #[serde(default)]
    #[param(inline, required = false)]
    pub sort: TagSort,
    /// Only these fields of each item: `fields=slug,article_count`.
    #[param(max_length = 1000)]
    pub fields: Option<String>,
}

/// The orders of the list of tags.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(default = "name")]
pub enum TagSort {
    /// A to Z.
    #[default]
    #[serde(rename = "name")]
    Name,
    /// On most articles first.
    #[serde(rename = "-article_count")]
    ArticleCount,
}

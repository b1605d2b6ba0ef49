//! The picture of an article: its URL and what is said about it. The file itself is kept elsewhere.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// The picture of an article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ArticleImage {
    /// The URL of the picture.
    #[schema(max_length = 10_000, example = "https://example.org/2014/12/bridge.jpg")]
    pub url: String,
    /// The text for readers who do not see it.
    #[schema(max_length = 1000, example = "The bridge at night")]
    pub alt: Option<String>,
    /// The line below it.
    #[schema(max_length = 2000, example = "The harbour bridge on the day it reopened")]
    pub caption: Option<String>,
    /// Who made it.
    #[schema(max_length = 500, example = "Photo: Ann Bee")]
    pub credit: Option<String>,
    /// The width in pixels.
    #[schema(minimum = 1, maximum = 100_000, example = 1200)]
    pub width: Option<i32>,
    /// The height in pixels.
    #[schema(minimum = 1, maximum = 100_000, example = 800)]
    pub height: Option<i32>,
}

impl ArticleImage {
    /// Converts a stored value.
    pub(crate) fn from_stored(value: Option<Value>) -> Option<Self> {
        serde_json::from_value(value?).ok()
    }

    /// Returns the width and height, if both are known.
    pub fn size(&self) -> Option<(i32, i32)> {
        Some((self.width?, self.height?))
    }

    /// Returns an image with every field present.
    pub(crate) fn sample() -> Self {
        Self {
            url: "https://example.org/2014/12/bridge.jpg".into(),
            alt: Some("The bridge at night".into()),
            caption: Some("The harbour bridge on the day it reopened".into()),
            credit: Some("Photo: Ann Bee".into()),
            width: Some(1200),
            height: Some(800),
        }
    }
}

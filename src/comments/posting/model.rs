//! The input of readers and the response to it.

use crate::comments::model::Comment;
use crate::error::{Code, Error, FieldError, Result};
use crate::openapi::ShortText;
use crate::validation::{check_not_blank, check_web_url};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A comment, as a reader sends it.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::comments) struct CommentInput {
    /// The author.
    pub(super) author: CommentAuthorInput,
    /// The text in Markdown.
    #[schema(min_length = 1, max_length = 20_000, example = "I concur.")]
    pub(super) text: String,
    /// The comment that it replies to; left out or null at the top of a thread.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 16)]
    pub(super) parent_id: Option<i64>,
    /// The token that came with an earlier comment: the reader is recognised by it.
    #[serde(default)]
    #[schema(max_length = 100)]
    pub(super) author_token: Option<String>,
    /// The content of the form's hidden field (honeypot), which a person leaves empty.
    #[serde(default)]
    #[schema(max_length = 1000)]
    pub(super) honeypot: Option<String>,
    /// The time from opening to sending the form, in seconds.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 1_000_000_000, example = 30.5)]
    pub(super) form_seconds: Option<f64>,
}

/// The author of a new comment.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::comments) struct CommentAuthorInput {
    /// The name that is shown.
    #[schema(min_length = 1, max_length = 100, example = "James")]
    pub(super) name: String,
    /// An e-mail address for the editors. It is never public.
    #[serde(default)]
    #[schema(max_length = 254, format = "idn-email", example = "james@example.org")]
    pub(super) email: Option<String>,
    /// The URL of the author's page, http or https.
    #[serde(default)]
    #[schema(max_length = 2000, format = "iri", example = "https://example.org/")]
    pub(super) url: Option<String>,
}

/// The fields of a comment that its author can edit.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::comments) struct OwnCommentInput {
    /// The text in Markdown.
    #[schema(min_length = 1, max_length = 20_000, example = "I concur entirely.")]
    pub(super) text: String,
}

/// A comment with its tokens, for its author.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(in crate::comments) struct PostedComment {
    /// The comment. `status` is `pending` while it is held.
    #[serde(flatten)]
    pub(super) comment: Comment,
    /// Why it is held: `first_comment`, `every_comment`, or the kind of a rule. Empty when
    /// it is published.
    #[schema(max_items = 300, value_type = Vec<ShortText>, example = json!(["first_comment"]))]
    pub(super) held_because: Vec<String>,
    /// The token for `Roundup-Edit-Token` when the comment is edited or deleted; null in the response to an
    /// edit and in a repeated response. It is returned only once.
    #[schema(max_length = 100, example = "et_Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmE")]
    pub(super) edit_token: Option<String>,
    /// The time when the edit token expires.
    #[serde(serialize_with = "crate::timestamps::serialize")]
    pub(super) edit_token_expires_at: Option<DateTime<Utc>>,
    /// The token for `author_token` of the reader's next comment, which identifies them; null when they
    /// were identified already, or the policy does not need it.
    #[schema(max_length = 100, example = "at_Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmE")]
    pub(super) author_token: Option<String>,
}

impl PostedComment {
    /// Returns the response to a repeated request.
    pub(super) fn without_tokens(self) -> Self {
        Self { edit_token: None, author_token: None, ..self }
    }

    /// Returns a published or a held comment, for the documentation.
    pub(super) fn sample(held: bool) -> Self {
        let status = if held { "pending" } else { "approved" };
        let mut random = "Zm9vYmFy".repeat(5);
        random.push_str("Zm8");
        Self {
            comment: Comment { status, edited_at: None, ..Comment::sample() },
            held_because: held.then(|| "first_comment".to_owned()).into_iter().collect(),
            edit_token: Some(format!("et_{random}")),
            edit_token_expires_at: DateTime::from_timestamp(1_417_652_100, 0),
            author_token: held.then(|| format!("at_{random}")),
        }
    }
}

impl CommentInput {
    /// Checks what the schema cannot express and trims the name.
    ///
    /// # Errors
    /// 422 with all errors.
    pub(super) fn check(mut self) -> Result<Self> {
        let name = self.author.name.trim().to_owned();
        self.author.name = name;
        let url = self.author.url.as_deref();
        let errors: Vec<FieldError> = [
            check_not_blank("/author/name", &self.author.name),
            check_not_blank("/text", &self.text),
            url.and_then(|url| check_web_url("/author/url", url)),
        ]
        .into_iter()
        .flatten()
        .collect();
        if errors.is_empty() { Ok(self) } else { Err(Error::fields(Code::Invalid, errors)) }
    }
}

//! Adds tags to many articles and removes tags from them.

use crate::editor::input::{ArticleInput, MAX_TAGS};
use crate::editor::prepare::Editor;
use crate::editor::update;
use crate::error::{Code, Error, FieldError, Result};
use crate::response::IfMatch;
use crate::tags::{self, TagKey, TagName, TagRef};
use diesel_async::AsyncPgConnection;
use safe_html::names::fold_name;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A change of the tags of many articles.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ArticleBatchInput {
    /// The ids of the articles.
    #[schema(min_items = 1, max_items = 100, value_type = Vec<ArticleId>, example = json!([42, 43]))]
    pub(super) ids: Vec<i64>,
    /// The tags to add, behind those that an article has. Unknown ones are created.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub(super) add_tags: Vec<TagName>,
    /// The tags to remove. They are removed before tags are added.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub(super) remove_tags: Vec<TagName>,
}

/// The id of an article, for the OpenAPI schema only.
#[derive(ToSchema)]
#[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64)]
struct ArticleId(#[expect(dead_code, reason = "only its schema is used")] i64);

/// The outcomes of a batch.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct ArticleBatchResult {
    /// One for each article, in the order of the ids.
    #[schema(max_items = 100)]
    pub(super) results: Vec<ArticleBatchOutcome>,
}

/// The outcome of a batch for one article.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct ArticleBatchOutcome {
    /// The id of the article.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 42)]
    id: i64,
    /// Its version now; null when there is no such article.
    #[schema(minimum = 1, maximum = 2_147_483_647, example = 4)]
    version: Option<i32>,
    /// Whether its tags changed.
    changed: bool,
    /// The code of the problem, if it could not be changed: `not_found`, `gone`, `in_trash`, or `too_many` for
    /// more than 50 tags.
    #[schema(max_length = 100, example = json!(null))]
    error: Option<&'static str>,
}

impl ArticleBatchResult {
    /// Returns a changed article and a missing one, for the documentation.
    pub(super) fn sample() -> Self {
        let missing = ArticleBatchOutcome::failed(43, None, Code::NotFound.as_str());
        let changed = ArticleBatchOutcome { id: 42, version: Some(4), changed: true, error: None };
        Self { results: vec![changed, missing] }
    }
}

impl ArticleBatchOutcome {
    fn failed(id: i64, version: Option<i32>, error: &'static str) -> Self {
        Self { id, version, changed: false, error: Some(error) }
    }
}

impl ArticleBatchInput {
    /// Checks what the schema cannot express.
    ///
    /// # Errors
    /// 422 with all errors.
    pub(super) fn check(&self) -> Result<()> {
        let mut errors = Vec::new();
        if self.add_tags.is_empty() && self.remove_tags.is_empty() {
            errors.push(FieldError::field("", "required", "give `add_tags` or `remove_tags`"));
        }
        for (name, list) in [("add_tags", &self.add_tags), ("remove_tags", &self.remove_tags)] {
            let check = |(at, tag): (usize, &TagName)| tag.check(&format!("/{name}/{at}"));
            errors.extend(list.iter().enumerate().filter_map(check));
        }
        if errors.is_empty() { Ok(()) } else { Err(Error::fields(Code::Invalid, errors)) }
    }

    /// Returns the tags to add; creates those that do not exist.
    ///
    /// # Errors
    /// 422 for a slug that no tag has.
    pub(super) async fn added_tags(
        &self,
        conn: &mut AsyncPgConnection,
        editor: &Editor,
    ) -> Result<Vec<TagRef>> {
        let found = tags::named(conn, &self.add_tags, editor.now).await;
        let ids = found.map_err(|error| {
            error.with_pointers(|at| Some(at.replacen("/tags", "/add_tags", 1)))
        })?;
        tags::by_ids(conn, &ids).await
    }

    /// Returns whether a tag is to be removed. Names are compared as tags are found by them.
    fn removes(&self, slug: Option<&str>, name: Option<&str>) -> bool {
        let same_name = |tag: &TagName| {
            tag.slug().is_none()
                && tag.name().zip(name).is_some_and(|(one, two)| fold_name(one) == fold_name(two))
        };
        let same_slug = |tag: &TagName| tag.slug().is_some() && tag.slug() == slug;
        self.remove_tags.iter().any(|tag| same_slug(tag) || same_name(tag))
    }

    /// Changes the tags of one article.
    ///
    /// # Errors
    /// When the database fails. An article that cannot be changed is reported in its outcome.
    pub(super) async fn apply(
        &self,
        conn: &mut AsyncPgConnection,
        editor: &Editor,
        id: i64,
        added: &[TagRef],
    ) -> Result<ArticleBatchOutcome> {
        let current = match update::editable(conn, id, &IfMatch::any()).await {
            Ok(current) => current,
            Err(error) if matches!(error.code(), Code::NotFound | Code::Gone | Code::InTrash) => {
                return Ok(ArticleBatchOutcome::failed(id, None, error.code().as_str()));
            }
            Err(error) => return Err(error),
        };
        let version = current.editor_fields.version;
        let mut input = ArticleInput::of(&current);
        input.tags.retain(|tag| !self.removes(tag.slug(), tag.name()));
        for tag in added {
            if !input.tags.iter().any(|own| own.slug() == Some(&tag.slug)) {
                let (slug, name) = (Some(tag.slug.clone()), Some(tag.name.clone()));
                input.tags.push(TagName::Either(TagKey { slug, name }));
            }
        }
        if input.tags.len() > MAX_TAGS {
            return Ok(ArticleBatchOutcome::failed(id, Some(version), "too_many"));
        }
        let made = update::change(conn, editor, &current, input, "article.update").await?;
        let now = made.editor_fields.version;
        Ok(ArticleBatchOutcome { id, version: Some(now), changed: now != version, error: None })
    }
}

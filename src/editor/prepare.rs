//! Prepares input for storing: renders texts, resolves outlets and tags, and matches links with
//! stored ones.

use crate::articles::model::{ArticleAuthor, Commentary, Correction};
use crate::articles::store::Draft;
use crate::audit::Actor;
use crate::auth::{Principal, Scope};
use crate::editor::input::ArticleInput;
use crate::editor::model::AdminArticle;
use crate::editor::status::status_after;
use crate::error::{Code, Error, FieldError, Result};
use crate::links::{self, Link, LinkInput, NewLink, OutletLookup, RichText, StoredLink, TextInput};
use crate::state::State;
use crate::tags;
use chrono::{DateTime, Utc};
use diesel_async::AsyncPgConnection;
use std::collections::{HashMap, HashSet};
use url::Url;

/// Who makes a change, with which permissions, and when.
#[derive(Debug, Clone)]
pub(super) struct Editor {
    /// The actor, for the audit.
    pub(super) who: Actor,
    /// The id of the key, for the revision.
    pub(super) key: Option<i64>,
    /// Whether outlets that do not exist may be created.
    pub(super) may_create_outlets: bool,
    /// Whether an article may cite a URL twice.
    pub(super) allow_duplicates: bool,
    /// Whether the input was read from a text, so that its credits confirm no outlet.
    pub(super) from_text: bool,
    /// The time of the change.
    pub(super) now: DateTime<Utc>,
    /// The URL of the site, against which relative URLs in texts are resolved.
    pub(super) base_url: Option<Url>,
}

impl Editor {
    /// Returns the holder of a key.
    pub(super) fn of(principal: &Principal, state: &State) -> Self {
        Self {
            who: Actor::of(principal),
            key: Some(principal.key),
            may_create_outlets: principal.may(Scope::OutletsWrite),
            allow_duplicates: false,
            from_text: false,
            now: state.clock().now(),
            base_url: state.permalinks().home_url(),
        }
    }

    /// Sets whether an article may cite a URL twice.
    pub(super) fn allowing(mut self, duplicates: bool) -> Self {
        self.allow_duplicates = duplicates;
        self
    }

    /// Returns the editor of an article that is read from a text.
    pub(super) fn reading_text(self) -> Self {
        Self { from_text: true, ..self }
    }

    /// Returns the service itself.
    pub(super) fn service(now: DateTime<Utc>) -> Self {
        let who = Actor::service();
        Self {
            who,
            key: None,
            may_create_outlets: false,
            allow_duplicates: true,
            from_text: false,
            now,
            base_url: None,
        }
    }
}

/// An article ready to store.
#[derive(Debug)]
pub(super) struct PreparedArticle {
    /// The row, without links and tags.
    pub(super) draft: Draft,
    /// The requested slug.
    pub(super) slug: Option<String>,
    /// The links.
    pub(super) links: Vec<StoredLink>,
    /// The outlets that the editor credits by hand and that may be unconfirmed.
    pub(super) confirmed_outlets: Vec<i64>,
    /// The tags.
    pub(super) tags: Vec<i64>,
}

/// Prepares a new article, or one that replaces `current`.
///
/// # Errors
/// 422 for invalid fields, 409 for a URL that occurs twice.
pub(super) async fn prepare(
    conn: &mut AsyncPgConnection,
    editor: &Editor,
    input: ArticleInput,
    current: Option<&AdminArticle>,
) -> Result<PreparedArticle> {
    input.check()?;
    let before = current.map(|now| now.article.summary.links.as_slice()).unwrap_or_default();
    if !editor.allow_duplicates {
        reject_duplicates(&input.links, before)?;
    }
    let outlets = before.iter().flat_map(|link| &link.credits);
    let lookup = OutletLookup {
        known: outlets.filter_map(|credit| Some(credit.outlet.as_ref()?.id)).collect(),
        may_create: editor.may_create_outlets,
        now: editor.now,
        base_url: editor.base_url.clone(),
    };
    let (mut new, unconfirmed) = links::resolve(conn, &input.links, &lookup).await?;
    let ids = match_links(&input.links, &new, before)?;
    let mut confirmed_outlets = Vec::new();
    let mut links = Vec::with_capacity(new.len());
    for ((input, mut link), id) in input.links.iter().zip(new.drain(..)).zip(ids) {
        let old = id.and_then(|id| before.iter().find(|old| old.id == id));
        let same = old.is_some_and(|old| is_same(old, input, &link));
        let is_credited = !editor.from_text && is_credited_by_hand(old, input, &link);
        link.credited_by_hand = is_credited;
        if is_credited && input.credits.is_some() {
            let outlets = link.credits.iter().filter_map(|credit| credit.outlet);
            confirmed_outlets.extend(outlets.filter(|id| unconfirmed.contains(id)));
        }
        links.push(StoredLink { id, same, link });
    }
    let tags = tags::named(conn, &input.tags, editor.now).await?;
    let slug = input.slug.clone();
    let mut draft = draft(input, current, editor)?;
    draft.outlet_count = links::count_outlets(links.iter().map(|stored| &stored.link));
    Ok(PreparedArticle { draft, slug, links, confirmed_outlets, tags })
}

impl PreparedArticle {
    /// Returns whether it stores what is stored already, so that there is nothing to write.
    pub(super) async fn is_stored(
        &self,
        conn: &AsyncPgConnection,
        current: &AdminArticle,
    ) -> Result<bool> {
        let summary = &current.article.summary;
        let keeps_slug = self.slug.as_ref().is_none_or(|slug| *slug == summary.slug);
        let stored = self.links.iter().filter(|stored| stored.same).map(|stored| stored.id);
        let keeps_links = self.links.iter().all(|stored| stored.same)
            && stored.eq(summary.links.iter().map(|link| Some(link.id)));
        Ok(keeps_slug
            && keeps_links
            && is_row_of(&self.draft, current)
            && tags::ids_of(conn, summary.id).await? == self.tags)
    }
}

/// Returns whether the row of an article has these columns. An article that could not be published is tried
/// again when it is written.
fn is_row_of(draft: &Draft, current: &AdminArticle) -> bool {
    let (article, summary) = (&current.article, &current.article.summary);
    let Draft {
        status,
        headline,
        dek,
        lang,
        image,
        quote,
        commentary,
        links_heading,
        author,
        published_at,
        published_at_uncertain,
        comments_open,
        corrections,
        outlet_count: _,
        links: _,
        tags: _,
        origin: _,
    } = draft;
    current.editor_fields.publish_error.is_none()
        && *status == current.editor_fields.status
        && *headline == summary.headline
        && *dek == summary.dek
        && *lang == summary.lang
        && *image == summary.image
        && *quote == article.quote
        && *commentary == article.commentary
        && *links_heading == summary.links_heading
        && *author == summary.author
        && *published_at == summary.published_at
        && *published_at_uncertain == summary.published_at_uncertain
        && *comments_open == summary.comments_open
        && *corrections == summary.corrections
}

fn draft(input: ArticleInput, current: Option<&AdminArticle>, editor: &Editor) -> Result<Draft> {
    let (now, base) = (editor.now, editor.base_url.as_ref());
    let before = current.map(|now| (now.editor_fields.status, now.article.summary.published_at));
    let (status, published_at) = status_after(input.status, input.published_at, before, now)
        .map_err(|error| Error::fields(Code::Invalid, vec![error]))?;
    let uncertain = current.is_some_and(|now| {
        now.article.summary.published_at_uncertain
            && now.article.summary.published_at == published_at
    });
    let quote = current.and_then(|now| now.article.quote.as_ref());
    let before = current.and_then(|now| now.article.commentary.as_ref());
    let before = before.map(|old| RichText { text: old.text.clone(), html: old.html.clone() });
    let commentary = input.commentary.map(|new| {
        let text = TextInput { text: new.text, format: new.format };
        let RichText { text, html } = rendered(text, before.as_ref(), base);
        Commentary { label: new.label, text, html }
    });
    let author = input.author.unwrap_or_default();
    let stored = current.map(|now| now.article.summary.corrections.as_slice()).unwrap_or_default();
    let correction = |new: crate::editor::input::CorrectionInput| {
        let known = stored.iter().find(|known| known.note == new.note).map(|known| known.at);
        Correction { at: new.at.or(known).unwrap_or(now), note: new.note }
    };
    Ok(Draft {
        status,
        headline: input.headline,
        dek: input.dek,
        lang: input.lang,
        image: input.image.map(Into::into),
        quote: input.quote.map(|text| rendered(text, quote, base)),
        commentary,
        links_heading: input.links_heading,
        author: ArticleAuthor { name: author.name, url: author.url },
        published_at,
        published_at_uncertain: uncertain,
        comments_open: input.comments_open,
        corrections: input.corrections.into_iter().map(correction).collect(),
        outlet_count: 0,
        links: Vec::new(),
        tags: Vec::new(),
        origin: None,
    })
}

/// Returns a text with its HTML; an unchanged text is not rendered again.
fn rendered(new: TextInput, before: Option<&RichText>, base: Option<&Url>) -> RichText {
    match before {
        Some(before) if TextInput::of(before) == new => before.clone(),
        _ => new.rendered(base),
    }
}

/// Rejects a URL that occurs more than once and more often than before.
fn reject_duplicates(links: &[LinkInput], before: &[Link]) -> Result<()> {
    let key =
        |url: Option<&str>| url.and_then(citation_key::normalise).map(|normalised| normalised.key);
    let mut allowed: HashMap<String, usize> = HashMap::new();
    for key in before.iter().filter_map(|link| key(link.url.as_deref())) {
        *allowed.entry(key).or_default() += 1;
    }
    let mut seen: HashMap<String, (usize, usize)> = HashMap::new();
    let mut errors = Vec::new();
    for (at, link) in links.iter().enumerate() {
        let Some(key) = key(link.url.as_deref()) else { continue };
        let limit = allowed.get(&key).copied().unwrap_or(1);
        let (count, first) = seen.entry(key).or_insert((0, at));
        *count += 1;
        if *count > limit {
            let message = format!("link {first} already has this URL");
            errors.push(FieldError::field(format!("/links/{at}/url"), "duplicate_link", message));
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(Error::fields(Code::DuplicateLink, errors)) }
}

/// Returns the ids of the stored links that these links replace: by id, otherwise by title and URL.
fn match_links(inputs: &[LinkInput], new: &[NewLink], before: &[Link]) -> Result<Vec<Option<i64>>> {
    let known: HashSet<i64> = before.iter().map(|link| link.id).collect();
    let mut claimed = HashSet::new();
    let mut errors = Vec::new();
    for (at, input) in inputs.iter().enumerate() {
        let Some(id) = input.id else { continue };
        if !known.contains(&id) || !claimed.insert(id) {
            let message = format!("the article has no link {id}, or the id occurs twice");
            errors.push(FieldError::field(format!("/links/{at}/id"), "unknown_link", message));
        }
    }
    if !errors.is_empty() {
        return Err(Error::fields(Code::Invalid, errors));
    }
    let mut ids = Vec::with_capacity(new.len());
    for (input, link) in inputs.iter().zip(new) {
        let same_content = |old: &&Link| {
            !claimed.contains(&old.id) && old.title == link.title && old.url == link.url
        };
        let id = input.id.or_else(|| before.iter().find(same_content).map(|old| old.id));
        claimed.extend(id);
        ids.push(id);
    }
    Ok(ids)
}

/// Returns whether a link is unchanged.
fn is_same(old: &Link, input: &LinkInput, new: &NewLink) -> bool {
    let as_written = LinkInput { id: Some(old.id), credits: None, ..input.clone() };
    has_same_credits(old, new) && LinkInput { credits: None, ..LinkInput::of(old) } == as_written
}

fn has_same_credits(old: &Link, new: &NewLink) -> bool {
    old.credits.len() == new.credits.len()
        && old.credits.iter().zip(&new.credits).all(|(old, new)| {
            old.outlet.as_ref().map(|outlet| outlet.id) == new.outlet && old.bylines == new.bylines
        })
}

/// Returns whether the editor states title or credits again, or that they are certain.
fn is_credited_by_hand(old: Option<&Link>, input: &LinkInput, new: &NewLink) -> bool {
    let is_restated = |old: &Link| {
        old.uncertain
            || old.title != input.title
            || old.credit != input.credit
            || !has_same_credits(old, new)
    };
    !input.uncertain && old.is_none_or(is_restated)
}

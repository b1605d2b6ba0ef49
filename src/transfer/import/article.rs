//! Converts a post into an article that can be stored: parses its body and looks up its outlets.

use super::images;
use super::post_batch::Storing;
use super::post_body::{self, ParsedBody};
use super::report::Remark;
use crate::articles::store::{Draft, Origin};
use crate::articles::{ArticleAuthor, ArticleStatus, Commentary};
use crate::error::Result;
use crate::links::{NewCredit, NewLink, RichText, count_outlets};
use crate::outlets::Directory;
use chrono::{DateTime, Utc};
use diesel_async::AsyncPgConnection;
use export_formats::{Position, Post, PostStatus, source};
use roundup_reader::{Reply, Source};
use safe_html::{AuthorRole, Markup, plain_text, render};

/// A converted post: the article, its comments, and remarks.
#[derive(Debug)]
pub(super) struct ImportedArticle {
    pub(super) draft: Draft,
    /// Whether the status is a guess, which must not change that of a stored article.
    pub(super) status_uncertain: bool,
    /// How many outlets were created for it.
    pub(super) new_outlets: usize,
    /// Readers' comments in the body.
    pub(super) comments: Vec<Reply>,
    pub(super) uncertain: Vec<Remark>,
    pub(super) unread: Vec<Remark>,
}

/// The maximum length of a headline in characters.
const MAX_HEADLINE: usize = 300;

/// The maximum length of a dek in characters.
const MAX_DEK: usize = 500;

/// The maximum length of an author's name in characters.
const MAX_AUTHOR: usize = 200;

/// The maximum length of a tag in characters.
const MAX_TAG: usize = 100;

/// The maximum length of a post's body in bytes.
const MAX_BODY_BYTES: usize = 2 << 20;

/// Returns why a post cannot be stored, if it cannot.
pub(super) fn rejection(post: &Post) -> Option<&'static str> {
    (post.body.text().len() > MAX_BODY_BYTES).then_some("the text of the post is longer than 2 MiB")
}

/// Converts a post into an article.
pub(super) async fn convert(
    conn: &mut AsyncPgConnection,
    directory: &mut Directory,
    post: &Post,
    position: &Position,
    storing: Storing<'_>,
) -> Result<ImportedArticle> {
    let now = storing.now;
    let ParsedBody { roundup, quote, commentary } = post_body::parse(&post.body, directory);
    let has_sources = has_sources(&roundup);
    let (mut links, mut new_outlets) = (Vec::new(), 0);
    for found in &roundup.links {
        let (link, created) = link(conn, directory, found, storing).await?;
        links.push(link);
        new_outlets += created;
    }
    let mut remarks = Remarks { position, uncertain: Vec::new() };
    let (mut status, mut published_at) = status_and_date(post, now);
    if post.status_uncertain && status == ArticleStatus::Published && !has_sources {
        remarks.add(&post.id, "no source was found in the text; it is kept as a draft");
        (status, published_at) = (ArticleStatus::Draft, post.published_at);
    }
    let first_line = || {
        let text = commentary.as_ref().map(|text| plain_text(&text.html)).unwrap_or_default();
        text.lines().find(|line| !line.trim().is_empty()).map(str::to_owned)
    };
    let headline = match post.title.clone().or(roundup.headline) {
        Some(title) => title,
        None if post.source == source::ROUNDUP => post.id.clone(),
        None => {
            let line = first_line().unwrap_or_else(|| post.id.clone());
            remarks.add(&line, "the post has no title; its first line became the headline");
            line
        }
    };
    let image = match (&post.image, &post.image_id) {
        (None, Some(id)) => storing.images.get(id),
        (image, _) => image.as_ref(),
    };
    let converted = image.and_then(images::convert);
    if let Some(image) = image.filter(|_| converted.is_none()) {
        remarks.add(&image.url, "the picture has no URL that can be stored; it is left out");
    }
    let image = converted;
    let label = roundup.commentary.and_then(|commentary| commentary.label);
    let commentary = commentary.map(|RichText { text, html }| Commentary { label, text, html });
    let dek = post.dek.clone().or(roundup.dek);
    let draft = Draft {
        status,
        headline: remarks.truncate(&headline, MAX_HEADLINE),
        dek: dek.map(|dek| remarks.truncate(&dek, MAX_DEK)),
        lang: post.lang.as_deref().and_then(language),
        image,
        quote,
        commentary,
        links_heading: roundup
            .links_heading
            .map(|heading| remarks.truncate(&heading, MAX_HEADLINE)),
        author: ArticleAuthor {
            name: post.author.name.as_deref().map(|name| remarks.truncate(name, MAX_AUTHOR)),
            url: post.author.url.clone(),
        },
        published_at,
        published_at_uncertain: published_at.is_some()
            && (post.date_uncertain || post.published_at.is_none()),
        comments_open: post.comments_open,
        corrections: Vec::new(),
        outlet_count: count_outlets(links.iter()),
        links,
        tags: post.tags.iter().map(|tag| remarks.truncate(tag, MAX_TAG)).collect(),
        origin: Some(Origin {
            source: post.source.to_owned(),
            id: post.id.clone(),
            hash: post.hash(),
            guid: post.guid.clone(),
        }),
    };
    let remark = |note: roundup_reader::Note| remarks.of_note(note);
    let unread = roundup.report.unread.into_iter().map(remark).collect();
    let mut uncertain: Vec<Remark> = roundup.report.uncertain.into_iter().map(remark).collect();
    uncertain.extend(remarks.uncertain);
    let status_uncertain = post.status_uncertain;
    let comments = roundup.comments;
    Ok(ImportedArticle { draft, status_uncertain, new_outlets, comments, uncertain, unread })
}

/// Returns a language as a tag of BCP 47, such as `en-GB`; systems write `en_GB.UTF-8` too.
pub(super) fn language(name: &str) -> Option<String> {
    let tag = name.split('.').next()?.trim().replace('_', "-");
    let is_part = |part: &str| {
        (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    let first = tag.split('-').next()?;
    let is_tag = (2..=3).contains(&first.len())
        && first.bytes().all(|byte| byte.is_ascii_alphabetic())
        && tag.len() <= 35
        && tag.split('-').all(is_part);
    is_tag.then_some(tag)
}

/// Returns whether a text has a source: a title with a URL, or with a credit that is certain.
fn has_sources(roundup: &roundup_reader::Roundup) -> bool {
    roundup.links.iter().any(|link| {
        let is_credited = link.credit.is_some() && link.confidence.is_certain();
        link.role != roundup_reader::Role::Inline && (link.url.is_some() || is_credited)
    })
}

/// Returns the status and the publication date of an article. A published article always has a
/// date, if need be that of the import.
fn status_and_date(post: &Post, now: DateTime<Utc>) -> (ArticleStatus, Option<DateTime<Utc>>) {
    let status = match post.status {
        PostStatus::Draft => ArticleStatus::Draft,
        PostStatus::Scheduled => ArticleStatus::Scheduled,
        PostStatus::Published => ArticleStatus::Published,
        PostStatus::Archived => ArticleStatus::Archived,
        PostStatus::Trashed => ArticleStatus::Trashed,
    };
    match (status, post.published_at) {
        (ArticleStatus::Published, Some(at)) if at > now => (ArticleStatus::Scheduled, Some(at)),
        (ArticleStatus::Published, None) => (ArticleStatus::Published, Some(now)),
        (ArticleStatus::Scheduled, Some(at)) if at <= now => (ArticleStatus::Published, Some(at)),
        (ArticleStatus::Scheduled, None) => (ArticleStatus::Draft, None),
        (status, at) => (status, at),
    }
}

/// Collects remarks about a post.
struct Remarks<'a> {
    position: &'a Position,
    uncertain: Vec<Remark>,
}

impl Remarks<'_> {
    /// Adds a remark.
    fn add(&mut self, raw: &str, reason: &str) {
        let (position, raw) = (self.position.to_string(), raw.to_owned());
        self.uncertain.push(Remark { position, raw, reason: reason.to_owned() });
    }

    /// Truncates a text to the length of its field, with a remark.
    fn truncate(&mut self, text: &str, max_chars: usize) -> String {
        let Some((at, _)) = text.char_indices().nth(max_chars) else { return text.to_owned() };
        self.add(text, &format!("longer than {max_chars} characters; the rest is cut off"));
        text.get(..at).unwrap_or(text).to_owned()
    }

    /// Converts a note of the reader into a remark. In a file of its own a note has its own line;
    /// in an export it has the line of the post.
    fn of_note(&self, note: roundup_reader::Note) -> Remark {
        let position = match self.position.line {
            0 => format!("{}:{}", self.position.file, note.line),
            _ => self.position.to_string(),
        };
        Remark { position, raw: note.raw, reason: note.reason }
    }
}

/// Converts a source into a link. Its outlets are looked up by name and created if they are not
/// known, or looked up by the host of the URL. Returns how many were created.
async fn link(
    conn: &mut AsyncPgConnection,
    directory: &mut Directory,
    found: &Source,
    storing: Storing<'_>,
) -> Result<(NewLink, usize)> {
    let key = found.url.as_deref().and_then(citation_key::normalise);
    let host = key.and_then(|key| directory.at_host(&key.domain));
    let (mut credits, mut created) = (Vec::new(), 0);
    for credit in &found.credits {
        let outlet = match &credit.outlet {
            None => host,
            Some(name) => {
                let (id, is_new) = if storing.dry_run {
                    directory.named_or_planned(name)
                } else {
                    directory.named_or_new(conn, name, storing.now).await?
                };
                created += usize::from(is_new);
                Some(id)
            }
        };
        credits.push(NewCredit { outlet, bylines: credit.bylines.clone() });
    }
    if credits.is_empty() && host.is_some() {
        credits.push(NewCredit { outlet: host, bylines: Vec::new() });
    }
    let quote = found.quote.as_ref().map(|text| RichText {
        text: text.clone(),
        html: render(text, Markup::Markdown, AuthorRole::Editor),
    });
    let link = NewLink {
        role: found.role.into(),
        title: found.title.clone(),
        url: found.url.clone(),
        credit: found.credit.clone(),
        credits,
        section: found.section.clone(),
        quote,
        uncertain: !found.confidence.is_certain(),
        credited_by_hand: false,
    };
    Ok((link, created))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_tags() {
        for (name, tag) in [
            ("en", Some("en")),
            ("en_GB.UTF-8", Some("en-GB")),
            ("zh-Hant-TW", Some("zh-Hant-TW")),
            ("English", None),
            ("", None),
            ("x", None),
        ] {
            assert_eq!(language(name).as_deref(), tag, "{name}");
        }
    }
}

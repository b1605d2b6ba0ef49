//! Merges a newer record with the article that an earlier import stored: what was edited here stays.
//!
//! For each field there are three values: what the source said last time, what it says now, and
//! what is stored. A field that differs from what the source said last time was edited here.

use crate::articles::store::Draft;
use crate::articles::{Article, ArticleImage, ArticleStatus};
use crate::links::{Link, NewCredit, NewLink};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// The hashes of the fields of an article, by name.
pub(super) type FieldHashes = BTreeMap<String, String>;

/// A field of an article that a source can change.
struct Field {
    name: &'static str,
    value: fn(&Draft) -> Value,
    /// Copies the field from the stored article.
    keep: fn(&mut Draft, &Draft),
}

/// The fields except the status.
const FIELDS: [Field; 12] = [
    Field {
        name: "headline",
        value: |draft| json!(draft.headline),
        keep: |new, stored| new.headline.clone_from(&stored.headline),
    },
    Field {
        name: "dek",
        value: |draft| json!(draft.dek),
        keep: |new, stored| new.dek.clone_from(&stored.dek),
    },
    Field {
        name: "lang",
        value: |draft| json!(draft.lang),
        keep: |new, stored| new.lang.clone_from(&stored.lang),
    },
    Field {
        name: IMAGE,
        value: |draft| json!(draft.image),
        keep: |new, stored| new.image.clone_from(&stored.image),
    },
    Field {
        name: "quote",
        value: |draft| json!(draft.quote.as_ref().map(|quote| &quote.text)),
        keep: |new, stored| new.quote.clone_from(&stored.quote),
    },
    Field {
        name: "commentary",
        value: |draft| json!(draft.commentary.as_ref().map(|text| (&text.label, &text.text))),
        keep: |new, stored| new.commentary.clone_from(&stored.commentary),
    },
    Field {
        name: "links_heading",
        value: |draft| json!(draft.links_heading),
        keep: |new, stored| new.links_heading.clone_from(&stored.links_heading),
    },
    Field { name: LINKS, value: links, keep: |new, stored| new.links.clone_from(&stored.links) },
    Field {
        name: "tags",
        value: |draft| json!(draft.tags.iter().map(|tag| tag.to_lowercase()).collect::<Vec<_>>()),
        keep: |new, stored| new.tags.clone_from(&stored.tags),
    },
    Field {
        name: "author",
        value: |draft| json!(draft.author),
        keep: |new, stored| new.author.clone_from(&stored.author),
    },
    Field {
        name: "published_at",
        // PostgreSQL stores microseconds.
        value: |draft| json!(draft.published_at.map(|at| at.timestamp_micros())),
        keep: |new, stored| {
            new.published_at = stored.published_at;
            new.published_at_uncertain = stored.published_at_uncertain;
        },
    },
    Field {
        name: "comments_open",
        value: |draft| json!(draft.comments_open),
        keep: |new, stored| new.comments_open = stored.comments_open,
    },
];

/// The name of the picture among the fields.
pub(super) const IMAGE: &str = "image";

const LINKS: &str = "links";
/// The name of the status among the fields.
pub(super) const STATUS: &str = "status";

fn links(draft: &Draft) -> Value {
    let link = |link: &NewLink| {
        let quote = link.quote.as_ref().map(|quote| &quote.text);
        json!([link.role, link.title, link.url, link.credit, link.section, quote])
    };
    draft.links.iter().map(link).collect()
}

fn hash(value: &Value) -> String {
    let digest = Sha256::digest(value.to_string());
    digest.iter().take(8).fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// Returns the hashes of the fields of an article.
pub(super) fn hashes(draft: &Draft) -> FieldHashes {
    let status = (STATUS.to_owned(), hash(&json!(draft.status)));
    FIELDS
        .iter()
        .map(|field| (field.name.to_owned(), hash(&(field.value)(draft))))
        .chain([status])
        .collect()
}

/// Sets the hash of a field to what it was.
pub(super) fn keep_hash(fields: &mut FieldHashes, name: &str, last: Option<&FieldHashes>) {
    match last.and_then(|last| last.get(name)) {
        Some(hash) => fields.insert(name.to_owned(), hash.clone()),
        None => fields.remove(name),
    };
}

/// Returns the hash of a picture.
pub(super) fn image_hash(image: Option<&ArticleImage>) -> String {
    hash(&json!(image))
}

/// The result of a merge.
#[derive(Debug)]
pub(super) struct Merged {
    /// The article to store.
    pub(super) draft: Draft,
    /// Whether it differs from the stored one.
    pub(super) is_changed: bool,
    /// Whether its links differ from the stored ones.
    pub(super) links_changed: bool,
    /// Whether the source has withdrawn it, which was not followed.
    pub(super) is_withdrawal_open: bool,
    /// What differs on both sides, and changes of the status that were not followed.
    pub(super) remarks: Vec<String>,
}

/// Merges a newer record with the stored article. `last` has what the source said last time; an
/// article of which that is not known has no edits unless it `has_revisions`.
pub(super) fn merge(
    mut new: Draft,
    stored: &Draft,
    last: Option<&FieldHashes>,
    has_revisions: bool,
    follow_status: bool,
) -> Merged {
    let (now, current) = (hashes(&new), hashes(stored));
    let unedited = if has_revisions { FieldHashes::new() } else { current.clone() };
    let last = last.unwrap_or(&unedited);
    let is_edited =
        |name: &str| last.get(name) != current.get(name) && now.get(name) != current.get(name);
    let has_changed = |name: &str| last.get(name) != now.get(name);
    let mut remarks = Vec::new();
    for field in FIELDS.iter().filter(|field| is_edited(field.name)) {
        (field.keep)(&mut new, stored);
        if has_changed(field.name) {
            remarks.push(format!(
                "`{}` was edited here and changed in the source; the edit is kept",
                field.name
            ));
        }
    }
    let mut is_withdrawal_open = false;
    let is_withdrawn = is_public(stored.status) && !is_public(new.status);
    if is_edited(STATUS) || (is_withdrawn && !follow_status) {
        if has_changed(STATUS) && is_edited(STATUS) {
            remarks.push(format!(
                "the status was changed here, and in the source to `{}`; that of here is kept",
                new.status.as_str()
            ));
        } else if has_changed(STATUS) {
            is_withdrawal_open = true;
            remarks.push(format!(
                "the source has changed the status to `{}`; import with `follow_status` to take it over",
                new.status.as_str()
            ));
        }
        new.status = stored.status;
        new.published_at = new.published_at.or(stored.published_at);
    }
    new.corrections.clone_from(&stored.corrections);
    let merged = hashes(&new);
    let links_changed = merged.get(LINKS) != current.get(LINKS);
    if !links_changed {
        new.outlet_count = stored.outlet_count;
    }
    let is_changed = merged != current;
    Merged { draft: new, is_changed, links_changed, is_withdrawal_open, remarks }
}

fn is_public(status: ArticleStatus) -> bool {
    matches!(status, ArticleStatus::Published | ArticleStatus::Scheduled)
}

/// Converts a stored article.
pub(super) fn draft_of(article: Article, status: ArticleStatus) -> Draft {
    let Article { summary, quote, commentary, .. } = article;
    Draft {
        status,
        headline: summary.headline,
        dek: summary.dek,
        lang: summary.lang,
        image: summary.image,
        quote,
        commentary,
        links_heading: summary.links_heading,
        author: summary.author,
        published_at: summary.published_at,
        published_at_uncertain: summary.published_at_uncertain,
        comments_open: summary.comments_open,
        corrections: summary.corrections,
        outlet_count: summary.outlet_count,
        links: summary.links.into_iter().map(link_of).collect(),
        tags: summary.tags.into_iter().map(|tag| tag.name).collect(),
        origin: None,
    }
}

fn link_of(link: Link) -> NewLink {
    let credits = link.credits.into_iter().map(|credit| NewCredit {
        outlet: credit.outlet.map(|outlet| outlet.id),
        bylines: credit.bylines,
    });
    NewLink {
        role: link.role,
        title: link.title,
        url: link.url,
        credit: link.credit,
        credits: credits.collect(),
        section: link.section,
        quote: link.quote,
        uncertain: link.uncertain,
        // Links that are kept are not stored again.
        credited_by_hand: false,
    }
}

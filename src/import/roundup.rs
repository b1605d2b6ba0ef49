//! A post becomes an article that can be stored: its body read, its outlets looked up.

use super::body::{self, Reading};
use super::record::{Place, Post};
use super::report::Remark;
use crate::articles::store::{Draft, Origin};
use crate::articles::{Author, Commentary, Status};
use crate::error::Result;
use crate::links::{NewCredit, NewLink, RichText, Role};
use crate::outlets::Directory;
use chrono::{DateTime, Utc};
use diesel_async::AsyncPgConnection;
use roundup_reader::{Evidence, Reply, Source};
use safe_html::{Markup, Voice, plain, render};

impl roundup_reader::Outlets for Directory {
    fn knows(&self, name: &str) -> bool {
        self.named(name).is_some()
    }

    fn lookup(&self, name: &str) -> Option<Evidence> {
        let key = self.named(name)?;
        Some(Evidence { key: Some(key), ..Evidence::KNOWN })
    }

    fn at_host(&self, host: &str) -> Option<Evidence> {
        let key = Directory::at_host(self, host)?;
        Some(Evidence { key: Some(key), ..Evidence::KNOWN })
    }
}

/// An article, and what its reading brought beside it.
#[derive(Debug)]
pub(super) struct Article {
    pub(super) draft: Draft,
    /// How many outlets had to be made for it.
    pub(super) outlets: usize,
    /// Readers' comments that stand in the body.
    pub(super) replies: Vec<Reply>,
    pub(super) uncertain: Vec<Remark>,
    pub(super) unread: Vec<Remark>,
}

/// How long the texts of an article may be, in characters.
const HEADLINE: usize = 300;
const DEK: usize = 500;
const NAME: usize = 100;

/// The most that a post's body may hold, in bytes.
const LONGEST: usize = 2 << 20;

/// Why a post cannot be stored, if it cannot.
pub(super) fn refused(post: &Post) -> Option<&'static str> {
    (post.body.text().len() > LONGEST).then_some("its text is longer than 2 MiB")
}

/// Reads a post.
pub(super) async fn article(
    conn: &mut AsyncPgConnection,
    directory: &mut Directory,
    post: &Post,
    place: &Place,
    now: DateTime<Utc>,
) -> Result<Article> {
    let Reading { roundup, quote, commentary } = body::read(&post.body, directory);
    let (mut links, mut outlets) = (Vec::new(), 0);
    for source in &roundup.links {
        let (link, new) = link(conn, directory, source, now).await?;
        links.push(link);
        outlets += new;
    }
    let mut notes = Notes { place, uncertain: Vec::new() };
    let (status, published_at) = dates(post, now);
    let first = || {
        let text = commentary.as_ref().map(|text| plain(&text.html)).unwrap_or_default();
        text.lines().find(|line| !line.trim().is_empty()).map(str::to_owned)
    };
    let headline = match post.title.clone().or(roundup.headline) {
        Some(title) => title,
        None if post.source == super::SOURCE => post.id.clone(),
        None => {
            let line = first().unwrap_or_else(|| post.id.clone());
            notes.doubt(&line, "a post without a title, called by its first line");
            line
        }
    };
    let label = roundup.commentary.and_then(|said| said.label);
    let commentary = commentary.map(|RichText { text, html }| Commentary { label, text, html });
    let dek = post.dek.clone().or(roundup.dek);
    let draft = Draft {
        status,
        headline: notes.cut(&headline, HEADLINE),
        dek: dek.map(|dek| notes.cut(&dek, DEK)),
        lang: None,
        quote,
        commentary,
        links_heading: roundup.links_heading.map(|heading| notes.cut(&heading, HEADLINE)),
        author: Author {
            name: post.author.name.as_deref().map(|name| notes.cut(name, 2 * NAME)),
            url: post.author.url.clone(),
        },
        published_at,
        published_at_uncertain: published_at.is_some()
            && (post.date_uncertain || post.published_at.is_none()),
        comments_open: post.comments_open,
        corrections: Vec::new(),
        links,
        tags: post.tags.iter().map(|tag| notes.cut(tag, NAME)).collect(),
        origin: Some(Origin {
            source: post.source.to_owned(),
            id: post.id.clone(),
            hash: post.hash(),
        }),
    };
    let remark = |note: roundup_reader::Note| notes.of(note);
    let unread = roundup.report.unread.into_iter().map(remark).collect();
    let mut uncertain: Vec<Remark> = roundup.report.uncertain.into_iter().map(remark).collect();
    uncertain.extend(notes.uncertain);
    Ok(Article { draft, outlets, replies: roundup.comments, uncertain, unread })
}

/// The status and the date of a post: what is published has one, if only that of the import.
fn dates(post: &Post, now: DateTime<Utc>) -> (Status, Option<DateTime<Utc>>) {
    match (post.status, post.published_at) {
        (Status::Published, Some(at)) if at > now => (Status::Scheduled, Some(at)),
        (Status::Published, None) => (Status::Published, Some(now)),
        (Status::Scheduled, Some(at)) if at <= now => (Status::Published, Some(at)),
        (Status::Scheduled, None) => (Status::Draft, None),
        (status, at) => (status, at),
    }
}

/// What is unsure about a post, besides its body.
struct Notes<'a> {
    place: &'a Place,
    uncertain: Vec<Remark>,
}

impl Notes<'_> {
    fn doubt(&mut self, raw: &str, reason: &str) {
        let (position, raw) = (self.place.to_string(), raw.to_owned());
        self.uncertain.push(Remark { position, raw, reason: reason.to_owned() });
    }

    /// A text no longer than its field; what is cut off stands in the report.
    fn cut(&mut self, text: &str, most: usize) -> String {
        let Some((at, _)) = text.char_indices().nth(most) else { return text.to_owned() };
        self.doubt(text, &format!("longer than {most} characters, and cut there"));
        text.get(..at).unwrap_or(text).to_owned()
    }

    /// A line of a file of its own has its own number; the lines of a post have that of the post.
    fn of(&self, note: roundup_reader::Note) -> Remark {
        let position = match self.place.line {
            0 => format!("{}:{}", self.place.file, note.line),
            _ => self.place.to_string(),
        };
        Remark { position, raw: note.raw, reason: note.reason }
    }
}

/// A source with its outlets looked up: by name, made if need be; or by the host of its address.
async fn link(
    conn: &mut AsyncPgConnection,
    directory: &mut Directory,
    source: &Source,
    now: DateTime<Utc>,
) -> Result<(NewLink, usize)> {
    let address = source.url.as_deref().and_then(citation_key::normalise);
    let host = address.and_then(|address| directory.at_host(&address.domain));
    let (mut credits, mut made) = (Vec::new(), 0);
    for credit in &source.credits {
        let outlet = match &credit.outlet {
            None => host,
            Some(name) => {
                let (id, new) = directory.named_or_new(conn, name, now).await?;
                made += usize::from(new);
                Some(id)
            }
        };
        credits.push(NewCredit { outlet, bylines: credit.bylines.clone() });
    }
    if credits.is_empty() && host.is_some() {
        credits.push(NewCredit { outlet: host, bylines: Vec::new() });
    }
    let quote = source.quote.as_ref().map(|text| RichText {
        text: text.clone(),
        html: render(text, Markup::Markdown, Voice::Editor),
    });
    let link = NewLink {
        role: match source.role {
            roundup_reader::Role::Lead => Role::Lead,
            roundup_reader::Role::More => Role::More,
            roundup_reader::Role::Inline => Role::Inline,
        },
        title: source.title.clone(),
        url: source.url.clone(),
        credit: source.credit.clone(),
        credits,
        section: source.section.clone(),
        quote,
        uncertain: !source.confidence.is_certain(),
    };
    Ok((link, made))
}

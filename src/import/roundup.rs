//! A parsed roundup becomes an article and its comments.

use crate::articles::store::{Draft, Origin};
use crate::articles::{Author, Commentary, Status};
use crate::comments::store::Imported;
use crate::error::Result;
use crate::links::{NewCredit, NewLink, RichText, Role, address};
use crate::outlets::Directory;
use crate::text::rich::{Markup, Voice, render};
use crate::text::roundup::{self, Confidence, Roundup, Source};
use chrono::{DateTime, Utc};
use diesel_async::AsyncPgConnection;
use sha2::{Digest as _, Sha256};

/// How imported roundups are known: `(source, source_id)`.
pub(super) const SOURCE: &str = "roundup";

impl roundup::Outlets for Directory {
    fn knows(&self, name: &str) -> bool {
        self.named(name).is_some()
    }
}

/// The article of a roundup, with the outlets that had to be made for it counted.
pub(super) async fn draft(
    conn: &mut AsyncPgConnection,
    directory: &mut Directory,
    parsed: &Roundup,
    id: &str,
    now: DateTime<Utc>,
) -> Result<(Draft, usize)> {
    let (mut links, mut made) = (Vec::new(), 0);
    for source in &parsed.links {
        let (link, new) = link(conn, directory, source, now).await?;
        links.push(link);
        made += new;
    }
    let markdown = |text: &String| RichText {
        text: text.clone(),
        html: render(text, Markup::Markdown, Voice::Editor),
    };
    let hash = Sha256::digest(serde_json::to_vec(parsed).unwrap_or_default()).to_vec();
    let draft = Draft {
        status: Status::Published,
        headline: parsed.headline.clone().unwrap_or_else(|| id.to_owned()),
        dek: parsed.dek.clone(),
        lang: None,
        quote: parsed.quote.as_ref().map(markdown),
        commentary: parsed.commentary.as_ref().map(|said| Commentary {
            label: said.label.clone(),
            text: said.text.clone(),
            html: markdown(&said.text).html,
        }),
        links_heading: parsed.links_heading.clone(),
        author: Author { name: None, url: None },
        published_at: Some(now),
        published_at_uncertain: true,
        comments_open: true,
        corrections: Vec::new(),
        links,
        tags: Vec::new(),
        origin: Some(Origin { source: SOURCE.to_owned(), id: id.to_owned(), hash }),
    };
    Ok((draft, made))
}

/// A source with its outlets looked up: by name, made if need be; or by the host of its address.
async fn link(
    conn: &mut AsyncPgConnection,
    directory: &mut Directory,
    source: &Source,
    now: DateTime<Utc>,
) -> Result<(NewLink, usize)> {
    let address = source.url.as_deref().and_then(address::normalise);
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
            roundup::Role::Lead => Role::Lead,
            roundup::Role::More => Role::More,
            roundup::Role::Inline => Role::Inline,
        },
        title: source.title.clone(),
        url: source.url.clone(),
        credit: source.credit.clone(),
        credits,
        section: source.section.clone(),
        quote,
        uncertain: source.confidence == Confidence::Low,
    };
    Ok((link, made))
}

/// The readers' comments of a roundup.
pub(super) fn comments(parsed: &Roundup) -> Vec<Imported> {
    let numbered = parsed.comments.iter().enumerate();
    numbered
        .map(|(n, reply)| Imported {
            source_id: (n + 1).to_string(),
            text: reply.text.clone(),
            uncertain: reply.uncertain,
        })
        .collect()
}

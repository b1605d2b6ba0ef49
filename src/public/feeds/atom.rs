//! Writes a feed as Atom 1.0 (RFC 4287), with paging (RFC 5005) and threading (RFC 4685).

use crate::error::{Error, Result};
use crate::public::feeds::model::{Entry, Feed, Source, carried};
use atom_syndication as atom;
use atom_syndication::extension::{Extension, ExtensionMap};
use std::collections::BTreeMap;

const THREAD: &str = "http://purl.org/syndication/thread/1.0";

/// The document.
pub(super) fn write(feed: &Feed) -> Result<Vec<u8>> {
    let mut links = vec![link("self", &feed.own), link("alternate", &feed.home)];
    links.extend(feed.next.as_ref().map(|next| link("next", next)));
    links.extend(feed.previous.as_ref().map(|previous| link("previous", previous)));
    let document = atom::Feed {
        id: feed.id.clone(),
        title: carried(&feed.title).into(),
        updated: feed.updated().fixed_offset(),
        links,
        generator: Some(atom::Generator {
            value: env!("CARGO_PKG_NAME").to_owned(),
            uri: None,
            version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        }),
        entries: feed.entries.iter().map(|one| entry(one, &feed.title)).collect(),
        namespaces: BTreeMap::from([("thr".to_owned(), THREAD.to_owned())]),
        ..atom::Feed::default()
    };
    document.write_to(Vec::new()).map_err(Error::internal)
}

fn entry(entry: &Entry, site: &str) -> atom::Entry {
    let mut links = vec![link("alternate", &entry.address)];
    links.extend(entry.via.as_ref().map(|via| source("via", via)));
    links.extend(entry.related.iter().map(|related| source("related", related)));
    let mut extensions = ExtensionMap::new();
    if let Some(replies) = &entry.replies {
        let mut link = link("replies", &replies.feed);
        link.mime_type = Some("application/atom+xml".to_owned());
        links.push(link);
        thread(&mut extensions, "total", Some(replies.count.to_string()), BTreeMap::new());
    }
    if let Some((id, address)) = &entry.answers {
        let attributes = [("ref".to_owned(), id.clone()), ("href".to_owned(), carried(address))];
        thread(&mut extensions, "in-reply-to", None, BTreeMap::from(attributes));
    }
    // An entry, or its feed, must name somebody.
    let author = entry.author.as_ref();
    let author = atom::Person {
        name: carried(author.map_or(site, |author| &author.name)),
        uri: author.and_then(|author| author.page.as_deref()).map(carried),
        ..atom::Person::default()
    };
    atom::Entry {
        id: entry.id.clone(),
        title: carried(&entry.title).into(),
        updated: entry.updated.fixed_offset(),
        published: Some(entry.published.fixed_offset()),
        authors: vec![author],
        categories: entry.tags.iter().map(category).collect(),
        links,
        summary: entry.summary.as_deref().map(|text| carried(text).into()),
        content: Some(atom::Content {
            value: Some(carried(&entry.html)),
            content_type: Some("html".to_owned()),
            lang: entry.lang.as_deref().map(carried),
            ..atom::Content::default()
        }),
        extensions,
        ..atom::Entry::default()
    }
}

fn category((slug, name): &(String, String)) -> atom::Category {
    atom::Category { term: carried(slug), scheme: None, label: Some(carried(name)) }
}

fn link(relation: &str, address: &str) -> atom::Link {
    atom::Link { rel: relation.to_owned(), href: carried(address), ..atom::Link::default() }
}

fn source(relation: &str, source: &Source) -> atom::Link {
    atom::Link { title: Some(carried(&source.title)), ..link(relation, &source.address) }
}

fn thread(
    extensions: &mut ExtensionMap,
    name: &str,
    value: Option<String>,
    attrs: BTreeMap<String, String>,
) {
    let name = format!("thr:{name}");
    let one = Extension { name: name.clone(), value, attrs, children: BTreeMap::new() };
    extensions.entry("thr".to_owned()).or_default().entry(name).or_default().push(one);
}

//! Writes a feed as Atom 1.0 (RFC 4287), with paging (RFC 5005) and threading (RFC 4685).

use crate::error::{Error, Result};
use crate::public::feeds::model::{Entry, Feed, MEDIA, Source, media_content, xml_safe};
use atom_syndication as atom;
use atom_syndication::extension::{Extension, ExtensionMap};
use std::collections::BTreeMap;

const THREAD: &str = "http://purl.org/syndication/thread/1.0";

/// Writes the document.
pub(super) fn write(feed: &Feed) -> Result<Vec<u8>> {
    let mut links = vec![link("self", &feed.self_url), link("alternate", &feed.home)];
    links.extend(feed.next.as_ref().map(|next| link("next", next)));
    links.extend(feed.previous.as_ref().map(|previous| link("previous", previous)));
    let document = atom::Feed {
        id: feed.id.clone(),
        title: xml_safe(&feed.title).into(),
        updated: feed.updated().fixed_offset(),
        links,
        generator: Some(atom::Generator {
            value: env!("CARGO_PKG_NAME").to_owned(),
            uri: None,
            version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        }),
        lang: feed.lang.clone(),
        entries: feed.entries.iter().map(|one| entry(one, &feed.title)).collect(),
        namespaces: [("thr", THREAD), MEDIA].map(|(p, uri)| (p.to_owned(), uri.to_owned())).into(),
        ..atom::Feed::default()
    };
    document.write_to(Vec::new()).map_err(Error::internal)
}

fn entry(entry: &Entry, site: &str) -> atom::Entry {
    let mut links = vec![link("alternate", &entry.url)];
    links.extend(entry.via.as_ref().map(|via| source("via", via)));
    links.extend(entry.related.iter().map(|related| source("related", related)));
    let mut extensions = ExtensionMap::new();
    if let Some(replies) = &entry.replies {
        let mut link = link("replies", &replies.feed);
        link.mime_type = Some("application/atom+xml".to_owned());
        links.push(link);
        thread(&mut extensions, "total", Some(replies.count.to_string()), BTreeMap::new());
    }
    if let Some((id, url)) = &entry.in_reply_to {
        let attributes = [("ref".to_owned(), id.clone()), ("href".to_owned(), xml_safe(url))];
        thread(&mut extensions, "in-reply-to", None, BTreeMap::from(attributes));
    }
    if let Some(image) = &entry.image {
        let (attributes, children) = media_content(image);
        let child = |(name, text): (&str, String)| {
            let child = extension(name, Some(text), BTreeMap::new());
            (name.to_owned(), vec![child])
        };
        let mut content = extension("media:content", None, attributes);
        content.children = children.into_iter().map(child).collect();
        let content = BTreeMap::from([("content".to_owned(), vec![content])]);
        extensions.insert("media".to_owned(), content);
    }
    // Atom requires an author for each entry, unless the feed has one.
    let author = entry.author.as_ref();
    let author = atom::Person {
        name: xml_safe(author.map_or(site, |author| &author.name)),
        uri: author.and_then(|author| author.page.as_deref()).map(xml_safe),
        ..atom::Person::default()
    };
    atom::Entry {
        id: entry.id.clone(),
        title: xml_safe(&entry.title).into(),
        updated: entry.updated.fixed_offset(),
        published: Some(entry.published.fixed_offset()),
        authors: vec![author],
        categories: entry.tags.iter().map(category).collect(),
        links,
        summary: entry.summary.as_deref().map(|text| xml_safe(text).into()),
        content: Some(atom::Content {
            value: Some(xml_safe(&entry.html)),
            content_type: Some("html".to_owned()),
            lang: entry.lang.as_deref().map(xml_safe),
            ..atom::Content::default()
        }),
        extensions,
        ..atom::Entry::default()
    }
}

fn category((slug, name): &(String, String)) -> atom::Category {
    atom::Category { term: xml_safe(slug), scheme: None, label: Some(xml_safe(name)) }
}

fn link(relation: &str, url: &str) -> atom::Link {
    atom::Link { rel: relation.to_owned(), href: xml_safe(url), ..atom::Link::default() }
}

fn source(relation: &str, source: &Source) -> atom::Link {
    atom::Link { title: Some(xml_safe(&source.title)), ..link(relation, &source.url) }
}

fn thread(
    extensions: &mut ExtensionMap,
    name: &str,
    value: Option<String>,
    attrs: BTreeMap<String, String>,
) {
    let name = format!("thr:{name}");
    let one = extension(&name, value, attrs);
    extensions.entry("thr".to_owned()).or_default().entry(name).or_default().push(one);
}

fn extension(name: &str, value: Option<String>, attrs: BTreeMap<String, String>) -> Extension {
    Extension { name: name.to_owned(), value, attrs, children: BTreeMap::new() }
}

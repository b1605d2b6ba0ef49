//! Writes a feed as RSS 2.0, with links of Atom where RSS has no element.

use crate::error::{Error, Result};
use crate::public::feeds::model::{Entry, Feed, MEDIA, Source, media_content, xml_safe};
use quick_xml::escape::escape;
use rss::extension::Extension;
use rss::extension::atom::{AtomExtension, Link};
use rss::extension::dublincore::DublinCoreExtension;
use std::collections::BTreeMap;

/// Writes the document.
pub(super) fn write(feed: &Feed) -> Result<Vec<u8>> {
    let mut links = vec![link("self", &feed.self_url)];
    links.extend(feed.next.as_ref().map(|next| link("next", next)));
    links.extend(feed.previous.as_ref().map(|previous| link("previous", previous)));
    let namespaces = [
        ("atom", "http://www.w3.org/2005/Atom"),
        ("content", "http://purl.org/rss/1.0/modules/content/"),
        ("dc", "http://purl.org/dc/elements/1.1/"),
        ("slash", "http://purl.org/rss/1.0/modules/slash/"),
        MEDIA,
    ];
    let namespaces = namespaces.map(|(prefix, name)| (prefix.to_owned(), name.to_owned()));
    let channel = rss::Channel {
        title: xml_safe(&feed.title),
        link: xml_safe(&feed.home),
        description: xml_safe(&feed.title),
        language: feed.lang.clone(),
        last_build_date: Some(feed.updated().to_rfc2822()),
        generator: Some(concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")).to_owned()),
        items: feed.entries.iter().map(item).collect(),
        atom_ext: Some(AtomExtension { links }),
        namespaces: BTreeMap::from(namespaces),
        ..rss::Channel::default()
    };
    channel.write_to(Vec::new()).map_err(Error::internal)
}

fn item(entry: &Entry) -> rss::Item {
    let mut links: Vec<Link> = entry.via.iter().map(|via| source("via", via)).collect();
    links.extend(entry.related.iter().map(|related| source("related", related)));
    let mut extensions = BTreeMap::new();
    if let Some(replies) = &entry.replies {
        links.push(link("replies", &replies.feed));
        let count = Extension {
            name: "slash:comments".to_owned(),
            value: Some(replies.count.to_string()),
            ..Extension::default()
        };
        let counts = BTreeMap::from([("comments".to_owned(), vec![count])]);
        extensions.insert("slash".to_owned(), counts);
    }
    if let Some(image) = &entry.image {
        let (attrs, children) = media_content(image);
        let child = |(name, text): (&str, String)| {
            let child =
                Extension { name: name.to_owned(), value: Some(text), ..Extension::default() };
            (name.to_owned(), vec![child])
        };
        let content = Extension {
            name: "media:content".to_owned(),
            attrs,
            children: children.into_iter().map(child).collect(),
            ..Extension::default()
        };
        let content = BTreeMap::from([("content".to_owned(), vec![content])]);
        extensions.insert("media".to_owned(), content);
    }
    let creators = entry.author.iter().map(|author| xml_safe(&author.name)).collect();
    rss::Item {
        title: Some(xml_safe(&entry.title)),
        link: Some(xml_safe(&entry.url)),
        // Readers take a description for HTML.
        description: entry.summary.as_deref().map(|text| xml_safe(&escape(text))),
        content: Some(xml_safe(&entry.html)),
        guid: Some(rss::Guid { value: entry.id.clone(), permalink: false }),
        pub_date: Some(entry.published.to_rfc2822()),
        categories: entry.tags.iter().map(category).collect(),
        atom_ext: (!links.is_empty()).then_some(AtomExtension { links }),
        dublin_core_ext: Some(DublinCoreExtension { creators, ..DublinCoreExtension::default() }),
        extensions,
        ..rss::Item::default()
    }
}

fn category((_, name): &(String, String)) -> rss::Category {
    rss::Category { name: xml_safe(name), domain: None }
}

fn link(relation: &str, url: &str) -> Link {
    Link { rel: relation.to_owned(), href: xml_safe(url), ..Link::default() }
}

fn source(relation: &str, source: &Source) -> Link {
    Link { title: Some(xml_safe(&source.title)), ..link(relation, &source.url) }
}

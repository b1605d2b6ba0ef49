//! XML as real exports have it: read element by element, so that a file of any size fits; names
//! known by their namespace or, where that is not declared, by their prefix.
//!
//! Refused: document types (and so every entity bomb), crossed tags, a file that ends too soon,
//! bytes that are not UTF-8. A lone `&` and an unknown entity stay in the text as they are.

use super::place::Tracked;
use super::record::Halt;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::{Error, NsReader};
use safe_html::xml_chars;
use std::io::Read;

/// How deep elements may stand in each other within one entry.
const DEEPEST: usize = 100;

/// The vocabularies that matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Space {
    /// No namespace, or one that does not matter.
    None,
    Atom,
    Blogger,
    Thread,
    App,
    Google,
    Search,
    Wordpress,
    Content,
    Excerpt,
    DublinCore,
    Disqus,
}

/// An element, read whole.
#[derive(Debug)]
pub(super) struct Element {
    pub(super) space: Space,
    pub(super) name: String,
    attributes: Vec<(String, String)>,
    /// Its own text, without that of its children.
    pub(super) text: String,
    pub(super) children: Vec<Element>,
    pub(super) line: u64,
    /// A character in it, or in what it holds, that cannot be stored.
    pub(super) forbidden: Option<(u64, char)>,
}

impl Element {
    pub(super) fn is(&self, space: Space, name: &str) -> bool {
        self.space == space && self.name == name
    }

    /// The value of an attribute, whatever its prefix.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn child(&self, space: Space, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.is(space, name))
    }

    /// The text of a child; empty if there is none.
    pub(super) fn text_of(&self, space: Space, name: &str) -> &str {
        self.child(space, name).map_or("", |child| child.text.trim())
    }

    fn keep(&mut self, text: &str, line: u64) {
        if let Some(found) = xml_chars::first_forbidden(text)
            && self.forbidden.is_none()
        {
            let before = text.chars().take(found.position).filter(|c| *c == '\n').count() as u64;
            self.forbidden = Some((line + before, found.character));
        }
        self.text.push_str(text);
    }
}

/// A reader of one document.
pub(super) struct Xml<R: Read> {
    reader: NsReader<Tracked<R>>,
    buffer: Vec<u8>,
}

/// What was met within an element.
enum Met {
    Start(Element),
    Text(String),
    End,
}

impl<R: Read> Xml<R> {
    pub(super) fn new(reader: R) -> Self {
        let mut reader = NsReader::from_reader(Tracked::new(reader));
        let config = reader.config_mut();
        config.expand_empty_elements = true;
        config.allow_dangling_amp = true;
        Self { reader, buffer: Vec::new() }
    }

    pub(super) fn line(&self) -> u64 {
        self.reader.get_ref().line()
    }

    /// The document's own element, open.
    pub(super) fn root(&mut self) -> Result<Element, Halt> {
        loop {
            match self.met()? {
                Some(Met::Start(element)) => return Ok(element),
                // A stray byte before the declaration has been seen in a real export.
                Some(Met::Text(_)) => {}
                Some(Met::End) | None => return Err(self.broken("there is no XML in it")),
            }
        }
    }

    /// The next child of the element that is open; it is open then. None at its end.
    pub(super) fn child(&mut self) -> Result<Option<Element>, Halt> {
        self.reader.get_mut().begin();
        loop {
            match self.met()? {
                Some(Met::Start(element)) => return Ok(Some(element)),
                Some(Met::Text(_)) => {}
                Some(Met::End) => return Ok(None),
                None => return Err(self.cut()),
            }
        }
    }

    /// After the root's end: whether the file ends there too.
    pub(super) fn finish(&mut self) -> Result<(), Halt> {
        loop {
            match self.met()? {
                None => return Ok(()),
                Some(Met::Text(text)) if text.trim().is_empty() => {}
                Some(_) => return Err(self.broken("something follows the end of the document")),
            }
        }
    }

    /// Reads an open element to its end.
    pub(super) fn whole(&mut self, open: Element) -> Result<Element, Halt> {
        let mut stack = vec![open];
        loop {
            let line = self.line();
            match self.met()? {
                Some(Met::Start(element)) if stack.len() < DEEPEST => stack.push(element),
                Some(Met::Start(_)) => return Err(self.broken("elements stand too deep")),
                Some(Met::Text(text)) => {
                    if let Some(top) = stack.last_mut() {
                        top.keep(&text, line);
                    }
                }
                Some(Met::End) => {
                    let Some(done) = stack.pop() else { return Err(self.cut()) };
                    let Some(parent) = stack.last_mut() else { return Ok(done) };
                    parent.forbidden = parent.forbidden.or(done.forbidden);
                    parent.children.push(done);
                }
                None => return Err(self.cut()),
            }
        }
    }

    /// Passes over an open element, keeping nothing of it.
    pub(super) fn skip(&mut self) -> Result<(), Halt> {
        let mut depth = 1_usize;
        while depth > 0 {
            self.reader.get_mut().begin();
            match self.met()? {
                Some(Met::Start(_)) => depth += 1,
                Some(Met::Text(_)) => {}
                Some(Met::End) => depth -= 1,
                None => return Err(self.cut()),
            }
        }
        Ok(())
    }

    /// The next thing that matters; none at the end of the file.
    fn met(&mut self) -> Result<Option<Met>, Halt> {
        loop {
            self.buffer.clear();
            let event = self.reader.read_event_into(&mut self.buffer);
            let event = match event {
                Ok(event) => event.into_owned(),
                Err(error) => return Err(self.failed(&error)),
            };
            let text = match event {
                Event::Start(start) => {
                    let line = self.line();
                    return match element(&self.reader, &start, line) {
                        Ok(element) => Ok(Some(Met::Start(element))),
                        Err(reason) => Err(self.broken(&reason)),
                    };
                }
                Event::End(_) => return Ok(Some(Met::End)),
                Event::Eof => return Ok(None),
                Event::DocType(_) => {
                    return Err(self.broken("a document type: entities are not taken from files"));
                }
                Event::Text(text) => text.xml10_content().into_owned(),
                Event::CData(text) => text.xml10_content().into_owned(),
                Event::GeneralRef(name) => reference(&name),
                Event::Decl(decl) => {
                    self.check_encoding(decl.encoding().and_then(Result::ok).as_deref())?;
                    continue;
                }
                Event::Empty(_) | Event::Comment(_) | Event::PI(_) => continue,
            };
            return Ok(Some(Met::Text(text)));
        }
    }

    fn check_encoding(&self, encoding: Option<&str>) -> Result<(), Halt> {
        let known = ["utf-8", "utf8", "us-ascii", "ascii"];
        match encoding {
            Some(name) if !known.contains(&name.to_ascii_lowercase().as_str()) => {
                Err(self.broken(&format!("it is written in {name}, not in UTF-8")))
            }
            _ => Ok(()),
        }
    }

    fn failed(&self, error: &Error) -> Halt {
        let reason = match error {
            Error::Encoding(_) => "not UTF-8".to_owned(),
            Error::Io(error) => error.to_string(),
            Error::IllFormed(error) => error.to_string(),
            other => other.to_string(),
        };
        self.broken(&reason)
    }

    fn cut(&self) -> Halt {
        self.broken("the file ends before the document does")
    }

    pub(super) fn broken(&self, reason: &str) -> Halt {
        let tracked = self.reader.get_ref();
        Halt::Broken { line: tracked.line(), byte: tracked.byte(), reason: reason.to_owned() }
    }
}

/// The element that a tag opens; or what is wrong with the tag.
fn element<R>(reader: &NsReader<R>, start: &BytesStart<'_>, line: u64) -> Result<Element, String> {
    let (found, local) = reader.resolver().resolve_element(start.name());
    let prefix = start.name().prefix().map(|prefix| prefix.as_ref().to_owned());
    let space = match found {
        ResolveResult::Bound(namespace) => known(namespace.as_ref()),
        ResolveResult::Unbound | ResolveResult::Unknown(_) => None,
    };
    let space = space.or_else(|| by_prefix(prefix.as_deref()?)).unwrap_or(Space::None);
    let mut attributes = Vec::new();
    let mut forbidden = None;
    // As in HTML: a value without quotes has been seen in a real export.
    for attribute in start.html_attributes().with_checks(false) {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let name = attribute.key.local_name().as_ref().to_owned();
        let raw = attribute.value.as_ref();
        let value = quick_xml::escape::unescape(raw).map_or_else(|_| raw.to_owned(), Into::into);
        let bad = xml_chars::first_forbidden(&value);
        forbidden = forbidden.or(bad.map(|bad| (line, bad.character)));
        attributes.push((name, value));
    }
    let name = local.as_ref().to_owned();
    let (text, children) = (String::new(), Vec::new());
    Ok(Element { space, name, attributes, text, children, line, forbidden })
}

fn known(uri: &str) -> Option<Space> {
    let uri = uri.trim_end_matches('/');
    let bare = uri.strip_prefix("https://").or_else(|| uri.strip_prefix("http://"))?;
    Some(match bare {
        "www.w3.org/2005/Atom" => Space::Atom,
        "schemas.google.com/blogger/2018" => Space::Blogger,
        "purl.org/syndication/thread/1.0" => Space::Thread,
        "purl.org/atom/app#" | "www.w3.org/2007/app" => Space::App,
        "schemas.google.com/g/2005" => Space::Google,
        "a9.com/-/spec/opensearchrss/1.0" | "a9.com/-/spec/opensearch/1.1" => Space::Search,
        "purl.org/rss/1.0/modules/content" => Space::Content,
        "purl.org/dc/elements/1.1" => Space::DublinCore,
        "disqus.com" | "disqus.com/disqus-internals" => Space::Disqus,
        _ => {
            let version = bare.strip_prefix("wordpress.org/export/")?;
            if version.ends_with("excerpt") { Space::Excerpt } else { Space::Wordpress }
        }
    })
}

fn by_prefix(prefix: &str) -> Option<Space> {
    Some(match prefix {
        "atom" => Space::Atom,
        "blogger" => Space::Blogger,
        "thr" => Space::Thread,
        "app" => Space::App,
        "gd" => Space::Google,
        "openSearch" => Space::Search,
        "wp" => Space::Wordpress,
        "content" => Space::Content,
        "excerpt" => Space::Excerpt,
        "dc" => Space::DublinCore,
        "dsq" => Space::Disqus,
        _ => return None,
    })
}

/// The character that a reference stands for; an unknown one stays as it is.
fn reference(name: &BytesRef<'_>) -> String {
    match name.resolve_char_ref() {
        Ok(Some(character)) => return character.to_string(),
        // Out of range, or U+0000: kept as a character that is refused further on.
        Err(_) => return "\0".to_owned(),
        Ok(None) => {}
    }
    match name.xml10_content().as_ref() {
        "amp" => "&".to_owned(),
        "lt" => "<".to_owned(),
        "gt" => ">".to_owned(),
        "quot" => "\"".to_owned(),
        "apos" => "'".to_owned(),
        other => format!("&{other};"),
    }
}

#[cfg(test)]
mod tests;

//! Reads an XML document element by element, so that a file of any size can be read.
//!
//! Names are resolved by their namespace or, where that is not declared, by their prefix: real
//! exports leave declarations out. A lone `&` and an unknown entity stay in the text as they are.
//! Rejected are document type declarations (and with them every entity bomb), crossed tags, a
//! file that ends too soon, and bytes that are not UTF-8.

use crate::error::ReadError;
use crate::format::DOCUMENT_TYPE;
use crate::output::storable;
use crate::position::PositionReader;
use quick_xml::escape::escape;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::{Error, NsReader};
use safe_html::xml_chars;
use std::io::Read;

/// The maximum depth of elements within one entry.
const MAX_DEPTH: usize = 100;

/// The elements of HTML that have no end tag.
const VOID_ELEMENTS: [&str; 8] = ["area", "br", "col", "embed", "hr", "img", "source", "wbr"];

/// The namespaces that parsers know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Namespace {
    /// No namespace, or an unknown one without a prefix.
    None,
    /// An unknown prefix: its names are not those of the format.
    Other,
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
    Media,
    Disqus,
}

/// An element. One that was just opened has no text and no children yet.
#[derive(Debug)]
pub(crate) struct Element {
    pub(crate) namespace: Namespace,
    pub(crate) name: String,
    attributes: Vec<(String, String)>,
    /// Its own text, without that of its children.
    pub(crate) text: String,
    pub(crate) children: Vec<Element>,
    /// The line at which its start tag ends.
    pub(crate) line: u64,
    /// The first character in it or in its children that cannot be stored and was left out, and its
    /// line.
    pub(crate) forbidden: Option<(u64, char)>,
}

impl Element {
    /// Returns whether it has this name.
    pub(crate) fn is(&self, namespace: Namespace, name: &str) -> bool {
        self.namespace == namespace && self.name == name
    }

    /// Returns the value of an attribute, whatever its prefix.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Returns the first child of this name.
    pub(crate) fn child(&self, namespace: Namespace, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.is(namespace, name))
    }

    /// Returns the trimmed text of a child; empty if there is none.
    pub(crate) fn text_of(&self, namespace: Namespace, name: &str) -> &str {
        self.child(namespace, name).map_or("", |child| child.text.trim())
    }

    /// Returns the tag that opens it, as HTML.
    fn start_tag(&self) -> String {
        let mut tag = format!("<{}", self.name);
        for (name, value) in &self.attributes {
            tag += &format!(" {name}=\"{}\"", escape(value.as_str()));
        }
        tag + ">"
    }

    /// Appends to its text, and notes a character that cannot be stored.
    fn append_text(&mut self, text: &str, line: u64) {
        if let Some(found) = xml_chars::find_forbidden_char(text)
            && self.forbidden.is_none()
        {
            let before = text.chars().take(found.position).filter(|c| *c == '\n').count() as u64;
            self.forbidden = Some((line + before, found.character));
        }
        self.text.push_str(&storable(text));
    }
}

/// Reads one document.
pub(crate) struct Xml<R: Read> {
    reader: NsReader<PositionReader<R>>,
    buffer: Vec<u8>,
}

/// The events of an XML document that parsers need.
enum XmlEvent {
    Start(Element),
    Text(String),
    End,
}

impl<R: Read> Xml<R> {
    pub(crate) fn new(reader: R) -> Self {
        let mut reader = NsReader::from_reader(PositionReader::new(reader));
        let config = reader.config_mut();
        config.expand_empty_elements = true;
        config.allow_dangling_amp = true;
        Self { reader, buffer: Vec::new() }
    }

    /// Returns the current line.
    fn line(&self) -> u64 {
        self.reader.get_ref().line()
    }

    /// Opens the root element.
    pub(crate) fn open_root(&mut self) -> Result<Element, ReadError> {
        loop {
            match self.next_event()? {
                Some(XmlEvent::Start(element)) => return Ok(element),
                // A real export was seen to have a stray byte before the declaration.
                Some(XmlEvent::Text(_)) => {}
                Some(XmlEvent::End) | None => {
                    return Err(self.malformed("the file contains no XML"));
                }
            }
        }
    }

    /// Opens the next child of the element that is open. None at the end of that element.
    pub(crate) fn next_child(&mut self) -> Result<Option<Element>, ReadError> {
        self.reader.get_mut().begin_item();
        loop {
            match self.next_event()? {
                Some(XmlEvent::Start(element)) => return Ok(Some(element)),
                Some(XmlEvent::Text(_)) => {}
                Some(XmlEvent::End) => return Ok(None),
                None => return Err(self.cut_off()),
            }
        }
    }

    /// Checks that nothing follows the end of the root element.
    pub(crate) fn expect_end(&mut self) -> Result<(), ReadError> {
        loop {
            match self.next_event()? {
                None => return Ok(()),
                Some(XmlEvent::Text(text)) if text.trim().is_empty() => {}
                Some(_) => {
                    return Err(self.malformed("there is more text after the end of the document"));
                }
            }
        }
    }

    /// Reads the open element to its end, with its children.
    pub(crate) fn read_element(&mut self, open: Element) -> Result<Element, ReadError> {
        let mut stack = vec![open];
        loop {
            let line = self.line();
            match self.next_event()? {
                Some(XmlEvent::Start(element)) if stack.len() < MAX_DEPTH => stack.push(element),
                Some(XmlEvent::Start(_)) => {
                    return Err(self.malformed(&format!(
                        "elements are nested more than {MAX_DEPTH} levels deep"
                    )));
                }
                Some(XmlEvent::Text(text)) => {
                    if let Some(top) = stack.last_mut() {
                        top.append_text(&text, line);
                    }
                }
                Some(XmlEvent::End) => {
                    let Some(done) = stack.pop() else { return Err(self.cut_off()) };
                    let Some(parent) = stack.last_mut() else { return Ok(done) };
                    parent.forbidden = parent.forbidden.or(done.forbidden);
                    parent.children.push(done);
                }
                None => return Err(self.cut_off()),
            }
        }
    }

    /// Reads the open element to its end, with its children as markup in its text.
    pub(crate) fn read_markup(&mut self, mut open: Element) -> Result<Element, ReadError> {
        let mut names = Vec::new();
        loop {
            let line = self.line();
            match self.next_event()? {
                Some(XmlEvent::Start(_)) if names.len() >= MAX_DEPTH => {
                    return Err(self.malformed(&format!(
                        "elements are nested more than {MAX_DEPTH} levels deep"
                    )));
                }
                Some(XmlEvent::Start(element)) => {
                    open.forbidden = open.forbidden.or(element.forbidden);
                    open.append_text(&element.start_tag(), line);
                    names.push(element.name);
                }
                Some(XmlEvent::Text(text)) => open.append_text(&escape(text.as_str()), line),
                Some(XmlEvent::End) => {
                    let Some(name) = names.pop() else { return Ok(open) };
                    // In HTML `</br>` is a second line break.
                    if !VOID_ELEMENTS.contains(&name.as_str()) {
                        open.append_text(&format!("</{name}>"), line);
                    }
                }
                None => return Err(self.cut_off()),
            }
        }
    }

    /// Skips the open element.
    pub(crate) fn skip(&mut self) -> Result<(), ReadError> {
        let mut depth = 1_usize;
        while depth > 0 {
            self.reader.get_mut().begin_item();
            match self.next_event()? {
                Some(XmlEvent::Start(_)) => depth += 1,
                Some(XmlEvent::Text(_)) => {}
                Some(XmlEvent::End) => depth -= 1,
                None => return Err(self.cut_off()),
            }
        }
        Ok(())
    }

    /// Returns the next event that parsers need; none at the end of the file.
    fn next_event(&mut self) -> Result<Option<XmlEvent>, ReadError> {
        loop {
            self.buffer.clear();
            let event = self.reader.read_event_into(&mut self.buffer);
            let event = match event {
                Ok(event) => event.into_owned(),
                Err(error) => return Err(self.parse_error(&error)),
            };
            let text = match event {
                Event::Start(start) => {
                    let line = self.line();
                    return match element(&self.reader, &start, line) {
                        Ok(element) => Ok(Some(XmlEvent::Start(element))),
                        Err(reason) => Err(self.malformed(&reason)),
                    };
                }
                Event::End(_) => return Ok(Some(XmlEvent::End)),
                Event::Eof => return Ok(None),
                Event::DocType(_) => {
                    return Err(self.malformed(DOCUMENT_TYPE));
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
            return Ok(Some(XmlEvent::Text(text)));
        }
    }

    fn check_encoding(&self, encoding: Option<&str>) -> Result<(), ReadError> {
        let known = ["utf-8", "utf8", "us-ascii", "ascii"];
        match encoding {
            Some(name) if !known.contains(&name.to_ascii_lowercase().as_str()) => {
                Err(self.malformed(&format!("the file is encoded in {name}; save it as UTF-8")))
            }
            _ => Ok(()),
        }
    }

    fn parse_error(&self, error: &Error) -> ReadError {
        let reason = match error {
            Error::Encoding(_) => "the text is not valid UTF-8".to_owned(),
            Error::Io(error) => error.to_string(),
            other => format!("the XML is not well-formed: {other}"),
        };
        self.malformed(&reason)
    }

    fn cut_off(&self) -> ReadError {
        self.malformed("the file is cut off: it ends in the middle of the document")
    }

    /// Returns an error about the current position.
    pub(crate) fn malformed(&self, reason: &str) -> ReadError {
        let reader = self.reader.get_ref();
        ReadError::Malformed { line: reader.line(), byte: reader.byte(), reason: reason.to_owned() }
    }
}

/// Returns the element that a start tag opens. The error says what is wrong with the tag.
fn element<R>(reader: &NsReader<R>, start: &BytesStart<'_>, line: u64) -> Result<Element, String> {
    let (found, local) = reader.resolver().resolve_element(start.name());
    let prefix = start.name().prefix().map(|prefix| prefix.as_ref().to_owned());
    let namespace = match found {
        ResolveResult::Bound(namespace) => by_uri(namespace.as_ref()),
        ResolveResult::Unbound | ResolveResult::Unknown(_) => None,
    };
    let unknown = if prefix.is_some() { Namespace::Other } else { Namespace::None };
    let namespace = namespace.or_else(|| by_prefix(prefix.as_deref()?)).unwrap_or(unknown);
    let mut attributes = Vec::new();
    let mut forbidden = None;
    // As in HTML: a real export was seen to have a value without quotes.
    for attribute in start.html_attributes().with_checks(false) {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let name = attribute.key.local_name().as_ref().to_owned();
        let raw = attribute.value.as_ref();
        let value = quick_xml::escape::unescape(raw).map_or_else(|_| raw.to_owned(), Into::into);
        let bad = xml_chars::find_forbidden_char(&value);
        forbidden = forbidden.or(bad.map(|bad| (line, bad.character)));
        attributes.push((name, storable(&value).into_owned()));
    }
    let name = local.as_ref().to_owned();
    let (text, children) = (String::new(), Vec::new());
    Ok(Element { namespace, name, attributes, text, children, line, forbidden })
}

/// Returns the namespace of a URI, whatever its scheme.
fn by_uri(uri: &str) -> Option<Namespace> {
    let uri = uri.trim_end_matches('/');
    let bare = uri.strip_prefix("https://").or_else(|| uri.strip_prefix("http://"))?;
    Some(match bare {
        "www.w3.org/2005/Atom" => Namespace::Atom,
        "schemas.google.com/blogger/2018" => Namespace::Blogger,
        "purl.org/syndication/thread/1.0" => Namespace::Thread,
        "purl.org/atom/app#" | "www.w3.org/2007/app" => Namespace::App,
        "schemas.google.com/g/2005" => Namespace::Google,
        "a9.com/-/spec/opensearchrss/1.0" | "a9.com/-/spec/opensearch/1.1" => Namespace::Search,
        "purl.org/rss/1.0/modules/content" => Namespace::Content,
        "purl.org/dc/elements/1.1" => Namespace::DublinCore,
        "search.yahoo.com/mrss" => Namespace::Media,
        "disqus.com" | "www.disqus.com" | "disqus.com/disqus-internals" => Namespace::Disqus,
        _ => {
            let version = bare.strip_prefix("wordpress.org/export/")?;
            if version.ends_with("excerpt") { Namespace::Excerpt } else { Namespace::Wordpress }
        }
    })
}

/// Returns the namespace that a prefix usually stands for.
fn by_prefix(prefix: &str) -> Option<Namespace> {
    Some(match prefix {
        "atom" => Namespace::Atom,
        "blogger" => Namespace::Blogger,
        "thr" => Namespace::Thread,
        "app" => Namespace::App,
        "gd" => Namespace::Google,
        "openSearch" => Namespace::Search,
        "wp" => Namespace::Wordpress,
        "content" => Namespace::Content,
        "excerpt" => Namespace::Excerpt,
        "dc" => Namespace::DublinCore,
        "media" => Namespace::Media,
        "dsq" => Namespace::Disqus,
        _ => return None,
    })
}

/// Returns the character of a reference. An unknown reference is returned as it is.
fn reference(name: &BytesRef<'_>) -> String {
    match name.resolve_char_ref() {
        Ok(Some(character)) => return character.to_string(),
        // Out of range, or U+0000: returned as a character that the parsers reject.
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

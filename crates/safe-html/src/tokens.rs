//! Splits HTML into tags and text with a tokenizer that follows the WHATWG standard.

use std::borrow::Cow;
use std::convert::Infallible;

use html5gum::emitters::callback::{Callback, CallbackEmitter, CallbackEvent};
use html5gum::{Emitter, ForwardingEmitter, Span, State, Tokenizer, naive_next_state};

use crate::elements::{GLOBAL_ATTRIBUTES, find, is_hidden};
use crate::xml_chars::is_xml_char;

/// An attribute that its element may have, and its value.
pub(crate) type Attribute = (&'static str, String);

/// Receives the tokens of an HTML fragment.
pub(crate) trait TokenSink {
    /// A start tag; its name is in lower case, its attributes are in the order of the tag.
    fn start(&mut self, name: &str, attributes: &[Attribute]);
    /// An end tag; its name is in lower case.
    fn end(&mut self, name: &str);
    /// A text with its character references decoded, its line ends as line feeds and without
    /// characters that XML cannot carry.
    fn text(&mut self, text: &str);
}

/// Passes the tokens of `html` to `sink`.
///
/// Comments, document types and the content of scripts, styles and embeds are left out. The work
/// is linear in the length of `html`, whatever it holds.
pub(crate) fn tokenize(html: &str, sink: &mut impl TokenSink) {
    let reader = TokenReader {
        sink,
        tag: String::new(),
        attributes: Vec::new(),
        is_wanted: false,
        hidden: false,
        next_state: None,
    };
    let emitter = StateSwitch { inner: CallbackEmitter::new(reader) };
    // Reading from a string never fails.
    let Ok(()) = Tokenizer::new_with_emitter(html, emitter).finish();
}

/// Returns text as XML can carry it: line ends as line feeds, and no forbidden characters.
fn clean(bytes: &[u8]) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(bytes);
    if text.chars().all(|character| character != '\r' && is_xml_char(character)) {
        return text;
    }
    let kept = text.chars().filter(|character| is_xml_char(*character));
    kept.map(|character| if character == '\r' { '\n' } else { character }).collect()
}

/// Puts the events of the tokenizer together to tags.
struct TokenReader<'a, S> {
    sink: &'a mut S,
    /// The name of the start tag that is being read; empty outside one.
    tag: String,
    attributes: Vec<Attribute>,
    /// Whether the attribute that is being read is the last one of `attributes`.
    is_wanted: bool,
    /// Whether the text that follows is the content of a hidden element.
    hidden: bool,
    /// The state for the content of the element that was just opened.
    next_state: Option<State>,
}

impl<S: TokenSink> TokenReader<'_, S> {
    /// Returns the attribute of this name if the current tag may have it and lacks it so far.
    fn wanted(&self, name: &str) -> Option<&'static str> {
        let own = find(&self.tag)?.attributes;
        let known = GLOBAL_ATTRIBUTES.iter().chain(own).find(|known| **known == name)?;
        // The first of two attributes of one name counts.
        let is_new = self.attributes.iter().all(|(given, _)| given != known);
        is_new.then_some(*known)
    }
}

impl<S: TokenSink> Callback<Infallible, ()> for TokenReader<'_, S> {
    fn handle_event(&mut self, event: CallbackEvent<'_>, _: Span<()>) -> Option<Infallible> {
        match event {
            CallbackEvent::OpenStartTag { name } => {
                self.tag = String::from_utf8_lossy(name).into_owned();
                self.attributes.clear();
                self.is_wanted = false;
            }
            CallbackEvent::AttributeName { name } => {
                let wanted = self.wanted(&String::from_utf8_lossy(name));
                self.is_wanted = wanted.is_some();
                self.attributes.extend(wanted.map(|name| (name, String::new())));
            }
            CallbackEvent::AttributeValue { value } => {
                if self.is_wanted
                    && let Some((_, given)) = self.attributes.last_mut()
                {
                    *given = clean(value).into_owned();
                }
            }
            CallbackEvent::CloseStartTag { .. } => {
                self.hidden = is_hidden(&self.tag);
                // The tokenizer cannot know that scripts do not run here, so that the content of
                // `noscript` is markup.
                self.next_state =
                    naive_next_state(self.tag.as_bytes()).filter(|_| self.tag != "noscript");
                self.sink.start(&self.tag, &self.attributes);
                self.tag.clear();
            }
            CallbackEvent::EndTag { name } => {
                self.hidden = false;
                self.next_state = None;
                self.sink.end(&String::from_utf8_lossy(name));
            }
            CallbackEvent::String { value } if !self.hidden => {
                self.sink.text(&clean(value));
            }
            CallbackEvent::String { .. }
            | CallbackEvent::Comment { .. }
            | CallbackEvent::Doctype { .. }
            | CallbackEvent::Error(_) => {}
        }
        None
    }
}

/// Switches the tokenizer to the state that the content of an element needs.
struct StateSwitch<'a, S: TokenSink> {
    inner: CallbackEmitter<TokenReader<'a, S>>,
}

impl<S: TokenSink> ForwardingEmitter for StateSwitch<'_, S> {
    type Token = Infallible;

    fn inner(&mut self) -> &mut impl Emitter<Token = Infallible> {
        &mut self.inner
    }

    fn emit_current_tag(&mut self) -> Option<State> {
        // Without `naively_switch_states` the inner emitter names no state.
        let state = self.inner.emit_current_tag();
        state.or_else(|| self.inner.callback_mut().next_state.take())
    }

    fn should_emit_errors(&mut self) -> bool {
        false
    }
}

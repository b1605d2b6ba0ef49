//! Passes the records that a parser finds in one file to the caller.

use crate::embedded_images;
use crate::error::ReadError;
use crate::position::Position;
use crate::record::{PositionedRecord, Record};
use safe_html::xml_chars;
use std::borrow::Cow;
use std::ops::ControlFlow;
use std::sync::Arc;

/// What the caller does with each record; it may ask the parser to stop.
pub(crate) type Sink<'a> = dyn FnMut(PositionedRecord) -> ControlFlow<()> + 'a;

/// Passes the records that a parser finds in one file to the caller, with their positions.
pub(crate) struct Output<'a> {
    file: Arc<str>,
    path: Arc<str>,
    sink: &'a mut Sink<'a>,
}

impl<'a> Output<'a> {
    pub(crate) fn new(file: Arc<str>, path: Arc<str>, sink: &'a mut Sink<'a>) -> Self {
        Self { file, path, sink }
    }

    /// Returns an output for a file within this one, such as a member of an archive.
    pub(crate) fn for_member(&mut self, name: &str) -> Output<'_> {
        let file = format!("{}:{name}", self.file).into();
        Output { file, path: name.into(), sink: &mut *self.sink }
    }

    /// Returns an output for what a packed file holds: it has no extension of packing.
    pub(crate) fn for_unpacked(&mut self) -> Output<'_> {
        let path = self.path.strip_suffix(".gz").unwrap_or(&self.path).into();
        Output { file: Arc::clone(&self.file), path, sink: &mut *self.sink }
    }

    /// Returns the path below the archive or folder that the file is in, or what else a post in it is
    /// known by.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// Passes on a record that begins at this line.
    pub(crate) fn record(&mut self, line: u64, record: Record) -> Result<(), ReadError> {
        let mut record = record;
        if let Record::Post(post) = &mut record
            && embedded_images::remove(post.body.text_mut())
        {
            let name = post.title.clone().unwrap_or_else(|| post.id.clone());
            let reason = "the text contains a picture (a `data:` URL); it is left out";
            self.warning(line, &name, reason)?;
        }
        let position = Position { file: Arc::clone(&self.file), line };
        match (self.sink)(PositionedRecord { position, record }) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(ReadError::Stopped),
        }
    }

    /// Reports something that is left out as intended.
    pub(crate) fn skipped(&mut self, line: u64, kind: &str, reason: &str) -> Result<(), ReadError> {
        self.record(line, Record::Skipped { kind: kind.to_owned(), reason: reason.to_owned() })
    }

    /// Reports something that should have been imported and cannot be.
    pub(crate) fn failed(&mut self, line: u64, reason: impl Into<String>) -> Result<(), ReadError> {
        self.record(line, Record::Failed { reason: reason.into() })
    }

    /// Reports something that a person should look at.
    pub(crate) fn warning(&mut self, line: u64, raw: &str, reason: &str) -> Result<(), ReadError> {
        self.record(line, Record::Warning { raw: raw.to_owned(), reason: reason.to_owned() })
    }

    /// Reports that a character of a post or comment is left out because no database or feed can hold
    /// it.
    pub(crate) fn left_out(
        &mut self,
        line: u64,
        what: &str,
        character: char,
    ) -> Result<(), ReadError> {
        let raw = format!("U+{:04X}", u32::from(character));
        let reason = format!("{what} contains a character that cannot be stored; it is left out");
        self.warning(line, &raw, &reason)
    }

    /// Reports that a post or comment holds a character that no database or feed can hold.
    pub(crate) fn forbidden(
        &mut self,
        line: u64,
        what: &str,
        character: char,
    ) -> Result<(), ReadError> {
        let code = u32::from(character);
        self.failed(
            line,
            format!("{what} contains the character U+{code:04X}, which cannot be stored"),
        )
    }
}

/// Returns a text without the characters that no database or feed can hold. The line breaks of word
/// processors become spaces.
pub(crate) fn storable(text: &str) -> Cow<'_, str> {
    if xml_chars::find_forbidden_char(text).is_none() {
        return Cow::Borrowed(text);
    }
    let replace = |c| match c {
        '\u{B}' | '\u{C}' => Some(' '),
        c => xml_chars::is_xml_char(c).then_some(c),
    };
    text.chars().filter_map(replace).collect()
}

/// Returns the first character of the texts that cannot be stored.
pub(crate) fn forbidden_character<'a>(texts: impl IntoIterator<Item = &'a str>) -> Option<char> {
    texts.into_iter().find_map(xml_chars::find_forbidden_char).map(|found| found.character)
}

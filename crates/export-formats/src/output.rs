//! Passes the records that a parser finds in one file to the caller.

use crate::error::ReadError;
use crate::format::file_name;
use crate::position::Position;
use crate::record::{PositionedRecord, Record};
use safe_html::xml_chars;
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
    pub(crate) fn new(file: Arc<str>, sink: &'a mut Sink<'a>) -> Self {
        let path = file_name(&file).into();
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

    /// Returns the path below the archive or folder that the file is in, or the file's name.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// Passes on a record that begins at this line.
    pub(crate) fn record(&mut self, line: u64, record: Record) -> Result<(), ReadError> {
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

/// Returns the first character of the texts that cannot be stored.
pub(crate) fn forbidden_character<'a>(texts: impl IntoIterator<Item = &'a str>) -> Option<char> {
    texts.into_iter().find_map(xml_chars::find_forbidden_char).map(|found| found.character)
}

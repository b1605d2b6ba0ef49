//! An export of a roundup database: one JSON object a line.
//!
//! The first line names the version of the form and the database. Each further line holds one
//! row of one table. The last line holds the number of rows, so that a file that was cut is
//! noticed.

use crate::error::ReadError;
use crate::output::Output;
use crate::position::PositionReader;
use crate::record::Record;
use safe_html::xml_chars;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::io::Read;

/// A line of an export.
#[derive(Debug)]
pub enum ExportLine {
    /// The first line.
    Head {
        /// The id of the database that was exported.
        database: String,
    },
    /// A row.
    Row {
        /// The name of its table.
        table: String,
        /// Its columns, as a JSON object.
        row: Box<RawValue>,
    },
    /// The last line.
    End,
}

/// The fields of all kinds of lines.
#[derive(Debug, Deserialize)]
struct Line {
    roundup_export: Option<u32>,
    database: Option<String>,
    table: Option<String>,
    row: Option<Box<RawValue>>,
    end: Option<End>,
}

#[derive(Debug, Deserialize)]
struct End {
    rows: u64,
}

/// The version of the form that is written and read.
pub const VERSION: u32 = 1;

/// Reads an export.
pub(crate) fn read(input: impl Read, output: &mut Output<'_>) -> Result<(), ReadError> {
    let mut reader = PositionReader::new(input);
    let mut bytes = Vec::new();
    let (mut rows, mut has_head, mut has_end) = (0_u64, false, false);
    loop {
        let (line, byte) = (reader.line(), reader.byte());
        let malformed =
            |reason: &str| Err(ReadError::Malformed { line, byte, reason: reason.to_owned() });
        match reader.next_line(&mut bytes) {
            Ok(true) => {}
            Ok(false) if has_end => return Ok(()),
            Ok(false) => {
                return malformed("the file is cut off: the last line of the export is missing");
            }
            Err(error) => return malformed(&error.to_string()),
        }
        let found: Line = match serde_json::from_slice(&bytes) {
            Ok(found) => found,
            Err(error) => return malformed(&format!("the line is not valid JSON: {error}")),
        };
        let record = match found {
            _ if has_end => {
                return malformed("there is more text after the last line of the export");
            }
            Line { roundup_export: Some(VERSION), database: Some(database), .. } if !has_head => {
                has_head = true;
                ExportLine::Head { database }
            }
            Line { roundup_export: Some(VERSION), .. } => {
                return malformed("the first line of an export occurs a second time");
            }
            Line { roundup_export: Some(_), .. } => {
                return malformed("the export was made by a newer version of roundup");
            }
            Line { table: Some(table), row: Some(row), .. } if has_head => {
                rows += 1;
                if let Some(character) = forbidden_in_json(row.get()) {
                    let code = u32::from(character);
                    return malformed(&format!(
                        "the row contains the character U+{code:04X}, which cannot be stored"
                    ));
                }
                ExportLine::Row { table, row }
            }
            Line { end: Some(End { rows: expected }), .. } if has_head => {
                has_end = true;
                if expected != rows {
                    return malformed(&format!(
                        "the export had {expected} rows, but the file has {rows}"
                    ));
                }
                ExportLine::End
            }
            _ => return malformed("this is no line of a roundup export"),
        };
        output.record(line, Record::ExportLine(Box::new(record)))?;
    }
}

/// Returns the first character of a JSON text that cannot be stored. It can only be written as an
/// escape, because raw control characters are not valid JSON.
fn forbidden_in_json(json: &str) -> Option<char> {
    let escape = json.match_indices("\\u").find_map(|(at, _)| {
        // An even number of backslashes before it are escaped backslashes.
        let before = json.get(..at)?.bytes().rev().take_while(|byte| *byte == b'\\').count();
        let code = u32::from_str_radix(json.get(at + 2..at + 6)?, 16).ok()?;
        let character = char::from_u32(code).filter(|_| before.is_multiple_of(2))?;
        xml_chars::find_forbidden_char(character.encode_utf8(&mut [0; 4])).map(|bad| bad.character)
    });
    escape.or_else(|| xml_chars::find_forbidden_char(json).map(|bad| bad.character))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaped_control_characters_are_found() {
        assert_eq!(forbidden_in_json(r#"{"a":"b\u0000"}"#), Some('\0'));
        assert_eq!(forbidden_in_json(r#"{"a":"b\\u0000"}"#), None);
        assert_eq!(forbidden_in_json(r#"{"a":"b\\\u0001"}"#), Some('\u{1}'));
        assert_eq!(forbidden_in_json(r#"{"a":"\u00e4\u000a"}"#), None);
    }
}

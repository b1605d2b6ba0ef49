//! An export of a roundup database, taken in again: every row under its own id.
//!
//! It goes into a database without articles, or into the one that it came from; the database's
//! name in the head of the file tells. The last line says how many rows there are, so that a file
//! that was cut is noticed.

use super::place::Tracked;
use super::record::{Halt, Out, Record};
use safe_html::xml_chars;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::io::Read;

/// A line of an export.
#[derive(Debug)]
pub(super) enum Row {
    Head { database: String },
    Of { table: String, row: Box<RawValue> },
    End,
}

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

/// The version of the form.
pub(crate) const VERSION: u32 = 1;

pub(super) fn read(input: impl Read, out: &Out<'_>) -> Result<(), Halt> {
    let mut reader = Tracked::new(input);
    let mut bytes = Vec::new();
    let (mut rows, mut ended, mut begun) = (0_u64, false, false);
    loop {
        let (line, byte) = (reader.line(), reader.byte());
        let broken = |reason: &str| Halt::Broken { line, byte, reason: reason.to_owned() };
        let more = reader.next_line(&mut bytes).map_err(|error| broken(&error.to_string()))?;
        if !more {
            return if ended {
                Ok(())
            } else {
                Err(broken("the export ends before its last line"))
            };
        }
        let found: Line =
            serde_json::from_slice(&bytes).map_err(|error| broken(&error.to_string()))?;
        let record = match found {
            _ if ended => return Err(broken("something follows the last line")),
            Line { roundup_export: Some(VERSION), database: Some(database), .. } if !begun => {
                begun = true;
                Row::Head { database }
            }
            Line { roundup_export: Some(VERSION), .. } => return Err(broken("a second head")),
            Line { roundup_export: Some(_), .. } => {
                return Err(broken("the export was made by a newer version"));
            }
            Line { table: Some(table), row: Some(row), .. } if begun => {
                rows += 1;
                if let Some(bad) = forbidden(row.get()) {
                    return Err(broken(&format!(
                        "a row with the character U+{:04X}",
                        u32::from(bad)
                    )));
                }
                Row::Of { table, row }
            }
            Line { end: Some(End { rows: said }), .. } if begun => {
                ended = true;
                if said != rows {
                    return Err(broken(&format!("{said} rows were exported, {rows} are here")));
                }
                Row::End
            }
            _ => return Err(broken("no line of an export")),
        };
        out.put(line, Record::Row(Box::new(record)))?;
    }
}

/// A character that cannot be stored, written as an escape: raw ones are no JSON.
fn forbidden(json: &str) -> Option<char> {
    let escape = json.match_indices("\\u").find_map(|(at, _)| {
        // An even number of backslashes before it are characters of their own.
        let before = json.get(..at)?.bytes().rev().take_while(|byte| *byte == b'\\').count();
        let code = u32::from_str_radix(json.get(at + 2..at + 6)?, 16).ok()?;
        let character = char::from_u32(code).filter(|_| before.is_multiple_of(2))?;
        xml_chars::first_forbidden(character.encode_utf8(&mut [0; 4])).map(|bad| bad.character)
    });
    escape.or_else(|| xml_chars::first_forbidden(json).map(|bad| bad.character))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_of_characters_that_cannot_be_stored_are_seen() {
        assert_eq!(forbidden(r#"{"a":"b\u0000"}"#), Some('\0'));
        assert_eq!(forbidden(r#"{"a":"b\\u0000"}"#), None);
        assert_eq!(forbidden(r#"{"a":"b\\\u0001"}"#), Some('\u{1}'));
        assert_eq!(forbidden(r#"{"a":"\u00e4\u000a"}"#), None);
    }
}

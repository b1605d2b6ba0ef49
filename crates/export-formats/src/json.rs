//! Reads a JSON document element by element: the elements of the arrays in an object, or of an
//! array that is the document, without holding all of it in memory.
//!
//! `serde_json` parses each element. Where elements begin and end is found here, because a record
//! of the wrong shape must not end the reading of the file: `serde_json` reads no further after an
//! error.

use crate::error::ReadError;
use crate::position::PositionReader;
use serde::de::DeserializeOwned;
use std::io::{BufRead as _, Read};

/// An element of an array, or the value of a key.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct JsonElement {
    /// The key of the array or value; none if the array is the document.
    pub(crate) key: Option<String>,
    pub(crate) json: Vec<u8>,
    pub(crate) line: u64,
}

impl JsonElement {
    /// Parses the element. The error is a sentence for the person who imports.
    pub(crate) fn parse<T: DeserializeOwned>(&self) -> Result<T, String> {
        serde_json::from_slice(&self.json)
            .map_err(|error| format!("the record is not valid JSON of its kind: {error}"))
    }
}

/// The part of the document that the parser is in.
enum State {
    Start,
    /// The object that is the document.
    Object,
    /// An array, with its key.
    Array(Option<String>),
    End,
}

/// Reads the elements of one document.
pub(crate) struct JsonElements<R> {
    reader: PositionReader<R>,
    state: State,
}

impl<R: Read> JsonElements<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self { reader: PositionReader::new(reader), state: State::Start }
    }

    /// Returns the next element; none at the end of the document.
    pub(crate) fn next(&mut self) -> Result<Option<JsonElement>, ReadError> {
        self.reader.begin_item();
        loop {
            let Some(byte) = self.peek()? else {
                return match self.state {
                    State::End => Ok(None),
                    _ => Err(self
                        .malformed("the file is cut off: it ends in the middle of the document")),
                };
            };
            match (&self.state, byte) {
                (_, b' ' | b'\t' | b'\r' | b'\n') | (State::Object | State::Array(_), b',') => {
                    self.reader.consume(1);
                }
                (State::Start, b'[') => self.enter(State::Array(None)),
                (State::Object, b'}') | (State::Array(None), b']') => self.enter(State::End),
                (State::Start, b'{') | (State::Array(Some(_)), b']') => self.enter(State::Object),
                (State::Array(key), _) => {
                    let key = key.clone();
                    return self.value(key).map(Some);
                }
                (State::Object, b'"') => {
                    let key = self.value(None)?.parse::<String>();
                    let key = key.map_err(|reason| self.malformed(&reason))?;
                    self.colon()?;
                    if self.peek()? == Some(b'[') {
                        self.enter(State::Array(Some(key)));
                    } else {
                        return self.value(Some(key)).map(Some);
                    }
                }
                _ => return Err(self.malformed("the file is not valid JSON")),
            }
        }
    }

    fn enter(&mut self, state: State) {
        self.reader.consume(1);
        self.state = state;
    }

    fn colon(&mut self) -> Result<(), ReadError> {
        let mut has_colon = false;
        loop {
            match self.peek()? {
                Some(b':') if !has_colon => has_colon = true,
                Some(b' ' | b'\t' | b'\r' | b'\n') => {}
                Some(_) if has_colon => return Ok(()),
                _ => return Err(self.malformed("the file is not valid JSON")),
            }
            self.reader.consume(1);
        }
    }

    /// Reads one value of any kind.
    fn value(&mut self, key: Option<String>) -> Result<JsonElement, ReadError> {
        let line = self.reader.line();
        let mut json = Vec::new();
        let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
        while let Some(byte) = self.peek()? {
            if in_string {
                match byte {
                    _ if escaped => escaped = false,
                    b'\\' => escaped = true,
                    b'"' => in_string = false,
                    _ => {}
                }
            } else {
                match byte {
                    b'"' => in_string = true,
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' if depth > 0 => depth -= 1,
                    b',' | b'}' | b']' if depth == 0 => break,
                    _ => {}
                }
            }
            json.push(byte);
            self.reader.consume(1);
            if depth == 0 && !in_string && matches!(byte, b'"' | b'}' | b']') {
                break;
            }
        }
        json.truncate(json.trim_ascii_end().len());
        if json.is_empty() {
            return Err(self.malformed("the file is not valid JSON"));
        }
        Ok(JsonElement { key, json, line })
    }

    fn peek(&mut self) -> Result<Option<u8>, ReadError> {
        match self.reader.fill_buf() {
            Ok(bytes) => Ok(bytes.first().copied()),
            Err(error) => {
                let reason = error.to_string();
                Err(self.malformed(&reason))
            }
        }
    }

    /// Returns an error about the current position.
    pub(crate) fn malformed(&self, reason: &str) -> ReadError {
        let (line, byte) = (self.reader.line(), self.reader.byte());
        ReadError::Malformed { line, byte, reason: reason.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn elements(text: &str) -> Result<Vec<(Option<String>, String)>, String> {
        let mut elements = JsonElements::new(text.as_bytes());
        let mut all = Vec::new();
        loop {
            match elements.next() {
                Ok(Some(one)) => all.push((one.key, String::from_utf8(one.json).unwrap())),
                Ok(None) => return Ok(all),
                Err(ReadError::Malformed { reason, .. }) => return Err(reason),
                Err(ReadError::Stopped) => return Err("stopped".to_owned()),
            }
        }
    }

    #[test]
    fn the_elements_of_arrays_are_read_one_by_one() {
        let key = |key: &str| Some(key.to_owned());
        assert_eq!(
            elements(r#" [1, {"a":"]}\""}, [2], "x"] "#).unwrap(),
            [
                (None, "1".into()),
                (None, r#"{"a":"]}\""}"#.into()),
                (None, "[2]".into()),
                (None, "\"x\"".into())
            ]
        );
        assert_eq!(
            elements(r#"{"v" : 1, "c": [ {"b":2} , 3 ], "o":{"c":[4]}}"#).unwrap(),
            [
                (key("v"), "1".into()),
                (key("c"), r#"{"b":2}"#.into()),
                (key("c"), "3".into()),
                (key("o"), r#"{"c":[4]}"#.into())
            ]
        );
        assert_eq!(elements("[]").unwrap(), []);
    }

    #[test]
    fn a_file_that_is_cut_or_no_json_is_rejected() {
        for text in
            ["", "[1", "[", "{\"a\"", "{\"a\":1", "x", "{a:1}", "[1] 2", "{\"a\" 1}", "[}", "[1,}]"]
        {
            assert!(elements(text).is_err(), "{text}");
        }
    }
}

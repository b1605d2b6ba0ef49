//! JSON piece by piece: the elements of the arrays in a document, or of an array that is the
//! document, without ever holding all of it.

use super::place::Tracked;
use super::record::Halt;
use serde::de::DeserializeOwned;
use std::io::{BufRead as _, Read};

/// A value out of a document.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// The key it stands under; none in an array that is the document.
    pub(super) key: Option<String>,
    pub(super) json: Vec<u8>,
    pub(super) line: u64,
}

impl Piece {
    /// The piece as a record; or what is wrong with it.
    pub(super) fn parse<T: DeserializeOwned>(&self) -> Result<T, String> {
        serde_json::from_slice(&self.json).map_err(|error| error.to_string())
    }
}

/// Where in the document the reader is.
enum At {
    Start,
    /// In the object that is the document.
    Object,
    /// In an array, under this key.
    Array(Option<String>),
    End,
}

pub(super) struct Pieces<R> {
    reader: Tracked<R>,
    at: At,
}

impl<R: Read> Pieces<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader: Tracked::new(reader), at: At::Start }
    }

    /// The next piece; none at the end of the document.
    pub(super) fn next(&mut self) -> Result<Option<Piece>, Halt> {
        self.reader.begin();
        loop {
            let Some(byte) = self.peek()? else {
                return match self.at {
                    At::End => Ok(None),
                    _ => Err(self.broken("the file ends before the document does")),
                };
            };
            match (&self.at, byte) {
                (_, b' ' | b'\t' | b'\r' | b'\n') | (At::Object | At::Array(_), b',') => {
                    self.reader.consume(1);
                }
                (At::Start, b'[') => self.enter(At::Array(None)),
                (At::Object, b'}') | (At::Array(None), b']') => self.enter(At::End),
                (At::Start, b'{') | (At::Array(Some(_)), b']') => self.enter(At::Object),
                (At::Array(key), _) => {
                    let key = key.clone();
                    return self.value(key).map(Some);
                }
                (At::Object, b'"') => {
                    let key = self.value(None)?.parse::<String>();
                    let key = key.map_err(|reason| self.broken(&reason))?;
                    self.colon()?;
                    if self.peek()? == Some(b'[') {
                        self.enter(At::Array(Some(key)));
                    } else {
                        return self.value(Some(key)).map(Some);
                    }
                }
                _ => return Err(self.broken("this is no JSON")),
            }
        }
    }

    fn enter(&mut self, at: At) {
        self.reader.consume(1);
        self.at = at;
    }

    fn colon(&mut self) -> Result<(), Halt> {
        let mut seen = false;
        loop {
            match self.peek()? {
                Some(b':') if !seen => seen = true,
                Some(b' ' | b'\t' | b'\r' | b'\n') => {}
                Some(_) if seen => return Ok(()),
                _ => return Err(self.broken("this is no JSON")),
            }
            self.reader.consume(1);
        }
    }

    /// Reads one value, whatever it is.
    fn value(&mut self, key: Option<String>) -> Result<Piece, Halt> {
        let line = self.reader.line();
        let mut json = Vec::new();
        let (mut depth, mut text, mut escaped) = (0_usize, false, false);
        while let Some(byte) = self.peek()? {
            if text {
                match byte {
                    _ if escaped => escaped = false,
                    b'\\' => escaped = true,
                    b'"' => text = false,
                    _ => {}
                }
            } else {
                match byte {
                    b'"' => text = true,
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' if depth > 0 => depth -= 1,
                    b',' | b'}' | b']' if depth == 0 => break,
                    _ => {}
                }
            }
            json.push(byte);
            self.reader.consume(1);
            if depth == 0 && !text && matches!(byte, b'"' | b'}' | b']') {
                break;
            }
        }
        json.truncate(json.trim_ascii_end().len());
        if json.is_empty() {
            return Err(self.broken("this is no JSON"));
        }
        Ok(Piece { key, json, line })
    }

    fn peek(&mut self) -> Result<Option<u8>, Halt> {
        match self.reader.fill_buf() {
            Ok(bytes) => Ok(bytes.first().copied()),
            Err(error) => {
                let reason = error.to_string();
                Err(self.broken(&reason))
            }
        }
    }

    pub(super) fn broken(&self, reason: &str) -> Halt {
        let (line, byte) = (self.reader.line(), self.reader.byte());
        Halt::Broken { line, byte, reason: reason.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(text: &str) -> Result<Vec<(Option<String>, String)>, String> {
        let mut pieces = Pieces::new(text.as_bytes());
        let mut all = Vec::new();
        loop {
            match pieces.next() {
                Ok(Some(piece)) => all.push((piece.key, String::from_utf8(piece.json).unwrap())),
                Ok(None) => return Ok(all),
                Err(Halt::Broken { reason, .. }) => return Err(reason),
                Err(Halt::Gone) => return Err("gone".to_owned()),
            }
        }
    }

    #[test]
    fn the_elements_of_arrays_come_one_by_one() {
        let key = |key: &str| Some(key.to_owned());
        assert_eq!(
            pieces(r#" [1, {"a":"]}\""}, [2], "x"] "#).unwrap(),
            [
                (None, "1".into()),
                (None, r#"{"a":"]}\""}"#.into()),
                (None, "[2]".into()),
                (None, "\"x\"".into())
            ]
        );
        assert_eq!(
            pieces(r#"{"v" : 1, "c": [ {"b":2} , 3 ], "o":{"c":[4]}}"#).unwrap(),
            [
                (key("v"), "1".into()),
                (key("c"), r#"{"b":2}"#.into()),
                (key("c"), "3".into()),
                (key("o"), r#"{"c":[4]}"#.into())
            ]
        );
        assert_eq!(pieces("[]").unwrap(), []);
    }

    #[test]
    fn what_is_cut_or_no_json_is_refused() {
        for text in
            ["", "[1", "[", "{\"a\"", "{\"a\":1", "x", "{a:1}", "[1] 2", "{\"a\" 1}", "[}", "[1,}]"]
        {
            assert!(pieces(text).is_err(), "{text}");
        }
    }
}

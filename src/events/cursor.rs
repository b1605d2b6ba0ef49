//! Positions in the change feed.

use std::fmt;

/// A position: after the event with this id, in a history of events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// The token of the epoch.
    pub(crate) epoch: String,
    /// The id of the event.
    pub(crate) id: i64,
}

impl Cursor {
    /// Parses a cursor; returns `None` for text that cannot be one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (epoch, id) = text.split_once('-')?;
        let is_token = epoch.len() == 8 && epoch.bytes().all(|b| b.is_ascii_hexdigit());
        let id: i64 = id.parse().ok()?;
        (is_token && (0..1 << 53).contains(&id)).then(|| Self { epoch: epoch.to_owned(), id })
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.epoch, self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_an_epoch_and_an_id() {
        assert_eq!(Cursor::parse("0c5f8f3a-105").unwrap().to_string(), "0c5f8f3a-105");
        for bad in ["", "105", "0c5f8f3a-", "0c5f8f3a--1", "0c5f8f3a-x", "zzzzzzzz-1", "0c-1"] {
            assert_eq!(Cursor::parse(bad), None, "{bad:?}");
        }
    }
}

//! Logs the events of comments after the commit. Every write to comments over HTTP calls this.

use crate::state::State;

/// An event of a comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The article of the comment.
    pub article: i64,
    /// The comment.
    pub comment: i64,
    /// What happened.
    pub what: &'static str,
}

/// Announces events. Must be called after the commit and before the response.
pub fn announce(state: &State, events: &[Event]) {
    let at = state.clock().now();
    for Event { article, comment, what } in events {
        log::debug!("{at} comment {comment} of article {article}: {what}");
    }
}

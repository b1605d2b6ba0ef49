//! What happened to comments, told once it is committed.
//!
//! This is where other parts of the service, and one day other systems, learn of it: every write to
//! comments over HTTP ends here, and only here. Now it is a line in the log.

use crate::state::State;

/// Something that happened to a comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The article that it answers.
    pub article: i64,
    /// The comment.
    pub comment: i64,
    /// What happened.
    pub what: &'static str,
}

/// Tells what happened. To be called after the commit, before the answer.
pub fn announce(state: &State, events: &[Event]) {
    let at = state.clock().now();
    for Event { article, comment, what } in events {
        log::debug!("{at} comment {comment} of article {article}: {what}");
    }
}

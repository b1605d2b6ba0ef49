//! Decides whether a comment is published, held, marked as spam or rejected, from the site's policy and
//! the rules that match.

use super::rules::{Action, RuleMatch};
pub use crate::config::CommentPolicy as Policy;
use crate::error::{Code, Error, FieldError};
use serde_json::{Value, json};

impl Policy {
    /// Returns why this policy holds a comment; `None` if it does not.
    fn hold_reason(self, known: bool) -> Option<&'static str> {
        match self {
            Self::First if !known => Some("first_comment"),
            Self::Hold => Some("every_comment"),
            Self::Open | Self::First => None,
        }
    }

    /// Whether the policy depends on who the author is.
    pub(super) fn identifies_authors(self) -> bool {
        self != Self::Hold
    }
}

/// The decision on a comment, and its reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Decision {
    /// `approved`, `pending` or `spam`; `None` if the comment is rejected.
    pub(super) status: Option<&'static str>,
    /// Why it is not published: kinds of rules, and the policy.
    pub(super) held_because: Vec<String>,
    matches: Vec<RuleMatch>,
}

impl Decision {
    /// Combines the policy and the matching rules; the strictest action wins.
    pub(super) fn of(policy: Policy, known: bool, matches: Vec<RuleMatch>) -> Self {
        let held = policy.hold_reason(known);
        let status = match matches.iter().map(|matched| matched.action).max() {
            Some(Action::Reject) => None,
            Some(Action::Spam) => Some("spam"),
            Some(Action::Hold) => Some("pending"),
            None if held.is_some() => Some("pending"),
            None => Some("approved"),
        };
        let mut held_because: Vec<String> =
            matches.iter().map(|matched| matched.kind.as_str().to_owned()).collect();
        held_because.extend(held.map(str::to_owned));
        held_because.dedup();
        Self { status, held_because, matches }
    }

    /// Returns the details for the audit log: which rules matched.
    pub(super) fn detail(&self) -> Value {
        json!({"held_because": self.held_because, "rules": self.matches})
    }

    /// Returns the error for a rejected comment. It names the kind of each rule, but not its terms.
    pub(super) fn rejection(&self) -> Error {
        let rejecting = self.matches.iter().filter(|matched| matched.action == Action::Reject);
        let field = |matched: &RuleMatch| {
            let message = format!("a rule of the kind `{}` rejects it", matched.kind.as_str());
            FieldError::field(matched.kind.pointer(), matched.kind.as_str(), message)
        };
        Error::fields(Code::CommentRefused, rejecting.map(field).collect())
    }
}

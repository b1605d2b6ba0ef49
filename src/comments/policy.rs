//! Whether a comment shows at once: the site's policy and what its rules found.

use super::rules::{Action, RuleMatch};
pub use crate::config::CommentPolicy as Policy;
use crate::error::{Code, Error, FieldError};
use serde_json::{Value, json};

impl Policy {
    /// Why this policy holds a comment, if it does.
    fn holds(self, known: bool) -> Option<&'static str> {
        match self {
            Self::First if !known => Some("first_comment"),
            Self::Hold => Some("every_comment"),
            Self::Open | Self::First => None,
        }
    }

    /// Whether it matters who somebody is.
    pub(super) fn recognises(self) -> bool {
        self != Self::Hold
    }
}

/// What is done with a comment, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Precondition {
    /// `approved`, `pending` or `spam`; none when it is refused.
    pub(super) status: Option<&'static str>,
    /// Why it does not show: kinds of rules, and the policy.
    pub(super) held_because: Vec<String>,
    fired: Vec<RuleMatch>,
}

impl Precondition {
    /// What the policy and the rules that fired come to; the strictest of them decides.
    pub(super) fn of(policy: Policy, known: bool, fired: Vec<RuleMatch>) -> Self {
        let held = policy.holds(known);
        let status = match fired.iter().map(|fired| fired.action).max() {
            Some(Action::Reject) => None,
            Some(Action::Spam) => Some("spam"),
            Some(Action::Hold) => Some("pending"),
            None if held.is_some() => Some("pending"),
            None => Some("approved"),
        };
        let mut held_because: Vec<String> =
            fired.iter().map(|fired| fired.kind.as_str().to_owned()).collect();
        held_because.extend(held.map(str::to_owned));
        held_because.dedup();
        Self { status, held_because, fired }
    }

    /// For the audit: which rules fired.
    pub(super) fn detail(&self) -> Value {
        json!({"held_because": self.held_because, "rules": self.fired})
    }

    /// The answer to a comment that is refused. It names the kind of each rule, not what it looks
    /// for.
    pub(super) fn refusal(&self) -> Error {
        let refusing = self.fired.iter().filter(|fired| fired.action == Action::Reject);
        let field = |fired: &RuleMatch| {
            let message = format!("a rule of the kind `{}` refuses it", fired.kind.as_str());
            FieldError::field(fired.kind.pointer(), fired.kind.as_str(), message)
        };
        Error::fields(Code::CommentRefused, refusing.map(field).collect())
    }
}

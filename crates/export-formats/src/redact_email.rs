//! Removes e-mail addresses from the text of posts and comments: their authors wrote for another
//! site and did not agree to be shown on this one.

use crate::record::{Comment, Post};
use regex::{Captures, Regex};
use std::borrow::Cow;
use std::sync::LazyLock;

/// The text that replaces an e-mail address.
const REPLACEMENT: &str = "[address hidden]";

/// An e-mail address, and the character before it: after another `@` it is a name on a social
/// network.
static EMAIL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(^|.)\b((?:mailto:)?[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,})",
    )
    .ok()
});

/// A `mailto:` link.
static MAILTO: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"(?i) href\s*=\s*["']?\s*mailto:[^"'>]*["']?"#).ok());

/// Returns the text with its e-mail addresses replaced.
fn redacted(text: &str) -> Cow<'_, str> {
    let (Some(email), Some(mailto)) = (EMAIL.as_ref(), MAILTO.as_ref()) else {
        return Cow::Borrowed(text);
    };
    if !text.contains('@') {
        return Cow::Borrowed(text);
    }
    let text = mailto.replace_all(text, "");
    let replace = |found: &Captures<'_>| {
        let (whole, before) = (found.get(0), found.get(1));
        let (whole, before) = (whole.map_or("", |m| m.as_str()), before.map_or("", |m| m.as_str()));
        if before == "@" { whole.to_owned() } else { format!("{before}{REPLACEMENT}") }
    };
    Cow::Owned(email.replace_all(&text, replace).into_owned())
}

/// Replaces the e-mail addresses in a text. Returns whether there were any.
fn redact(text: &mut String) -> bool {
    let Cow::Owned(without) = redacted(text) else { return false };
    let changed = *text != without;
    *text = without;
    changed
}

/// Replaces the e-mail addresses in a post. Returns whether there were any.
pub fn redact_post(post: &mut Post) -> bool {
    let texts = [post.title.as_mut(), post.dek.as_mut(), Some(post.body.text_mut())];
    texts.into_iter().flatten().map(redact).filter(|changed| *changed).count() > 0
}

/// Replaces the e-mail addresses in the text of a comment. Returns whether there were any.
pub fn redact_comment(comment: &mut Comment) -> bool {
    let in_text = redact(&mut comment.text);
    redact(&mut comment.html) || in_text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_email_addresses_are_replaced() {
        for (text, without) in [
            ("write to a.b+c@d.example.org, please", "write to [address hidden], please"),
            ("<a href=\"mailto:a@b.example\">a@b.example</a>", "<a>[address hidden]</a>"),
            ("<a title='x' href='MAILTO:a@b.example?subject=x'>me</a>", "<a title='x'>me</a>"),
            ("a@b.example,c@d.example", "[address hidden],[address hidden]"),
            ("https://medium.example/@user/x 12@N00 a @ b @user@host.social", ""),
            ("no sign of one", ""),
        ] {
            let expected = if without.is_empty() { text } else { without };
            assert_eq!(redacted(text), expected, "{text}");
        }
    }
}

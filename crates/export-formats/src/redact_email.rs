//! Removes e-mail addresses from the text of posts and comments: their authors wrote for another
//! site and did not agree to be shown on this one.

use crate::record::{Comment, Post};
use regex::{Captures, Regex};
use std::borrow::Cow;
use std::sync::LazyLock;

/// The text that replaces an e-mail address.
const REPLACEMENT: &str = "[address hidden]";

/// What is searched for, in this order: code, which stays as it is; a `mailto:` link; an attribute or
/// a URL, in which an `@` belongs to the URL; and an e-mail address with the character before it: after
/// another `@` it is a name on a social network.
static PARTS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let code = r"(?is:<pre\b.*?</pre>|<code\b.*?</code>|```.*?```|`[^`\n]*`)";
    let mailto = r#"(?P<mailto>(?i: href\s*=\s*["']?\s*mailto:)[^"'>]*["']?)"#;
    let url = r#"(?i:\b(?:href|src)\s*=\s*(?:"[^"]*"|'[^']*')|https?://[^\s<>"')\],;]+)"#;
    let email = r"(?P<before>^|.)\b(?P<email>(?:mailto:)?[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,})";
    Regex::new(&[code, mailto, url, email].join("|")).ok()
});

/// Returns the text with its e-mail addresses replaced.
fn redacted(text: &str) -> Cow<'_, str> {
    let Some(parts) = PARTS.as_ref().filter(|_| text.contains('@')) else {
        return Cow::Borrowed(text);
    };
    let replace = |found: &Captures<'_>| {
        let group = |name| found.name(name).map(|part| part.as_str());
        match (group("mailto"), group("before")) {
            (Some(_), _) => String::new(),
            (None, Some(before)) if group("email").is_some() && before != "@" => {
                format!("{before}{REPLACEMENT}")
            }
            _ => found.get(0).map_or("", |whole| whole.as_str()).to_owned(),
        }
    };
    Cow::Owned(parts.replace_all(text, replace).into_owned())
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
            ("<a href=\"https://lists.example/msg/1@b.example\">x</a>", ""),
            ("<img src='/a@b.example.png'> https://ann@a.example/x", ""),
            ("<pre>git clone git@host.example:a/b</pre> `a@b.example`", ""),
            ("<code>a@b.example</code> c@d.example", "<code>a@b.example</code> [address hidden]"),
            ("<img title=\"a@b.example\">", "<img title=\"[address hidden]\">"),
            ("no sign of one", ""),
        ] {
            let expected = if without.is_empty() { text } else { without };
            assert_eq!(redacted(text), expected, "{text}");
        }
    }
}

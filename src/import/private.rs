//! E-mail addresses that stand in the text of what is imported: whoever wrote there did not write
//! for this site, so by default they are not shown on it.

use super::record::{Body, Post, Reply};
use regex::{Captures, Regex};
use std::borrow::Cow;
use std::sync::LazyLock;

/// What stands in place of an address.
const MARK: &str = "[address hidden]";

/// An address as anyone writes it; the character before it tells a name on another network.
static ADDRESS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(^|.)\b((?:mailto:)?[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,})",
    )
    .ok()
});

/// A link to write to somebody.
static LINK: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"(?i) href\s*=\s*["']?\s*mailto:[^"'>]*["']?"#).ok());

/// The text without addresses; the same text if there are none.
fn hidden(text: &str) -> Cow<'_, str> {
    let (Some(address), Some(link)) = (ADDRESS.as_ref(), LINK.as_ref()) else {
        return Cow::Borrowed(text);
    };
    if !text.contains('@') {
        return Cow::Borrowed(text);
    }
    let text = link.replace_all(text, "");
    let hide = |found: &Captures<'_>| {
        let (whole, before) = (found.get(0), found.get(1));
        let (whole, before) = (whole.map_or("", |m| m.as_str()), before.map_or("", |m| m.as_str()));
        if before == "@" { whole.to_owned() } else { format!("{before}{MARK}") }
    };
    Cow::Owned(address.replace_all(&text, hide).into_owned())
}

/// Takes the addresses out of a text; says whether there were any.
fn hide(text: &mut String) -> bool {
    let Cow::Owned(without) = hidden(text) else { return false };
    let changed = *text != without;
    *text = without;
    changed
}

/// Takes the addresses out of a post; says whether there were any.
pub(super) fn hide_in_post(post: &mut Post) -> bool {
    let body = match &mut post.body {
        Body::Text(text) | Body::Markdown(text) | Body::Html(text) | Body::Loose(text) => text,
    };
    let texts = [post.title.as_mut(), post.dek.as_mut(), Some(body)];
    texts.into_iter().flatten().map(hide).filter(|hidden| *hidden).count() > 0
}

/// Takes the addresses out of what a reply shows; says whether there were any.
pub(super) fn hide_in_reply(reply: &mut Reply) -> bool {
    let text = hide(&mut reply.text);
    hide(&mut reply.html) || text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_hidden_and_nothing_else() {
        for (text, without) in [
            ("write to a.b+c@d.example.org, please", "write to [address hidden], please"),
            ("<a href=\"mailto:a@b.example\">a@b.example</a>", "<a>[address hidden]</a>"),
            ("<a title='x' href='MAILTO:a@b.example?subject=x'>me</a>", "<a title='x'>me</a>"),
            ("a@b.example,c@d.example", "[address hidden],[address hidden]"),
            ("https://medium.example/@user/x 12@N00 a @ b @user@host.social", ""),
            ("no sign of one", ""),
        ] {
            let expected = if without.is_empty() { text } else { without };
            assert_eq!(hidden(text), expected, "{text}");
        }
    }
}

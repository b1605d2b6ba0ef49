//! HTML of posts: no input panics, and rendered HTML keeps its promises.
//!
//! The work of the sanitiser is linear in the tokens that it reads and the bytes that it writes, so
//! the bound on the output stands for a bound on the time; libFuzzer reports what takes longer.

#![no_main]

use libfuzzer_sys::fuzz_target;
use safe_html::{AuthorRole, Markup, max_output, plain_text, render};

const VOID: [&str; 3] = ["br", "hr", "img"];

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for role in [AuthorRole::Editor, AuthorRole::Reader] {
        for markup in [Markup::Markdown, Markup::Html] {
            let html = render(text, markup, role);
            assert!(html.len() <= max_output(text.len()), "{} bytes", html.len());
            assert_eq!(render(&html, Markup::Html, role), html, "rendered twice");
            check_tags(&html);
        }
    }
    // U+0000 becomes U+FFFD in some elements.
    assert!(plain_text(text).len() <= text.len() * 3);
});

/// Fails unless the tags are harmless and well nested.
fn check_tags(html: &str) {
    let mut open = Vec::new();
    for piece in html.split('<').skip(1) {
        let tag = piece.split('>').next().unwrap_or_default();
        let name = tag.split(' ').next().unwrap_or_default();
        for harm in ["script", "iframe", "svg", "math", "style", "object", "!", "?"] {
            assert!(!name.starts_with(harm), "<{tag}> in {html}");
        }
        if let Some(name) = name.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "{html}");
        } else if !VOID.contains(&name) {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?} stay open in {html}");
}

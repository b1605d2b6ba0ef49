//! Comments that try to run a script: the HTML that is served has allowed elements only.
//! `tests/frontend` shows the same payloads to a browser.

use crate::comment_posting::{app, comment};
use crate::fixtures::xss::payloads;
use crate::harness::site::site;
use regex::Regex;
use roundup::comments::Policy;
use safe_html::{AuthorRole, Markup, render};

/// The elements that a comment may have.
const TAGS: [&str; 32] = [
    "a",
    "abbr",
    "b",
    "blockquote",
    "br",
    "cite",
    "code",
    "del",
    "em",
    "hr",
    "i",
    "ins",
    "kbd",
    "li",
    "ol",
    "p",
    "pre",
    "q",
    "s",
    "small",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "u",
    "ul",
];

/// Returns the first tag of a piece of HTML that a comment may not have.
fn forbidden_tag(html: &str) -> Option<String> {
    let tag = Regex::new(r#"^<(/?)([a-z0-9]+)((?: [a-z]+="[^"<>]*")*)>"#).unwrap();
    let attribute = Regex::new(r#" ([a-z]+)="([^"]*)""#).unwrap();
    for (at, _) in html.match_indices('<') {
        let rest = html.get(at..).unwrap();
        let Some(found) = tag.captures(rest) else { return Some(rest.to_owned()) };
        let name = &found[2];
        if !TAGS.contains(&name) {
            return Some(found[0].to_owned());
        }
        for pair in attribute.captures_iter(&found[3]) {
            let (attribute, value) = (&pair[1], &pair[2]);
            let web =
                ["http:", "https:", "mailto:"].iter().any(|s| value.to_lowercase().starts_with(s));
            let fine = match (name, attribute) {
                ("a", "href") | ("blockquote" | "q", "cite") => web,
                ("a", "rel") => value == "nofollow ugc noopener",
                ("ol", "start") => true,
                (_, attribute) => ["dir", "lang", "title"].contains(&attribute),
            };
            if !fine {
                return Some(found[0].to_owned());
            }
        }
    }
    None
}

#[test]
fn the_check_finds_forbidden_tags() {
    for bad in [
        "<script>",
        "<img src=\"x\">",
        "<p onclick=\"x\">",
        "<a href=\"javascript:x\">",
        "< p>",
        "<p style=\"x\">",
        "<svg/onload=x>",
        "<a href=\"https://x\" rel=\"noopener\">",
    ] {
        assert!(forbidden_tag(bad).is_some(), "{bad}");
    }
    assert_eq!(
        forbidden_tag("<p><a href=\"https://x\" rel=\"nofollow ugc noopener\">x</a></p>"),
        None
    );
}

#[test]
fn every_payload_is_rendered_harmless_and_rendering_it_again_changes_nothing() {
    for line in payloads() {
        let html = render(&line, Markup::Markdown, AuthorRole::Reader);
        assert_eq!(forbidden_tag(&html), None, "{line:?} -> {html}");
        assert_eq!(render(&html, Markup::Html, AuthorRole::Reader), html, "{line:?}");
    }
}

#[tokio::test]
async fn comments_with_payloads_are_served_harmless() {
    let lines = payloads();
    let app = app(Policy::Open).await;
    let article = site(&app).await.article;
    app.sql().await.execute("delete from comment_rules", &[]).await.unwrap();
    let path = format!("/api/v1/articles/{article}/comments");
    let mut shown = 0;
    for line in lines.iter().step_by(16) {
        let response =
            app.reader().post(&path, &comment(line.get(..90).unwrap_or(line), line)).await;
        if response.status == 422 {
            assert!(line.chars().any(char::is_control), "{line:?}: {}", response.text());
            continue;
        }
        let made = response.expect(actix_web::http::StatusCode::CREATED);
        let response = app.get(&format!("/api/v1/comments/{}", made["id"])).await;
        assert_eq!(response.header("content-type"), "application/json");
        assert_eq!(response.header("x-content-type-options"), "nosniff");
        let read = response.ok();
        assert_eq!(read["text"], **line);
        assert_eq!(forbidden_tag(read["html"].as_str().unwrap()), None, "{line:?}");
        shown += 1;
    }
    assert!(shown > 90, "{shown}");
}

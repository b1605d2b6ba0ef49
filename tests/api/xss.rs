//! Hostile comments: whatever is sent, what comes back is harmless.

use crate::comment_posting::{app, comment};
use crate::harness::shared;
use crate::harness::site::site;
use regex::Regex;
use roundup::comments::Policy;
use safe_html::{Markup, Voice, render};
use serde_json::Value;
use std::process::Command;

const TAGS: [&str; 25] = [
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
    "u",
    "ul",
];

/// The list of payloads, where it is at hand.
fn payloads() -> Option<Vec<String>> {
    let text = shared("data/hostile/xss-payload-list.txt")?;
    let lines: Vec<String> =
        text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect();
    assert!(lines.len() > 6_000);
    Some(lines)
}

/// What in a piece of HTML is not on the list of what a comment may hold.
fn beyond_the_list(html: &str) -> Option<String> {
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
fn the_check_itself_sees_what_is_not_on_the_list() {
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
        assert!(beyond_the_list(bad).is_some(), "{bad}");
    }
    assert_eq!(
        beyond_the_list("<p><a href=\"https://x\" rel=\"nofollow ugc noopener\">x</a></p>"),
        None
    );
}

#[test]
fn every_hostile_line_comes_out_harmless_and_stays_as_it_is() {
    let Some(lines) = payloads() else { return };
    for line in lines {
        let html = render(&line, Markup::Markdown, Voice::Reader);
        assert_eq!(beyond_the_list(&html), None, "{line:?} -> {html}");
        assert_eq!(render(&html, Markup::Html, Voice::Reader), html, "{line:?}");
    }
}

#[tokio::test]
async fn what_is_posted_is_served_as_harmless() {
    let Some(lines) = payloads() else { return };
    let app = app(Policy::Open).await;
    let article = site(&app).await.article;
    app.sql().await.execute("delete from comment_rules", &[]).await.unwrap();
    let path = format!("/api/v1/articles/{article}/comments");
    let mut shown = 0;
    for line in lines.iter().step_by(60) {
        let reply = app.reader().post(&path, &comment(line.get(..90).unwrap_or(line), line)).await;
        if reply.status == 422 {
            assert!(line.chars().any(char::is_control), "{line:?}: {}", reply.text());
            continue;
        }
        let made = reply.expect(actix_web::http::StatusCode::CREATED);
        let reply = app.get(&format!("/api/v1/comments/{}", made["id"])).await;
        assert_eq!(reply.header("content-type"), "application/json");
        assert_eq!(reply.header("x-content-type-options"), "nosniff");
        let read = reply.ok();
        assert_eq!(read["text"], **line);
        assert_eq!(beyond_the_list(read["html"].as_str().unwrap()), None, "{line:?}");
        shown += 1;
    }
    assert!(shown > 90, "{shown}");
}

/// A page whose own script may run and no other; every try of another is counted.
fn page(pieces: &[String]) -> String {
    let json = serde_json::to_string(pieces).unwrap().replace('<', "\\u003c");
    format!(
        "<!doctype html><meta charset=utf-8>
         <meta http-equiv=Content-Security-Policy content=\"default-src 'none'; script-src 'nonce-n'\">
         <div id=here></div><pre id=result>unfinished</pre><script nonce=n>
         let tries = 0;
         document.addEventListener('securitypolicyviolation', () => tries++);
         for (const name of ['alert', 'confirm', 'prompt']) window[name] = () => tries++;
         const here = document.getElementById('here');
         (async () => {{
             for (const piece of {json}) {{
                 here.innerHTML = piece;
                 for (const link of here.querySelectorAll('a[href^=\"javascript\" i]')) tries++;
                 await new Promise(done => setTimeout(done, 0));
             }}
             await new Promise(done => setTimeout(done, 200));
             document.getElementById('result').textContent = 'tries: ' + tries;
         }})();
         </script>"
    )
}

fn chromium() -> Option<&'static str> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    names.into_iter().find(|name| Command::new(name).arg("--version").output().is_ok())
}

/// What the page found when the browser showed it.
fn tries(browser: &str, pieces: &[String]) -> String {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("page.html");
    std::fs::write(&file, page(pieces)).unwrap();
    let output = Command::new(browser)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--virtual-time-budget=30000",
            "--dump-dom",
        ])
        .arg(format!("--user-data-dir={}", dir.path().join("profile").display()))
        .arg(format!("file://{}", file.display()))
        .output()
        .unwrap();
    let dom = String::from_utf8_lossy(&output.stdout).into_owned();
    let result = dom.split_once("id=\"result\">").map(|(_, rest)| rest.split('<').next().unwrap());
    result.unwrap_or_else(|| panic!("{dom} {}", String::from_utf8_lossy(&output.stderr))).to_owned()
}

#[test]
fn a_browser_runs_nothing_of_what_is_served() {
    let (Some(lines), Some(browser)) = (payloads(), chromium()) else { return };
    let active: Vec<&String> = lines.iter().filter(|line| line.contains('<')).collect();
    let some: Vec<&String> = active.iter().copied().step_by(active.len() / 700).take(700).collect();
    assert_eq!(some.len(), 700);
    let clean: Vec<String> =
        some.iter().map(|line| render(line, Markup::Markdown, Voice::Reader)).collect();
    assert_eq!(tries(browser, &clean), "tries: 0");
    // The page must see what is not clean, or it would prove nothing.
    let raw: Vec<String> = some.into_iter().cloned().collect();
    let found: Value =
        tries(browser, &raw).replace("tries: ", "").parse::<u64>().unwrap_or(0).into();
    assert!(found.as_u64() > Some(100), "only {found} of 700 raw payloads were seen");
}

//! Importing roundups: again, changed, dry runs, and unreadable files.

use crate::harness::TestApp;
use crate::harness::site::{HARBOUR, SLUG};
use roundup::transfer::import::{Args, Counts, Report, import};
use serde_json::Value;
use std::path::PathBuf;

async fn run(app: &TestApp, files: &[PathBuf], dry_run: bool) -> Report {
    let args = Args { files: files.to_vec(), dry_run, ..Args::default() };
    import(&app.target, &args, app.state.clock().now()).await.unwrap()
}

/// Returns the report without what differs between a dry run and a real one.
fn said(report: &Report) -> Value {
    let mut value = serde_json::to_value(report).unwrap();
    value["dry_run"].take();
    value
}

/// Returns the public lists as text, for comparison.
async fn shown(app: &TestApp) -> String {
    let mut text = String::new();
    for uri in [
        "/api/v1/articles?include=links&limit=100",
        "/api/v1/links?limit=100",
        "/api/v1/outlets?limit=100",
        "/api/v1/comments?limit=100",
    ] {
        text += &app.get(uri).await.text();
    }
    text
}

/// A roundup with each form of a credit: two outlets, an author and an outlet, an alias; and with
/// comments without URLs, names and times.
const FERRY_STRIKE: &str = include_str!("../fixtures/ferry-strike.txt");

/// Returns an issue of a newsletter in Markdown, with twelve links in three sections.
fn newsletter(issue: usize) -> String {
    let mut text = format!(
        "Welcome to issue {issue} of the Harbour Weekly!\n\
         [The harbour](https://harbour.example) is a place where ships meet.\n"
    );
    for section in ["Featured", "In brief", "Calendar"] {
        text += &format!("\n## {section}\n\n");
        for n in 1..=4 {
            let title = format!("{section} {n} of issue {issue}: `cranes`, *ropes* and a \"buoy\"");
            let url = format!("https://site-{n}.example/{issue}/{}-{n}", section.replace(' ', "-"));
            text += &format!(
                "- [{title}]({url}) by Author {}\n  > The {n}th story of the week, in a sentence \
                 that goes on\n  > into a second line & ends.\n\n",
                (issue + n) % 7
            );
        }
    }
    text
}

#[tokio::test]
async fn importing_a_file_again_changes_nothing() {
    let app = TestApp::new().await;
    let first = app.import("harbour-bridge.txt", HARBOUR).await;
    assert_eq!((first.created.articles, first.created.links, first.created.comments), (1, 7, 2));
    assert_eq!(first.read, 3);
    let before = shown(&app).await;
    let again = app.import("harbour-bridge.txt", HARBOUR).await;
    let none = Counts::default();
    assert_eq!((again.created, again.updated), (none, none));
    assert_eq!(
        (again.unchanged.articles, again.unchanged.links, again.unchanged.comments),
        (1, 7, 2)
    );
    assert_eq!(shown(&app).await, before);
}

#[tokio::test]
async fn importing_a_changed_file_updates_the_article_and_keeps_its_slug() {
    let app = TestApp::new().await;
    app.import("harbour-bridge.txt", HARBOUR).await;
    let uri = format!("/api/v1/articles/{SLUG}");
    let before = app.get(&uri).await.ok();
    app.state.clock().advance(chrono::TimeDelta::days(1));
    let changed = HARBOUR
        .replace("Night Ferry To Keep Running Until Autumn", "The Night Ferry Stays")
        .replace(
            "Council: ring road 'can carry' the lorries for one more winter -- Coast Radio\n",
            "",
        );
    let report = app.import("harbour-bridge.txt", &changed).await;
    assert_eq!((report.created.articles, report.updated.articles, report.updated.links), (0, 1, 6));
    assert_eq!(report.unchanged.comments, 2);
    let after = app.get(&uri).await.ok();
    assert_eq!(after["dek"], "The Night Ferry Stays");
    assert_eq!(after["links"].as_array().unwrap().len(), 6);
    for same in ["id", "slug", "published_at", "comment_count"] {
        assert_eq!(after[same], before[same], "{same}");
    }
    assert_eq!(after["updated_at"], "2026-03-02T12:00:00Z");
    let coast = app.get("/api/v1/outlets/coast-radio").await.ok();
    assert_eq!((&coast["link_count"], &coast["article_count"]), (&1.into(), &1.into()));
}

#[tokio::test]
async fn a_dry_run_has_the_same_report_and_stores_nothing() {
    let app = TestApp::new().await;
    let dir = tempfile::tempdir().unwrap();
    let good = dir.path().join("good.txt");
    let bad = dir.path().join("bad.txt");
    std::fs::write(&good, HARBOUR).unwrap();
    std::fs::write(&bad, b"\xff").unwrap();
    let before = shown(&app).await;
    let files = [good, bad];
    let dry = run(&app, &files, true).await;
    assert!(dry.dry_run);
    assert_eq!(shown(&app).await, before);
    let real = run(&app, &files, false).await;
    assert_eq!(said(&dry), said(&real));
    assert_eq!(real.created.articles, 1);
    let dry_again = run(&app, &files, true).await;
    assert_eq!(dry_again.unchanged.articles, 1);
}

#[tokio::test]
async fn unreadable_files_are_reported_with_their_position_and_the_rest_is_imported() {
    let app = TestApp::new().await;
    let dir = tempfile::tempdir().unwrap();
    let mut files = Vec::new();
    for (name, bytes) in [
        ("empty.txt", b"".to_vec()),
        ("blank.txt", b" \n\t\n".to_vec()),
        ("latin1.txt", b"Headline -- BBC\n\ncaf\xe9\n".to_vec()),
        ("nul.txt", b"Headline -- BBC\na\0b\n".to_vec()),
        ("control.txt", b"Headline\x01 -- BBC\n".to_vec()),
        ("nonchar.txt", "Headline\n\n\n\u{ffff}\n".into()),
        ("good.txt", HARBOUR.into()),
    ] {
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        files.push(path);
    }
    files.push(dir.path().join("missing.txt"));
    let report = run(&app, &files, false).await;
    let base = format!("{}/", dir.path().display());
    let skipped: Vec<String> = report
        .skipped
        .iter()
        .map(|one| format!("{}: {}", one.position.replace(&base, ""), one.reason))
        .collect();
    insta::assert_json_snapshot!(skipped[..6], @r#"
    [
      "empty.txt: the file is empty",
      "blank.txt: the file is empty",
      "latin1.txt:3: the text is not valid UTF-8",
      "nul.txt:2: the text contains the character U+0000, which cannot be stored",
      "control.txt:1: the text contains the character U+0001, which cannot be stored",
      "nonchar.txt:4: the text contains the character U+FFFF, which cannot be stored"
    ]
    "#);
    assert!(skipped[6].starts_with("missing.txt: No such file"), "{skipped:?}");
    assert_eq!((skipped.len(), report.created.articles), (7, 1));
    // A folder is read file by file: the same files fail, and the good one is unchanged.
    let folder = run(&app, &[dir.path().to_owned()], false).await;
    assert_eq!((folder.failed, folder.unchanged.articles), (6, 1), "{:?}", folder.skipped);
    app.get(&format!("/api/v1/articles/{SLUG}")).await.ok();
}

#[tokio::test]
async fn markdown_and_plain_text_import_the_same_article() {
    let (one, other) = (TestApp::new().await, TestApp::new().await);
    one.import("harbour-bridge.txt", HARBOUR).await;
    // Markdown without a date is a draft.
    other
        .import("2020-01-02-harbour-bridge.md", include_str!("../fixtures/harbour-bridge.md"))
        .await;
    let uri = format!(
        "/api/v1/articles/{SLUG}?fields=headline,dek,quote.text,commentary,links_heading,comment_count,links.url"
    );
    assert_eq!(one.get(&uri).await.ok(), other.get(&uri).await.ok());
}

#[tokio::test]
async fn two_articles_with_one_headline_get_two_slugs() {
    let app = TestApp::new().await;
    for name in ["one.txt", "two.txt", "three.txt"] {
        app.import(name, HARBOUR).await;
    }
    for slug in [SLUG.to_owned(), format!("{SLUG}-2"), format!("{SLUG}-3")] {
        app.get(&format!("/api/v1/articles/{slug}")).await.ok();
    }
    let coast = app.get("/api/v1/outlets/coast-radio").await.ok();
    assert_eq!((&coast["link_count"], &coast["article_count"]), (&6.into(), &3.into()));
}

#[tokio::test]
async fn imported_scripts_are_served_as_text() {
    let app = TestApp::new().await;
    let evil = "Evil <script>alert(1)</script> -- BBC\nA dek <img src=x onerror=alert(1)>\n\
                <script>alert(2)</script> A quote with [a link](javascript:alert(3)).\n\
                Read more ....\nMore News\nTitle <b>bold</b> -- BBC https://example.org/a\n\
                My Comment: <iframe src=//x></iframe> fine\n\
                Hello <svg onload=alert(4)>\nReplyDelete\n";
    app.import("evil.txt", evil).await;
    let article = app.get("/api/v1/articles?include=links").await.ok()["items"][0].clone();
    let whole =
        app.get(&format!("{}?include=comments", article["url"].as_str().unwrap())).await.ok();
    let mut html = vec![&whole["quote"]["html"], &whole["commentary"]["html"]];
    html.extend(whole["comments"]["items"].as_array().unwrap().iter().map(|one| &one["html"]));
    for html in html {
        let html = html.as_str().unwrap_or_default();
        for tag in
            ["<script", "<iframe", "<svg", "<img", "href=\"javascript", "onload=\"", "onerror=\""]
        {
            assert!(!html.contains(tag), "{html}");
        }
    }
}

#[tokio::test]
async fn a_roundup_is_imported_with_all_its_parts() {
    let app = TestApp::new().await;
    let report = app.import("ferry-strike.txt", FERRY_STRIKE).await;
    assert_eq!((report.created.articles, report.created.links, report.created.comments), (1, 9, 3));
    assert!(report.skipped.is_empty() && report.unread.is_empty(), "{report:?}");
    let article =
        app.get("/api/v1/articles/ferry-crews-walk-out-in-three-ports?include=comments").await.ok();
    assert_eq!(article["headline"], "Ferry Crews Walk Out In Three Ports");
    assert_eq!(article["dek"], "U.S. Lines Not Talking To The Crews' Union");
    assert_eq!(article["links_heading"], "More News On The Strike And The Ports That Wait");
    assert_eq!(article["commentary"]["label"], "My Comment");
    assert_eq!(article["outlet_count"], 10);
    let links = article["links"].as_array().unwrap();
    let outlets = |link: &Value| {
        let credits = link["credits"].as_array().unwrap().iter();
        credits.map(|one| one["outlet"]["slug"].as_str().unwrap()).collect::<Vec<_>>().join("+")
    };
    assert_eq!(
        links.iter().map(outlets).collect::<Vec<_>>().join(" "),
        "wsj afp the-independent national-post+the-telegraph business-insider bbc reuters ibtimes \
         the-guardian"
    );
    assert_eq!(links[8]["credits"][0]["bylines"], serde_json::json!(["Mara Lindqvist"]));
    for name in ["wsj", "the-wall-street-journal"] {
        let cited = app.get(&format!("/api/v1/links?outlet={name}")).await.ok();
        assert_eq!(cited["items"][0]["article"]["slug"], article["slug"], "{name}");
    }
    let again = app.import("ferry-strike.txt", FERRY_STRIKE).await;
    assert_eq!((again.created, again.unchanged.articles), (Counts::default(), 1));
}

#[tokio::test]
async fn sixty_newsletters_imported_again_change_nothing() {
    let app = TestApp::new().await;
    let dir = tempfile::tempdir().unwrap();
    let files: Vec<PathBuf> =
        (1..=60).map(|n| dir.path().join(format!("issue-{n:02}.markdown"))).collect();
    for (n, file) in files.iter().enumerate() {
        std::fs::write(file, newsletter(n + 1)).unwrap();
    }
    let first = run(&app, &files, false).await;
    assert!(first.skipped.is_empty(), "{:?}", first.skipped);
    assert_eq!(first.created.articles, files.len());
    assert!(first.created.links > files.len() * 10, "{:?}", first.created);
    let before = shown(&app).await;
    let again = run(&app, &files, false).await;
    assert_eq!((again.created, again.updated), (Counts::default(), Counts::default()));
    assert_eq!(again.unchanged.articles, files.len());
    assert_eq!(shown(&app).await, before);
    let wrong = "select count(*) from outlets o where link_count <> (
                     select count(distinct link_id) from link_credits c where c.outlet_id = o.id)";
    let wrong: i64 = app.sql().await.query_one(wrong, &[]).await.unwrap().get(0);
    assert_eq!(wrong, 0);
}

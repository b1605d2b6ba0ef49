//! Tests of the records that roundups in Markdown and HTML are parsed into.

use known::Known;
use roundup_reader::{Report, Role, Roundup, Source, parse_html, parse_markdown, parse_text};

#[path = "support/known.rs"]
mod known;

const TABLE: Known =
    Known(&["WSJ", "AFP", "Reuters", "National Post", "The Telegraph", "The Guardian"]);

const WHOLE: &str = "\
[Bridge Opens After Ten Years](https://example.com/lead) -- WSJ

*Ferries To Run One More Summer*

> The bridge opened on Monday.
>
> It took **ten** years, [they say](https://example.com/said).

Read more ....

## More News On The Bridge

- [Ten years of work](https://example.com/1) -- AFP
- Ferries lose riders -- National Post/The Telegraph
- [Who pays?](https://example.org/2) -- Ian Black, The Guardian

**My Comment:** Ten years is *long*, see [this](https://example.org/3).

And so on.

## 2 comments

I was there.

ReplyDeleteSo was I.

And I was not.

ReplyDelete
";

const WEEKLY: &str = "\
Welcome to another week!
[Bridges](https://www.example.com) are safe, fast crossings.

## Featured

- [Prefix spans](https://example.com/a.html) by Ann Bee and Cy Dee
  > In a previous post I built spans.
  > Today I build [more](https://example.com/b).

- [video] [Solving `Passport`](https://example.com/c) by effectfully

## Jobs

- [Bridge keeper](https://example.com/d)
";

fn read(text: &str) -> Roundup {
    parse_markdown(text, &TABLE)
}

fn links(roundup: &Roundup) -> Vec<(Role, &str, &str)> {
    let summary = |s| -> (Role, &str, &str) {
        let s: &Source = s;
        (s.role, s.title.as_str(), s.url.as_deref().unwrap_or(""))
    };
    roundup.links.iter().map(summary).collect()
}

fn commentary(roundup: &Roundup) -> &str {
    roundup.commentary.as_ref().map_or("", |commentary| commentary.text.as_str())
}

#[test]
fn a_whole_roundup_is_read() {
    let roundup = read(WHOLE);
    assert_eq!(roundup.headline.as_deref(), Some("Bridge Opens After Ten Years"));
    assert_eq!(roundup.dek.as_deref(), Some("Ferries To Run One More Summer"));
    assert_eq!(
        roundup.quote.as_deref(),
        Some(
            "The bridge opened on Monday.\n\nIt took **ten** years, [they say](https://example.com/said)."
        )
    );
    assert_eq!(roundup.links_heading.as_deref(), Some("More News On The Bridge"));
    assert_eq!(
        links(&roundup),
        [
            (Role::Lead, "Bridge Opens After Ten Years", "https://example.com/lead"),
            (Role::Inline, "they say", "https://example.com/said"),
            (Role::More, "Ten years of work", "https://example.com/1"),
            (Role::More, "Ferries lose riders", ""),
            (Role::More, "Who pays?", "https://example.org/2"),
            (Role::Inline, "this", "https://example.org/3"),
        ]
    );
    assert_eq!(roundup.links[3].credits.len(), 2);
    assert_eq!(roundup.links[4].credits[0].bylines, ["Ian Black"]);
    assert_eq!(roundup.links[4].line, 15);
    let comment = roundup.commentary.as_ref().unwrap();
    assert_eq!(comment.label.as_deref(), Some("My Comment"));
    assert_eq!(
        comment.text,
        "Ten years is *long*, see [this](https://example.org/3).\n\nAnd so on."
    );
    let replies: Vec<_> =
        roundup.comments.iter().map(|c| (c.text.as_str(), c.uncertain, c.line)).collect();
    assert_eq!(replies, [("I was there.", false, 23), ("So was I.\n\nAnd I was not.", true, 25)]);
    assert_eq!(roundup.report.uncertain.len(), 1);
    assert!(roundup.report.unread.is_empty());
}

#[test]
fn a_weekly_without_a_title_is_read() {
    let roundup = read(WEEKLY);
    assert_eq!(roundup.headline, None);
    assert_eq!(roundup.links_heading, None);
    assert!(commentary(&roundup).starts_with("Welcome to another week!\n[Bridges]"));
    assert_eq!(
        links(&roundup),
        [
            (Role::Inline, "Bridges", "https://www.example.com"),
            (Role::More, "Prefix spans", "https://example.com/a.html"),
            (Role::Inline, "more", "https://example.com/b"),
            (Role::More, "[video] Solving Passport", "https://example.com/c"),
            (Role::More, "Bridge keeper", "https://example.com/d"),
        ]
    );
    let first = &roundup.links[1];
    assert_eq!(first.credits[0].bylines, ["Ann Bee", "Cy Dee"]);
    assert_eq!(first.section.as_deref(), Some("Featured"));
    assert_eq!(
        first.quote.as_deref(),
        Some("In a previous post I built spans.\nToday I build [more](https://example.com/b).")
    );
    assert_eq!(roundup.links[4].section.as_deref(), Some("Jobs"));
    assert_eq!(roundup.links[2].line, 8);
    assert_eq!(roundup.report, Report::default());
}

#[test]
fn the_lead_is_recognised_in_its_several_forms() {
    for (text, headline, title, url) in [
        (
            "# Title\n\n[Lead](https://example.com) -- WSJ\n\n- a -- AFP",
            "Title",
            "Lead",
            "https://example.com",
        ),
        (
            "# [Lead](https://example.com) -- WSJ\n\n- a -- AFP",
            "Lead",
            "Lead",
            "https://example.com",
        ),
        ("**Lead** -- Harbour Gazette\n\n- a -- AFP", "Lead", "Lead", ""),
        ("Lead -- WSJ\n\n- a -- AFP", "Lead", "Lead", ""),
        ("[Lead](https://example.com)\n\n- a -- AFP", "Lead", "Lead", "https://example.com"),
        (
            "**Lead** -- WSJ\n\n[Read more ....](https://example.com)\n\n- a -- AFP",
            "Lead",
            "Lead",
            "https://example.com",
        ),
    ] {
        let roundup = read(text);
        assert_eq!(roundup.headline.as_deref(), Some(headline), "{text}");
        assert_eq!(links(&roundup), [(Role::Lead, title, url), (Role::More, "a", "")], "{text}");
    }
    let without_lead = read("# Title\n\nSome [prose](https://example.com) here.\n");
    assert_eq!(links(&without_lead), [(Role::Inline, "prose", "https://example.com")]);
    assert_eq!(commentary(&without_lead), "Some [prose](https://example.com) here.");
}

#[test]
fn paragraphs_before_read_more_are_the_quote() {
    let roundup = read(
        "**Lead** -- WSJ\nA Line Under It\nIt opened.\n\nIt *really* did.\n\nRead more ....\n\n- a -- AFP",
    );
    assert_eq!(roundup.dek.as_deref(), Some("A Line Under It"));
    assert_eq!(roundup.quote.as_deref(), Some("It opened.\n\nIt *really* did."));
    let roundup = read("**Lead** -- WSJ\n\nIt opened.\n\n- a -- AFP");
    assert_eq!(roundup.quote, None);
    assert_eq!(commentary(&roundup), "It opened.");
}

#[test]
fn read_more_lines_above_the_headline_belong_to_the_lead() {
    let read_more = |n: u32| format!("[Read more](https://example.com/{n})\n\n");
    let text = read_more(1) + &read_more(2) + &read_more(3) + "# Lead -- WSJ\n\n- a -- AFP";
    let roundup = read(&text);
    let lead = roundup.links.iter().find(|link| link.role == Role::Lead).unwrap();
    assert_eq!(lead.url.as_deref(), Some("https://example.com/1"));
    let read_more_lines = lead.raw.lines().filter(|line| line.starts_with("[Read more]"));
    assert_eq!(read_more_lines.count(), 3, "{}", lead.raw);
}

#[test]
fn several_links_in_one_item_are_one_source_and_inline_links() {
    let roundup = read(
        "## S\n\n- [A](https://example.com/1), [B](https://example.com/2)\n- [C](https://example.com/3): a text with [D](https://example.com/4)\n  - said again\n",
    );
    assert_eq!(
        links(&roundup),
        [
            (Role::More, "A", "https://example.com/1"),
            (Role::Inline, "B", "https://example.com/2"),
            (Role::More, "C", "https://example.com/3"),
            (Role::Inline, "D", "https://example.com/4"),
        ]
    );
    assert_eq!(roundup.links[0].quote, None);
    assert!(!roundup.links[2].confidence.is_certain());
    assert_eq!(
        roundup.links[2].quote.as_deref(),
        Some("a text with [D](https://example.com/4)\n\n- said again")
    );
}

#[test]
fn lines_that_fit_nowhere_are_kept_or_reported() {
    let roundup =
        read("# T\n\nWords.\n\n```\ncode\n```\n\n- one\n- two\n\n<div>x</div>\n\n***\n\n| a |\n");
    assert_eq!(commentary(&roundup), "Words.\n\n```\ncode\n```\n\n- one\n- two\n\nx\n\n| a |");
    let lines: Vec<usize> = roundup.report.unread.iter().map(|note| note.line).collect();
    assert_eq!(lines, [5]);
}

#[test]
fn links_that_are_not_http_urls_stay_text() {
    let roundup = read(
        "## S\n\n- [A](/local) -- AFP\n- [B](mailto:a@example.com) <c@example.com>\n- [C](https://example.com)\n",
    );
    assert_eq!(links(&roundup), [(Role::More, "A", ""), (Role::More, "C", "https://example.com")]);
    assert_eq!(commentary(&roundup), "- B c@example.com");
}

#[test]
fn a_list_may_follow_the_comment() {
    let roundup = read(
        "**A** -- WSJ\n\nMy Comment: Well.\n\n**More News On It**\n\n- b -- AFP\n\nMy Comment: Again.\n",
    );
    assert_eq!(roundup.links_heading.as_deref(), Some("More News On It"));
    assert_eq!(links(&roundup).len(), 2);
    assert_eq!(commentary(&roundup), "Well.\n\nMy Comment: Again.");
    assert_eq!(roundup.report.uncertain.len(), 1);
}

#[test]
fn comments_without_a_heading_begin_after_the_label_or_the_last_source() {
    let labelled = read(
        "[A](https://example.com) -- WSJ\n\nMy Comment: Well.\n\nI was there.\n\nReplyDelete\n",
    );
    assert_eq!(commentary(&labelled), "Well.");
    assert_eq!(labelled.comments.len(), 1);
    let bare = read(
        "[A](https://example.com) -- WSJ\n\n- [b](https://example.com/b) by Cy Dee\n\nI was there.\n\nReplyDelete\n",
    );
    assert_eq!(links(&bare).len(), 2);
    assert_eq!(bare.comments[0].text, "I was there.");
}

#[test]
fn markdown_without_any_markup_is_read_as_pasted_text() {
    let text = "A -- WSJ\nIt opened.\nRead more ....\nMore News On It\nB -- AFP";
    assert_eq!(read(text), parse_text(text, &TABLE));
    assert_eq!(read(""), Roundup::default());
    assert_eq!(
        read("\u{FEFF}# T\r\n\r\n- [a](https://example.com)\r\n").headline.as_deref(),
        Some("T")
    );
}

#[test]
fn a_roundup_in_html_is_read() {
    let html = "<p><a href=\"https://example.com/lead\">Bridge Opens</a> -- Reuters</p>\
                <blockquote>It opened on Monday, two years after it was closed for repairs.</blockquote>\
                <p>Read more ....</p><h3>More News On The Bridge</h3>\
                <ul><li><a href=\"https://example.com/two\">Who pays?</a> -- AFP</li></ul>";
    let roundup = parse_html(html, &TABLE);
    assert_eq!(roundup.headline.as_deref(), Some("Bridge Opens"));
    assert_eq!(roundup.links.len(), 2, "{roundup:#?}");
    assert_eq!(roundup.links[1].url.as_deref(), Some("https://example.com/two"));
    assert_eq!(roundup.links[1].credits[0].outlet.as_deref(), Some("AFP"));
}

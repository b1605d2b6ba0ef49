//! Properties of rendered HTML, over hostile texts and thousands of texts put together from
//! awkward pieces. The pieces are chosen by a generator with a fixed seed, so every run is alike.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail by panicking")]

use std::collections::HashSet;
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};
use safe_html::{AuthorRole, Markup, RenderOptions, max_output, plain_text, render, render_with};
use url::Url;

const ROLES: [AuthorRole; 2] = [AuthorRole::Editor, AuthorRole::Reader];
const HOSTILE: &str = include_str!("hostile.txt");

const EDITOR_TAGS: &str = "a abbr b blockquote br caption cite code dd del details div dl dt em \
    figcaption figure h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q s small strong sub \
    summary sup table tbody td tfoot th thead time tr u ul";
const READER_TAGS: &str = "a abbr b blockquote br cite code del em hr i ins kbd li ol p pre q s \
    small strong sub sup table tbody td tfoot th thead tr u ul";
const VOID_TAGS: [&str; 3] = ["br", "hr", "img"];

/// Parses a fragment as a browser does and writes the tree, leaving nothing out that is allowed.
static BROWSER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::empty();
    builder
        .tags(EDITOR_TAGS.split_whitespace().collect())
        .generic_attributes(HashSet::from([
            "alt", "cite", "colspan", "datetime", "dir", "height", "href", "lang", "rel",
            "rowspan", "src", "start", "title", "width",
        ]))
        .url_schemes(["http", "https", "mailto"].into())
        .url_relative(UrlRelative::PassThrough)
        .link_rel(None)
        .strip_comments(false);
    builder
});

/// Fails unless everything that the documentation of `render` promises is true of this text.
fn check(text: &str) {
    let base = Url::parse("https://site.example/2014/post.html").unwrap();
    for role in ROLES {
        for markup in [Markup::Markdown, Markup::Html] {
            for base_url in [None, Some(&base)] {
                let html = render_with(text, &RenderOptions { markup, role, base_url });
                assert!(html.len() <= max_output(text.len()), "{} bytes of {text:?}", html.len());
                check_tags(&html, role).unwrap_or_else(|what| panic!("{what}: {text:?} -> {html}"));
                let again = RenderOptions { markup: Markup::Html, role, base_url };
                assert_eq!(render_with(&html, &again), html, "rendered twice: {text:?}");
                // A tree of this parser takes too long where it nests deep.
                if html.len() < 5_000 {
                    let tree = BROWSER.clean(&html).to_string();
                    assert_eq!(
                        without_leading_lines(&tree),
                        without_leading_lines(&html),
                        "a browser's tree: {text:?}"
                    );
                }
            }
        }
    }
    // U+0000 becomes U+FFFD in some elements.
    assert!(plain_text(text).len() <= text.len() * 3);
}

/// A parser drops the line feed after `<pre>`, which the writer of `BROWSER` does not put back.
fn without_leading_lines(html: &str) -> String {
    let mut lines = html.split('\n').filter(|line| !line.is_empty());
    let mut text = lines.next().unwrap_or_default().to_owned();
    for line in lines {
        text.push_str(if text.ends_with('>') { "" } else { "\n" });
        text.push_str(line);
    }
    text.trim_end().to_owned()
}

/// Reads HTML as strictly as can be: known tags, known attributes in double quotes, well nested.
fn check_tags(html: &str, role: AuthorRole) -> Result<(), String> {
    let tags = if role == AuthorRole::Editor { EDITOR_TAGS } else { READER_TAGS };
    let tags: HashSet<&str> = tags.split_whitespace().collect();
    let rel = if role == AuthorRole::Editor { "noopener" } else { "nofollow ugc noopener" };
    let mut open = Vec::new();
    for (n, piece) in html.split('<').enumerate() {
        if n == 0 {
            if piece.contains('>') {
                return Err("a bare >".to_owned());
            }
            continue;
        }
        let (tag, text) = piece.split_once('>').ok_or("a tag without an end")?;
        if text.contains('>') {
            return Err("a bare >".to_owned());
        }
        if let Some(name) = tag.strip_prefix('/') {
            if open.pop() != Some(name) {
                return Err(format!("</{name}> closes another element"));
            }
            continue;
        }
        let (name, mut rest) = tag.split_once(' ').unwrap_or((tag, ""));
        if !tags.contains(name) {
            return Err(format!("<{name}>"));
        }
        let mut attributes = HashSet::new();
        while !rest.is_empty() {
            let (attribute, after) = rest.split_once("=\"").ok_or("an attribute without value")?;
            let (value, after) = after.split_once('"').ok_or("a value without an end")?;
            let is_fine = match attribute {
                "href" | "src" | "cite" => {
                    let value = value.to_ascii_lowercase();
                    ["http://", "https://", "mailto:"].iter().any(|s| value.starts_with(s))
                }
                "rel" => name == "a" && value == rel,
                "dir" | "lang" | "title" => true,
                "start" => name == "ol",
                "alt" | "height" | "width" => name == "img",
                "colspan" | "rowspan" => role == AuthorRole::Editor && matches!(name, "td" | "th"),
                "datetime" => name == "time",
                _ => false,
            };
            if !is_fine || !attributes.insert(attribute) {
                return Err(format!("{attribute}={value}"));
            }
            rest = after.trim_start();
        }
        if (name == "a") != attributes.contains("rel")
            || (name == "img") != attributes.contains("src")
        {
            return Err(format!("<{name}> without its URL"));
        }
        if !VOID_TAGS.contains(&name) {
            open.push(name);
        }
    }
    if open.len() > 256 || !open.is_empty() {
        return Err(format!("{open:?} stay open"));
    }
    Ok(())
}

/// A linear congruential generator.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    fn pick<'a>(&mut self, items: &[&'a str]) -> &'a str {
        items[self.below(items.len())]
    }
}

#[test]
fn the_strict_reader_itself_sees_what_is_wrong() {
    for bad in [
        "<script>",
        "<p onclick=\"x\"></p>",
        "<p>",
        "</p>",
        "<b><i></b></i>",
        "<p title=x></p>",
        "<a href=\"javascript:x\" rel=\"noopener\">x</a>",
        "<a href=\"https://x\">x</a>",
        "a > b",
        "<img alt=\"x\">",
        "<p title=\"a\" title=\"b\"></p>",
        "< p></p>",
        "<p",
    ] {
        assert!(check_tags(bad, AuthorRole::Editor).is_err(), "{bad}");
    }
    assert!(check_tags("<h1>x</h1>", AuthorRole::Reader).is_err());
    assert_eq!(
        check_tags("<p><a href=\"https://x\" rel=\"noopener\">x</a><br></p>", AuthorRole::Editor),
        Ok(())
    );
    assert_ne!(BROWSER.clean("<p><p>x</p></p>").to_string(), "<p><p>x</p></p>");
}

#[test]
fn hostile_texts_become_harmless() {
    for text in HOSTILE.lines() {
        check(text);
    }
    check(HOSTILE);
}

#[test]
fn mutations_of_hostile_texts_become_harmless() {
    let characters: Vec<char> = HOSTILE.chars().collect();
    let mut random = Random(11);
    for _ in 0..1_500 {
        let mut text = String::new();
        for _ in 0..=random.below(6) {
            let start = random.below(characters.len());
            let length = random.below(60);
            text.extend(characters.iter().skip(start).take(length));
            text.push_str(random.pick(&["", "<", ">", "\"", "'", "&", "/", "\0", "\n", " ", "\r"]));
        }
        check(&text);
    }
}

#[test]
fn any_sequence_of_tags_becomes_a_tree() {
    const TAGS: [&str; 32] = [
        "a href=https://a.example/b",
        "a",
        "b",
        "i title=x",
        "code",
        "del",
        "p",
        "p",
        "div",
        "h1",
        "h3",
        "ul",
        "ol",
        "li",
        "dl",
        "dd",
        "dt",
        "pre",
        "pre",
        "blockquote",
        "table",
        "tr",
        "td",
        "th",
        "tbody",
        "thead",
        "caption",
        "br",
        "hr",
        "img src=https://a.example/i alt=c",
        "section",
        "q",
    ];
    let mut random = Random(5);
    for _ in 0..2_500 {
        let mut html = String::new();
        for _ in 0..random.below(24) {
            let tag = random.pick(&TAGS);
            let name = tag.split(' ').next().unwrap();
            html.push_str(&match random.below(8) {
                0..=2 => format!("<{tag}>"),
                3..=4 => format!("</{name}>"),
                5 => format!("<{tag}>x</{name}>"),
                6 => random
                    .pick(&["x", " ", "\n", "\n\ny", "&nbsp;", "<!-- -->", "&#10;"])
                    .to_owned(),
                _ => format!("<{tag}>\n"),
            });
        }
        check(&html);
    }
}

#[test]
fn any_markdown_becomes_a_tree() {
    const PIECES: [&str; 40] = [
        "a",
        "b ",
        "\n",
        "\n\n",
        "*",
        "**",
        "_",
        "~~",
        "`",
        "```\n",
        "    ",
        "> ",
        "- ",
        "1. ",
        "# ",
        "---\n",
        "[",
        "](",
        ")",
        "![",
        "](https://a.example)",
        "[r]",
        "\n[r]: https://b.example 'c'\n",
        "<",
        ">",
        "<b>",
        "</b>",
        "<p>",
        "<x>",
        "<!--",
        "-->",
        "&amp;",
        "&",
        "|",
        "|-|-|\n",
        "| a | b |\n",
        "https://c.example/d",
        "<https://e.example>",
        "\\",
        "<td>",
    ];
    let mut random = Random(3);
    for _ in 0..2_500 {
        let text: String = (0..random.below(20)).map(|_| random.pick(&PIECES)).collect();
        check(&text);
    }
}

fn repeat_numbered(count: usize, before: &str, after: &str) -> String {
    (0..count).flat_map(|n| [before.to_owned(), n.to_string(), after.to_owned()]).collect()
}

#[test]
fn repeated_pieces_neither_grow_nor_stay_open() {
    let bomb = |count: usize, paragraphs: usize| {
        let tags = repeat_numbered(count, "<b title=\"", "</b>\">");
        format!("<p>{tags}{}", "<p>x".repeat(paragraphs))
    };
    check(&bomb(600, 2_150));
    check(&bomb(30, 2_150));
    check(&format!("[a]: /{}\n\n{}", "x".repeat(10_000), "[a]".repeat(3_000)));
    check(&format!("{}\n{}\n{}", "|a".repeat(3_000), "|-".repeat(3_000), "|x\n".repeat(2_000)));
    check(&format!("<p {}>", repeat_numbered(3_000, "a", " ")));
    check(&(1..200).map(|n| "`".repeat(n) + "a").collect::<String>());
    for piece in [
        "<b>",
        "<p>",
        "<div>",
        "<table>",
        "<table><td>",
        "<a href=http:a>",
        "<i><p></i>",
        "<li>",
        "<ul><li>",
        "<b></b>",
        "</b>",
        "&",
        "\"",
        "<",
        ">",
        "\u{A0}",
        "- ",
        "> ",
        "1. ",
        "[",
        "![",
        "[a](",
        "*a_",
        "**a *",
        "~~a ",
        "<!--",
        "<?",
        "<![CDATA[",
        "&lt",
        "<http:a>",
        "<a@b.c> ",
        "http://a.b ",
        "http://",
        "| ",
        "\n",
        "<p title='\"'>",
        "<script>",
        "<textarea>",
        "<svg>",
        "<pre>\n",
        "é",
        "<a b='",
        "\\",
        "`",
        "$",
    ] {
        check(&piece.repeat(20_000 / piece.len()));
    }
}

#[test]
fn plain_text_of_the_html_is_the_text() {
    for text in ["a < b && c > \"d\"", "List<String>", "5 &lt; 6"] {
        let html = render(
            &text.replace('&', "&amp;").replace('<', "&lt;"),
            Markup::Html,
            AuthorRole::Reader,
        );
        assert_eq!(plain_text(&html), text.trim());
    }
}

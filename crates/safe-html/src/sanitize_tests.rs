//! What rendered text looks like.

use super::*;

fn editor(text: &str) -> String {
    render(text, Markup::Markdown, AuthorRole::Editor)
}

fn reader(text: &str) -> String {
    render(text, Markup::Markdown, AuthorRole::Reader)
}

fn editor_html(html: &str) -> String {
    render(html, Markup::Html, AuthorRole::Editor)
}

#[test]
fn markdown_becomes_html() {
    for (text, html) in [
        (
            "One *two* **three** `four` ~~five~~",
            "<p>One <em>two</em> <strong>three</strong> <code>four</code> <del>five</del></p>\n",
        ),
        ("a\n\nb", "<p>a</p>\n<p>b</p>\n"),
        ("> said", "<blockquote>\n<p>said</p>\n</blockquote>\n"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n"),
        (
            "[x](https://example.com/a?b=1&c=2)",
            "<p><a href=\"https://example.com/a?b=1&amp;c=2\" rel=\"noopener\">x</a></p>\n",
        ),
        ("# Title", "<h1>Title</h1>\n"),
        ("a\nb", "<p>a\nb</p>\n"),
    ] {
        assert_eq!(editor(text), html);
    }
}

#[test]
fn both_roles_may_write_tables() {
    let text = "| a | b |\n|---|--:|\n| c | *d* |";
    let html = "<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody>\n\
                <tr><td>c</td><td><em>d</em></td></tr>\n</tbody></table>\n";
    assert_eq!(editor(text), html);
    assert_eq!(reader(text), html);
    let wide = "<table><tr><td colspan=2 rowspan=3>a</table>";
    assert_eq!(
        render(wide, Markup::Html, AuthorRole::Reader),
        "<table><tbody><tr><td>a</td></tr></tbody></table>"
    );
    assert!(editor_html(wide).contains("<td colspan=\"2\" rowspan=\"3\">"));
}

#[test]
fn a_readers_headings_and_images_are_text() {
    assert_eq!(
        reader("[x](https://example.com)"),
        "<p><a href=\"https://example.com\" rel=\"nofollow ugc noopener\">x</a></p>\n"
    );
    assert_eq!(reader("# Loud"), "<p>Loud</p>\n");
    assert_eq!(reader("![a cat](https://example.com/cat.png)"), "<p>a cat</p>\n");
    assert!(editor("![a cat](https://example.com/cat.png)").contains("<img src="));
    let html = render(
        "<h2>A</h2><img src=\"https://example.com/a.png\">",
        Markup::Html,
        AuthorRole::Reader,
    );
    assert_eq!(html, "A");
}

#[test]
fn blocks_that_are_left_out_still_end_a_line() {
    let html = render("<div>a</div><div><b>b</b></div>", Markup::Html, AuthorRole::Reader);
    assert_eq!(html, "a<br><b>b</b>");
    assert_eq!(editor_html("<section>a</section><p>b</p>"), "a<p>b</p>");
    assert_eq!(editor_html("<p>a<center>b</center>"), "<p>a</p>b");
}

#[test]
fn a_readers_line_breaks_are_kept() {
    assert_eq!(reader("a\nb\n\nc"), "<p>a<br>\nb</p>\n<p>c</p>\n");
    assert_eq!(reader("```\na\nb\n```"), "<pre><code>a\nb\n</code></pre>\n");
}

#[test]
fn a_readers_bare_urls_become_links() {
    let link = |url: &str| {
        let escaped = url.replace('&', "&amp;");
        format!("<a href=\"{escaped}\" rel=\"nofollow ugc noopener\">{escaped}</a>")
    };
    for (text, url, before, after) in [
        (
            "see https://example.com/a_b_c?d=1&e=2.",
            "https://example.com/a_b_c?d=1&e=2",
            "see ",
            ".",
        ),
        ("(http://example.com/a)", "http://example.com/a", "(", ")"),
        ("http://example.com/a_(b)!", "http://example.com/a_(b)", "", "!"),
        ("**https://example.com**", "https://example.com", "<strong>", "</strong>"),
        ("“https://example.com/ü”", "https://example.com/ü", "“", "”"),
        ("见https://example.com/新闻。完", "https://example.com/新闻", "见", "。完"),
        ("HTTPS://EXAMPLE.COM", "HTTPS://EXAMPLE.COM", "", ""),
    ] {
        assert_eq!(reader(text), format!("<p>{before}{}{after}</p>\n", link(url)), "{text}");
    }
    for text in [
        "`https://example.com`",
        "    https://example.com",
        "<code>https://example.com</code>",
        "xhttps://example.com",
        "ftp://example.com",
        "https://localhost",
        "https://",
        "a://b",
        "www.",
        "xwww.example.com",
        "a@www.example.com",
        "ftp://www.example.com",
        "`www.example.com`",
    ] {
        assert!(!reader(text).contains("<a "), "{}", reader(text));
    }
    let www =
        "<a href=\"http://www.Example.com/a\" rel=\"nofollow ugc noopener\">www.Example.com/a</a>";
    assert_eq!(
        reader("how www works: www.Example.com/a."),
        format!("<p>how www works: {www}.</p>\n")
    );
    assert_eq!(reader("[https://example.com](https://example.org)").matches("<a ").count(), 1);
    assert!(!editor("https://example.com").contains("<a "));
    assert!(!render("https://example.com", Markup::Html, AuthorRole::Reader).contains("<a "));
}

#[test]
fn a_tag_that_is_no_html_is_text_in_markdown() {
    for (text, html) in [
        ("a List<String> b", "<p>a List&lt;String&gt; b</p>\n"),
        ("<WNU Editor> wrote", "<p>&lt;WNU Editor&gt; wrote</p>\n"),
        ("<T>\n\n<div>*a*</div>", "<p>&lt;T&gt;</p>\n<div>*a*</div>"),
        ("- <T>\n- b", "<ul>\n<li>\n<p>&lt;T&gt;</p>\n</li>\n<li>b</li>\n</ul>\n"),
        ("```\n<T>\n```", "<pre><code>&lt;T&gt;\n</code></pre>\n"),
        ("    <T>", "<pre><code>&lt;T&gt;</code></pre>\n"),
        ("x <?php echo 1 ?> y", "<p>x &lt;?php echo 1 ?&gt; y</p>\n"),
        ("a <b>b</b> <!-- c --> </d>", "<p>a <b>b</b>  &lt;/d&gt;</p>\n"),
        ("a <font color=red>b</font> c", "<p>a b c</p>\n"),
    ] {
        assert_eq!(editor(text), html);
        assert_eq!(reader(text), html.replace("<div>", "").replace("</div>", ""));
    }
    // As everywhere, a reader's line breaks are kept, and Markdown is read.
    let text = "<WNU Editor>\nwrote *this*\n\n<T>";
    let rest = "wrote <em>this</em></p>\n<p>&lt;T&gt;</p>\n";
    assert_eq!(editor(text), format!("<p>&lt;WNU Editor&gt;\n{rest}"));
    assert_eq!(reader(text), format!("<p>&lt;WNU Editor&gt;<br>\n{rest}"));
    assert_eq!(editor_html("a <o:p>b</o:p> <String>c"), "a b c");
}

#[test]
fn only_web_and_mail_urls_are_kept() {
    for (url, kept) in [
        ("https://example.com", Some("https://example.com")),
        (" HTTP://example.com/a\nb", Some("HTTP://example.com/ab")),
        ("mailto:a@example.com", Some("mailto:a@example.com")),
        ("https:example.com", Some("https://example.com/")),
        ("https:\\\\example.com", Some("https://example.com/")),
        ("javascript:alert(1)", None),
        ("JaVaScRiPt:alert(1)", None),
        ("java\tscript:alert(1)", None),
        ("&#1;javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("vbscript:x", None),
        ("//example.com/x", None),
        ("/relative", None),
        ("https://", None),
        ("", None),
        ("ftp://example.com", None),
    ] {
        let html = format!("<a href=\"{url}\">x</a>");
        let expected = kept.map_or_else(
            || "x".to_owned(),
            |url| format!("<a href=\"{url}\" rel=\"noopener\">x</a>"),
        );
        assert_eq!(editor_html(&html), expected);
    }
}

#[test]
fn relative_urls_are_resolved_against_the_base() {
    let base = Url::parse("https://example.com/2014/12/post.html").unwrap();
    let options =
        |base_url| RenderOptions { markup: Markup::Html, role: AuthorRole::Editor, base_url };
    for (url, resolved) in [
        ("/a", "https://example.com/a"),
        ("../b?c#d", "https://example.com/2014/b?c#d"),
        ("//cdn.example.com/e", "https://cdn.example.com/e"),
        ("#f", "https://example.com/2014/12/post.html#f"),
        ("http://example.org/ g", "http://example.org/ g"),
    ] {
        let html = format!("<a href=\"{url}\">x</a><img src=\"{url}\" alt=\"y\">");
        let expected = format!(
            "<a href=\"{resolved}\" rel=\"noopener\">x</a><img src=\"{resolved}\" alt=\"y\">"
        );
        assert_eq!(render_with(&html, &options(Some(&base))), expected);
    }
    let html = "<a href=\"javascript:x\">x</a> <img src=\"data:,\" alt=\"y\">";
    assert_eq!(render_with(html, &options(Some(&base))), "x y");
    // Without a base the words stay.
    let html = "<a href=\"/a\">x</a> <img src=\"/b.png\" alt=\"a chart\">";
    assert_eq!(render_with(html, &options(None)), "x a chart");
}

#[test]
fn scripts_styles_handlers_and_forms_are_removed() {
    let html = "<script>x()</script><style>p{}</style><p onclick=\"x()\" style=\"top:0\" id=i class=c>a</p>\
                <iframe src=\"https://example.com\">b</iframe><form><input value=v></form><svg onload=x()>";
    for role in [AuthorRole::Editor, AuthorRole::Reader] {
        assert_eq!(render(html, Markup::Html, role), "<p>a</p>");
        assert_eq!(render(html, Markup::Markdown, role), "<p>a</p>");
    }
    assert_eq!(editor_html("<noscript><b>a</b></noscript>"), "<b>a</b>");
    assert_eq!(editor_html("<textarea><b>a</textarea>b"), "&lt;b&gt;a<br>b");
}

#[test]
fn elements_are_closed_as_a_browser_closes_them() {
    for (html, clean) in [
        ("<p>a<p>b", "<p>a</p><p>b</p>"),
        ("<ul><li>a<li>b</ul>c", "<ul><li>a</li><li>b</li></ul>c"),
        ("<ul><li>a<ul><li>b</ul><li>c</ul>", "<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>"),
        ("<dl><dt>a<dd>b<dt>c</dl>", "<dl><dt>a</dt><dd>b</dd><dt>c</dt></dl>"),
        ("<p>a<ul><li>b</ul>c</p>d", "<p>a</p><ul><li>b</li></ul>cd"),
        ("<h1>a<h2>b</h1>c", "<h1>a</h1><h2>b</h2>c"),
        ("<b><i>a</b>b</i>c", "<b><i>a</i></b>bc"),
        ("<b><p>a</b>b</p>c", "<b><p>ab</p></b>c"),
        ("<p><b>a<p>b</b>c", "<p><b>a</b></p><p>bc</p>"),
        ("a</p>b</div>c</br>d", "abc<br>d"),
        ("<pre>\n\n\na</pre><pre>\nb</pre>", "<pre>\n\n\na</pre><pre>b</pre>"),
        ("<b>a", "<b>a</b>"),
        ("<td>a<tr>b", "ab"),
        (
            "<table>a<tr>b<td>c",
            "<table><tbody><tr><td>a</td></tr><tr><td>b</td><td>c</td></tr></tbody></table>",
        ),
        (
            "<table><caption>a<tr><th>b<table><td>c</table>d</table>e",
            "<table><caption>a</caption><tbody><tr><th>b<table><tbody><tr><td>c</td></tr></tbody></table>d</th></tr></tbody></table>e",
        ),
        (
            "<a href=https://a.example>a<a href=https://b.example>b</a>c",
            "<a href=\"https://a.example\" rel=\"noopener\">a</a><a href=\"https://b.example\" rel=\"noopener\">b</a>c",
        ),
        (
            "<p title='a\"<b>&amp;'>&lt;i&gt;&nbsp;",
            "<p title=\"a&quot;&lt;b&gt;&amp;\">&lt;i&gt;&nbsp;</p>",
        ),
        ("a&#1;b\0c&#13;\r\nd<p title='&#12;e'>", "abc\n\nd<p title=\"e\"></p>"),
    ] {
        assert_eq!(editor_html(html), clean, "{html}");
        assert_eq!(editor_html(clean), clean, "{html}");
    }
}

#[test]
fn text_nested_too_deep_is_shown_as_written() {
    assert_eq!(render(&"<b>".repeat(33), Markup::Html, AuthorRole::Reader), "&lt;b&gt;".repeat(33));
    let quotes = reader(&format!("{} a", ">".repeat(40)));
    assert!(quotes.starts_with("&gt;&gt;"), "{quotes}");
    assert!(editor(&format!("{} a", ">".repeat(40))).starts_with("<blockquote>"));
}

#[test]
fn text_that_would_grow_too_much_is_shown_as_written_and_cut() {
    let links = "<http:a> ".repeat(5_000);
    assert!(reader(&links).starts_with("&lt;http:a&gt; &lt;"));
    let signs = "&".repeat(100_000);
    let html = reader(&signs);
    assert!(html.len() <= max_output(signs.len()) && html.len() > max_output(signs.len()) - 5);
    assert!(html.ends_with("&amp;"));
    assert_eq!(render(&html, Markup::Html, AuthorRole::Reader), html);
}

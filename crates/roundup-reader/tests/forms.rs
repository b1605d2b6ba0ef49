//! Asserts that four sources in a row are read in each of many forms, however the title (`{t}`), the outlet
//! (`{o}`), the author (`{p}`), the blurb (`{b}`) and the URL (`{u}`) are arranged.

use roundup_reader::{Role, Roundup, parse_html, parse_markdown, parse_text};
use table::Table;

#[path = "support/table.rs"]
mod table;

/// The sources: title, outlet, URL, author, blurb. The third outlet is in no table.
const SOURCES: [[&str; 5]; 4] = [
    [
        "The bridge opens after eleven years",
        "Reuters",
        "https://www.reuters.com/a1",
        "Ann Winter",
        "It took three mayors to finish it, and none of them was there.",
    ],
    [
        "Bakers strike over the price of salt",
        "The Guardian",
        "https://www.theguardian.com/b2",
        "Tomas Reed",
        "They say that the sea is full of it. The ministry disagrees.",
    ],
    [
        "A choir of engineers sings in the tunnel",
        "Harbour Gazette",
        "https://harbourgazette.example/c3",
        "Clara Stone",
        "Nobody knows who wrote the second verse.",
    ],
    [
        "Ferry fares to double before summer",
        "BBC News",
        "https://www.bbc.co.uk/news/d4",
        "Gary Brandt",
        "The company blames the wind.",
    ],
];

/// Forms in plain text.
const TEXT: [&str; 37] = [
    "\"{t}\" – {o} ({p})",
    "({o}) {t}",
    "* {t} [{o}]\n  {u}",
    "From {o}: {t}",
    "[{o}] {t}",
    "{o}\n- {t}\n",
    "{o} ({p}): {t}",
    "{o} » {t}",
    "{o} — {t}",
    "{o}: \"{t}\" {u}",
    "{p} | {t} | {o}",
    "{p}, \"{t}\", {o}, 12 May 2019",
    "{t}\nBy {p}\n{o}\n",
    "{t}\n{b}\nvia {o}\n",
    "{t}\n{o}\n{u}\n",
    "{t}\n{p} - {o}\n{b}\n",
    "{t} (h/t {o})",
    "{t} (in {o})",
    "{t} (via {o})",
    "{t} ({o}) {b}",
    "{t} ({o}, {p})",
    "{t} ({p}, {o})",
    "{t} ... {o}",
    "{t} / {o}",
    "{t} :: {o}",
    "{t} <{u}>",
    "{t} @ {o}",
    "{t} [{o}] — {b}",
    "{t} by {p}, {o}",
    "{t} | {p} | {o} | 12 May",
    "{t} · {o} · {p}",
    "{t} – {p} ({o})",
    "{t} → {o}",
    "{t}, {o}",
    "{t}. {b} ({o})",
    "• {p} at {o}: {t}",
    "▶ {t}\n   {o} · 3 min read\n",
];

/// Forms in Markdown.
const MARKDOWN: [&str; 19] = [
    "## [{t}]({u})\n*{o} — {p}*\n\n{b}\n",
    "### {t}\n\n{b}\n\n[{o}]({u})\n",
    "* {o} | [{t}]({u}) | {p}",
    "**[{t}]({u})** | {o}\n{b}\n",
    "- **{o}**: [{t}]({u})",
    "- **{t}**: {b} ([{o}]({u}))",
    "- [\"{t},\" {p}, {o}]({u})",
    "- [{o}] [{t}]({u})",
    "- [{o}]({u}): {t}",
    "- [{t} - {o}]({u})",
    "- [{t} | {o}]({u})",
    "- [{t}]({u}) *({o})*",
    "- [{t}]({u}) by {p} ({o}) - {b}",
    "- [{t}]({u}) via [{o}](https://digg.example/x)",
    "- {t} ([{o}]({u}))",
    "- {t} [[{o}]({u})]",
    "- {t} – [{o}]({u})",
    "- {t}. [{o}]({u})",
    "- 📰 [{t}]({u}) — _{o}_",
];

/// Forms in HTML.
const HTML: [&str; 25] = [
    "<div class=\"title\"><a href=\"{u}\">{t}</a></div><div class=\"source\">{o}</div><div>{b}</div>",
    "<div><a href=\"{u}\"><h3>{t}</h3></a><p>{b}</p><span>{o}</span></div>",
    "<dt><a href=\"{u}\">{t}</a></dt><dd>{b}</dd>",
    "<h3><a href=\"{u}\">{t}</a></h3><p class=\"meta\">{o} | 12 May 2019</p><p>{b}</p><p><a href=\"{u}\">Read more</a></p>",
    "<h4>{o}</h4><ul><li><a href=\"{u}\">{t}</a></li></ul>",
    "<li><a href=\"{u}\">{t}</a> <span>{o}</span></li>",
    "<li><a href=\"{u}\">{t}</a><br><small>{o} - 12 May</small></li>",
    "<li>{o} – “<a href=\"{u}\">{t}</a>”</li>",
    "<p><a href=\"{u}\">{o}</a> – {t}</p>",
    "<p><a href=\"{u}\">{t}</a> (<i>{o}</i>) {b}</p>",
    "<p><a href=\"{u}\">{t}</a> <small>[{o}]</small> {b}</p>",
    "<p><a href=\"{u}\">{t}</a> – {p}, {o}</p>",
    "<p><a href=\"{u}\">{t}</a>, {p}, <i>{o}</i></p>",
    "<p><a href=\"{u}\">{t}</a></p><blockquote>{b}</blockquote>",
    "<p><a href=\"{u}\">{t}</a><br><em>{p} | {o}</em></p><p>{b}</p>",
    "<p><a href=\"{u}\">{t}</a><br>{o}<br>{b}</p>",
    "<p><b>{t}</b><br>{b}<br><a href=\"{u}\">{o}</a></p>",
    "<p><strong>{o}</strong>: <a href=\"{u}\">{t}</a></p>",
    "<p>{p} at {o}: <a href=\"{u}\">{t}</a></p>",
    "<p>{p} on <a href=\"{u}\">{t}</a> ({o})</p>",
    "<p>{p}, “<a href=\"{u}\">{t}</a>,” <em>{o}</em></p>",
    "<p>{t} [<a href=\"{u}\">{o}</a>]</p>",
    "<p>“<a href=\"{u}\">{t}</a>” <i>{o}</i> ({p})</p>",
    "<tr><td><a href=\"{u}\">{t}</a></td><td>{o}</td></tr>",
    "<tr><td>{o}</td><td><a href=\"{u}\">{t}</a></td><td>12.05.2019</td></tr>",
];

/// Writes the sources in a form.
fn write(form: &str) -> String {
    let sources = SOURCES.map(|[title, outlet, url, author, blurb]| {
        form.replace("{t}", title)
            .replace("{o}", outlet)
            .replace("{u}", url)
            .replace("{p}", author)
            .replace("{b}", blurb)
    });
    sources.join("\n")
}

/// Asserts that a roundup has the sources with the fields that the form has.
fn assert_read(form: &str, roundup: &Roundup) {
    let links: Vec<_> = roundup.links.iter().filter(|link| link.role != Role::Inline).collect();
    let titles: Vec<&str> = links.iter().map(|link| link.title.trim_end_matches('.')).collect();
    assert_eq!(titles, SOURCES.map(|source| source[0]), "{form}");
    for (link, [_, outlet, _, author, _]) in links.iter().zip(SOURCES) {
        let named = link.credits.iter().filter_map(|credit| credit.outlet.as_deref());
        let named: Vec<&str> = named.collect();
        let by_host = link.credit.is_none() && link.url.is_some();
        if form.contains("{o}") && !by_host {
            assert_eq!(named, [outlet], "{form}");
        }
        if form.contains("{p}") {
            let authors = link.credits.iter().flat_map(|credit| &credit.bylines);
            assert_eq!(authors.collect::<Vec<_>>(), [author], "{form}");
        }
    }
}

#[test]
fn sources_in_many_forms_are_read() {
    let table = Table::load().unwrap();
    for form in TEXT {
        let text = format!("Links of the day\n\n{}\n", write(form));
        assert_read(form, &parse_text(&text, &table));
    }
    for form in MARKDOWN {
        let text = format!("# Links of the day\n\n{}\n", write(form));
        assert_read(form, &parse_markdown(&text, &table));
    }
    for form in HTML {
        let (open, close) = match form.split('>').next() {
            Some("<li") => ("<ul>", "</ul>"),
            Some("<tr") => ("<table>", "</table>"),
            Some("<dt") => ("<dl>", "</dl>"),
            _ => ("", ""),
        };
        let html = format!("<h1>Links of the day</h1>\n{open}{}{close}\n", write(form));
        assert_read(form, &parse_html(&html, &table));
    }
}

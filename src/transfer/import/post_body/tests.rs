//! Tests with bodies of posts as blogs have them.

use super::*;

struct Known;

impl Outlets for Known {
    fn knows(&self, name: &str) -> bool {
        ["WSJ", "AFP", "Reuters", "National Post", "The Telegraph"].contains(&name)
    }
}

const ROUNDUP: &str = "\
<div class='separator'><a href='https://img.example/full.png'><img src='https://img.example/small.png' alt='A bridge'></a></div>
<i>Photo by A. Bee</i><br><br>
<b><a href='https://wsj.example/lead'>Bridge Opens After Ten Years</a> -- WSJ</b><br><br>
<b>Ferries To Run One More Summer</b><br><br>
The bridge opened on Monday, <a href='https://x.example/said'>they said</a>.<br><br>
<a href='https://wsj.example/lead'>Read more ....</a><br><br>
<b>More News On The R&amp;D Bridge</b><br><br>
<a href='https://afp.example/1'>Ten years of work</a> -- AFP<br>
<a href='https://np.example/2'>Ferries lose riders</a> -- National Post/The Telegraph<br>
<a href='https://r.example/3'>Who pays?</a> -- Harbour Gazette<br><br>
<b>My Comment:</b> Ten years is <a href='https://y.example/long'>long</a>.";

#[test]
fn a_roundup_in_html_is_parsed_as_one() {
    let parsed = parse(&Body::Html(ROUNDUP.to_owned()), &Known);
    let found = &parsed.roundup;
    let links: Vec<_> = found
        .links
        .iter()
        .map(|link| {
            (
                link.role,
                link.title.as_str(),
                link.url.as_deref().unwrap_or_default(),
                link.credit.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        links,
        [
            (Role::Lead, "Bridge Opens After Ten Years", "https://wsj.example/lead", Some("WSJ")),
            (Role::Inline, "they said", "https://x.example/said", None),
            (Role::More, "Ten years of work", "https://afp.example/1", Some("AFP")),
            (
                Role::More,
                "Ferries lose riders",
                "https://np.example/2",
                Some("National Post/The Telegraph")
            ),
            (Role::More, "Who pays?", "https://r.example/3", Some("Harbour Gazette")),
            (Role::Inline, "long", "https://y.example/long", None),
        ]
    );
    assert!(!found.links[4].confidence.is_certain());
    assert_eq!(found.report.uncertain[0].raw, "Who pays? -- Harbour Gazette");
    assert_eq!(found.dek.as_deref(), Some("Ferries To Run One More Summer"));
    assert_eq!(found.links_heading.as_deref(), Some("More News On The R&D Bridge"));
    assert_eq!(
        parsed.quote.unwrap().text,
        "The bridge opened on Monday, [they said](https://x.example/said)."
    );
    let said = found.commentary.as_ref().unwrap();
    assert_eq!(said.label.as_deref(), Some("My Comment"));
    assert_eq!(
        said.text,
        "Ten years is [long](https://y.example/long).\n\n\
         ![A bridge](https://img.example/small.png)\n\n*Photo by A. Bee*"
    );
}

#[test]
fn a_list_of_sources_has_no_lead() {
    let html = "<ul><li><a href='https://a.example/1'>One thing</a> -- Reuters</li>\
                <li><a href='https://a.example/2'>Two things</a> -- AFP</li></ul>";
    let parsed = parse(&Body::Html(html.to_owned()), &Known);
    let roles: Vec<_> = parsed.roundup.links.iter().map(|link| link.role).collect();
    assert_eq!(roles, [Role::More, Role::More]);
}

#[test]
fn a_post_that_is_no_roundup_keeps_its_text_and_links() {
    let html = "<p>I saw <a href='https://a.example/'>this</a> -- and <a href='/b'>that</a>.</p>\
                <p><a href='https://c.example/x.png'><img src='https://c.example/x.png'></a></p>";
    let parsed = parse(&Body::Html(html.to_owned()), &Known);
    assert_eq!(parsed.commentary.unwrap().text, html);
    assert_eq!(parsed.roundup.links.len(), 1);
    assert_eq!(parsed.roundup.links[0].role, Role::Inline);
    assert_eq!(parsed.roundup.links[0].title, "this");
    assert!(parsed.roundup.report.uncertain.is_empty());
}

#[test]
fn linked_sentences_are_sources_with_their_urls() {
    let html = "<p><a href='https://a.example/0'>Troops Move</a> -- Reuters</p>\
                <p>They moved at night.</p><p>MIDDLE EAST</p>\
                <p><a href='https://a.example/1'>Syria says that it will not talk.</a> \
                <a href='https://a.example/2'>Iran says the same thing to all.</a></p>\
                <p>ASIA</p><p><a href='https://a.example/3'>Talks -- AFP</a></p>";
    let parsed = parse(&Body::Html(html.to_owned()), &Known);
    let links: Vec<_> = parsed
        .roundup
        .links
        .iter()
        .map(|link| (link.title.as_str(), link.url.as_deref(), link.section.as_deref()))
        .collect();
    assert_eq!(
        links,
        [
            ("Troops Move", Some("https://a.example/0"), None),
            ("Syria says that it will not talk.", Some("https://a.example/1"), Some("MIDDLE EAST")),
            ("Iran says the same thing to all.", Some("https://a.example/2"), Some("MIDDLE EAST")),
            ("Talks", Some("https://a.example/3"), Some("ASIA")),
        ]
    );
}

//! Renders an article as one HTML fragment, for feeds and exports.

use super::model::{Article, Correction};
use crate::links::{Link, LinkRole};
use crate::validation::is_web_url;
use quick_xml::escape::escape;
use std::fmt::Write as _;

/// The parts of an article that its HTML shows. The HTML of quote and commentary was sanitised
/// when it was stored; every other text is escaped.
#[derive(Debug)]
pub struct ArticleHtml<'a> {
    /// The line below the headline.
    pub dek: Option<&'a str>,
    /// The sources, in order. Those of the role `inline` are not listed: they are in the text.
    pub sources: Vec<SourceLine<'a>>,
    /// The excerpt from the lead source, as sanitised HTML.
    pub quote_html: Option<&'a str>,
    /// The label of the commentary.
    pub commentary_label: Option<&'a str>,
    /// The commentary, as sanitised HTML.
    pub commentary_html: Option<&'a str>,
    /// The heading of the further sources.
    pub links_heading: Option<&'a str>,
    /// The corrections since publication.
    pub corrections: &'a [Correction],
}

impl<'a> From<&'a Article> for ArticleHtml<'a> {
    fn from(article: &'a Article) -> Self {
        let summary = &article.summary;
        let source = |link: &'a Link| SourceLine {
            role: link.role,
            title: &link.title,
            url: link.url.as_deref(),
            credit: link.credit.as_deref(),
        };
        let commentary = article.commentary.as_ref();
        Self {
            dek: summary.dek.as_deref(),
            sources: summary.links.iter().map(source).collect(),
            quote_html: article.quote.as_ref().map(|quote| quote.html.as_str()),
            commentary_label: commentary.and_then(|commentary| commentary.label.as_deref()),
            commentary_html: commentary.map(|commentary| commentary.html.as_str()),
            links_heading: summary.links_heading.as_deref(),
            corrections: &summary.corrections,
        }
    }
}

/// A source on a line of its own.
#[derive(Debug)]
pub struct SourceLine<'a> {
    /// Whether it is the lead, a further source, or in the text.
    pub role: LinkRole,
    /// The title.
    pub title: &'a str,
    /// The URL, if it is known.
    pub url: Option<&'a str>,
    /// The credit as the editor wrote it.
    pub credit: Option<&'a str>,
}

impl ArticleHtml<'_> {
    /// Returns dek, lead, quote, commentary and further sources as HTML.
    pub fn render(&self) -> String {
        let mut html = String::new();
        if let Some(dek) = self.dek {
            html += &format!("<p><strong>{}</strong></p>\n", escape(dek));
        }
        for lead in self.sources.iter().filter(|source| source.role == LinkRole::Lead) {
            html += &format!("<p>{}</p>\n", lead.render());
        }
        if let Some(quote) = self.quote_html {
            html += &format!("<blockquote>{quote}</blockquote>\n");
        }
        if let Some(commentary) = self.commentary_html {
            if let Some(label) = self.commentary_label {
                html += &format!("<p><strong>{}:</strong></p>\n", escape(label));
            }
            html += commentary;
            html.push('\n');
        }
        let mut more =
            self.sources.iter().filter(|source| source.role == LinkRole::More).peekable();
        if more.peek().is_some() {
            if let Some(heading) = self.links_heading {
                html += &format!("<h3>{}</h3>\n", escape(heading));
            }
            html += "<ul>\n";
            for source in more {
                html += &format!("<li>{}</li>\n", source.render());
            }
            html += "</ul>\n";
        }
        for correction in self.corrections {
            let day = correction.at.format("%Y-%m-%d");
            let note = escape(&correction.note);
            html += &format!("<p><strong>Correction ({day}):</strong> {note}</p>\n");
        }
        html
    }
}

impl SourceLine<'_> {
    /// Returns title and credit as an editor writes them, with a link if the URL can be followed.
    fn render(&self) -> String {
        let mut html = String::new();
        let title = escape(self.title);
        let _ = match self.url.filter(|url| is_web_url(url)) {
            Some(url) => write!(html, "<a href=\"{}\">{title}</a>", escape(url)),
            None => write!(html, "{title}"),
        };
        if let Some(credit) = self.credit {
            let _ = write!(html, " -- {}", escape(credit));
        }
        html
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source<'a>(role: LinkRole, title: &'a str, url: &'a str) -> SourceLine<'a> {
        SourceLine { role, title, url: Some(url), credit: Some("R&D") }
    }

    #[test]
    fn a_url_that_runs_a_script_is_no_link() {
        let line = source(LinkRole::Lead, "A", "javascript:alert(1)").render();
        assert_eq!(line, "A -- R&amp;D");
        let line = source(LinkRole::Lead, "A", "https://e.org/\"><script>").render();
        assert!(!line.contains("<script>"), "{line}");
    }

    #[test]
    fn parts_are_in_the_order_in_which_a_page_shows_them() {
        let article = ArticleHtml {
            dek: Some("a < b"),
            sources: vec![
                source(LinkRole::Inline, "in the text", "https://e.org/0"),
                source(LinkRole::More, "further", "https://e.org/2"),
                source(LinkRole::Lead, "lead", "https://e.org/1"),
            ],
            quote_html: Some("<p>quote</p>"),
            commentary_label: Some("My Comment"),
            commentary_html: Some("<p>said</p>"),
            links_heading: Some("More"),
            corrections: &[],
        };
        assert_eq!(
            article.render(),
            "<p><strong>a &lt; b</strong></p>\n\
             <p><a href=\"https://e.org/1\">lead</a> -- R&amp;D</p>\n\
             <blockquote><p>quote</p></blockquote>\n\
             <p><strong>My Comment:</strong></p>\n<p>said</p>\n\
             <h3>More</h3>\n<ul>\n\
             <li><a href=\"https://e.org/2\">further</a> -- R&amp;D</li>\n</ul>\n"
        );
    }
}

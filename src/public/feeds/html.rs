//! Renders an article as HTML, for feed readers.

use crate::articles::Article;
use crate::links::{Link, LinkRole};
use std::fmt::Write as _;

/// The article: dek, lead, excerpt, comment and further sources. The rich texts were made safe when
/// they were stored; everything else is escaped here.
pub(super) fn article(article: &Article) -> String {
    let mut html = String::new();
    let summary = &article.summary;
    if let Some(dek) = &summary.dek {
        html += &format!("<p><strong>{}</strong></p>\n", escape(dek));
    }
    let (lead, more): (Vec<&Link>, Vec<&Link>) =
        summary.links.iter().partition(|link| link.role == LinkRole::Lead);
    for link in lead {
        html += &format!("<p>{}</p>\n", line(link));
    }
    if let Some(quote) = &article.quote {
        html += &format!("<blockquote>{}</blockquote>\n", quote.html);
    }
    if let Some(said) = &article.commentary {
        if let Some(label) = &said.label {
            html += &format!("<p><strong>{}:</strong></p>\n", escape(label));
        }
        html += &said.html;
        html.push('\n');
    }
    if !more.is_empty() {
        if let Some(heading) = &summary.links_heading {
            html += &format!("<h3>{}</h3>\n", escape(heading));
        }
        html += "<ul>\n";
        for link in more {
            html += &format!("<li>{}</li>\n", line(link));
        }
        html += "</ul>\n";
    }
    html
}

/// Renders a source on one line.
fn line(link: &Link) -> String {
    let mut text = String::new();
    let title = escape(&link.title);
    let _ = match link.url.as_deref().filter(|url| is_web(url)) {
        Some(url) => write!(text, "<a href=\"{}\">{title}</a>", escape(url)),
        None => write!(text, "{title}"),
    };
    if let Some(credit) = &link.credit {
        let _ = write!(text, " -- {}", escape(credit));
    }
    text
}

/// Whether an address is one that a reader may follow: no script, no local file.
pub(super) fn is_web(url: &str) -> bool {
    url::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

/// Escapes text for HTML content and attributes.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_runs_something_is_no_link() {
        let link = Link { url: Some("javascript:alert(1)".into()), ..Link::sample() };
        assert!(!line(&link).contains("href"), "{}", line(&link));
        let link = Link { url: Some("https://e.org/\"><script>".into()), ..Link::sample() };
        assert!(!line(&link).contains("<script>"), "{}", line(&link));
        assert!(article(&Article::sample()).contains("<blockquote><p>Iran launched"));
    }
}

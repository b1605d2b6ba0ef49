//! Marks the paragraphs of a text as WordPress stores it.

/// The beginnings of tags that make a paragraph of their own.
const BLOCKS: [&str; 14] = [
    "<p",
    "<div",
    "<ul",
    "<ol",
    "<li",
    "<blockquote",
    "<h",
    "<pre",
    "<table",
    "<figure",
    "<dl",
    "<!--",
    "</",
    "<section",
];

/// Returns the text with `<p>` and `<br>` where WordPress stores blank lines and line ends. A text
/// that has paragraphs of its own is returned as it is.
pub fn add_paragraphs(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    if text.contains("<p>") || text.contains("<p ") || text.contains("<!-- wp:") {
        return text;
    }
    let mut html = String::with_capacity(text.len() + 64);
    for paragraph in text.split("\n\n").map(str::trim).filter(|part| !part.is_empty()) {
        let lower = paragraph.trim_start().to_ascii_lowercase();
        if BLOCKS.iter().any(|tag| lower.starts_with(tag)) {
            html += paragraph;
        } else {
            html += &format!("<p>{}</p>", paragraph.replace('\n', "<br>\n"));
        }
        html.push('\n');
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_lines_separate_paragraphs() {
        assert_eq!(add_paragraphs("a\nb\n\nc"), "<p>a<br>\nb</p>\n<p>c</p>\n");
        assert_eq!(add_paragraphs("a\n\n<ul><li>b</li></ul>"), "<p>a</p>\n<ul><li>b</li></ul>\n");
        assert_eq!(add_paragraphs("<p>a\nb</p>"), "<p>a\nb</p>");
    }
}

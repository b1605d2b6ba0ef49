//! Sanitises a row of an export before it is stored: whoever may import must not become able to publish
//! scripts.
//!
//! HTML is sanitised again, which does not change what this service has written, and URLs that are not http
//! or https are removed.

use crate::articles::ArticleImage;
use crate::validation::is_web_url;
use safe_html::{AuthorRole, Markup, render};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};

/// Returns the row with sanitised HTML and URLs, and whether that changed it. Marks no comment as an
/// editor's, unless `may_mark_editors`.
///
/// # Errors
/// A sentence about the row, if a value is not of the expected type: PostgreSQL would store the JSON text of
/// an array as HTML.
pub(super) fn sanitise_row(
    table: &str,
    row: Box<RawValue>,
    may_mark_editors: bool,
) -> Result<(Box<RawValue>, bool), String> {
    let (html, urls): (&[&str], &[&str]) = match table {
        "articles" => (&["quote_html", "commentary_html"], &["author_url"]),
        "links" => (&["quote_html"], &["url"]),
        "comments" => (&["html"], &["author_url"]),
        "pingbacks" => (&[], &["url"]),
        "outlets" => (&[], &["homepage"]),
        _ => return Ok((row, false)),
    };
    let error = |error: serde_json::Error| error.to_string();
    let mut row: Map<String, Value> = serde_json::from_str(row.get()).map_err(error)?;
    let mut changed = false;
    let mut role = AuthorRole::Editor;
    if table == "comments" {
        let Some(Value::Bool(claimed)) = row.get("is_editor") else {
            return Err("is_editor must be true or false".to_owned());
        };
        let is_editor = *claimed && may_mark_editors;
        changed |= is_editor != *claimed;
        row.insert("is_editor".to_owned(), Value::Bool(is_editor));
        if !is_editor {
            role = AuthorRole::Reader;
        }
    }
    for column in html {
        if let Some(html) = text(&mut row, column)? {
            let safe = render(html, Markup::Html, role);
            changed |= *html != safe;
            *html = safe;
        }
    }
    for column in urls {
        if text(&mut row, column)?.is_some_and(|url| !is_web_url(url)) {
            row.insert((*column).to_owned(), Value::Null);
            changed = true;
        }
    }
    if table == "articles" && row.get("image").is_some_and(|image| !is_safe_image(image)) {
        row.insert("image".to_owned(), Value::Null);
        changed = true;
    }
    Ok((to_raw_value(&row).map_err(error)?, changed))
}

/// Returns whether an image is null, or one with a web URL.
fn is_safe_image(image: &Value) -> bool {
    let parsed = serde_json::from_value::<Option<ArticleImage>>(image.clone());
    parsed.is_ok_and(|image| image.is_none_or(|image| is_web_url(&image.url)))
}

/// Returns the text of a column; `None` if it is null.
fn text<'a>(
    row: &'a mut Map<String, Value>,
    column: &str,
) -> Result<Option<&'a mut String>, String> {
    match row.get_mut(column) {
        Some(Value::String(text)) => Ok(Some(text)),
        Some(Value::Null) | None => Ok(None),
        Some(_) => Err(format!("{column} must be a text or null")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn safe(table: &str, row: &str, may_mark_editors: bool) -> Value {
        let row = RawValue::from_string(row.to_owned()).unwrap();
        let (safe, changed) = sanitise_row(table, row.clone(), may_mark_editors).unwrap();
        let before: Value = serde_json::from_str(row.get()).unwrap();
        let after: Value = serde_json::from_str(safe.get()).unwrap();
        assert_eq!(changed, before != after);
        after
    }

    #[test]
    fn scripts_are_removed_from_every_html_column() {
        let script = "<p>ok</p><script>alert(1)</script>";
        for (table, column) in [
            ("articles", "quote_html"),
            ("articles", "commentary_html"),
            ("links", "quote_html"),
            ("comments", "html"),
        ] {
            let row = serde_json::json!({ column: script, "is_editor": false }).to_string();
            assert_eq!(safe(table, &row, true)[column], "<p>ok</p>", "{table}.{column}");
            // PostgreSQL would store the text of the array.
            let row = serde_json::json!({ column: [script], "is_editor": false }).to_string();
            let row = RawValue::from_string(row).unwrap();
            assert!(sanitise_row(table, row, true).is_err(), "{table}.{column}");
        }
    }

    #[test]
    fn urls_that_are_not_web_urls_are_removed() {
        let url = |url: &str| safe("links", &serde_json::json!({ "url": url }).to_string(), true);
        assert_eq!(url("javascript:alert(1)")["url"], Value::Null);
        assert_eq!(url("https://a.example/")["url"], "https://a.example/");
        let image = |url: &str| {
            let row = serde_json::json!({ "image": {"url": url, "alt": "A"} }).to_string();
            safe("articles", &row, true)["image"].clone()
        };
        assert_eq!(image("javascript:alert(1)"), Value::Null);
        assert_eq!(image("https://a.example/a.jpg")["alt"], "A");
        let outlet = safe("outlets", r#"{"homepage":"javascript:alert(1)"}"#, true);
        assert_eq!(outlet["homepage"], Value::Null);
    }

    #[test]
    fn only_an_admin_marks_comments_as_an_editors() {
        let row = r#"{"is_editor":true,"html":"<h2>a</h2>"}"#;
        assert_eq!(safe("comments", row, true)["is_editor"], true);
        let comment = safe("comments", row, false);
        assert_eq!(comment["is_editor"], false);
        assert!(!comment["html"].as_str().unwrap().contains("<h2>"));
        // PostgreSQL takes these for true.
        for forged in ["\"true\"", "1", "\"t\""] {
            let row = RawValue::from_string(format!("{{\"is_editor\":{forged}}}")).unwrap();
            assert!(sanitise_row("comments", row, false).is_err(), "{forged}");
        }
    }
}

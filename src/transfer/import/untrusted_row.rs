//! Makes a row of an export safe to store: whoever may import must not become able to publish scripts.
//!
//! HTML is sanitised again, which does not change what this service has written, and URLs that are not http
//! or https are removed.

use crate::validation::is_web_url;
use safe_html::{AuthorRole, Markup, render};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};

/// Returns the row with safe values. Marks no comment as an editor's, unless `may_mark_editors`.
///
/// # Errors
/// A sentence about the row, if it is not a JSON object.
pub(super) fn make_safe(
    table: &str,
    row: Box<RawValue>,
    may_mark_editors: bool,
) -> Result<Box<RawValue>, String> {
    let (html, urls): (&[&str], &[&str]) = match table {
        "articles" => (&["quote_html", "commentary_html"], &["author_url"]),
        "links" => (&["quote_html"], &["url"]),
        "comments" => (&["html"], &["author_url"]),
        "pingbacks" => (&[], &["url"]),
        _ => return Ok(row),
    };
    let error = |error: serde_json::Error| error.to_string();
    let mut row: Map<String, Value> = serde_json::from_str(row.get()).map_err(error)?;
    let mut role = AuthorRole::Editor;
    if table == "comments" {
        let is_editor = row.get("is_editor") == Some(&Value::Bool(true));
        if is_editor && !may_mark_editors {
            row.insert("is_editor".to_owned(), Value::Bool(false));
        }
        if !is_editor || !may_mark_editors {
            role = AuthorRole::Reader;
        }
    }
    for column in html {
        if let Some(Value::String(html)) = row.get_mut(*column) {
            *html = render(html, Markup::Html, role);
        }
    }
    for column in urls {
        if let Some(value @ Value::String(_)) = row.get_mut(*column)
            && !value.as_str().is_some_and(is_web_url)
        {
            *value = Value::Null;
        }
    }
    to_raw_value(&row).map_err(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn safe(table: &str, row: &str, may_mark_editors: bool) -> Value {
        let row = RawValue::from_string(row.to_owned()).unwrap();
        let safe = make_safe(table, row, may_mark_editors).unwrap();
        serde_json::from_str(safe.get()).unwrap()
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
            let row = serde_json::json!({ column: script }).to_string();
            assert_eq!(safe(table, &row, true)[column], "<p>ok</p>", "{table}.{column}");
        }
    }

    #[test]
    fn urls_that_are_not_web_urls_are_removed() {
        let url = |url: &str| safe("links", &serde_json::json!({ "url": url }).to_string(), true);
        assert_eq!(url("javascript:alert(1)")["url"], Value::Null);
        assert_eq!(url("https://a.example/")["url"], "https://a.example/");
    }

    #[test]
    fn only_an_admin_marks_comments_as_an_editors() {
        let row = r#"{"is_editor":true,"html":"<h2>a</h2>"}"#;
        assert_eq!(safe("comments", row, true)["is_editor"], true);
        let comment = safe("comments", row, false);
        assert_eq!(comment["is_editor"], false);
        assert!(!comment["html"].as_str().unwrap().contains("<h2>"));
    }
}

//! The front matter of a post in Markdown, as the generators of static sites read it: fields in
//! YAML between lines of `---`, in TOML between lines of `+++`, or as a JSON object.

use crate::dates;
use crate::record::{Author, Image, PostStatus, non_blank, public_name};
use crate::url_path::url_path;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

/// The maximum length of front matter in bytes.
const MAX_BYTES: usize = 256 << 10;

/// The fields that generators and themes have the picture of a post in.
const IMAGE_FIELDS: [&str; 9] = [
    "image",
    "images",
    "cover",
    "featured_image",
    "featuredimage",
    "feature_image",
    "heroimage",
    "coverimage",
    "thumbnail",
];

/// The fields of a post.
#[derive(Debug, Default)]
pub(crate) struct FrontMatter {
    fields: Map<String, Value>,
}

/// A file with front matter.
#[derive(Debug)]
pub(crate) struct Document<'a> {
    pub(crate) front_matter: FrontMatter,
    /// The text below the front matter.
    pub(crate) body: &'a str,
    /// The number of lines above the body.
    pub(crate) lines_above: usize,
}

/// Returns whether a file begins with front matter.
pub(crate) fn is_present(head: &[u8]) -> bool {
    let head = head.strip_prefix("\u{FEFF}".as_bytes()).unwrap_or(head);
    let first = head.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii_end();
    first == b"---" || first == b"+++" || first.starts_with(b"{")
}

/// Parses the front matter of a file; none if there is none.
///
/// # Errors
/// Returns a sentence for the person who imports if it cannot be read: then nothing says whether
/// the post was public.
pub(crate) fn parse(text: &str) -> Result<Option<Document<'_>>, String> {
    let Some((kind, matter, body)) = split(text)? else { return Ok(None) };
    if matter.len() > MAX_BYTES {
        return Err(format!("the front matter is longer than {} KiB", MAX_BYTES >> 10));
    }
    let above = text.len() - body.len();
    let lines_above = text.bytes().take(above).filter(|byte| *byte == b'\n').count();
    let invalid = |error: String| format!("the front matter is not valid {kind}: {error}");
    let value = match kind {
        "YAML" if matter.trim().is_empty() => Value::Object(Map::new()),
        "YAML" => serde_saphyr::from_str(matter).map_err(|error| {
            let error = error.to_string();
            invalid(error.lines().next().unwrap_or_default().to_owned())
        })?,
        "TOML" => from_toml(toml::Value::Table(
            toml::from_str(matter).map_err(|error| invalid(error.message().to_owned()))?,
        )),
        _ => serde_json::from_str(matter).map_err(|error| invalid(error.to_string()))?,
    };
    let Value::Object(fields) = value else {
        return Err(invalid("it has no fields".to_owned()));
    };
    let fields = fields.into_iter().map(|(key, value)| (key.to_ascii_lowercase(), value));
    let front_matter = FrontMatter { fields: fields.collect() };
    Ok(Some(Document { front_matter, body, lines_above }))
}

/// Splits a file into the language of its front matter, the front matter and the body.
fn split(text: &str) -> Result<Option<(&'static str, &str, &str)>, String> {
    let first = text.lines().next().unwrap_or_default().trim_end();
    let (kind, fence) = match first {
        "---" => ("YAML", "---"),
        "+++" => ("TOML", "+++"),
        _ if first.starts_with('{') => {
            let mut values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
            return match values.next() {
                Some(Ok(Value::Object(_))) => {
                    let (matter, body) =
                        text.split_at_checked(values.byte_offset()).unwrap_or((text, ""));
                    Ok(Some(("JSON", matter, body)))
                }
                _ => Ok(None),
            };
        }
        _ => return Ok(None),
    };
    let Some((_, rest)) = text.split_once('\n') else { return Ok(None) };
    let mut matter_bytes = 0;
    for line in rest.split_inclusive('\n') {
        let end = line.trim_end();
        if end == fence || (kind == "YAML" && end == "...") {
            let (matter, tail) = rest.split_at_checked(matter_bytes).unwrap_or((rest, ""));
            return Ok(Some((kind, matter, tail.get(line.len()..).unwrap_or_default())));
        }
        matter_bytes += line.len();
    }
    // Markdown may begin with a horizontal rule.
    let is_rule = kind == "YAML" && !rest.lines().next().unwrap_or_default().contains(':');
    if is_rule {
        return Ok(None);
    }
    Err(format!("the front matter has no end: a line `{fence}` is missing"))
}

/// Converts a value of TOML. Dates become text.
fn from_toml(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::String(text),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => number.into(),
        toml::Value::Boolean(truth) => Value::Bool(truth),
        toml::Value::Datetime(time) => Value::String(time.to_string()),
        toml::Value::Array(values) => values.into_iter().map(from_toml).collect(),
        toml::Value::Table(table) => {
            table.into_iter().map(|(key, value)| (key, from_toml(value))).collect()
        }
    }
}

impl FrontMatter {
    /// Returns the first of these fields that has a value, as text.
    pub(crate) fn text(&self, names: &[&str]) -> Option<String> {
        names.iter().find_map(|name| match self.fields.get(*name)? {
            Value::String(text) => non_blank(text),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        })
    }

    /// Returns whether a field is true, if it is true or false. YAML 1.1 has more words for that.
    fn truth(&self, name: &str) -> Option<bool> {
        match self.fields.get(name)? {
            Value::Bool(truth) => Some(*truth),
            Value::String(text) => match text.to_ascii_lowercase().as_str() {
                "true" | "yes" | "on" | "y" => Some(true),
                "false" | "no" | "off" | "n" => Some(false),
                _ => None,
            },
            _ => None,
        }
    }

    /// Returns the values of a field that is a list, or a text with commas between the values.
    fn list(&self, name: &str, separator: fn(char) -> bool) -> Vec<String> {
        match self.fields.get(name) {
            Some(Value::Array(values)) => values
                .iter()
                .filter_map(|value| match value {
                    Value::String(text) => non_blank(text),
                    Value::Number(number) => Some(number.to_string()),
                    _ => None,
                })
                .collect(),
            Some(Value::String(text)) => text.split(separator).filter_map(non_blank).collect(),
            Some(Value::Number(number)) => vec![number.to_string()],
            _ => Vec::new(),
        }
    }

    /// Returns the tags, categories and keywords. Jekyll separates them by spaces too.
    pub(crate) fn tags(&self, is_jekyll: bool) -> Vec<String> {
        let comma: fn(char) -> bool = |c| c == ',';
        let separator = if is_jekyll { |c: char| c == ',' || c.is_whitespace() } else { comma };
        let mut tags: Vec<String> = Vec::new();
        for (name, separator) in [
            ("categories", separator),
            ("category", comma),
            ("tags", separator),
            ("tag", comma),
            ("keywords", comma),
        ] {
            for tag in self.list(name, separator) {
                if !tags.contains(&tag) {
                    tags.push(tag);
                }
            }
        }
        tags
    }

    /// Returns the categories, of which Jekyll makes the beginning of a path.
    pub(crate) fn categories(&self) -> Vec<String> {
        let mut categories = self.list("categories", |c| c == ',' || c.is_whitespace());
        categories.extend(self.list("category", |c| c == ','));
        categories
    }

    /// Returns when the post was published, and whether the time zone is missing.
    pub(crate) fn published_at(&self) -> Option<(DateTime<Utc>, bool)> {
        ["publishdate", "pubdate", "published_at", "published", "date", "created"]
            .iter()
            .find_map(|name| dates::parse_written(&self.text(&[name])?))
    }

    /// Returns when the post was changed last.
    pub(crate) fn updated_at(&self) -> Option<DateTime<Utc>> {
        let names =
            ["lastmod", "last_modified_at", "updated", "updated_at", "updateddate", "modified"];
        let found = names.iter().find_map(|name| dates::parse_written(&self.text(&[name])?))?;
        Some(found.0)
    }

    /// Returns the status that the front matter states; none if it states none.
    pub(crate) fn status(&self) -> Option<PostStatus> {
        if self.truth("draft") == Some(true) || self.truth("published") == Some(false) {
            return Some(PostStatus::Draft);
        }
        let is_private = self.truth("private") == Some(true)
            || self.truth("unlisted") == Some(true)
            || self.truth("eleventyexcludefromcollections") == Some(true)
            || self.truth("permalink") == Some(false)
            // What has expired is not public, and the import does not publish it for its last days.
            || self.text(&["expirydate"]).is_some();
        if is_private {
            return Some(PostStatus::Archived);
        }
        let named = self.text(&["status", "visibility"]).map(|status| status.to_ascii_lowercase());
        match named.as_deref() {
            Some("published" | "publish" | "public" | "live") => Some(PostStatus::Published),
            Some("private" | "hidden" | "unlisted" | "archived" | "members" | "paid") => {
                Some(PostStatus::Archived)
            }
            Some(_) => Some(PostStatus::Draft),
            None => None,
        }
    }

    /// Returns the authors: a name, a list of names, or a name and a URL.
    pub(crate) fn author(&self) -> Author {
        let mut author = Author::default();
        let fields = ["author", "authors"].iter().filter_map(|name| self.fields.get(*name));
        let mut names: Vec<String> = Vec::new();
        for value in fields {
            let one = std::slice::from_ref(value);
            for value in value.as_array().map_or(one, Vec::as_slice) {
                let name = match value {
                    Value::String(text) => public_name(text),
                    Value::Object(fields) => {
                        let field = |name: &str| fields.get(name).and_then(Value::as_str);
                        author.url = author.url.or(field("url").and_then(non_blank));
                        field("name").and_then(public_name)
                    }
                    _ => None,
                };
                names.extend(name.filter(|name| !names.contains(name)));
            }
        }
        author.name = non_blank(&names.join(", "));
        author
    }

    /// Returns the paths of the post's present and former URLs.
    pub(crate) fn paths(&self) -> Vec<String> {
        let mut paths: Vec<String> = Vec::new();
        for name in [
            "url",
            "permalink",
            "canonical",
            "canonicalurl",
            "canonical_url",
            "aliases",
            "redirect_from",
        ] {
            for url in self.list(name, |_| false) {
                // A permalink may be a pattern.
                let path = url_path(&url).filter(|path| !path.contains([':', '{']));
                paths.extend(path.filter(|path| path != "/" && !paths.contains(path)));
            }
        }
        paths
    }

    /// Returns the picture: a URL, or an object with a URL and what is said about it.
    pub(crate) fn image(&self) -> Option<Image> {
        let value = IMAGE_FIELDS.iter().find_map(|name| self.fields.get(*name))?;
        let value = value.as_array().map_or(Some(value), |values| values.first())?;
        let Value::Object(fields) = value else { return Image::at(value.as_str()?) };
        let text =
            |names: &[&str]| names.iter().find_map(|name| non_blank(fields.get(*name)?.as_str()?));
        let number = |name: &str| i32::try_from(fields.get(name)?.as_i64()?).ok();
        Some(Image {
            alt: text(&["alt"]),
            caption: text(&["caption", "title"]),
            credit: text(&["credit", "attribution"]),
            width: number("width"),
            height: number("height"),
            ..Image::at(&text(&["url", "src", "path", "image"])?)?
        })
    }

    /// Returns the URL that relative URLs refer to, if a field has one with a host.
    pub(crate) fn base_url(&self) -> Option<String> {
        let names = ["canonical", "canonicalurl", "canonical_url", "url", "permalink"];
        let urls = names.iter().filter_map(|name| self.text(&[name]));
        urls.into_iter().find(|url| url.starts_with("http://") || url.starts_with("https://"))
    }

    /// Returns whether readers may comment.
    pub(crate) fn comments_open(&self) -> bool {
        self.truth("comments") != Some(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Document<'_> {
        parse(text).unwrap().unwrap()
    }

    #[test]
    fn front_matter_is_read_in_three_languages() {
        for text in [
            "---\ntitle: A: b\n---\n", // A colon within a value is not valid YAML.
            "---\ntitle: A\n",
            "+++\ntitle = A\n+++\n",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        for text in [
            "---\ntitle: Ferry\ndate: 2024-01-02\ntags: [a, b]\n---\nbody\n",
            "---\r\ntitle: 'Ferry'\r\ndate: 2024-01-02\r\ntags:\r\n- a\r\n- b\r\n---\r\nbody\n",
            "+++\ntitle = \"Ferry\"\ndate = 2024-01-02\ntags = [\"a\", \"b\"]\n+++\nbody\n",
            "{\"title\":\"Ferry\",\"date\":\"2024-01-02\",\"tags\":[\"a\",\"b\"]}\nbody\n",
        ] {
            let document = parsed(text);
            let matter = document.front_matter;
            assert_eq!(document.body.trim(), "body", "{text}");
            assert_eq!(matter.text(&["title"]).as_deref(), Some("Ferry"), "{text}");
            assert_eq!(matter.tags(false), ["a", "b"], "{text}");
            assert!(matter.published_at().unwrap().1, "{text}");
        }
    }

    #[test]
    fn markdown_may_begin_with_a_rule() {
        for text in ["---\n\nText\n", "Text\n---\n", "", "{not json}"] {
            assert!(parse(text).unwrap().is_none(), "{text}");
        }
    }

    #[test]
    fn only_a_post_that_is_said_to_be_public_is_public() {
        for (text, status) in [
            ("draft: true", Some(PostStatus::Draft)),
            ("draft: yes", Some(PostStatus::Draft)),
            ("draft: false", None),
            ("published: false", Some(PostStatus::Draft)),
            ("published: 2024-01-02", None),
            ("status: private", Some(PostStatus::Archived)),
            ("status: idea", Some(PostStatus::Draft)),
            ("status: published", Some(PostStatus::Published)),
            ("expiryDate: 2024-01-02", Some(PostStatus::Archived)),
            ("permalink: false", Some(PostStatus::Archived)),
        ] {
            let text = format!("---\n{text}\n---\n");
            assert_eq!(parsed(&text).front_matter.status(), status, "{text}");
        }
    }

    #[test]
    fn authors_and_paths_have_several_forms() {
        let matter = |text: &str| parsed(&format!("---\n{text}\n---\n")).front_matter;
        for (text, name) in [
            ("author: Ann Lee", "Ann Lee"),
            ("authors: [Ann, Bo]", "Ann, Bo"),
            ("authors:\n- name: Ann\n  url: https://a.example\n- Bo <bo@b.example>", "Ann, Bo"),
        ] {
            assert_eq!(matter(text).author().name.as_deref(), Some(name), "{text}");
        }
        let text = "url: /a/\npermalink: /:year/:title/\naliases: [/old.html, https://b.example/c]";
        assert_eq!(matter(text).paths(), ["/a/", "/old.html", "/c"]);
    }

    #[test]
    fn a_picture_has_several_forms() {
        let image = |text: &str| parsed(&format!("---\n{text}\n---\n")).front_matter.image();
        for text in [
            "image: /a.jpg",
            "images: [/a.jpg, /b.jpg]",
            "cover:\n  image: /a.jpg",
            "image:\n  path: /a.jpg",
            "heroImage: /a.jpg",
        ] {
            assert_eq!(image(text).unwrap().url, "/a.jpg", "{text}");
        }
        let described = image("image: {url: /a.jpg, alt: A, caption: B, width: 8}").unwrap();
        assert_eq!((described.alt.as_deref(), described.width), (Some("A"), Some(8)));
        assert_eq!(image("image: ''"), None);
    }

    #[test]
    fn yaml_bombs_are_rejected() {
        let mut text = "---\na0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned();
        for n in 1..12 {
            let many = vec![format!("*a{}", n - 1); 9].join(",");
            text += &format!("a{n}: &a{n} [{many}]\n");
        }
        assert!(parse(&(text + "---\n")).is_err());
    }
}

//! Reads an export of Ghost (JSON): posts and pages, and the comments of members.
//!
//! The tags and authors follow the posts that they belong to, so the file is read as a whole.

use crate::dates;
use crate::error::ReadError;
use crate::output::{Output, forbidden_character, storable};
use crate::record::{
    Author, Body, Comment, CommentAuthor, CommentKind, CommentStatus, CommentTarget, Image, Post,
    PostStatus, Record, comment_html, non_blank, public_name,
};
use crate::source;
use chrono::{DateTime, Utc};
use safe_html::{Markup, plain_text};
use serde::Deserialize;
use serde_json::Value;
use std::collections::HashMap;
use std::io::{BufReader, Read};

/// The maximum length of a file in bytes. Each post is in it three times: as HTML, as the editor's own
/// form and as plain text.
const MAX_BYTES: u64 = 256 << 20;

/// What Ghost writes for the URL of the site.
const SITE_URL: &str = "__GHOST_URL__";

#[derive(Deserialize)]
struct Export {
    #[serde(default)]
    db: Vec<Database>,
    data: Option<Data>,
}

#[derive(Deserialize)]
struct Database {
    data: Data,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Data {
    posts: Vec<GhostPost>,
    tags: Vec<Named>,
    posts_meta: Vec<PostMeta>,
    posts_tags: Vec<Relation>,
    users: Vec<Named>,
    posts_authors: Vec<Relation>,
    comments: Vec<GhostComment>,
    members: Vec<Named>,
}

/// Ids were numbers once and are text now.
#[derive(Default, Deserialize)]
#[serde(default)]
struct GhostPost {
    id: Value,
    uuid: Option<String>,
    title: Option<String>,
    slug: Option<String>,
    html: Option<String>,
    status: Option<String>,
    visibility: Option<String>,
    r#type: Option<String>,
    page: Value,
    published_at: Value,
    updated_at: Value,
    author_id: Value,
    custom_excerpt: Option<String>,
    locale: Option<String>,
    canonical_url: Option<String>,
    feature_image: Option<String>,
    /// What `feature_image` was once called.
    image: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PostMeta {
    post_id: Value,
    feature_image_alt: Option<String>,
    feature_image_caption: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Named {
    id: Value,
    name: Option<String>,
    email: Option<String>,
    visibility: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Relation {
    post_id: Value,
    tag_id: Value,
    author_id: Value,
    sort_order: i64,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct GhostComment {
    id: Value,
    post_id: Value,
    member_id: Value,
    parent_id: Value,
    status: Option<String>,
    html: Option<String>,
    created_at: Value,
}

/// Reads the file.
pub(crate) fn read(input: impl Read, output: &mut Output<'_>) -> Result<(), ReadError> {
    let mut limited = input.take(MAX_BYTES);
    let parsed: Result<Export, _> = serde_json::from_reader(BufReader::new(&mut limited));
    let export = parsed.map_err(|error| {
        if limited.limit() == 0 {
            let most = MAX_BYTES >> 20;
            return ReadError::file(format!("an export of Ghost may have at most {most} MiB"));
        }
        let (line, reason) = (error.line() as u64, format!("the file cannot be read: {error}"));
        ReadError::Malformed { line, byte: 0, reason }
    })?;
    let databases = export.db.into_iter().map(|database| database.data).chain(export.data);
    for data in databases {
        read_data(data, output)?;
    }
    Ok(())
}

fn read_data(data: Data, output: &mut Output<'_>) -> Result<(), ReadError> {
    let tags: HashMap<String, &Named> = by_id(&data.tags);
    let users: HashMap<String, &Named> = by_id(&data.users);
    let members: HashMap<String, &Named> = by_id(&data.members);
    let tag_ids = by_post(&data.posts_tags, |relation| &relation.tag_id);
    let author_ids = by_post(&data.posts_authors, |relation| &relation.author_id);
    let meta: HashMap<String, &PostMeta> =
        data.posts_meta.iter().map(|meta| (text(&meta.post_id), meta)).collect();
    let mut ids = HashMap::new();
    for post in data.posts {
        let key = text(&post.id);
        let id = post.uuid.as_deref().and_then(non_blank).or_else(|| non_blank(&key));
        let Some(id) = id else {
            output.failed(0, "a post has no id")?;
            continue;
        };
        ids.insert(key.clone(), id.clone());
        let post_tags = tag_ids.get(&key).into_iter().flatten().filter_map(|id| tags.get(id));
        // Internal tags begin with `#`.
        let is_public = |tag: &&Named| {
            tag.visibility.as_deref() != Some("internal")
                && !tag.name.as_deref().unwrap_or_default().starts_with('#')
        };
        let public_tags = post_tags.copied().filter(is_public);
        let tag_names = public_tags.filter_map(|tag| non_blank(tag.name.as_deref()?)).collect();
        let single = vec![text(&post.author_id)];
        let authors = author_ids.get(&key).unwrap_or(&single).iter();
        let names: Vec<String> =
            authors.filter_map(|id| public_name(users.get(id)?.name.as_deref()?)).collect();
        read_post(
            post,
            id,
            tag_names,
            non_blank(&names.join(", ")),
            meta.get(&key).copied(),
            output,
        )?;
    }
    for comment in data.comments {
        read_comment(&comment, &ids, &members, output)?;
    }
    Ok(())
}

fn read_post(
    post: GhostPost,
    id: String,
    tags: Vec<String>,
    author: Option<String>,
    meta: Option<&PostMeta>,
    output: &mut Output<'_>,
) -> Result<(), ReadError> {
    let is_page = post.r#type.as_deref() == Some("page") || is_true(&post.page);
    output.record(0, Record::Counted(if is_page { "page" } else { "post" }))?;
    let title = post.title.as_deref().map(storable);
    let title = title.as_deref().and_then(non_blank);
    let name = title.as_deref().unwrap_or(&id);
    let html = post.html.unwrap_or_default().replace(SITE_URL, "");
    if let Some(character) = forbidden_character([html.as_str(), name]) {
        output.left_out(0, &format!("the post “{name}”"), character)?;
    }
    let html = storable(&html).into_owned();
    if html.trim().is_empty() {
        output.warning(0, name, "the export has no HTML of the post; only its title is kept")?;
    }
    let status = status(
        post.status.as_deref().unwrap_or_default(),
        post.visibility.as_deref().unwrap_or_default(),
        is_page,
    );
    let slug = post.slug.as_deref().and_then(non_blank);
    let canonical = post.canonical_url.as_deref().and_then(crate::url_path::url_path);
    let paths = slug.as_ref().map(|slug| format!("/{slug}/")).into_iter().chain(canonical);
    let feature_image = post.feature_image.or(post.image).map(|url| url.replace(SITE_URL, ""));
    let feature_image = feature_image.as_deref().and_then(Image::at);
    let described =
        |field: &dyn Fn(&PostMeta) -> Option<&str>| non_blank(&plain_text(meta.and_then(field)?));
    let post = Post {
        source: source::GHOST,
        guid: None,
        slug,
        status,
        dek: post.custom_excerpt.as_deref().and_then(|text| non_blank(&plain_text(text))),
        author: Author { name: author, url: None },
        published_at: time(&post.published_at),
        date_uncertain: false,
        updated_at: time(&post.updated_at),
        tags,
        paths: paths.collect(),
        comments_open: true,
        body: Body::Html(html),
        lang: post.locale.as_deref().and_then(non_blank),
        image: feature_image.map(|image| Image {
            alt: described(&|meta| meta.feature_image_alt.as_deref()),
            caption: described(&|meta| meta.feature_image_caption.as_deref()),
            ..image
        }),
        image_id: None,
        base_url: None,
        status_uncertain: false,
        title,
        id,
    };
    output.record(0, Record::Post(Box::new(post)))
}

/// Returns the status. What only members may read, and what was sent by e-mail only, was not public.
fn status(status: &str, visibility: &str, is_page: bool) -> PostStatus {
    let is_public = matches!(visibility, "" | "public") && !is_page;
    match status {
        "published" if is_public => PostStatus::Published,
        "scheduled" if is_public => PostStatus::Scheduled,
        "published" | "sent" | "scheduled" => PostStatus::Archived,
        _ => PostStatus::Draft,
    }
}

fn read_comment(
    comment: &GhostComment,
    posts: &HashMap<String, String>,
    members: &HashMap<String, &Named>,
    output: &mut Output<'_>,
) -> Result<(), ReadError> {
    output.record(0, Record::Counted("comment"))?;
    let html = comment.html.as_deref().unwrap_or_default();
    if let Some(character) = forbidden_character([html]) {
        output.left_out(0, "a comment", character)?;
    }
    let html = &*storable(html);
    let Some(id) = non_blank(&text(&comment.id)) else {
        return output.failed(0, "a comment has no id");
    };
    let Some(post) = posts.get(&text(&comment.post_id)) else {
        return output.skipped(
            0,
            "orphan",
            &format!("the post of comment {id} is not in the file"),
        );
    };
    let member = members.get(&text(&comment.member_id));
    let field = |value: Option<&str>| value.map(str::to_owned);
    let name = member.and_then(|member| field(member.name.as_deref()));
    let record = Comment {
        source: source::GHOST,
        target: CommentTarget::Post(source::GHOST, post.clone()),
        id,
        parent: non_blank(&text(&comment.parent_id)),
        parent_source: None,
        is_copy: false,
        kind: CommentKind::Comment,
        status: match comment.status.as_deref() {
            Some("published") => CommentStatus::Approved,
            Some("deleted") => CommentStatus::Deleted,
            _ => CommentStatus::Pending,
        },
        author: CommentAuthor {
            name: name.as_deref().and_then(public_name),
            url: None,
            email: member.and_then(|member| non_blank(member.email.as_deref()?)),
        },
        is_editor: false,
        text: html.to_owned(),
        html: comment_html(html, Markup::Html),
        created_at: time(&comment.created_at),
        boundaries_uncertain: false,
    };
    output.record(0, Record::Comment(Box::new(record)))
}

fn by_id(values: &[Named]) -> HashMap<String, &Named> {
    values.iter().map(|value| (text(&value.id), value)).collect()
}

/// Returns the related ids of each post, in their order.
fn by_post(
    relations: &[Relation],
    id: impl Fn(&Relation) -> &Value,
) -> HashMap<String, Vec<String>> {
    let mut sorted: Vec<&Relation> = relations.iter().collect();
    sorted.sort_by_key(|relation| relation.sort_order);
    let mut ids: HashMap<String, Vec<String>> = HashMap::new();
    for relation in sorted {
        ids.entry(text(&relation.post_id)).or_default().push(text(id(relation)));
    }
    ids
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    }
}

fn is_true(value: &Value) -> bool {
    value.as_bool().unwrap_or_default() || value.as_i64() == Some(1)
}

/// Parses a time: a text, or in old exports the milliseconds since 1970.
fn time(value: &Value) -> Option<DateTime<Utc>> {
    match value {
        Value::String(text) => dates::parse_rfc3339(text).or_else(|| dates::parse_as_utc(text)),
        Value::Number(number) => DateTime::from_timestamp_millis(number.as_i64()?),
        _ => None,
    }
}

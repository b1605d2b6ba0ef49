//! Reads the comments of an item.

use super::{Channel, Item, WP, text};
use crate::dates;
use crate::error::ReadError;
use crate::output::Output;
use crate::record::{
    Comment, CommentAuthor, CommentKind, CommentStatus, CommentTarget, Record, comment_html,
    non_blank, public_name,
};
use crate::source;
use crate::url_path::path_variants;
use crate::wordpress_paragraphs::add_paragraphs;
use crate::xml::{Element, Namespace};
use safe_html::Markup;

/// Returns the id in Disqus of a comment that the plugin of Disqus copied from there.
pub(super) fn original(comment: &Element) -> Option<&str> {
    let mut meta = comment.children.iter().filter(|child| child.is(WP, "commentmeta"));
    let id = meta.find(|meta| meta.text_of(WP, "meta_key") == "dsq_post_id")?;
    Some(id.text_of(WP, "meta_value")).filter(|id| !id.is_empty())
}

/// The page and the ids of a comment.
struct Identity {
    target: CommentTarget,
    source: &'static str,
    id: String,
    parent: Option<String>,
    parent_source: Option<&'static str>,
    is_copy: bool,
}

/// Returns what a comment is known by; none if it or its post has no id.
fn identity(element: &Element, item: &Item) -> Option<Identity> {
    let id = non_blank(element.text_of(WP, "comment_id"))?;
    let parent = non_blank(element.text_of(WP, "comment_parent")).filter(|parent| parent != "0");
    if item.is_thread() {
        // The numbers are those of the tool that wrote the file.
        let id_in_file = |id: String| format!("wxr-{id}");
        let mut paths = path_variants(item.get(Namespace::None, "link"));
        paths.extend(path_variants(item.get(Namespace::Disqus, "thread_identifier")));
        return Some(Identity {
            target: CommentTarget::Paths(paths),
            source: source::DISQUS,
            id: id_in_file(id),
            parent: parent.map(id_in_file),
            parent_source: None,
            is_copy: false,
        });
    }
    let target = CommentTarget::Post(source::WORDPRESS, item.id.clone()?);
    // A copy has the id of its original.
    let known = |id: String| match item.copies.get(&id) {
        Some(original) => (source::DISQUS, original.clone()),
        None => (source::WORDPRESS, id),
    };
    let (source, id) = known(id);
    let (parent_source, parent) = parent.map(known).unzip();
    let parent_source = parent_source.filter(|parent| *parent != source);
    let is_copy = source == source::DISQUS;
    Some(Identity { target, source, id, parent, parent_source, is_copy })
}

/// Reads a comment, pingback or trackback.
pub(super) fn read(
    element: &Element,
    item: &Item,
    channel: &Channel,
    output: &mut Output<'_>,
) -> Result<(), ReadError> {
    let field = |name: &str| element.text_of(WP, name);
    if let Some((line, character)) = element.forbidden {
        output.left_out(line, "the comment", character)?;
    }
    let kind = match field("comment_type") {
        "" | "comment" => CommentKind::Comment,
        "pingback" => CommentKind::Pingback,
        "trackback" => CommentKind::Trackback,
        other => {
            let reason = "readers do not write comments of this kind";
            return output.skipped(element.line, other, reason);
        }
    };
    output.record(element.line, Record::Counted(kind.as_str()))?;
    let Some(identity) = identity(element, item) else {
        return output.failed(element.line, "the comment or its post has no id");
    };
    let content = field("comment_content");
    let sure = dates::parse_as_utc(field("comment_date_gmt"));
    let user = field("comment_user_id");
    let comment = Comment {
        source: identity.source,
        target: identity.target,
        id: identity.id,
        parent: identity.parent,
        parent_source: identity.parent_source,
        is_copy: identity.is_copy,
        kind,
        status: match field("comment_approved") {
            "1" | "approve" | "approved" => CommentStatus::Approved,
            "spam" => CommentStatus::Spam,
            "trash" | "post-trashed" => CommentStatus::Deleted,
            _ => CommentStatus::Pending,
        },
        author: CommentAuthor {
            name: text(field("comment_author")).as_deref().and_then(public_name),
            url: non_blank(field("comment_author_url")),
            email: non_blank(field("comment_author_email")),
        },
        is_editor: user != "0" && !user.is_empty() && channel.editors.contains(user),
        text: content.to_owned(),
        html: comment_html(&add_paragraphs(content), Markup::Html),
        created_at: sure.or_else(|| dates::parse_as_utc(field("comment_date"))),
        boundaries_uncertain: false,
    };
    output.record(element.line, Record::Comment(Box::new(comment)))
}

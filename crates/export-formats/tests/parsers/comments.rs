//! Comments of Disqus, Isso, Commento and Remark42.

use crate::summary::Summary;
use export_formats::{CommentStatus, CommentTarget, Format};

const PATHS: [&str; 2] = ["/2020/06/the-bridge-opens/", "/2020/06/the-bridge-opens"];

fn statuses(summary: &Summary) -> Vec<(&str, Option<&str>, CommentStatus)> {
    let comments = summary.comments.iter();
    comments.map(|c| (c.id.as_str(), c.parent.as_deref(), c.status)).collect()
}

#[test]
fn disqus_names_the_page_by_its_thread() {
    let file = Summary::of_fixture("disqus.xml");
    assert_eq!(file.format, Some(Format::Disqus));
    assert_eq!((file.counted["thread"], file.counted["comment"]), (3, 8));
    assert_eq!(
        statuses(&file),
        [
            ("1", None, CommentStatus::Approved),
            ("2", Some("1"), CommentStatus::Approved),
            ("3", None, CommentStatus::Deleted),
            ("4", None, CommentStatus::Spam),
            ("5", None, CommentStatus::Approved),
        ]
    );
    let first = file.comment("1");
    let paths = [&PATHS[..], &["/?p=11"]].concat().into_iter().map(str::to_owned).collect();
    assert_eq!(first.target, CommentTarget::Paths(paths));
    assert_eq!(first.author.email.as_deref(), Some("pii-20@example.invalid"));
    assert_eq!(file.comment("2").html, "<p>A little. </p>");
    assert_eq!(file.comment("4").created_at, None);
    // One thread was deleted, one is not in the file, and one comment has no id.
    assert_eq!(file.skipped["orphan"], 2);
    assert_eq!(file.failed.len(), 1);
    assert!(file.failed[0].0.ends_with(":14") && file.failed[0].1.contains("no id"));
}

#[test]
fn isso_lists_the_comments_of_each_page() {
    let file = Summary::of_fixture("isso.json");
    assert_eq!(file.format, Some(Format::Isso));
    assert_eq!((file.counted["thread"], file.counted["comment"]), (3, 3));
    let first = &file.comments[0];
    assert_eq!(first.target, CommentTarget::Paths(PATHS.map(str::to_owned).to_vec()));
    assert_eq!(first.html.trim(), "<p>Is it <em>steel</em>?</p>");
    assert_eq!(file.comments[1].parent.as_deref(), Some("1"));
    assert_eq!(file.comments[1].author.name, None);
    assert_eq!(file.failed.len(), 1);
    assert!(file.failed[0].1.contains("missing field `id`"), "{:?}", file.failed);
}

#[test]
fn commento_names_its_commenters_after_the_comments() {
    let file = Summary::of_fixture("commento.json");
    assert_eq!(file.format, Some(Format::Commento));
    assert_eq!(file.failed, []);
    assert_eq!(file.skipped["orphan"], 1);
    assert_eq!(
        statuses(&file),
        [
            ("c1", None, CommentStatus::Approved),
            ("c2", Some("c1"), CommentStatus::Approved),
            ("c3", None, CommentStatus::Pending),
            ("c4", None, CommentStatus::Spam),
            ("c5", None, CommentStatus::Deleted),
        ]
    );
    let first = file.comment("c1");
    assert_eq!((first.author.name.as_deref(), first.author.url.as_deref()), (Some("Hanne"), None));
    assert!(file.comment("c2").is_editor && !first.is_editor);
    assert_eq!(file.comment("c3").author.name, None);
}

#[test]
fn a_tree_of_remark42_keeps_its_shape() {
    let file = Summary::of_fixture("remark42-tree.json");
    assert_eq!(file.format, Some(Format::Remark42));
    assert_eq!(file.failed, []);
    assert_eq!(file.skipped["orphan"], 1);
    assert_eq!(
        statuses(&file),
        [
            ("r1", None, CommentStatus::Approved),
            ("r2", Some("r1"), CommentStatus::Deleted),
            ("r3", Some("r2"), CommentStatus::Approved),
            ("r4", None, CommentStatus::Approved),
        ]
    );
    let time = file.comment("r1").created_at.unwrap().to_rfc3339();
    assert_eq!(time, "2020-06-08T06:00:00.500+00:00");
    assert!(file.comment("r3").is_editor);
}

#[test]
fn a_backup_of_remark42_has_a_comment_on_each_line() {
    let file = Summary::of_fixture("remark42-backup.json");
    assert_eq!(file.format, Some(Format::Remark42));
    assert_eq!(file.failed, []);
    assert_eq!(
        statuses(&file),
        [("b1", None, CommentStatus::Approved), ("b2", Some("b1"), CommentStatus::Approved)]
    );
}

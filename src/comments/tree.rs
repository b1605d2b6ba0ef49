//! Nests a page of comments into trees.

use super::model::{Comment, ThreadComment};

/// Nests each comment under its parent, if that is on the page too. A comment whose parent is on an earlier
/// page is placed at the top level.
pub(super) fn nest(rows: Vec<Comment>) -> Vec<ThreadComment> {
    let mut roots = Vec::new();
    // The possible parents of the next row, from the top down: in reading order a reply follows its parent
    // or another reply to it.
    let mut open: Vec<ThreadComment> = Vec::new();
    for comment in rows {
        while open.last().is_some_and(|last| Some(last.comment.id) != comment.parent_id) {
            close(&mut open, &mut roots);
        }
        open.push(ThreadComment { comment, replies: Some(Vec::new()) });
    }
    while !open.is_empty() {
        close(&mut open, &mut roots);
    }
    roots
}

/// Moves the last open comment into its parent's replies or to the top level.
fn close(open: &mut Vec<ThreadComment>, roots: &mut Vec<ThreadComment>) {
    if let Some(done) = open.pop() {
        match open.last_mut().and_then(|parent| parent.replies.as_mut()) {
            Some(replies) => replies.push(done),
            None => roots.push(done),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comment(id: i64, parent_id: Option<i64>) -> Comment {
        Comment { id, parent_id, ..Comment::sample() }
    }

    fn shape(comments: &[ThreadComment]) -> String {
        let one = |c: &ThreadComment| {
            format!("{}({})", c.comment.id, shape(c.replies.as_deref().unwrap()))
        };
        comments.iter().map(one).collect()
    }

    #[test]
    fn replies_are_nested_in_their_parents() {
        let rows = vec![
            comment(5, Some(4)), // its parent is on the page before
            comment(6, Some(5)),
            comment(1, None),
            comment(2, Some(1)),
            comment(3, Some(2)),
            comment(7, Some(1)),
            comment(8, None),
        ];
        assert_eq!(shape(&nest(rows)), "5(6())1(2(3())7())8()");
    }
}

//! The same rows, nested.

use super::model::{Comment, ThreadComment};

/// Nests each comment under the one it answers, where that is on the page too; one whose parent is
/// on an earlier page stands at the top with its `parent_id` and `depth`.
pub(super) fn nest(rows: Vec<Comment>) -> Vec<ThreadComment> {
    let mut roots = Vec::new();
    // The comments that the next row may answer, from the top down: reading order means that a
    // reply follows its parent or another reply to it.
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

/// Puts the last open comment where it belongs.
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
    fn replies_stand_inside_what_they_answer() {
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

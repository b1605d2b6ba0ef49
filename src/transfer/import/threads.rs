//! Stores the comments of an import in their threads: parents before replies, siblings by their
//! time, whatever their order in the file.

use super::Options;
use super::pending_comments::PendingComment;
use super::statistics::Statistics;
use crate::comments::{Path, store::new_ids};
use crate::error::{Error, Result};
use crate::retry::with_retries;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Nullable, SmallInt, Text, Timestamptz};
use diesel_async::{AsyncConnection as _, AsyncPgConnection, RunQueryDsl};
use std::collections::{HashMap, HashSet};

/// The number of comments that one transaction stores.
const BATCH_SIZE: usize = 2000;

/// The maximum depth of a thread: a path must fit into an index entry. A deeper comment becomes a
/// sibling of its parent.
const MAX_LEVELS: usize = 300;

/// A new comment and its path in the thread.
#[derive(Debug)]
struct PlacedComment {
    seq: i64,
    article: i64,
    path: Path,
}

/// How many comments were created, updated or unchanged.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) created: usize,
    pub(super) updated: usize,
    pub(super) unchanged: usize,
    /// Position and id of comments whose place in the thread is a guess, and why.
    pub(super) remarks: Vec<(String, String, &'static str)>,
}

/// Stores the comments of some articles.
pub(super) async fn store(
    conn: &mut AsyncPgConnection,
    rows: Vec<PendingComment>,
    options: &Options,
    now: DateTime<Utc>,
    statistics: &mut Statistics,
) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    let stored_parents = stored_parents(conn, &rows).await?;
    let rows = without_duplicates(rows, &mut outcome);
    let follows = |row: &PendingComment| options.follow_status && row.withdrawn.is_some();
    let (changed, same) = rows
        .iter()
        .filter(|row| row.stored_id.is_some())
        .partition::<Vec<_>, _>(|row| !row.is_unchanged || follows(row));
    outcome.updated = changed.len();
    outcome.unchanged += same.len();
    if !options.follow_status {
        outcome.remarks.extend(
            rows.iter()
                .filter(|row| row.withdrawn.is_some())
                .map(|row| (row.position.clone(), row.id.clone(), WITHDRAWN)),
        );
    }
    let of = |row: &PendingComment| Some((row.seq, row.stored_id?));
    let edited = rows.iter().filter(|row| !row.is_unchanged).filter_map(of);
    let withdrawn = rows.iter().filter(|row| follows(row)).filter_map(of);
    if !options.dry_run {
        update(conn, UPDATE_CONTENT, &edited.collect::<Vec<_>>()).await?;
        update(conn, UPDATE_STATUS, &withdrawn.collect::<Vec<_>>()).await?;
    }
    let mut order = ThreadOrder::new(&rows, &stored_parents);
    let sequence = order.sequence();
    outcome.remarks.extend(order.remarks);
    let new: Vec<usize> = sequence
        .into_iter()
        .filter(|at| rows.get(*at).is_some_and(|r| r.stored_id.is_none()))
        .collect();
    outcome.created = new.len();
    if options.dry_run {
        return Ok(outcome);
    }
    let mut paths: Vec<Option<Path>> =
        rows.iter().map(|row| row.path.as_deref().map(Path::from_bytes)).collect();
    for some in new.chunks(BATCH_SIZE) {
        let ids = new_ids(conn, i32::try_from(some.len()).unwrap_or_default()).await?;
        let mut placed = Vec::with_capacity(some.len());
        for (at, id) in some.iter().copied().zip(ids) {
            let Some(row) = rows.get(at) else { continue };
            let above = match order.parents.get(at) {
                Some(Parent::InBatch(parent)) => paths.get(*parent).cloned().flatten(),
                Some(Parent::Stored(path)) => Some(path.clone()),
                _ => None,
            };
            let path = path_below(above.as_ref(), id);
            if let Some(slot) = paths.get_mut(at) {
                *slot = Some(path.clone());
            }
            placed.push(PlacedComment { seq: row.seq, article: row.article, path });
        }
        insert(conn, &placed, now).await?;
        statistics.add_rows(conn, placed.len()).await?;
    }
    Ok(outcome)
}

/// Returns the path of a new comment below another, at most [`MAX_LEVELS`] long.
fn path_below(above: Option<&Path>, id: i64) -> Path {
    let above = above.map_or(&[][..], Path::ids);
    let mut ids: Vec<i64> = above.iter().copied().take(MAX_LEVELS - 1).collect();
    ids.push(id);
    Path::of(ids).unwrap_or_else(|| Path::from_bytes(&id.to_be_bytes()))
}

/// Removes comments whose id occurs a second time. Of a comment and its copy the copy is removed.
fn without_duplicates(rows: Vec<PendingComment>, outcome: &mut Outcome) -> Vec<PendingComment> {
    let key = |row: &PendingComment| (row.article, row.source.clone(), row.id.clone());
    let originals: HashSet<_> = rows.iter().filter(|row| !row.is_copy).map(key).collect();
    let (copies, rows) =
        rows.into_iter().partition::<Vec<_>, _>(|row| row.is_copy && originals.contains(&key(row)));
    outcome.unchanged += copies.len();
    let mut seen = HashSet::new();
    let (first, repeated) = rows.into_iter().partition::<Vec<_>, _>(|row| seen.insert(key(row)));
    outcome.remarks.extend(
        repeated
            .into_iter()
            .map(|row| (row.position, row.id, "a second comment has the same id; it is left out")),
    );
    first
}

type Key = (i64, String, String);

#[derive(QueryableByName)]
struct StoredRow {
    #[diesel(sql_type = BigInt)]
    article: i64,
    #[diesel(sql_type = Text)]
    source: String,
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Binary)]
    path: Vec<u8>,
}

/// Returns the paths of parents that an earlier import stored.
async fn stored_parents(
    conn: &mut AsyncPgConnection,
    rows: &[PendingComment],
) -> Result<HashMap<Key, Path>> {
    let in_batch: HashSet<_> =
        rows.iter().map(|row| (row.article, row.source.as_str(), row.id.as_str())).collect();
    let missing: Vec<(i64, &str, &str)> = rows
        .iter()
        .filter_map(|row| Some((row.article, row.parent_source.as_str(), row.parent.as_deref()?)))
        .filter(|key| !in_batch.contains(key))
        .collect();
    if missing.is_empty() {
        return Ok(HashMap::new());
    }
    let statement = "select c.article_id as article, c.source, c.source_id as id, c.path \
         from unnest($1, $2, $3) as t (article, source, id) \
         join comments c on c.article_id = t.article and c.source = t.source and c.source_id = t.id";
    let found: Vec<StoredRow> = diesel::sql_query(statement)
        .bind::<Array<BigInt>, _>(missing.iter().map(|key| key.0).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(missing.iter().map(|key| key.1).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(missing.iter().map(|key| key.2).collect::<Vec<_>>())
        .load(conn)
        .await?;
    let path = |row: StoredRow| ((row.article, row.source, row.id), Path::from_bytes(&row.path));
    Ok(found.into_iter().map(path).collect())
}

/// The comment that a comment replies to.
#[derive(Debug, Clone)]
enum Parent {
    None,
    /// Another comment of the same rows, by its index.
    InBatch(usize),
    /// A comment that an earlier import stored, by its path.
    Stored(Path),
}

/// Finds an order in which comments can be stored.
struct ThreadOrder<'a> {
    rows: &'a [PendingComment],
    parents: Vec<Parent>,
    replies: Vec<Vec<usize>>,
    remarks: Vec<(String, String, &'static str)>,
}

impl<'a> ThreadOrder<'a> {
    fn new(rows: &'a [PendingComment], stored_parents: &HashMap<Key, Path>) -> Self {
        let in_batch: HashMap<(i64, &str, &str), usize> = rows
            .iter()
            .zip(0..)
            .map(|(row, at)| ((row.article, row.source.as_str(), row.id.as_str()), at))
            .collect();
        let mut remarks = Vec::new();
        let mut replies = vec![Vec::new(); rows.len()];
        let mut parents = Vec::with_capacity(rows.len());
        for (row, at) in rows.iter().zip(0..) {
            let named = row
                .parent
                .as_deref()
                .filter(|parent| *parent != row.id || row.parent_source != row.source);
            parents.push(match named {
                None => Parent::None,
                Some(parent) => {
                    let key = (row.article, row.parent_source.as_str(), parent);
                    let owned = (row.article, row.parent_source.clone(), parent.to_owned());
                    match (in_batch.get(&key), stored_parents.get(&owned)) {
                        (Some(parent), _) => {
                            if let Some(list) = replies.get_mut(*parent) {
                                list.push(at);
                            }
                            Parent::InBatch(*parent)
                        }
                        (None, Some(path)) => Parent::Stored(path.clone()),
                        (None, None) => {
                            let why =
                                "the comment that it replies to is missing; it begins a thread";
                            remarks.push((row.position.clone(), row.id.clone(), why));
                            Parent::None
                        }
                    }
                }
            });
        }
        Self { rows, parents, replies, remarks }
    }

    /// Returns the indexes of the comments level by level, by time within a level. The order does not
    /// depend on how many comments an interrupted import has already stored.
    fn sequence(&mut self) -> Vec<usize> {
        let mut order = Vec::with_capacity(self.rows.len());
        let mut seen = vec![false; self.rows.len()];
        let is_top = |parent: &Parent| !matches!(parent, Parent::InBatch(_));
        let mut level: Vec<usize> =
            (0..).zip(&self.parents).filter(|(_, p)| is_top(p)).map(|(at, _)| at).collect();
        loop {
            while !level.is_empty() {
                level.sort_by_key(|at| self.rows.get(*at).map(|row| (row.created_at, row.seq)));
                let mut next = Vec::new();
                for at in level {
                    if let Some(seen) = seen.get_mut(at) {
                        *seen = true;
                    }
                    order.push(at);
                    let replies = self.replies.get(at).into_iter().flatten().copied();
                    next.extend(replies.filter(|reply| seen.get(*reply) == Some(&false)));
                }
                level = next;
            }
            // The remaining comments are in a cycle of replies; one of them begins a thread.
            let Some(at) = seen.iter().position(|seen| !seen) else { return order };
            if let (Some(parent), Some(row)) = (self.parents.get_mut(at), self.rows.get(at)) {
                *parent = Parent::None;
                let why = "it replies to itself through other comments; it begins a thread";
                self.remarks.push((row.position.clone(), row.id.clone(), why));
            }
            level = vec![at];
        }
    }
}

const INSERT: &str = "insert into comments (id, article_id, parent_id, root_id, depth, path, \
        status, author_name, author_url, author_email, is_editor, text, html, created_at, \
        listed_at, uncertain, source, source_id) \
     select p.id, p.article, p.parent, p.root, p.depth, p.path, s.status, s.author_name, \
        s.author_url, s.author_email, s.is_editor, s.text, s.html, s.created_at, \
        coalesce(s.created_at, $8), s.uncertain, s.source, s.id \
     from unnest($1, $2, $3, $4, $5, $6, $7) as p (seq, id, article, parent, root, depth, path) \
     join pending_comments s using (seq) order by p.id";

/// Stores new comments.
async fn insert(
    conn: &mut AsyncPgConnection,
    rows: &[PlacedComment],
    now: DateTime<Utc>,
) -> Result<()> {
    let own = |row: &PlacedComment| row.path.ids().last().copied().unwrap_or_default();
    let parent = |row: &PlacedComment| row.path.ids().iter().rev().nth(1).copied();
    let depth =
        |row: &PlacedComment| i16::try_from(row.path.ids().len().saturating_sub(1)).unwrap_or(0);
    with_retries!(conn.transaction(async |conn| {
        diesel::sql_query(INSERT)
            .bind::<Array<BigInt>, _>(rows.iter().map(|row| row.seq).collect::<Vec<_>>())
            .bind::<Array<BigInt>, _>(rows.iter().map(own).collect::<Vec<_>>())
            .bind::<Array<BigInt>, _>(rows.iter().map(|row| row.article).collect::<Vec<_>>())
            .bind::<Array<Nullable<BigInt>>, _>(rows.iter().map(parent).collect::<Vec<_>>())
            .bind::<Array<BigInt>, _>(rows.iter().map(|row| row.path.root()).collect::<Vec<_>>())
            .bind::<Array<SmallInt>, _>(rows.iter().map(depth).collect::<Vec<_>>())
            .bind::<Array<Binary>, _>(rows.iter().map(|r| r.path.to_bytes()).collect::<Vec<_>>())
            .bind::<Timestamptz, _>(now)
            .execute(conn)
            .await?;
        Ok::<_, Error>(())
    }))
}

/// The remark about a comment that is not public any more in its source.
const WITHDRAWN: &str =
    "the source does not show it any more; import with `follow_status` to hide it here";

/// Updates the content of comments. They keep the status that a moderator gave them.
const UPDATE_CONTENT: &str = "update comments c set text = s.text, html = s.html, \
        author_name = s.author_name, author_url = s.author_url, \
        author_email = s.author_email, created_at = s.created_at, \
        listed_at = coalesce(s.created_at, c.listed_at), uncertain = s.uncertain \
     from unnest($1, $2) as t (seq, id) join pending_comments s using (seq) where c.id = t.id";

/// Updates the status of comments.
const UPDATE_STATUS: &str = "update comments c set status = s.status \
     from unnest($1, $2) as t (seq, id) join pending_comments s using (seq) where c.id = t.id";

/// Updates stored comments, each `(seq, id)`.
async fn update(conn: &mut AsyncPgConnection, statement: &str, rows: &[(i64, i64)]) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    with_retries!(conn.transaction(async |conn| {
        diesel::sql_query(statement)
            .bind::<Array<BigInt>, _>(rows.iter().map(|row| row.0).collect::<Vec<_>>())
            .bind::<Array<BigInt>, _>(rows.iter().map(|row| row.1).collect::<Vec<_>>())
            .execute(conn)
            .await?;
        Ok::<_, Error>(())
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(seq: i64, parent: Option<&str>) -> PendingComment {
        PendingComment {
            seq,
            article: 1,
            position: format!("f:{seq}"),
            source: "s".into(),
            id: seq.to_string(),
            parent: parent.map(str::to_owned),
            parent_source: "s".into(),
            is_copy: false,
            created_at: None,
            stored_id: None,
            path: None,
            is_unchanged: false,
            withdrawn: None,
        }
    }

    fn sequence(rows: &[PendingComment]) -> (Vec<i64>, usize) {
        let mut order = ThreadOrder::new(rows, &HashMap::new());
        let sequence = order.sequence();
        (sequence.into_iter().map(|at| rows[at].seq).collect(), order.remarks.len())
    }

    #[test]
    fn parents_are_stored_before_replies() {
        let rows = [row(1, Some("3")), row(2, None), row(3, None), row(4, Some("1"))];
        assert_eq!(sequence(&rows), (vec![2, 3, 1, 4], 0));
    }

    #[test]
    fn replies_without_parent_and_cycles_of_replies_begin_threads() {
        let rows = [row(1, Some("9")), row(2, Some("3")), row(3, Some("2")), row(4, Some("4"))];
        assert_eq!(sequence(&rows), (vec![1, 4, 2, 3], 2));
    }

    #[test]
    fn a_comment_below_the_deepest_level_becomes_a_sibling() {
        let mut path = path_below(None, 1);
        for id in 2..=400 {
            path = path_below(Some(&path), id);
        }
        assert_eq!(path.ids().len(), MAX_LEVELS);
        assert_eq!(path.ids()[MAX_LEVELS - 2..], [299, 400]);
    }
}

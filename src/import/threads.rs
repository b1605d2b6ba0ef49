//! Placing comments in their threads: parents before replies, siblings by their time, whatever
//! the order in the file; and then storing them, many at once.

use super::staging::Waiting;
use super::statistics::Statistics;
use crate::comments::{Path, store::new_ids};
use crate::error::Result;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Nullable, SmallInt, Text, Timestamptz};
use diesel_async::{AsyncConnection as _, AsyncPgConnection, RunQueryDsl};
use std::collections::{HashMap, HashSet};

/// How many comments one transaction stores.
const BATCH: usize = 2000;

/// How many levels a thread has at most: a path must fit an index entry. What is deeper stands
/// beside its parent, on the deepest level.
const LEVELS: usize = 300;

/// A comment whose place is found.
#[derive(Debug)]
struct Placed {
    seq: i64,
    article: i64,
    path: Path,
}

/// What became of some comments.
#[derive(Debug, Default)]
pub(super) struct Changed {
    pub(super) created: usize,
    pub(super) updated: usize,
    pub(super) unchanged: usize,
    /// Place, id, and why they stand where they do.
    pub(super) remarks: Vec<(String, String, &'static str)>,
}

/// Stores the comments of some articles.
pub(super) async fn store(
    conn: &mut AsyncPgConnection,
    rows: Vec<Waiting>,
    now: DateTime<Utc>,
    statistics: &mut Statistics,
) -> Result<Changed> {
    let mut changed = Changed::default();
    let elsewhere = parents_elsewhere(conn, &rows).await?;
    let rows = once(rows, &mut changed);
    let (edited, same) =
        rows.iter().filter(|row| row.known.is_some()).partition::<Vec<_>, _>(|row| !row.same);
    (changed.updated, changed.unchanged) = (edited.len(), same.len());
    let edits: Vec<(i64, i64)> =
        edited.iter().filter_map(|row| Some((row.seq, row.known?))).collect();
    update(conn, &edits).await?;
    let mut order = Order::of(&rows, &elsewhere);
    let sequence = order.sequence();
    changed.remarks.extend(order.remarks);
    let new: Vec<usize> = sequence
        .into_iter()
        .filter(|at| rows.get(*at).is_some_and(|r| r.known.is_none()))
        .collect();
    changed.created = new.len();
    let mut paths: Vec<Option<Path>> =
        rows.iter().map(|row| row.path.as_deref().map(Path::from_bytes)).collect();
    for some in new.chunks(BATCH) {
        let ids = new_ids(conn, i32::try_from(some.len()).unwrap_or_default()).await?;
        let mut placed = Vec::with_capacity(some.len());
        for (at, id) in some.iter().copied().zip(ids) {
            let Some(row) = rows.get(at) else { continue };
            let above = match order.parents.get(at) {
                Some(Parent::Here(parent)) => paths.get(*parent).cloned().flatten(),
                Some(Parent::Stored(path)) => Some(path.clone()),
                _ => None,
            };
            let path = below(above.as_ref(), id);
            if let Some(slot) = paths.get_mut(at) {
                *slot = Some(path.clone());
            }
            placed.push(Placed { seq: row.seq, article: row.article, path });
        }
        insert(conn, &placed, now).await?;
        statistics.grew(conn, placed.len()).await?;
    }
    Ok(changed)
}

/// The path of a new comment under another, at most [`LEVELS`] long.
fn below(above: Option<&Path>, id: i64) -> Path {
    let above = above.map_or(&[][..], Path::ids);
    let mut ids: Vec<i64> = above.iter().copied().take(LEVELS - 1).collect();
    ids.push(id);
    Path::of(ids).unwrap_or_else(|| Path::from_bytes(&id.to_be_bytes()))
}

/// Each comment once: of two with one id the first counts.
fn once(rows: Vec<Waiting>, changed: &mut Changed) -> Vec<Waiting> {
    let mut seen = HashSet::new();
    let (first, again) = rows.into_iter().partition::<Vec<_>, _>(|row| {
        seen.insert((row.article, row.source.clone(), row.id.clone()))
    });
    changed.remarks.extend(
        again.into_iter().map(|row| (row.place, row.id, "a second comment of this id, left out")),
    );
    first
}

type Key = (i64, String, String);

#[derive(QueryableByName)]
struct Stored {
    #[diesel(sql_type = BigInt)]
    article: i64,
    #[diesel(sql_type = Text)]
    source: String,
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Binary)]
    path: Vec<u8>,
}

/// The paths of parents that came with an earlier import.
async fn parents_elsewhere(
    conn: &mut AsyncPgConnection,
    rows: &[Waiting],
) -> Result<HashMap<Key, Path>> {
    let here: HashSet<_> =
        rows.iter().map(|row| (row.article, row.source.as_str(), row.id.as_str())).collect();
    let missing: Vec<(i64, &str, &str)> = rows
        .iter()
        .filter_map(|row| Some((row.article, row.source.as_str(), row.parent.as_deref()?)))
        .filter(|key| !here.contains(key))
        .collect();
    if missing.is_empty() {
        return Ok(HashMap::new());
    }
    let statement = "select c.article_id as article, c.source, c.source_id as id, c.path \
         from unnest($1, $2, $3) as t (article, source, id) \
         join comments c on c.article_id = t.article and c.source = t.source and c.source_id = t.id";
    let found: Vec<Stored> = diesel::sql_query(statement)
        .bind::<Array<BigInt>, _>(missing.iter().map(|key| key.0).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(missing.iter().map(|key| key.1).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(missing.iter().map(|key| key.2).collect::<Vec<_>>())
        .load(conn)
        .await?;
    let path = |row: Stored| ((row.article, row.source, row.id), Path::from_bytes(&row.path));
    Ok(found.into_iter().map(path).collect())
}

/// What a comment answers.
#[derive(Debug, Clone)]
enum Parent {
    None,
    /// Another of the same rows.
    Here(usize),
    Stored(Path),
}

/// The order in which comments can be stored.
struct Order<'a> {
    rows: &'a [Waiting],
    parents: Vec<Parent>,
    replies: Vec<Vec<usize>>,
    remarks: Vec<(String, String, &'static str)>,
}

impl<'a> Order<'a> {
    fn of(rows: &'a [Waiting], elsewhere: &HashMap<Key, Path>) -> Self {
        let here: HashMap<(i64, &str, &str), usize> = rows
            .iter()
            .zip(0..)
            .map(|(row, at)| ((row.article, row.source.as_str(), row.id.as_str()), at))
            .collect();
        let mut remarks = Vec::new();
        let mut replies = vec![Vec::new(); rows.len()];
        let mut parents = Vec::with_capacity(rows.len());
        for (row, at) in rows.iter().zip(0..) {
            let named = row.parent.as_deref().filter(|parent| *parent != row.id);
            parents.push(match named {
                None => Parent::None,
                Some(parent) => {
                    let key = (row.article, row.source.as_str(), parent);
                    let owned = (row.article, row.source.clone(), parent.to_owned());
                    match (here.get(&key), elsewhere.get(&owned)) {
                        (Some(parent), _) => {
                            if let Some(list) = replies.get_mut(*parent) {
                                list.push(at);
                            }
                            Parent::Here(*parent)
                        }
                        (None, Some(path)) => Parent::Stored(path.clone()),
                        (None, None) => {
                            let why = "what it answers is not there; it begins a thread";
                            remarks.push((row.place.clone(), row.id.clone(), why));
                            Parent::None
                        }
                    }
                }
            });
        }
        Self { rows, parents, replies, remarks }
    }

    /// Level by level, and by time within a level: the same however often a run was broken off.
    fn sequence(&mut self) -> Vec<usize> {
        let mut order = Vec::with_capacity(self.rows.len());
        let mut seen = vec![false; self.rows.len()];
        let top = |parent: &Parent| !matches!(parent, Parent::Here(_));
        let mut level: Vec<usize> =
            (0..).zip(&self.parents).filter(|(_, p)| top(p)).map(|(at, _)| at).collect();
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
            // What is left answers itself, over others: one of them begins a thread.
            let Some(at) = seen.iter().position(|seen| !seen) else { return order };
            if let (Some(parent), Some(row)) = (self.parents.get_mut(at), self.rows.get(at)) {
                *parent = Parent::None;
                let why = "it answers itself, over others; it begins a thread";
                self.remarks.push((row.place.clone(), row.id.clone(), why));
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
     join staged s using (seq) order by p.id";

async fn insert(conn: &mut AsyncPgConnection, rows: &[Placed], now: DateTime<Utc>) -> Result<()> {
    let own = |row: &Placed| row.path.ids().last().copied().unwrap_or_default();
    let parent = |row: &Placed| row.path.ids().iter().rev().nth(1).copied();
    let depth = |row: &Placed| i16::try_from(row.path.ids().len().saturating_sub(1)).unwrap_or(0);
    conn.transaction(async |conn| {
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
            .await
    })
    .await?;
    Ok(())
}

/// Brings comments up to date, each `(seq, id)`. Where moderation has put them, they stay, unless
/// their source has removed them.
async fn update(conn: &mut AsyncPgConnection, rows: &[(i64, i64)]) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let statement = "update comments c set text = s.text, html = s.html, \
            author_name = s.author_name, author_url = s.author_url, \
            author_email = s.author_email, created_at = s.created_at, \
            listed_at = coalesce(s.created_at, c.listed_at), uncertain = s.uncertain, \
            status = case s.status when 'deleted' then 'deleted' else c.status end \
         from unnest($1, $2) as t (seq, id) join staged s using (seq) where c.id = t.id";
    diesel::sql_query(statement)
        .bind::<Array<BigInt>, _>(rows.iter().map(|row| row.0).collect::<Vec<_>>())
        .bind::<Array<BigInt>, _>(rows.iter().map(|row| row.1).collect::<Vec<_>>())
        .execute(conn)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(seq: i64, parent: Option<&str>) -> Waiting {
        Waiting {
            seq,
            article: 1,
            place: format!("f:{seq}"),
            source: "s".into(),
            id: seq.to_string(),
            parent: parent.map(str::to_owned),
            created_at: None,
            known: None,
            path: None,
            same: false,
        }
    }

    fn sequence(rows: &[Waiting]) -> (Vec<i64>, usize) {
        let mut order = Order::of(rows, &HashMap::new());
        let sequence = order.sequence();
        (sequence.into_iter().map(|at| rows[at].seq).collect(), order.remarks.len())
    }

    #[test]
    fn parents_come_first_wherever_they_stand() {
        let rows = [row(1, Some("3")), row(2, None), row(3, None), row(4, Some("1"))];
        assert_eq!(sequence(&rows), (vec![2, 3, 1, 4], 0));
    }

    #[test]
    fn what_answers_nobody_begins_a_thread_and_circles_are_broken() {
        let rows = [row(1, Some("9")), row(2, Some("3")), row(3, Some("2")), row(4, Some("4"))];
        assert_eq!(sequence(&rows), (vec![1, 4, 2, 3], 2));
    }

    #[test]
    fn what_is_too_deep_stands_beside_its_parent() {
        let mut path = below(None, 1);
        for id in 2..=400 {
            path = below(Some(&path), id);
        }
        assert_eq!(path.ids().len(), LEVELS);
        assert_eq!(path.ids()[LEVELS - 2..], [299, 400]);
    }
}

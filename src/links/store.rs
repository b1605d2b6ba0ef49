//! Writes the links of an article.

use super::model::{LinkRole, RichText};
use crate::error::Result;
use crate::schema::{link_credits, links};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Integer};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use std::collections::HashSet;

/// A source ready to store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLink {
    /// The role in the article.
    pub role: LinkRole,
    /// The headline of the source.
    pub title: String,
    /// The URL as written.
    pub url: Option<String>,
    /// The credit line as written.
    pub credit: Option<String>,
    /// The resolved credits.
    pub credits: Vec<NewCredit>,
    /// The heading of its section.
    pub section: Option<String>,
    /// An excerpt from the source.
    pub quote: Option<RichText>,
    /// Whether it was read with doubt.
    pub uncertain: bool,
    /// Whether an editor wrote title and credits now, in place of the reader.
    pub credited_by_hand: bool,
}

/// A publisher of a source, resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCredit {
    /// The id of the outlet.
    pub outlet: Option<i64>,
    /// The authors there.
    pub bylines: Vec<String>,
}

/// Returns the number of outlets that these links credit.
pub fn count_outlets<'a>(list: impl Iterator<Item = &'a NewLink>) -> i32 {
    let outlets: HashSet<i64> =
        list.flat_map(|link| &link.credits).filter_map(|credit| credit.outlet).collect();
    i32::try_from(outlets.len()).unwrap_or(i32::MAX)
}

/// Stores the links of a new article in this order. `published_at` is the article's time while it is public.
///
/// # Errors
/// When the database fails.
pub async fn insert(
    conn: &mut AsyncPgConnection,
    article: i64,
    list: &[NewLink],
    published_at: Option<DateTime<Utc>>,
) -> Result<()> {
    let placed: Vec<(i32, &NewLink)> = (0_i32..).zip(list).collect();
    insert_at(conn, (article, published_at), &placed).await
}

/// Stores these links at these positions of an article.
async fn insert_at(
    conn: &mut AsyncPgConnection,
    article: Parent,
    list: &[(i32, &NewLink)],
) -> Result<()> {
    if list.is_empty() {
        return Ok(());
    }
    let rows: Vec<_> = list
        .iter()
        .map(|(at, link)| {
            (row(article, link, *at), links::credited_by_hand.eq(link.credited_by_hand))
        })
        .collect();
    let ids: Vec<i64> = diesel::insert_into(links::table)
        .values(rows)
        .returning(links::id)
        .get_results(conn)
        .await?;
    let list: Vec<(i64, &NewLink)> = ids.into_iter().zip(list.iter().map(|(_, l)| *l)).collect();
    insert_credits(conn, article.1, &list).await
}

/// An article and its time while it is public.
type Parent = (i64, Option<DateTime<Utc>>);

/// Stores the credits of new links.
async fn insert_credits(
    conn: &mut AsyncPgConnection,
    published_at: Option<DateTime<Utc>>,
    list: &[(i64, &NewLink)],
) -> Result<()> {
    let credits: Vec<_> = list
        .iter()
        .flat_map(|(id, link)| {
            link.credits.iter().zip(0_i16..).map(|(credit, at)| {
                (
                    link_credits::link_id.eq(*id),
                    link_credits::position.eq(at),
                    link_credits::outlet_id.eq(credit.outlet),
                    link_credits::bylines.eq(&credit.bylines),
                    link_credits::published_at.eq(published_at),
                )
            })
        })
        .collect();
    if !credits.is_empty() {
        diesel::insert_into(link_credits::table).values(credits).execute(conn).await?;
    }
    Ok(())
}

/// A link of an article that is replaced.
#[derive(Debug, Clone)]
pub struct StoredLink {
    /// The id of the stored link, if it is one.
    pub id: Option<i64>,
    /// Whether it is unchanged, except perhaps its position.
    pub same: bool,
    /// Its content.
    pub link: NewLink,
}

/// Replaces the links of an article, whose ids are `former`; returns whether any changed. Links with an id keep
/// it; stored links that are not among them are deleted.
///
/// # Errors
/// When the database fails.
pub async fn replace(
    conn: &mut AsyncPgConnection,
    article: i64,
    former: &[i64],
    list: &[StoredLink],
    published_at: Option<DateTime<Utc>>,
) -> Result<bool> {
    let own = links::table.filter(links::article_id.eq(article));
    let stay: Vec<i64> = list.iter().filter_map(|kept| kept.id).collect();
    if list.iter().all(|kept| kept.same) && stay == former {
        return Ok(false);
    }
    diesel::delete(own.filter(links::id.ne_all(&stay))).execute(conn).await?;
    // Two links may swap positions, so the unique constraint is checked at the end.
    diesel::sql_query("set constraints links_article_id_position_key deferred")
        .execute(conn)
        .await?;
    let mut new = Vec::new();
    let (mut moved, mut positions) = (Vec::new(), Vec::new());
    for (kept, at) in list.iter().zip(0_i32..) {
        match kept.id {
            None => new.push((at, &kept.link)),
            Some(id) if kept.same => {
                moved.push(id);
                positions.push(at);
            }
            Some(id) => {
                let by_hand =
                    links::credited_by_hand.or(kept.link.credited_by_hand.into_sql::<Bool>());
                diesel::update(links::table.find(id))
                    .set((
                        row((article, published_at), &kept.link, at),
                        links::credited_by_hand.eq(by_hand),
                    ))
                    .execute(conn)
                    .await?;
                diesel::delete(link_credits::table.filter(link_credits::link_id.eq(id)))
                    .execute(conn)
                    .await?;
                insert_credits(conn, published_at, &[(id, &kept.link)]).await?;
            }
        }
    }
    set_positions(conn, &moved, &positions).await?;
    insert_at(conn, (article, published_at), &new).await?;
    Ok(true)
}

/// Sets the positions of links.
async fn set_positions(conn: &mut AsyncPgConnection, ids: &[i64], positions: &[i32]) -> Result<()> {
    diesel::sql_query(
        "update links l set position = p.position \
         from unnest($1, $2) as p (id, position) \
         where l.id = p.id and l.position <> p.position",
    )
    .bind::<Array<BigInt>, _>(ids)
    .bind::<Array<Integer>, _>(positions)
    .execute(conn)
    .await?;
    Ok(())
}

#[derive(Insertable, AsChangeset)]
#[diesel(table_name = links, treat_none_as_null = true)]
struct Row<'a> {
    article_id: i64,
    role: &'static str,
    position: i32,
    title: &'a str,
    url: Option<&'a str>,
    url_hash: Option<Vec<u8>>,
    url_rules: Option<i16>,
    domain: Option<String>,
    credit: Option<&'a str>,
    section: Option<&'a str>,
    quote_text: Option<&'a str>,
    quote_html: Option<&'a str>,
    uncertain: bool,
    published_at: Option<DateTime<Utc>>,
}

fn row((article_id, published_at): Parent, link: &NewLink, position: i32) -> Row<'_> {
    let normalised = link.url.as_deref().and_then(citation_key::normalise);
    Row {
        article_id,
        role: link.role.as_str(),
        position,
        title: &link.title,
        url: link.url.as_deref(),
        url_hash: normalised.as_ref().map(|url| citation_key::hash(&url.key)),
        url_rules: link.url.as_ref().map(|_| citation_key::RULES_VERSION),
        domain: normalised.map(|url| url.domain),
        credit: link.credit.as_deref(),
        section: link.section.as_deref(),
        quote_text: link.quote.as_ref().map(|quote| quote.text.as_str()),
        quote_html: link.quote.as_ref().map(|quote| quote.html.as_str()),
        uncertain: link.uncertain,
        published_at,
    }
}

/// Returns the links of an article whose title and credits an editor wrote.
///
/// # Errors
/// When the database fails.
pub async fn credited_by_hand(conn: &AsyncPgConnection, article: i64) -> Result<HashSet<i64>> {
    let own = links::table.filter(links::article_id.eq(article)).filter(links::credited_by_hand);
    let ids: Vec<i64> = own.select(links::id).load(&mut &*conn).await?;
    Ok(ids.into_iter().collect())
}

/// Deletes the links of an article.
///
/// # Errors
/// When the database fails.
pub async fn delete_of(conn: &mut AsyncPgConnection, article: i64) -> Result<()> {
    diesel::delete(links::table.filter(links::article_id.eq(article))).execute(conn).await?;
    Ok(())
}

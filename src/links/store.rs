//! Writing the links of an article.

use super::address;
use super::model::{RichText, Role};
use crate::error::Result;
use crate::schema::{link_credits, links};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

/// A source that is ready to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLink {
    /// Which part it plays.
    pub role: Role,
    /// The headline of the source.
    pub title: String,
    /// Its address as written.
    pub url: Option<String>,
    /// The credit line as written.
    pub credit: Option<String>,
    /// What the credit line means.
    pub credits: Vec<NewCredit>,
    /// The heading that it stands under.
    pub section: Option<String>,
    /// An excerpt from it.
    pub quote: Option<RichText>,
    /// Its reading is a guess.
    pub uncertain: bool,
}

/// One publisher of a source, looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCredit {
    /// The outlet's id.
    pub outlet: Option<i64>,
    /// Who wrote it there.
    pub bylines: Vec<String>,
}

/// Stores the links of an article that has none, in this order.
///
/// # Errors
/// When the database fails.
pub async fn insert(conn: &mut AsyncPgConnection, article: i64, list: &[NewLink]) -> Result<()> {
    let rows: Vec<_> = list.iter().zip(0_i32..).map(|(link, at)| row(article, link, at)).collect();
    let ids: Vec<i64> = diesel::insert_into(links::table)
        .values(rows)
        .returning(links::id)
        .get_results(conn)
        .await?;
    let credits: Vec<_> = ids
        .iter()
        .zip(list)
        .flat_map(|(id, link)| {
            link.credits.iter().zip(0_i16..).map(|(credit, at)| {
                (
                    link_credits::link_id.eq(*id),
                    link_credits::position.eq(at),
                    link_credits::outlet_id.eq(credit.outlet),
                    link_credits::bylines.eq(&credit.bylines),
                )
            })
        })
        .collect();
    diesel::insert_into(link_credits::table).values(credits).execute(conn).await?;
    Ok(())
}

#[derive(Insertable)]
#[diesel(table_name = links)]
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
}

fn row(article_id: i64, link: &NewLink, position: i32) -> Row<'_> {
    let address = link.url.as_deref().and_then(address::normalise);
    Row {
        article_id,
        role: link.role.as_str(),
        position,
        title: &link.title,
        url: link.url.as_deref(),
        url_hash: address.as_ref().map(|address| address::hash(&address.key)),
        url_rules: link.url.as_ref().map(|_| address::RULES_VERSION),
        domain: address.map(|address| address.domain),
        credit: link.credit.as_deref(),
        section: link.section.as_deref(),
        quote_text: link.quote.as_ref().map(|quote| quote.text.as_str()),
        quote_html: link.quote.as_ref().map(|quote| quote.html.as_str()),
        uncertain: link.uncertain,
    }
}

/// Deletes the links of an article, to store others.
///
/// # Errors
/// When the database fails.
pub async fn delete_of(conn: &mut AsyncPgConnection, article: i64) -> Result<()> {
    diesel::delete(links::table.filter(links::article_id.eq(article))).execute(conn).await?;
    Ok(())
}

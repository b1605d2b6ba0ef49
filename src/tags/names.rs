//! The names by which tags are known: current and former ones, compared without case, accents and
//! punctuation. Tags of different names can have the same slug, so a slug does not tell them apart.

use crate::error::Result;
use crate::schema::{tag_names, tag_slugs, tags};
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use safe_html::names::fold_name;
use safe_html::slug::{number_slug, slugify};

/// Returns the key by which a name is compared. A name without letters and digits is its own key.
pub(super) fn name_key(name: &str) -> String {
    let key = fold_name(name);
    if key.is_empty() { name.trim().to_lowercase() } else { key }
}

/// Stores the name of a tag; returns the tag that has, or had, the name.
pub(super) async fn claim(conn: &mut AsyncPgConnection, name: &str, tag: i64) -> Result<i64> {
    let key = name_key(name);
    diesel::insert_into(tag_names::table)
        .values((tag_names::name_key.eq(&key), tag_names::tag_id.eq(tag)))
        .on_conflict_do_nothing()
        .execute(conn)
        .await?;
    Ok(tag_names::table.find(&key).select(tag_names::tag_id).first(conn).await?)
}

/// Stores the names of the tags that have none stored, among those with one of these names or the slugs made
/// from them. Such a tag is older than the table, or was stored by SQL.
pub(super) async fn claim_unnamed(conn: &mut AsyncPgConnection, names: &[&str]) -> Result<bool> {
    let slugs: Vec<String> = names.iter().map(|name| slugify(name)).collect();
    let has_name = tag_names::table.filter(tag_names::tag_id.eq(tags::id));
    let unnamed: Vec<(i64, String)> = tags::table
        .filter(tags::slug.eq_any(slugs).or(tags::name.eq_any(names)))
        .filter(diesel::dsl::not(exists(has_name)))
        .order(tags::id)
        .select((tags::id, tags::name))
        .load(conn)
        .await?;
    for (tag, name) in &unnamed {
        claim(conn, name, *tag).await?;
    }
    Ok(!unnamed.is_empty())
}

/// Returns the slug, with a number appended if a tag has or had it.
pub(super) async fn free_slug(conn: &mut AsyncPgConnection, base: &str) -> Result<String> {
    let mut slug = base.to_owned();
    for number in 2.. {
        let has = tags::table.filter(tags::slug.eq(&slug));
        let had = tag_slugs::table.find(&slug);
        if !diesel::select(exists(has).or(exists(had))).get_result::<bool>(conn).await? {
            break;
        }
        slug = number_slug(base, number);
    }
    Ok(slug)
}

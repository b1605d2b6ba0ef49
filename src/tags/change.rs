//! Writes tags.

use super::input::{AdminTag, TagInput, check_sluggable};
use super::names::{self, free_slug, name_key};
use crate::derived::wait_for_article_writers;
use crate::error::{Code, Error, FieldError, Result};
use crate::response::IfMatch;
use crate::schema::{article_tags, articles, tag_names, tag_slugs, tags};
use chrono::{DateTime, Utc};
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use safe_html::slug::slugify;

fn check(input: &TagInput) -> Result<()> {
    match check_sluggable("/name", &input.name) {
        None => Ok(()),
        Some(error) => Err(Error::fields(Code::Invalid, vec![error])),
    }
}

/// Returns the tag with this id for editors.
///
/// # Errors
/// 404 when there is none.
pub(super) async fn find(conn: &AsyncPgConnection, id: i64) -> Result<AdminTag> {
    let tag = AdminTag::query().filter(tags::id.eq(id)).first(&mut &*conn).await;
    tag.optional()?.ok_or_else(|| Error::not_found("tag"))
}

/// Stores a new tag.
///
/// # Errors
/// 422; 409 when another tag has the slug or the name.
pub(super) async fn create(
    conn: &mut AsyncPgConnection,
    input: &TagInput,
    now: DateTime<Utc>,
) -> Result<AdminTag> {
    check(input)?;
    check_name_is_free(conn, &input.name, 0).await?;
    let slug = match &input.slug {
        Some(slug) => slug.clone(),
        None => free_slug(conn, &slugify(&input.name)).await?,
    };
    check_slug_is_free(conn, &slug, 0).await?;
    let id: Option<i64> = diesel::insert_into(tags::table)
        .values((tags::slug.eq(&slug), tags::name.eq(&input.name), tags::created_at.eq(now)))
        .on_conflict(tags::slug)
        .do_nothing()
        .returning(tags::id)
        .get_result(conn)
        .await
        .optional()?;
    let id = id.ok_or_else(|| taken(&slug))?;
    if names::claim(conn, &input.name, id).await? != id {
        return Err(name_taken(&input.name));
    }
    find(conn, id).await
}

/// Locks a tag until the transaction ends and returns it, if `If-Match` allows its version.
///
/// # Errors
/// 404, 412.
pub(super) async fn locked(
    conn: &mut AsyncPgConnection,
    id: i64,
    if_match: &IfMatch,
) -> Result<AdminTag> {
    let row = AdminTag::query().filter(tags::id.eq(id)).for_no_key_update();
    let tag: Option<AdminTag> = row.first(conn).await.optional()?;
    let tag = tag.ok_or_else(|| Error::not_found("tag"))?;
    if if_match.allows(tag.version) {
        return Ok(tag);
    }
    Err(Error::version_mismatch(tag.version, Vec::new()))
}

/// Replaces a tag.
///
/// # Errors
/// As [`create`].
pub(super) async fn update(
    conn: &mut AsyncPgConnection,
    current: &AdminTag,
    input: &TagInput,
) -> Result<AdminTag> {
    check(input)?;
    let (id, former) = (current.id, current.slug.as_str());
    if name_key(&input.name) != name_key(&current.name) {
        names::claim(conn, &current.name, id).await?;
        check_name_is_free(conn, &input.name, id).await?;
        names::claim(conn, &input.name, id).await?;
    }
    let slug = input.slug.as_deref().unwrap_or(former);
    if slug != former {
        check_slug_is_free(conn, slug, id).await?;
        retire(conn, former, id).await?;
        diesel::delete(tag_slugs::table.find(slug)).execute(conn).await?;
    }
    diesel::update(tags::table.find(id))
        .set((tags::slug.eq(slug), tags::name.eq(&input.name), tags::version.eq(tags::version + 1)))
        .execute(conn)
        .await?;
    find(conn, id).await
}

/// Stores a former slug, so that it redirects.
async fn retire(conn: &mut AsyncPgConnection, slug: &str, id: i64) -> Result<()> {
    diesel::insert_into(tag_slugs::table)
        .values((tag_slugs::slug.eq(slug), tag_slugs::tag_id.eq(id)))
        .on_conflict(tag_slugs::slug)
        .do_update()
        .set(tag_slugs::tag_id.eq(id))
        .execute(conn)
        .await?;
    Ok(())
}

async fn check_slug_is_free(conn: &mut AsyncPgConnection, slug: &str, own: i64) -> Result<()> {
    let has = tags::table.filter(tags::slug.eq(slug)).filter(tags::id.ne(own));
    let had = tag_slugs::table.find(slug).filter(tag_slugs::tag_id.ne(own));
    let others: bool = diesel::select(exists(has).or(exists(had))).get_result(conn).await?;
    if others { Err(taken(slug)) } else { Ok(()) }
}

/// Rejects a name that another tag has or had.
async fn check_name_is_free(conn: &mut AsyncPgConnection, name: &str, own: i64) -> Result<()> {
    names::claim_unnamed(conn, &[name]).await?;
    let known = tag_names::table.find(name_key(name)).select(tag_names::tag_id);
    match known.first::<i64>(conn).await.optional()? {
        Some(id) if id != own => Err(name_taken(name)),
        _ => Ok(()),
    }
}

fn name_taken(name: &str) -> Error {
    let message = format!("another tag has, or had, the name `{name}`");
    Error::fields(Code::NameTaken, vec![FieldError::field("/name", "name_taken", message)])
}

fn taken(slug: &str) -> Error {
    let message = format!("another tag has, or had, the slug `{slug}`");
    Error::fields(Code::SlugTaken, vec![FieldError::field("/slug", "slug_taken", message)])
}

/// Deletes a tag that no article has.
///
/// # Errors
/// 409 when an article has it.
pub(super) async fn delete(conn: &mut AsyncPgConnection, id: i64) -> Result<()> {
    let used = article_tags::table.filter(article_tags::tag_id.eq(id));
    if diesel::select(exists(used)).get_result(conn).await? {
        let detail = "articles have this tag: merge it into another, or change those";
        return Err(Error::new(Code::InUse, detail));
    }
    diesel::delete(tags::table.find(id)).execute(conn).await?;
    Ok(())
}

/// Moves the articles and slugs of `from` to `into` and deletes `from`.
///
/// # Errors
/// 404 when `from` does not exist, 422 when `into` does not exist or is the same.
pub(super) async fn merge(conn: &mut AsyncPgConnection, from: i64, into: i64) -> Result<AdminTag> {
    wait_for_article_writers(conn).await?;
    let tagged = article_tags::table.filter(article_tags::tag_id.eq(from));
    articles::table
        .filter(articles::id.eq_any(tagged.select(article_tags::article_id)))
        .order(articles::id)
        .select(articles::id)
        .for_no_key_update()
        .load::<i64>(conn)
        .await?;
    let rows: Vec<(i64, String, String)> = tags::table
        .filter(tags::id.eq_any([from, into]))
        .order(tags::id)
        .select((tags::id, tags::slug, tags::name))
        .for_update()
        .load(conn)
        .await?;
    let (_, slug, name) =
        rows.iter().find(|(id, ..)| *id == from).cloned().ok_or_else(|| Error::not_found("tag"))?;
    if from == into || !rows.iter().any(|(id, ..)| *id == into) {
        let error = FieldError::field("/into", "unknown_tag", "must be another tag");
        return Err(Error::fields(Code::Invalid, vec![error]));
    }
    // An article that has both tags keeps one.
    let both = "delete from article_tags f using article_tags k \
                where f.article_id = k.article_id and f.tag_id = $1 and k.tag_id = $2";
    let both = diesel::sql_query(both).bind::<BigInt, _>(from).bind::<BigInt, _>(into);
    both.execute(conn).await?;
    diesel::update(article_tags::table.filter(article_tags::tag_id.eq(from)))
        .set(article_tags::tag_id.eq(into))
        .execute(conn)
        .await?;
    diesel::update(tag_slugs::table.filter(tag_slugs::tag_id.eq(from)))
        .set(tag_slugs::tag_id.eq(into))
        .execute(conn)
        .await?;
    names::claim(conn, &name, from).await?;
    diesel::update(tag_names::table.filter(tag_names::tag_id.eq(from)))
        .set(tag_names::tag_id.eq(into))
        .execute(conn)
        .await?;
    diesel::delete(tags::table.find(from)).execute(conn).await?;
    retire(conn, &slug, into).await?;
    diesel::update(tags::table.find(into))
        .set(tags::version.eq(tags::version + 1))
        .execute(conn)
        .await?;
    find(conn, into).await
}

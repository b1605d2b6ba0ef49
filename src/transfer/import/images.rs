//! Stores the pictures of articles that their export names by an id: the picture itself comes before
//! or after the post, or in another part of the export.

use super::merge::{self, FieldHashes};
use super::report::Remark;
use crate::articles::ArticleImage;
use crate::derived::begin_article_write;
use crate::error::{Error, Result};
use crate::schema::{articles, imported_fields};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection as _, AsyncPgConnection, RunQueryDsl};
use export_formats::{Image, Position, Post};
use serde_json::Value;
use std::collections::HashMap;

/// The number of articles that one transaction changes.
const BATCH_SIZE: usize = 200;

/// The maximum length of the URL of a picture.
const MAX_URL: usize = 10_000;

/// The maximum lengths of its texts in characters.
const MAX_ALT: usize = 1000;
const MAX_CAPTION: usize = 2000;
const MAX_CREDIT: usize = 500;

/// The maximum width and height.
const MAX_PIXELS: i32 = 100_000;

/// The picture of an article that was not read before the article.
#[derive(Debug)]
pub(super) struct AwaitedImage {
    position: Position,
    source: &'static str,
    id: String,
    image_id: String,
}

impl AwaitedImage {
    /// Returns the picture that a post names by its id.
    pub(super) fn of(post: &Post, position: &Position) -> Option<Self> {
        Some(Self {
            position: position.clone(),
            source: post.source,
            id: post.id.clone(),
            image_id: post.image_id.clone()?,
        })
    }
}

/// Converts a picture; too long texts are cut. None if its URL cannot be stored.
pub(super) fn convert(image: &Image) -> Option<ArticleImage> {
    let cut = |text: &Option<String>, max: usize| {
        text.as_ref().map(|text| text.chars().take(max).collect::<String>())
    };
    let size = |size: Option<i32>| size.filter(|size| (1..=MAX_PIXELS).contains(size));
    let is_storable = crate::validation::is_web_url(&image.url) && image.url.len() <= MAX_URL;
    is_storable.then(|| ArticleImage {
        url: image.url.clone(),
        alt: cut(&image.alt, MAX_ALT),
        caption: cut(&image.caption, MAX_CAPTION),
        credit: cut(&image.credit, MAX_CREDIT),
        width: size(image.width),
        height: size(image.height),
    })
}

/// Returns what the source said of these articles last.
pub(super) async fn imported_fields_of(
    conn: &mut AsyncPgConnection,
    ids: &[i64],
) -> Result<HashMap<i64, FieldHashes>> {
    let rows: Vec<(i64, Value)> = imported_fields::table
        .filter(imported_fields::article_id.eq_any(ids))
        .select((imported_fields::article_id, imported_fields::fields))
        .load(conn)
        .await?;
    let parsed = rows
        .into_iter()
        .filter_map(|(id, fields)| Some((id, serde_json::from_value(fields).ok()?)));
    Ok(parsed.collect())
}

/// An awaited picture that was read.
type Found<'a> = (&'a AwaitedImage, ArticleImage);

/// Returns the awaited pictures that were read, and a remark for each other.
pub(super) fn find<'a>(
    awaited: &'a [AwaitedImage],
    images: &HashMap<String, Image>,
) -> (Vec<Found<'a>>, Vec<Remark>) {
    let (mut found, mut remarks) = (Vec::new(), Vec::new());
    for one in awaited {
        match images.get(&one.image_id).and_then(convert) {
            Some(image) => found.push((one, image)),
            None => remarks.push(Remark {
                position: one.position.to_string(),
                raw: one.image_id.clone(),
                reason: "the picture of the post is not in the export".to_owned(),
            }),
        }
    }
    (found, remarks)
}

/// Stores the pictures that articles have awaited.
pub(super) async fn store(
    conn: &mut AsyncPgConnection,
    found: &[Found<'_>],
    now: DateTime<Utc>,
) -> Result<()> {
    for some in found.chunks(BATCH_SIZE) {
        conn.transaction(async |conn| {
            begin_article_write(conn).await?;
            store_batch(conn, some, now).await
        })
        .await?;
    }
    Ok(())
}

type Row = (i64, Option<String>, Option<String>, Option<Value>, DateTime<Utc>);

async fn store_batch(
    conn: &mut AsyncPgConnection,
    awaited: &[Found<'_>],
    now: DateTime<Utc>,
) -> Result<()> {
    let rows: Vec<Row> = articles::table
        .filter(articles::source.eq_any(awaited.iter().map(|(one, _)| one.source)))
        .filter(articles::source_id.eq_any(awaited.iter().map(|(one, _)| &one.id)))
        .order(articles::id)
        .select((
            articles::id,
            articles::source,
            articles::source_id,
            articles::image,
            articles::updated_at,
        ))
        .for_update()
        .load(conn)
        .await?;
    let ids: Vec<i64> = rows.iter().map(|row| row.0).collect();
    let mut fields = imported_fields_of(conn, &ids).await?;
    for (id, source, source_id, stored, updated_at) in rows {
        let is_own = |one: &&Found<'_>| {
            source.as_deref() == Some(one.0.source) && source_id.as_deref() == Some(&one.0.id)
        };
        let Some((_, image)) = awaited.iter().find(is_own) else { continue };
        let stored = ArticleImage::from_stored(stored);
        let mut fields = fields.remove(&id).unwrap_or_default();
        let (new, current) = (merge::image_hash(Some(image)), merge::image_hash(stored.as_ref()));
        let none = merge::image_hash(None);
        let is_edited = *fields.get(merge::IMAGE).unwrap_or(&none) != current;
        fields.insert(merge::IMAGE.to_owned(), new.clone());
        let fields = serde_json::to_value(&fields).map_err(Error::internal)?;
        diesel::update(imported_fields::table.find(id))
            .set(imported_fields::fields.eq(fields))
            .execute(conn)
            .await?;
        if is_edited || new == current {
            continue;
        }
        let image = serde_json::to_value(image).map_err(Error::internal)?;
        diesel::update(articles::table.find(id))
            .set((
                articles::image.eq(image),
                articles::version.eq(articles::version + 1),
                // An article without a picture was just imported.
                articles::updated_at.eq(if stored.is_some() { now } else { updated_at }),
            ))
            .execute(conn)
            .await?;
    }
    Ok(())
}

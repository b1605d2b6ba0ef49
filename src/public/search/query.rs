//! Loads the objects of search results.

use crate::error::Result;
use crate::full_text;
use crate::full_text::{Key, Match, SearchFilter, Words};
use crate::page::{Page, Scan};
use crate::public::search::highlight::{Passage, highlight};
use crate::public::search::model::{Kind, SearchHit};
use crate::{articles, comments, links};
use diesel_async::AsyncPgConnection;
use futures_util::future::try_join4;
use safe_html::plain_text;
use std::collections::HashMap;

/// Returns a page of results, best match first.
pub(super) async fn page(
    conn: &AsyncPgConnection,
    wanted: &SearchFilter,
    scan: &Scan<Key>,
) -> Result<Page<SearchHit>> {
    let cut = scan.page(full_text::best(conn, wanted, scan).await?, Match::key);
    let total = full_text::total(conn, scan.count, wanted).await?;
    let hits = hits(conn, &wanted.words, &cut.items).await?;
    Ok(cut.with_items(hits).with_total(total))
}

/// A text of a result, and the field it belongs to.
struct Piece {
    hit: usize,
    slot: fn(&mut SearchHit) -> &mut Option<String>,
    passage: Passage,
}

async fn hits(conn: &AsyncPgConnection, words: &Words, found: &[Match]) -> Result<Vec<SearchHit>> {
    let ids = |kind: &str| -> Vec<i64> {
        found.iter().filter(|one| one.kind == kind).map(|one| one.id).collect()
    };
    let (article_ids, link_ids, comment_ids) = (ids("article"), ids("link"), ids("comment"));
    let (summaries, texts, listed, replies) = try_join4(
        articles::summaries(conn, &article_ids, false),
        articles::texts(conn, &article_ids),
        links::listed(conn, &link_ids),
        comments::listed(conn, &comment_ids),
    )
    .await?;
    let mut summaries: HashMap<i64, _> = summaries.into_iter().map(|one| (one.id, one)).collect();
    let mut listed: HashMap<i64, _> = listed.into_iter().map(|one| (one.link.id, one)).collect();
    let mut replies: HashMap<i64, _> =
        replies.into_iter().map(|one| (one.comment.id, one)).collect();
    let (mut hits, mut pieces) = (Vec::new(), Vec::new());
    for one in found {
        let mut hit = SearchHit::new(Kind::of(&one.kind), one.rank);
        match hit.r#type {
            Kind::Article => hit.article = summaries.remove(&one.id),
            Kind::Link => hit.link = listed.remove(&one.id),
            Kind::Comment => hit.comment = replies.remove(&one.id),
        }
        collect(&hit, hits.len(), &one.lang, texts.get(&one.id), &mut pieces);
        hits.push(hit);
    }
    let passages: Vec<Passage> = pieces.iter().map(|piece| piece.passage.clone()).collect();
    for (piece, html) in pieces.iter().zip(highlight(conn, words, &passages).await?) {
        if let Some(hit) = hits.get_mut(piece.hit) {
            *(piece.slot)(hit) = html;
        }
    }
    // An object may have been unpublished between the two statements.
    hits.retain(|hit| hit.article.is_some() || hit.link.is_some() || hit.comment.is_some());
    Ok(hits)
}

/// Collects the texts of a result that may contain the words.
fn collect(
    hit: &SearchHit,
    at: usize,
    lang: &str,
    texts: Option<&articles::Texts>,
    pieces: &mut Vec<Piece>,
) {
    let mut add = |text: Option<String>, whole, slot: fn(&mut SearchHit) -> &mut Option<String>| {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            pieces.push(Piece {
                hit: at,
                slot,
                passage: Passage { lang: lang.to_owned(), text, whole },
            });
        }
    };
    if let Some(article) = &hit.article {
        add(Some(article.headline.clone()), true, |hit| &mut hit.highlight.headline);
        add(article.dek.clone(), true, |hit| &mut hit.highlight.dek);
        add(article.author.name.clone(), true, |hit| &mut hit.highlight.author);
        add(article.links_heading.clone(), true, |hit| &mut hit.highlight.links_heading);
        let texts = texts.cloned().unwrap_or_default();
        add(texts.quote.as_deref().map(plain_text), false, |hit| &mut hit.highlight.quote);
        add(texts.commentary.as_deref().map(plain_text), false, |hit| {
            &mut hit.highlight.commentary
        });
    }
    if let Some(listed) = &hit.link {
        add(Some(listed.link.title.clone()), true, |hit| &mut hit.highlight.title);
        add(listed.link.credit.clone(), true, |hit| &mut hit.highlight.credit);
        let quote = listed.link.quote.as_ref().map(|quote| plain_text(&quote.html));
        add(quote, false, |hit| &mut hit.highlight.text);
    }
    if let Some(listed) = &hit.comment {
        let author = listed.comment.author.as_ref().and_then(|author| author.name.clone());
        add(author, true, |hit| &mut hit.highlight.author);
        add(listed.comment.html.as_deref().map(plain_text), false, |hit| &mut hit.highlight.text);
    }
}

impl Kind {
    /// Converts a stored value; the table's check constraint allows no other.
    fn of(word: &str) -> Self {
        match word {
            "link" => Self::Link,
            "comment" => Self::Comment,
            _ => Self::Article,
        }
    }
}

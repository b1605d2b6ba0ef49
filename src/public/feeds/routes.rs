//! The routes of the feeds.

use crate::articles;
use crate::error::{Error, Result};
use crate::extract::{Lookup, QueryPair, Ref};
use crate::openapi::{ArticleProblems, Problems};
use crate::page::{Page, PageQuery, UncountedQuery};
use crate::public::article::ArticleSet;
use crate::public::article::latest;
use crate::public::feeds::model::{Entry, Feed, FeedQuery, Format, urn};
use crate::public::feeds::query::{EntryBuilder, changed, site_id};
use crate::public::feeds::{atom, json, rss};
use crate::response::{moved_permanently, public_response, with_cursor};
use crate::state::State;
use crate::{comments, outlets, tags};
use actix_web::web::{Data, ServiceConfig, resource};
use actix_web::{HttpRequest, HttpResponse};
use diesel_async::AsyncPgConnection;
use utoipa::{OpenApi, ToSchema};

/// Registers the routes.
pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(resource("/feeds/articles.{format}").get(get_article_feed))
        .service(resource("/feeds/tags/{slug}.{format}").get(get_tag_feed))
        .service(resource("/feeds/outlets/{ref}.{format}").get(get_outlet_feed))
        .service(resource("/feeds/articles/{ref}/comments.{format}").get(get_article_comment_feed))
        .service(resource("/feeds/comments.{format}").get(get_comment_feed));
}

/// Documents the routes.
#[derive(Debug, OpenApi)]
#[openapi(paths(
    get_article_feed,
    get_tag_feed,
    get_outlet_feed,
    get_article_comment_feed,
    get_comment_feed
))]
pub struct Docs;

/// A feed in XML, for the OpenAPI schema only.
#[derive(ToSchema)]
#[schema(max_length = 100_000_000)]
struct FeedXml(#[expect(dead_code, reason = "only its schema is used")] String);

/// The articles, latest first
///
/// Atom 1.0, RSS 2.0 or JSON Feed 1.1, paged (RFC 5005). `rel="via"` is the lead source, `related`
/// every other source.
#[utoipa::path(get, path = "/feeds/articles.{format}", tag = "feeds",
    params(("format" = inline(Format), Path, description = "The format"), FeedQuery, UncountedQuery),
    responses((status = 200, description = "A page of the feed", content((FeedXml = "application/atom+xml"), (FeedXml = "application/rss+xml"), (Object = "application/feed+json"))), Problems))]
async fn get_article_feed(
    req: HttpRequest,
    state: Data<State>,
    query: QueryPair<FeedQuery, UncountedQuery>,
) -> Result<HttpResponse> {
    serve(&req, &state, query, FeedSubject::Articles).await
}

/// The articles with a tag, latest first
///
/// Atom 1.0, RSS 2.0 or JSON Feed 1.1, paged (RFC 5005).
#[utoipa::path(get, path = "/feeds/tags/{slug}.{format}", tag = "feeds",
    params(("slug" = String, Path, description = "Slug or id", max_length = 200, example = "iraq"),
        ("format" = inline(Format), Path, description = "The format"), FeedQuery, UncountedQuery),
    responses((status = 200, description = "A page of the feed", content((FeedXml = "application/atom+xml"), (FeedXml = "application/rss+xml"), (Object = "application/feed+json"))),
        (status = 301, description = "The tag has another slug now"), Problems))]
async fn get_tag_feed(
    req: HttpRequest,
    state: Data<State>,
    which: Ref,
    query: QueryPair<FeedQuery, UncountedQuery>,
) -> Result<HttpResponse> {
    serve(&req, &state, query, FeedSubject::Tag(which)).await
}

/// The articles that credit an outlet, latest first
///
/// Atom 1.0, RSS 2.0 or JSON Feed 1.1, paged (RFC 5005).
#[utoipa::path(get, path = "/feeds/outlets/{ref}.{format}", tag = "feeds",
    params(("ref" = String, Path, description = "Id or slug", max_length = 200, example = "coast-radio"),
        ("format" = inline(Format), Path, description = "The format"), FeedQuery, UncountedQuery),
    responses((status = 200, description = "A page of the feed", content((FeedXml = "application/atom+xml"), (FeedXml = "application/rss+xml"), (Object = "application/feed+json"))),
        (status = 301, description = "The outlet has another slug now"), Problems))]
async fn get_outlet_feed(
    req: HttpRequest,
    state: Data<State>,
    which: Ref,
    query: QueryPair<FeedQuery, UncountedQuery>,
) -> Result<HttpResponse> {
    serve(&req, &state, query, FeedSubject::Outlet(which)).await
}

/// The comments on an article, latest first
///
/// Atom 1.0, RSS 2.0 or JSON Feed 1.1, paged (RFC 5005).
#[utoipa::path(get, path = "/feeds/articles/{ref}/comments.{format}", tag = "feeds",
    params(("ref" = String, Path, description = "Id or slug", max_length = 200, example = "1"),
        ("format" = inline(Format), Path, description = "The format"), FeedQuery, UncountedQuery),
    responses((status = 200, description = "A page of the feed", content((FeedXml = "application/atom+xml"), (FeedXml = "application/rss+xml"), (Object = "application/feed+json"))),
        (status = 301, description = "The article has another slug now"), ArticleProblems))]
async fn get_article_comment_feed(
    req: HttpRequest,
    state: Data<State>,
    which: Ref,
    query: QueryPair<FeedQuery, UncountedQuery>,
) -> Result<HttpResponse> {
    serve(&req, &state, query, FeedSubject::CommentsOn(which)).await
}

/// The comments on all articles, latest first
///
/// Atom 1.0, RSS 2.0 or JSON Feed 1.1, paged (RFC 5005).
#[utoipa::path(get, path = "/feeds/comments.{format}", tag = "feeds",
    params(("format" = inline(Format), Path, description = "The format"), FeedQuery, UncountedQuery),
    responses((status = 200, description = "A page of the feed", content((FeedXml = "application/atom+xml"), (FeedXml = "application/rss+xml"), (Object = "application/feed+json"))), Problems))]
async fn get_comment_feed(
    req: HttpRequest,
    state: Data<State>,
    query: QueryPair<FeedQuery, UncountedQuery>,
) -> Result<HttpResponse> {
    serve(&req, &state, query, FeedSubject::Comments).await
}

/// The subject of a feed.
enum FeedSubject {
    Articles,
    Tag(Ref),
    Outlet(Ref),
    CommentsOn(Ref),
    Comments,
}

/// A page of entries, with the subtitle of the feed and the name that its id is made from.
struct FeedPage {
    name: Option<String>,
    object: String,
    page: Page<Entry>,
}

async fn serve(
    req: &HttpRequest,
    state: &State,
    QueryPair(query, page): QueryPair<FeedQuery, UncountedQuery>,
    subject: FeedSubject,
) -> Result<HttpResponse> {
    let format = format(req)?;
    let page = PageQuery::from(page);
    let links = state.permalinks();
    let is_of_comments = matches!(subject, FeedSubject::Comments | FeedSubject::CommentsOn(_));
    let (site, changed, found) = state
        .read(async |conn| {
            let site = site_id(conn).await?;
            let builder = EntryBuilder { site: &site, links, link: query.link };
            let found = load(conn, &builder, &page, &subject).await?;
            let changed = changed(conn, is_of_comments).await?;
            Ok((site, changed, found))
        })
        .await?;
    let FeedPage { name, object, page } = match found {
        Lookup::Found(found) => found,
        Lookup::Moved(slug) => {
            // The format follows the slug in the same path segment, except for the comments of an article.
            let last = format!("{slug}.{}", req.match_info().query("format"));
            let comments = matches!(subject, FeedSubject::CommentsOn(_));
            return Ok(moved_permanently(req, if comments { &slug } else { &last }));
        }
        Lookup::Gone => return Err(Error::purged()),
    };
    let title = state.config().site_name.clone();
    let query = req.query_string();
    let self_path =
        if query.is_empty() { req.path().to_owned() } else { format!("{}?{query}", req.path()) };
    let page_url = |name: &str, cursor: &Option<String>| {
        cursor.as_ref().map(|cursor| links.absolute(&with_cursor(req, name, cursor)))
    };
    let feed = Feed {
        id: urn(&site, &format!("feed:{object}")),
        title: name.map_or(title.clone(), |name| format!("{title}: {name}")),
        home: links.home(),
        self_url: links.absolute(&self_path),
        next: page_url("after", &page.page.next),
        previous: page_url("before", &page.page.prev),
        entries: page.items,
        changed,
        lang: state.config().lang.clone(),
    };
    let (media_type, body) = match format {
        Format::Atom => ("application/atom+xml; charset=utf-8", atom::write(&feed)?),
        Format::Rss => ("application/rss+xml; charset=utf-8", rss::write(&feed)?),
        Format::Json => ("application/feed+json", json::write(&feed)?),
    };
    Ok(public_response(media_type, body))
}

fn format(req: &HttpRequest) -> Result<Format> {
    match req.match_info().get("format") {
        Some("atom") => Ok(Format::Atom),
        Some("rss") => Ok(Format::Rss),
        Some("json") => Ok(Format::Json),
        _ => Err(Error::not_found("feed format: the formats are atom, rss and json")),
    }
}

async fn load(
    conn: &AsyncPgConnection,
    builder: &EntryBuilder<'_>,
    page: &PageQuery,
    subject: &FeedSubject,
) -> Result<Lookup<FeedPage>> {
    let (of, name) = match subject {
        FeedSubject::Articles => (ArticleSet::All, None),
        FeedSubject::Tag(which) => match tags::find(conn, which).await? {
            Some(Lookup::Found(tag)) => (ArticleSet::Tag(tag.id), Some(tag.name)),
            Some(Lookup::Moved(slug)) => return Ok(Lookup::Moved(slug)),
            _ => return Err(Error::not_found("tag")),
        },
        FeedSubject::Outlet(which) => match outlets::find(conn, which).await? {
            Some(Lookup::Found(outlet)) => (ArticleSet::Outlet(outlet.id), Some(outlet.name)),
            Some(Lookup::Moved(slug)) => return Ok(Lookup::Moved(slug)),
            _ => return Err(Error::not_found("outlet")),
        },
        FeedSubject::Comments => {
            return comments_on(conn, builder, page, None).await.map(Lookup::Found);
        }
        FeedSubject::CommentsOn(which) => match articles::resolve(conn, which).await? {
            Lookup::Found(id) => {
                return comments_on(conn, builder, page, Some(id)).await.map(Lookup::Found);
            }
            Lookup::Moved(slug) => return Ok(Lookup::Moved(slug)),
            Lookup::Gone => return Ok(Lookup::Gone),
        },
    };
    let scan = page.scan(&("feed", of))?;
    let found = latest(conn, of, &scan).await?;
    let page = found.map(|article| builder.article(&article));
    let object = match of {
        ArticleSet::All => "articles".to_owned(),
        ArticleSet::Tag(id) => format!("tag:{id}"),
        ArticleSet::Outlet(id) => format!("outlet:{id}"),
    };
    Ok(Lookup::Found(FeedPage { name, object, page }))
}

async fn comments_on(
    conn: &AsyncPgConnection,
    builder: &EntryBuilder<'_>,
    page: &PageQuery,
    article: Option<i64>,
) -> Result<FeedPage> {
    let scan = page.scan(&("feed of comments", article))?;
    let found = comments::latest(conn, article, &scan).await?;
    let headline = match article {
        Some(id) => articles::headline(conn, id).await?,
        None => None,
    };
    let name = headline.map_or("comments".to_owned(), |headline| format!("comments on {headline}"));
    let object = article.map_or("comments".to_owned(), |id| format!("comments:{id}"));
    let page = found.map(|listed| builder.comment(&listed));
    Ok(FeedPage { name: Some(name), object, page })
}

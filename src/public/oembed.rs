//! oEmbed (oembed.com), by which other sites show a card for the URL of an article.

use crate::articles::{self, ArticleSummary};
use crate::error::{Code, Error, Result};
use crate::extract::LenientQuery;
use crate::openapi::Problems;
use crate::permalink::Permalinks;
use crate::public::archive;
use crate::response::JsonResponse;
use crate::state::State;
use actix_web::web::Data;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The query parameters of oEmbed.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct OEmbedQuery {
    /// The URL of an article's page, or of the article in this API.
    #[param(
        required = true,
        min_length = 1,
        max_length = 10_000,
        example = "http://127.0.0.1:8080/articles/harbour-bridge-reopens-after-two-year-repair"
    )]
    url: Option<String>,
    /// The format; only `json`.
    #[param(max_length = 10, pattern = "^json$", example = "json")]
    format: Option<String>,
    /// The maximum width in pixels.
    #[param(minimum = 1, maximum = 100_000)]
    maxwidth: Option<u32>,
    /// The maximum height in pixels.
    #[param(minimum = 1, maximum = 100_000)]
    maxheight: Option<u32>,
}

/// An oEmbed 1.0 response of type `rich`.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct OEmbed {
    /// `1.0`.
    #[schema(max_length = 10, example = "1.0")]
    version: &'static str,
    /// `rich`.
    #[schema(max_length = 10, example = "rich")]
    r#type: &'static str,
    /// The headline.
    #[schema(max_length = 300, example = "Iran Attacked Islamic State Forces in Iraq")]
    title: String,
    /// The author.
    #[schema(max_length = 200, example = "The editor")]
    author_name: Option<String>,
    /// The URL of their page.
    #[schema(max_length = 2000, example = "https://example.org/about")]
    author_url: Option<String>,
    /// The name of the site.
    #[schema(max_length = 200, example = "Roundup")]
    provider_name: String,
    /// The URL of the site's front page.
    #[schema(max_length = 10_000, example = "https://example.org/")]
    provider_url: String,
    /// How long it may be cached, in seconds.
    #[schema(minimum = 0, maximum = 1_000_000, example = 300)]
    cache_age: u32,
    /// The content as sanitised HTML.
    #[schema(
        max_length = 20_000,
        example = "<blockquote class=\"roundup\"><p><a href=\"https://example.org/a\">Iran Attacked Islamic State Forces in Iraq</a></p></blockquote>"
    )]
    html: String,
    /// The URL of the article's picture, if its size is known and within the maximum.
    #[schema(max_length = 10_000, example = "https://example.org/2014/12/bridge.jpg")]
    thumbnail_url: Option<String>,
    /// The width of the picture in pixels.
    #[schema(minimum = 1, maximum = 100_000, example = 1200)]
    thumbnail_width: Option<i32>,
    /// The height of the picture in pixels.
    #[schema(minimum = 1, maximum = 100_000, example = 800)]
    thumbnail_height: Option<i32>,
    /// The width in pixels.
    #[schema(minimum = 1, maximum = 100_000, example = 600)]
    width: u32,
    /// The height in pixels.
    #[schema(minimum = 1, maximum = 100_000, example = 200)]
    height: u32,
}

impl OEmbed {
    fn of(article: ArticleSummary, query: &OEmbedQuery, links: &Permalinks, site: &str) -> Self {
        let page = links.article(article.id, &article.slug, article.published_at);
        let dek = article.dek.as_deref().map(|dek| format!("<p>{}</p>", escape(dek)));
        let html = format!(
            "<blockquote class=\"roundup\"><p><a href=\"{}\">{}</a></p>{}</blockquote>",
            escape(&page),
            escape(&article.headline),
            dek.unwrap_or_default()
        );
        // The standard requires the size with the URL, and no more than the maximum.
        let fits =
            |size: i32, max: Option<u32>| max.is_none_or(|max| i64::from(size) <= max.into());
        let thumbnail = article.image.and_then(|image| {
            let (width, height) = image.size()?;
            let fits = fits(width, query.maxwidth) && fits(height, query.maxheight);
            fits.then_some((image.url, width, height))
        });
        Self {
            version: "1.0",
            r#type: "rich",
            title: article.headline,
            author_name: article.author.name,
            author_url: article.author.url,
            provider_name: site.to_owned(),
            provider_url: links.home(),
            cache_age: 300,
            html,
            thumbnail_width: thumbnail.as_ref().map(|(_, width, _)| *width),
            thumbnail_height: thumbnail.as_ref().map(|(_, _, height)| *height),
            thumbnail_url: thumbnail.map(|(url, ..)| url),
            width: query.maxwidth.unwrap_or(600).clamp(1, 600),
            height: query.maxheight.unwrap_or(200).clamp(1, 200),
        }
    }

    /// Returns an example for the documentation.
    pub(super) fn sample() -> Self {
        Self {
            version: "1.0",
            r#type: "rich",
            title: "Iran Attacked Islamic State Forces in Iraq".into(),
            author_name: Some("The editor".into()),
            author_url: Some("https://example.org/about".into()),
            provider_name: "Roundup".into(),
            provider_url: "https://example.org/".into(),
            cache_age: 300,
            html:
                "<blockquote class=\"roundup\"><p><a href=\"https://example.org/a\">Iran Attacked \
                   Islamic State Forces in Iraq</a></p></blockquote>"
                    .into(),
            thumbnail_url: Some("https://example.org/2014/12/bridge.jpg".into()),
            thumbnail_width: Some(1200),
            thumbnail_height: Some(800),
            width: 600,
            height: 200,
        }
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Get the oEmbed of an article
///
/// oEmbed 1.0, for sites that show a card for a pasted URL. Unknown parameters are ignored, because consumers
/// send more than the standard has.
#[utoipa::path(get, path = "/oembed", tag = "articles", params(OEmbedQuery),
    responses((status = 200, description = "The oEmbed response", body = OEmbed, example = json!(OEmbed::sample())), Problems))]
pub(super) async fn get_oembed(
    state: Data<State>,
    LenientQuery(query): LenientQuery<OEmbedQuery>,
) -> Result<JsonResponse> {
    if query.format.as_deref().is_some_and(|format| format != "json") {
        let message = "`format` must be `json`";
        return Err(Error::parameter("format", Code::BadParameter, message));
    }
    let missing =
        || Error::parameter("url", Code::BadParameter, "`url` is required: the URL of an article");
    let url = query.url.as_deref().filter(|url| !url.is_empty()).ok_or_else(missing)?;
    let links = state.permalinks();
    let path = links.path_of(url).ok_or_else(|| Error::not_found("article at that URL"))?;
    let found = state
        .read(async |conn| {
            let Some((id, _)) = archive::resolve(conn, &path).await? else { return Ok(None) };
            Ok(articles::summaries(conn, &[id], false).await?.pop())
        })
        .await?;
    let article = found.ok_or_else(|| Error::not_found("article at that URL"))?;
    JsonResponse::new(&OEmbed::of(article, &query, links, &state.config().site_name))
}

//! What a site's pages offer to machines: an article in the words of schema.org, as an oEmbed, and
//! the sitemap.

mod jsonld;
mod oembed;
mod sitemap;

pub use jsonld::jsonld;

use actix_web::web::{ServiceConfig, resource};
use utoipa::OpenApi;

/// The addresses at the top.
pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(resource("/sitemap.xml").get(sitemap::sitemap_index))
        .service(resource("/sitemaps/{part}").get(sitemap::sitemap_part));
}

/// The addresses under `/api/v1`.
pub fn configure_api(cfg: &mut ServiceConfig) {
    cfg.service(resource("/oembed").get(oembed::get_oembed));
}

/// The documentation of those at the top.
#[derive(Debug, OpenApi)]
#[openapi(paths(sitemap::sitemap_index, sitemap::sitemap_part))]
pub struct Docs;

/// The documentation of those under `/api/v1`.
#[derive(Debug, OpenApi)]
#[openapi(paths(oembed::get_oembed))]
pub struct ApiDocs;

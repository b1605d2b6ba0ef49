//! The public endpoints that combine several features: the page of an article, search, related articles,
//! the archive, feeds, the sitemap and oEmbed.

pub mod archive;
pub mod article;
pub mod feeds;
mod oembed;
pub mod related;
mod robots;
pub mod search;
mod sitemap;

use actix_web::web::{ServiceConfig, resource};
use utoipa::OpenApi;

/// Registers the routes outside `/api/v1`.
pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(resource("/robots.txt").get(robots::get_robots))
        .service(resource("/sitemap.xml").get(sitemap::get_sitemap_index))
        .service(resource("/sitemaps/{part}").get(sitemap::get_sitemap));
}

/// Registers the routes under `/api/v1`.
pub fn configure_api(cfg: &mut ServiceConfig) {
    article::configure(cfg);
    cfg.service(resource("/oembed").get(oembed::get_oembed));
}

/// Documents the routes outside `/api/v1`.
#[derive(Debug, OpenApi)]
#[openapi(paths(robots::get_robots, sitemap::get_sitemap_index, sitemap::get_sitemap))]
pub struct Docs;

/// Documents oEmbed.
#[derive(Debug, OpenApi)]
#[openapi(paths(oembed::get_oembed))]
pub struct ApiDocs;

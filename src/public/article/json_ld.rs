//! Writes an article as a `NewsArticle` of schema.org, safe to embed in a script element.

use crate::articles::{Article, ArticleImage};
use crate::links::Link;
use crate::permalink::Permalinks;
use crate::response::public_response;
use crate::timestamps::Timestamp as _;
use actix_web::HttpResponse;
use safe_html::plain_text;
use serde_json::{Value, json};

/// Returns the response with the article as JSON-LD.
pub(super) fn json_ld(article: &Article, links: &Permalinks, site_name: &str) -> HttpResponse {
    // `</script>` in a string would end the script element.
    let body = value(article, links, site_name).to_string().replace('<', "\\u003c");
    public_response("application/ld+json", body)
}

fn value(article: &Article, links: &Permalinks, site_name: &str) -> Value {
    let summary = &article.summary;
    let page = links.article(summary.id, &summary.slug, summary.published_at);
    let author = match &summary.author.name {
        Some(name) => json!({"@type": "Person", "name": name, "url": summary.author.url}),
        None => json!({"@type": "Organization", "name": site_name}),
    };
    let corrections: Vec<Value> = summary
        .corrections
        .iter()
        .map(|one| json!({"@type": "CorrectionComment", "datePublished": one.at.whole_seconds(), "text": one.note}))
        .collect();
    let body = article.commentary.as_ref().map(|commentary| plain_text(&commentary.html));
    let mut value = json!({
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "@id": page,
        "url": page,
        "mainEntityOfPage": page,
        "headline": summary.headline,
        "alternativeHeadline": summary.dek,
        "inLanguage": summary.lang,
        "image": summary.image.as_ref().map(image),
        "datePublished": summary.published_at.whole_seconds(),
        "dateModified": summary.updated_at.whole_seconds(),
        "author": author,
        "publisher": {"@type": "Organization", "name": site_name, "url": links.home()},
        "keywords": summary.tags.iter().map(|tag| tag.name.as_str()).collect::<Vec<_>>(),
        "articleBody": body,
        "commentCount": summary.comment_count,
        "citation": summary.links.iter().map(citation).collect::<Vec<_>>(),
        "correction": corrections,
    });
    prune(&mut value);
    value
}

/// Returns the picture.
fn image(image: &ArticleImage) -> Value {
    json!({
        "@type": "ImageObject",
        "url": image.url,
        "caption": image.caption.as_ref().or(image.alt.as_ref()),
        "creditText": image.credit,
        "width": image.width,
        "height": image.height,
    })
}

/// Returns a source with its publishers and authors.
fn citation(link: &Link) -> Value {
    let publishers = link.credits.iter().filter_map(|credit| credit.outlet.as_ref());
    let publishers: Vec<Value> = publishers
        .map(|outlet| json!({"@type": "NewsMediaOrganization", "name": outlet.name}))
        .collect();
    let writers = link.credits.iter().flat_map(|credit| &credit.bylines);
    let writers: Vec<Value> =
        writers.map(|name| json!({"@type": "Person", "name": name})).collect();
    json!({
        "@type": "CreativeWork",
        "name": link.title,
        "url": link.url,
        "creditText": link.credit,
        "publisher": publishers,
        "author": writers,
    })
}

/// Removes fields without a value: null is invalid in schema.org.
fn prune(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.values_mut().for_each(prune);
            members.retain(|_, member| {
                !member.is_null() && member.as_array().is_none_or(|items| !items.is_empty())
            });
        }
        Value::Array(items) => items.iter_mut().for_each(prune),
        _ => {}
    }
}

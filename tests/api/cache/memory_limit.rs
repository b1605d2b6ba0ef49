//! The size of the response cache.

use super::{app_with, is_hit};
use roundup::config::Config;

const BYTES: usize = 1 << 20;

#[tokio::test]
async fn requests_for_random_urls_evict_no_popular_entry() {
    let config = Config { cache_bytes: BYTES, ..Config::defaults().unwrap() };
    let (app, id) = app_with(config).await;
    let frequent = [
        format!("/api/v1/articles/{id}"),
        format!("/api/v1/articles/{id}/comments"),
        "/api/v1/articles".to_owned(),
        "/api/v1/tags".to_owned(),
    ];
    let (mut requests, mut hits) = (0, 0);
    for n in 0..1500 {
        for uri in frequent.iter().filter(|_| n % 10 == 0) {
            requests += 1;
            hits += usize::from(is_hit(&app.get(uri).await));
        }
        // Half of the URLs are lists, the other half is 404.
        let uri = match n % 2 {
            0 => format!("/api/v1/articles?author=random-{n}"),
            _ => format!("/api/v1/articles/random-{n}"),
        };
        app.get(&uri).await;
        let cache = app.state.cache();
        assert!(cache.usage().bytes <= BYTES);
        assert!(cache.negative_usage().bytes <= BYTES / 16);
    }
    assert!(app.state.cache().usage().evictions > 100, "{:?}", app.state.cache().usage());
    assert!(hits * 100 >= requests * 95, "{hits} of {requests}");
}

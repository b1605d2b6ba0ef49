//! A service with a database of its own, imports into it, and what it shows to the public.

use crate::harness::{TestApp, db, start};
use roundup::transfer::import::{InputFile, Options, Report, import_files};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// The path of a small export of an invented blog.
pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/export-formats/tests/fixtures").join(name)
}

/// A service with an empty database.
pub struct Site {
    pub app: TestApp,
    pub sql: tokio_postgres::Client,
}

impl Site {
    pub async fn new() -> Self {
        let app = TestApp::new().await;
        let sql = app.sql().await;
        Self { app, sql }
    }

    pub async fn import(&self, files: Vec<InputFile>, options: Options) -> Report {
        let mut conn = self.app.target.establish().await.unwrap();
        import_files(&mut conn, files, options, start(), &mut |_| {}).await.unwrap()
    }

    pub async fn file(&self, path: &Path) -> Report {
        self.import(vec![InputFile::from_path(path)], trusted()).await
    }

    pub async fn text(&self, name: &str, text: &str) -> Report {
        let file = InputFile::from_bytes(name, text.as_bytes().to_vec());
        self.import(vec![file], trusted()).await
    }

    pub async fn count(&self, query: &str) -> i64 {
        self.sql.query_one(query, &[]).await.unwrap().get(0)
    }

    /// Returns one text column of a query.
    pub async fn column(&self, query: &str) -> Vec<String> {
        let rows = self.sql.query(query, &[]).await.unwrap();
        rows.iter().map(|row| row.get::<_, Option<String>>(0).unwrap_or_default()).collect()
    }

    /// Returns everything that an import stores, without ids: an interrupted import may skip some.
    pub async fn content(&self) -> Vec<String> {
        let articles = "select concat_ws('|', 'article', source, source_id, slug, status, version, \
             headline, dek, quote_html, commentary_label, commentary_html, links_heading, \
             author_name, published_at, published_at_uncertain, outlet_count, comment_count, \
             last_comment_at, comments_open, encode(source_hash, 'hex')) from articles \
             order by source, source_id";
        let links = "select concat_ws('|', 'link', a.source_id, l.position, l.role, l.title, l.url, \
             l.credit, l.section, l.uncertain, l.published_at, (select string_agg(concat(o.name, \
             c.bylines, c.published_at), ';' order by c.position) from link_credits c \
             left join outlets o on o.id = c.outlet_id where c.link_id = l.id)) \
             from links l join articles a on a.id = l.article_id order by a.source_id, l.position";
        let comments = "select concat_ws('|', 'comment', a.source_id, c.source, c.source_id, \
             (select p.source_id from comments p where p.id = c.parent_id), c.depth, c.status, \
             c.author_name, c.author_url, c.author_email, c.html, c.created_at, c.listed_at, \
             c.reply_count, row_number() over (partition by c.article_id order by c.path)) \
             from comments c join articles a on a.id = c.article_id \
             order by a.source_id, c.source, c.source_id";
        let rest = "select concat_ws('|', 'path', a.source_id, p.path) from article_paths p \
             join articles a on a.id = p.article_id union all \
             select concat_ws('|', 'tag', a.source_id, t.position, g.name, g.article_count) \
             from article_tags t join articles a on a.id = t.article_id \
             join tags g on g.id = t.tag_id union all \
             select concat_ws('|', 'outlet', slug, name, link_count, article_count) from outlets \
             where link_count > 0 \
             union all select concat_ws('|', 'pingback', source_id, kind, url) from pingbacks \
             order by 1";
        let mut all = Vec::new();
        for query in [articles, links, comments, rest] {
            all.extend(self.column(query).await);
        }
        all
    }

    /// Returns everything that the public can read: all pages of every list, and every article with its
    /// comments.
    pub async fn public(&self) -> String {
        let mut all = String::new();
        for list in ["articles", "links", "outlets", "tags", "comments"] {
            all += &self.pages(&format!("/api/v1/{list}?limit=100")).await;
        }
        for id in self.column("select id::text from articles order by id").await {
            all += &self.app.get(&format!("/api/v1/articles/{id}?include=comments")).await.text();
            all += &self.pages(&format!("/api/v1/articles/{id}/comments?limit=100")).await;
        }
        all
    }

    async fn pages(&self, first: &str) -> String {
        let (mut all, mut next) = (String::new(), first.to_owned());
        loop {
            let reply = self.app.get(&next).await;
            let text = reply.text();
            all += &text;
            let page: Value = serde_json::from_str(&text).unwrap();
            let Some(cursor) = page["page"]["next"].as_str() else { return all };
            next = if cursor.starts_with('/') {
                cursor.to_owned()
            } else {
                format!("{first}&after={cursor}")
            };
        }
    }
}

/// The options of `roundup import`.
pub fn trusted() -> Options {
    Options { may_mark_editors: true, ..Options::default() }
}

/// Returns an empty database without a service.
pub async fn target() -> roundup::db::Target {
    db::fresh().await
}

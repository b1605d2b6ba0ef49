//! As many rows as a test needs, made by the database itself.

use tokio_postgres::Client;

/// The page that one link in seven cites.
pub const CITED: &str = "https://www.site-1.example/cited?utm_source=x";

/// How much to make.
pub struct Volume {
    pub articles: i64,
    pub links_each: i64,
    pub outlets: i64,
    pub tags: i64,
    /// All under the first article.
    pub comments: i64,
}

/// Fills an empty database. Times and counts have ties, as real ones do; every ninth article is a
/// draft. Outlet `outlet-1` has half of all links, tag `tag-1` half of all articles, and the host
/// `site-1.example` a third of the links.
pub async fn fill(sql: &Client, volume: &Volume) {
    let Volume { articles, links_each, outlets, tags, comments } = volume;
    let cited = citation_key::normalise(CITED).unwrap();
    let hash = citation_key::hash(&cited.key)
        .iter()
        .fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    let script = format!(
        "
        insert into outlets (slug, name, created_at, updated_at)
        select 'outlet-' || n, 'Outlet ' || lpad((n / 2)::text, 5, '0'), '2026-01-01Z', '2026-01-01Z'
        from generate_series(1, {outlets}) n;
        insert into outlet_aliases (key, outlet_id, name)
        select 'outlet ' || id || ' alias', id, name from outlets where slug like 'outlet-%';
        insert into tags (slug, name, created_at)
        select 'tag-' || n, 'Tag ' || (n / 2), '2026-01-01Z' from generate_series(1, {tags}) n;

        insert into articles (slug, status, headline, lang, author_name, published_at, created_at, updated_at)
        select 'article-' || n, case when n % 9 = 8 then 'draft' else 'published' end,
               'Article ' || n, case when n % 3 = 0 then 'en' else 'de' end, 'Author ' || n % 5,
               '2026-01-01Z'::timestamptz - (n / 3) * interval '1 hour', '2026-01-01Z',
               '2026-01-01Z'::timestamptz + (n % 100) * interval '1 hour'
        from generate_series(1, {articles}) n;

        insert into links (article_id, role, position, title, url, url_hash, url_rules, domain)
        select a.id, case when k = 0 then 'lead' else 'more' end, k, 'Link ' || k,
               case when x % 7 = 0 then '{CITED}' else 'https://site-' || x % 3 + 1 || '.example/' || x end,
               case when x % 7 = 0 then '\\x{hash}'::bytea else sha256(x::text::bytea) end, 1,
               'site-' || case when x % 7 = 0 then 1 else x % 3 + 1 end || '.example'
        from articles a, generate_series(0, {links_each} - 1) k, lateral (select a.id * 31 + k * 17) as h (x);
        insert into link_credits (link_id, position, outlet_id)
        select l.id, 0, o.id from links l join outlets o
            on o.slug = 'outlet-' || case when l.id % 2 = 0 then 1 else 1 + l.id % {outlets} end;
        insert into article_tags (article_id, tag_id, position)
        select a.id, t.id, 0 from articles a join tags t
            on t.slug = 'tag-' || case when a.id % 2 = 0 then 1 else 1 + a.id % {tags} end;
        select refresh_articles(array_agg(id)) from articles;

        with new as (
            select first.id as article_id, n, n - (n - 1) % 5 as root, (n - 1) % 5 as k
            from generate_series(1, {comments}) n, (select min(id) as id from articles) first)
        insert into comments (id, article_id, parent_id, root_id, depth, path, status, author_name,
                              text, html, created_at, listed_at)
        select n, article_id,
               case k when 0 then null when 2 then n - 1 when 4 then n - 1 else root end, root,
               case k when 0 then 0 when 2 then 2 when 4 then 2 else 1 end,
               int8send(root)
                   || case when k in (2, 4) then int8send(n - 1) else '' end
                   || case when k > 0 then int8send(n) else '' end,
               'approved', 'Reader ' || n, 'Comment ' || n, '<p>Comment ' || n || '</p>',
               '2026-01-02Z'::timestamptz + (n / 4) * interval '1 minute',
               '2026-01-02Z'::timestamptz + (n / 4) * interval '1 minute'
        from new;
        select setval(pg_get_serial_sequence('comments', 'id'), {comments} + 1);"
    );
    sql.batch_execute(&script).await.unwrap();
    sql.batch_execute("vacuum analyze").await.unwrap();
}

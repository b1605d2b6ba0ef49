-- The picture of an article.

alter table articles add column image jsonb;
comment on column articles.image is
    'The picture: an object with url, alt, caption, credit, width and height; null if there is none.';

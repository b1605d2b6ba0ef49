-- Search queries: how a language, a title and a query are read, and which documents match.

-- Returns the row of search_languages for a BCP 47 tag, by its first subtag: English for null, and ''
-- for a language that PostgreSQL does not know.
create or replace function search_language(tag text) returns text language sql stable parallel safe as $$
    select coalesce(
        (select lang from search_languages where lang = lower(split_part(coalesce(tag, 'en'), '-', 1))),
        '');
$$;

-- Returns the lexemes of a title: its stems with the given weight, and its unstemmed words with weight
-- D for prefix queries, as `universit` is the prefix of a word but not of that word's stem.
create or replace function search_title(config regconfig, title text, weight "char") returns tsvector
language sql stable parallel safe as $$
    select setweight(to_tsvector(config, coalesce(title, '')), weight)
        || setweight(to_tsvector('roundup_simple', coalesce(title, '')), 'D');
$$;

-- Returns the query for `head`, in the syntax of web search engines, and words that begin with `tail`.
-- Null when nothing is left to search for, or only what must not occur.
create or replace function search_query(config regconfig, head text, tail text) returns tsquery
language plpgsql stable parallel safe set client_min_messages = warning as $$
declare
    wanted tsquery := websearch_to_tsquery(config, head);
    word text := '''' || tail || ''':*';
begin
    if tail <> '' then
        wanted := wanted && (to_tsquery(config, word) || to_tsquery('roundup_simple', word));
    end if;
    if numnode(wanted) = 0 or querytree(wanted) in ('', 'T') then
        return null;
    end if;
    return wanted;
end $$;

-- Returns the matching documents, each read in its own language, with the rank in millionths; among
-- equal ranks articles come first, by `place`. The planner inlines this function, so conditions on
-- its columns are applied inside. `offset 0` makes it build each query once.
create or replace function search_match(head text, tail text)
returns table (kind text, id bigint, article_id bigint, published_at timestamptz, lang text, rank bigint,
    place integer)
language sql stable parallel safe as $$
    select d.kind, d.id, d.article_id, d.published_at, d.lang,
        round(1e6 * ts_rank(d.tsv, l.query))::bigint,
        case d.kind when 'article' then 2 when 'link' then 1 else 0 end
    from (select s.lang, search_query(s.config::regconfig, head, tail) as query
          from search_languages s where s.used offset 0) l
    join search_documents d on d.lang = l.lang and d.tsv @@ l.query;
$$;

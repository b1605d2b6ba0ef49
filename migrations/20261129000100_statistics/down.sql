alter table links
    alter column article_id reset (n_distinct);

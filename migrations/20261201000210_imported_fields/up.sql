-- What the last import read, so that the next one knows which fields were edited here.

create table imported_fields (
    article_id bigint not null,
    fields jsonb not null,
    constraint imported_fields_pkey primary key (article_id),
    constraint imported_fields_article_id_fkey
        foreign key (article_id) references articles (id) on delete cascade
);
comment on table imported_fields is
    'The fields of imported articles as their source had them last; fields has the hash of each by name.';

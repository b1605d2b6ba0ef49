-- Several rows for each month: who publishes need not wait for another one who publishes in the same month.

alter table article_months
    add column slot smallint not null default 0,
    drop constraint article_months_pkey,
    add constraint article_months_pkey primary key (month, slot);
comment on column article_months.slot is 'Each session updates one of 32 slots; a month is the sum of its slots.';

insert into article_months (month, slot, article_count)
    select month, -1, sum(article_count) from article_months group by month;
delete from article_months where slot >= 0;
alter table article_months
    drop constraint article_months_pkey,
    drop column slot,
    add constraint article_months_pkey primary key (month);

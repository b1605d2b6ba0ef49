alter table tags drop column version;
alter table outlets drop column version;

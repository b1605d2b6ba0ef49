alter table articles drop column image;

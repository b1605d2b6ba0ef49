alter table articles drop column guid;
